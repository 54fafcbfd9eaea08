/* SPDX-License-Identifier: Apache-2.0 */
/* Writing OCI documents, and what becomes of a document that is read and written again. */
#include "oci-spec/document.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_tree.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "document_data.h"
#include "oci-spec/list.h"
#include "oci-spec/reader.h"
#include "oci-spec/writer.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void test_write_state(void **state) {
    (void)state;
    char version[] = "1.3.0", id[] = "web1", status[] = "stopped", bundle[] = "/b", owner[] = "";
    char key[] = "k", value[] = "v\n\x01\"", scope[] = "s.scope", file[] = "seccompFd";
    struct oci_state container = {
        .oci_version = version, .id = id, .status = status, .bundle = bundle, .owner = owner};
    cleanup_free char *bare = oci_write_state(&container, 0);
    assert_string_equal(bare, "{\"ociVersion\":\"1.3.0\",\"id\":\"web1\",\"status\":\"stopped\","
                              "\"bundle\":\"/b\",\"owner\":\"\"}");

    struct oci_pair pair = {key, value};
    container.annotations = (struct oci_pairs){&pair, 1};
    container.pid = (struct oci_int){true, 0};
    container.rootfs = bundle;
    container.created = version;
    container.systemd_scope = scope;
    cleanup_free char *full = oci_write_state(&container, 2);
    assert_string_equal(full, "{\n"
                              "  \"ociVersion\": \"1.3.0\",\n"
                              "  \"id\": \"web1\",\n"
                              "  \"pid\": 0,\n"
                              "  \"status\": \"stopped\",\n"
                              "  \"bundle\": \"/b\",\n"
                              "  \"rootfs\": \"/b\",\n"
                              "  \"created\": \"1.3.0\",\n"
                              "  \"annotations\": {\n"
                              "    \"k\": \"v\\n\\u0001\\\"\"\n"
                              "  },\n"
                              "  \"owner\": \"\",\n"
                              "  \"systemd-scope\": \"s.scope\"\n"
                              "}");

    char *files[] = {file, NULL};
    struct oci_state inner = {.oci_version = version, .id = id, .status = status, .bundle = bundle};
    struct oci_process_state process = {.oci_version = version,
                                        .fds = {files, 1, true},
                                        .pid = {true, 42},
                                        .metadata = value,
                                        .state = &inner};
    cleanup_free char *agent = oci_write_process_state(&process, 0);
    assert_string_equal(agent, "{\"ociVersion\":\"1.3.0\",\"fds\":[\"seccompFd\"],\"pid\":42,"
                               "\"metadata\":\"v\\n\\u0001\\\"\",\"state\":{\"ociVersion\":"
                               "\"1.3.0\",\"id\":\"web1\",\"status\":\"stopped\","
                               "\"bundle\":\"/b\"}}");
}

/* ---- reading, writing, reading again ------------------------------------------------------- */

static bool is_noted(const struct oci_report *report, const char *where) {
    for (const struct oci_finding *finding = report->first; finding; finding = finding->next) {
        if (strcmp(finding->where, where) == 0)
            return true;
    }
    return false;
}

static yajl_val member(yajl_val object, const char *name) {
    for (size_t i = 0; i < object->u.object.len; i++) {
        if (strcmp(object->u.object.keys[i], name) == 0)
            return object->u.object.values[i];
    }
    return NULL;
}

/* @b has all that @a has, but for what the report has a note on. */
static void assert_contains(yajl_val a, yajl_val b, const char *where,
                            const struct oci_report *report) {
    char below[512];
    if (b == NULL || a->type != b->type) {
        fail_msg("%s: lost or of another type", where);
        return;
    }
    if (YAJL_IS_OBJECT(a)) {
        for (size_t i = 0; i < a->u.object.len; i++) {
            const char *name = a->u.object.keys[i];
            (void)snprintf(below, sizeof(below), "%s/%s", where, name);
            yajl_val other = member(b, name);
            if (other != NULL || !is_noted(report, below))
                assert_contains(a->u.object.values[i], other, below, report);
        }
    } else if (YAJL_IS_ARRAY(a)) {
        assert_int_equal(a->u.array.len, b->u.array.len);
        for (size_t i = 0; i < a->u.array.len; i++) {
            (void)snprintf(below, sizeof(below), "%s/%zu", where, i);
            assert_contains(a->u.array.values[i], b->u.array.values[i], below, report);
        }
    } else if (YAJL_IS_STRING(a)) {
        assert_string_equal(YAJL_GET_STRING(a), YAJL_GET_STRING(b));
    } else if (YAJL_IS_NUMBER(a)) {
        assert_string_equal(YAJL_GET_NUMBER(a), YAJL_GET_NUMBER(b));
    }
}

static void assert_same_json(const char *a, const char *b, const struct oci_report *report) {
    char reason[256];
    yajl_val left = yajl_tree_parse(a, reason, sizeof(reason));
    yajl_val right = yajl_tree_parse(b, reason, sizeof(reason));
    assert_non_null(left);
    assert_non_null(right);
    assert_contains(left, right, "", report);
    assert_contains(right, left, "", report);
    yajl_tree_free(left);
    yajl_tree_free(right);
}

