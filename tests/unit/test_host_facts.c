/* SPDX-License-Identifier: Apache-2.0 */
/* Host facts to JSON and back, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "host/facts.h"

static void facts_survive_a_round_trip(void **state) {
    (void)state;
    struct host_hierarchy hierarchies[] = {
        {.mountpoint = "/sys/fs/cgroup/cpu,cpuacct", .controllers = "cpu,cpuacct", .own_path = "/"},
        {.unified = true,
         .mountpoint = "/sys/fs/cgroup/unified",
         .controllers = "",
         .own_path = "/a \"b\""},
    };
    const struct host_facts facts = {
        .euid = UINT32_MAX - 1,
        .egid = 7,
        .in_user_namespace = true,
        .capabilities = UINT64_MAX,
        .last_capability = 40,
        .time_namespaces = true,
        .resctrl = "/sys/fs/resctrl",
        .hugepage_sizes = "2MB",
        .subuid = "100000:65536",
        .subgid = "",
        .hierarchies = hierarchies,
        .hierarchy_count = 2,
    };
    struct arena arena = {0};
    struct host_facts *read = NULL;
    struct thole_error err = {0};
    char *json = host_facts_write(&facts);
    assert_int_equal(host_facts_read(json, strlen(json), &arena, &read, &err), 0);
    char *again = host_facts_write(read);
    assert_string_equal(json, again);
    assert_int_equal(read->euid, UINT32_MAX - 1);
    assert_true(read->capabilities == UINT64_MAX);
    assert_true(read->in_user_namespace);
    assert_false(read->privileged);
    assert_string_equal(read->hierarchies[1].own_path, "/a \"b\"");
    free(json);
    free(again);
    arena_done(&arena);
}

static void absent_members_have_defaults(void **state) {
    (void)state;
    struct arena arena = {0};
    struct host_facts *read = NULL;
    assert_int_equal(host_facts_read("{}", 2, &arena, &read, NULL), 0);
    assert_string_equal(read->hugepage_sizes, "");
    assert_string_equal(read->subuid, "");
    assert_null(read->resctrl);
    assert_int_equal(read->hierarchy_count, 0);
    assert_null(host_find_controller(read, ""));
    arena_done(&arena);
}

static void wrong_facts_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *json;
        const char *where;
    } cases[] = {
        {"", "/"},
        {"[]", "/"},
        {"{\"unknown\": 1}", "/unknown"},
        {"{\"euid\": -1}", "/euid"},
        {"{\"euid\": 4294967296}", "/euid"},
        {"{\"euid\": 1.5}", "/euid"},
        {"{\"privileged\": 1}", "/privileged"},
        {"{\"capabilities\": 3}", "/capabilities"},
        {"{\"capabilities\": \"0x\"}", "/capabilities"},
        {"{\"capabilities\": \"0x12345678123456781\"}", "/capabilities"},
        {"{\"last_capability\": 64}", "/last_capability"},
        {"{\"hierarchies\": {}}", "/hierarchies"},
        {"{\"hierarchies\": [{\"mountpoint\": \"/a\", \"own_path\": \"b\"}]}",
         "/hierarchies/0/own_path"},
        {"{\"hierarchies\": [{\"path\": \"/\"}]}", "/hierarchies/0/mountpoint"},
        {"{\"hierarchies\": [{\"mountpoint\": \"/\", \"own_path\": \"/\", \"path\": 1}]}",
         "/hierarchies/0/path"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct arena arena = {0};
        struct host_facts *read = NULL;
        struct thole_error err = {0};
        assert_int_equal(host_facts_read(cases[i].json, strlen(cases[i].json), &arena, &read, &err),
                         -1);
        assert_int_equal(err.kind, THOLE_ERROR_CONFIG);
        assert_string_equal(err.where, cases[i].where);
        assert_null(read);
        arena_done(&arena);
    }
}

static void controllers_are_found_by_whole_words(void **state) {
    (void)state;
    struct host_hierarchy hierarchies[] = {
        {.mountpoint = "/c", .controllers = "cpu,cpuacct", .own_path = "/"},
        {.mountpoint = "/s", .controllers = "name=systemd", .own_path = "/"},
        {.unified = true, .mountpoint = "/u", .controllers = "io memory", .own_path = "/"},
    };
    const struct host_facts facts = {.hierarchies = hierarchies, .hierarchy_count = 3};
    assert_ptr_equal(host_find_controller(&facts, "cpuacct"), &hierarchies[0]);
    assert_ptr_equal(host_find_controller(&facts, "memory"), &hierarchies[2]);
    assert_ptr_equal(host_find_controller(&facts, "name=systemd"), &hierarchies[1]);
    assert_ptr_equal(host_find_controller(&facts, ""), &hierarchies[2]);
    assert_null(host_find_controller(&facts, "acct"));
    assert_null(host_find_controller(&facts, "mem"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(facts_survive_a_round_trip),
        cmocka_unit_test(absent_members_have_defaults),
        cmocka_unit_test(wrong_facts_are_refused),
        cmocka_unit_test(controllers_are_found_by_whole_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