static void round_trip_config(const char *name) {
    cleanup_arena struct arena arena = {0};
    struct oci_report report = {.arena = &arena};
    struct thole_error err = {0};
    struct oci_config *config = NULL;
    cleanup_free char *json = read_data(name);
    char *old = strstr(json, "0.5.0-dev"); /* two samples are older than version 1 */
    if (old != NULL)
        *old = '1';
    if (oci_read_config(json, strlen(json), &arena, &report, &config, &err) < 0)
        fail_msg("%s: %s: %s", name, err.where, err.text);
    for (int indent = 0; indent <= 4; indent += 4) {
        cleanup_free char *written = oci_write(&oci_config_type, config, indent);
        assert_int_equal(indent > 0, strchr(written, '\n') != NULL);
        assert_same_json(json, written, &report);
        struct oci_config *again = NULL;
        assert_int_equal(oci_read_config(written, strlen(written), &arena, NULL, &again, &err), 0);
        cleanup_free char *rewritten = oci_write(&oci_config_type, again, indent);
        assert_string_equal(written, rewritten);
    }
}

static void for_each_sample(const char *folder, void (*check)(const char *name)) {
    char path[512];
    (void)snprintf(path, sizeof(path), "%s/%s", TEST_DATA, folder);
    cleanup_closedir DIR *directory = opendir(path);
    assert_non_null(directory);
    size_t count = 0;
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        if (!text_ends_with(entry->d_name, ".json"))
            continue;
        (void)snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        check(path);
        count++;
    }
    assert_true(count > 0);
}

static void test_round_trip_configs(void **state) {
    (void)state;
    round_trip_config("config-complete.json");
    for_each_sample("schema/test/config/good", round_trip_config);
}

static void refuse_sample(const char *name) {
    cleanup_arena struct arena arena = {0};
    struct thole_error err = {0};
    struct oci_config *config = NULL;
    cleanup_free char *json = read_data(name);
    int result = oci_read_config(json, strlen(json), &arena, NULL, &config, &err);
    /* What another platform's section contains is none of this platform's business. */
    if (text_ends_with(name, "freebsd-vnet-disable.json"))
        assert_int_equal(result, 0);
    else if (result == 0)
        fail_msg("%s was accepted", name);
}

static void test_bad_samples(void **state) {
    (void)state;
    for_each_sample("schema/test/config/bad", refuse_sample);
}

static void round_trip_features(const char *name) {
    cleanup_arena struct arena arena = {0};
    struct oci_report none = {0};
    struct thole_error err = {0};
    cleanup_free char *json = read_data(name);
    const struct oci_features *features =
        oci_read(&oci_features_type, json, strlen(json), &arena, NULL, &err);
    assert_non_null(features);
    cleanup_free char *written = oci_write_features(features, 0);
    assert_same_json(json, written, &none);
}

static void round_trip_state(const char *name) {
    cleanup_arena struct arena arena = {0};
    struct oci_report none = {0};
    struct thole_error err = {0};
    cleanup_free char *json = read_data(name);
    const struct oci_state *container =
        oci_read(&oci_state_type, json, strlen(json), &arena, NULL, &err);
    assert_non_null(container);
    cleanup_free char *written = oci_write_state(container, 0);
    assert_same_json(json, written, &none);
}

static void test_round_trip_others(void **state) {
    (void)state;
    round_trip_features("features-complete.json");
    for_each_sample("schema/test/features/good", round_trip_features);
    round_trip_state("state-complete.json");
    for_each_sample("schema/test/state/good", round_trip_state);
}

/* The complete samples really have every member that the tables know. */
struct coverage {
    const char *document;
    yajl_val root;
    size_t seen;
};

static bool has_path(yajl_val value, const char *path) {
    if (*path == '\0')
        return true;
    const char *name = path + 1;
    size_t length = strcspn(name, "/");
    bool any = length == 1 && *name == '*';
    if (YAJL_IS_OBJECT(value)) {
        for (size_t i = 0; i < value->u.object.len; i++) {
            const char *key = value->u.object.keys[i];
            if ((any || (strncmp(key, name, length) == 0 && key[length] == '\0')) &&
                has_path(value->u.object.values[i], name + length))
                return true;
        }
    } else if (YAJL_IS_ARRAY(value) && any) {
        for (size_t i = 0; i < value->u.array.len; i++) {
            if (has_path(value->u.array.values[i], name + length))
                return true;
        }
    }
    return false;
}

static void check_listing(void *userdata, const struct oci_listing *listing) {
    struct coverage *coverage = userdata;
    if (strcmp(listing->document, coverage->document) != 0 || listing->foreign)
        return;
    coverage->seen++;
    if (!has_path(coverage->root, listing->pointer))
        fail_msg("%s-complete.json lacks %s", coverage->document, listing->pointer);
}

static void test_complete_samples(void **state) {
    (void)state;
    static const char *const documents[] = {"config", "features", "state"};
    for (size_t i = 0; i < COUNT(documents); i++) {
        char name[64];
        (void)snprintf(name, sizeof(name), "%s-complete.json", documents[i]);
        cleanup_free char *json = read_data(name);
        struct coverage coverage = {documents[i], yajl_tree_parse(json, NULL, 0), 0};
        assert_non_null(coverage.root);
        oci_list_fields(check_listing, &coverage);
        assert_true(coverage.seen >= 10);
        yajl_tree_free(coverage.root);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_write_state),      cmocka_unit_test(test_round_trip_configs),
        cmocka_unit_test(test_bad_samples),      cmocka_unit_test(test_round_trip_others),
        cmocka_unit_test(test_complete_samples),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
