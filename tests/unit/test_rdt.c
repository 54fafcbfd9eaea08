/* SPDX-License-Identifier: Apache-2.0 */
/* resctrl groups, on a directory that stands for the filesystem. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "report/rdt_stats.h"
#include "resctrl/group.h"

#include <fcntl.h>

static char root[] = "/tmp/thole-rdt-XXXXXX";

/* The files that the kernel makes in every group. */
static void make_files(const char *group) {
    static const char *const names[] = {"schemata", "tasks"};
    for (size_t i = 0; i < 2; i++) {
        char path[256];
        (void)snprintf(path, sizeof(path), "%s/%s/%s", root, group, names[i]);
        int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        assert_true(fd >= 0);
        assert_int_equal(write(fd, "    L3:0=f;1=f\n", i == 0 ? 15 : 0), i == 0 ? 15 : 0);
        (void)close(fd);
    }
}

static void assert_contents(const char *path, const char *wanted) {
    char whole[256];
    cleanup_free char *text = NULL;
    (void)snprintf(whole, sizeof(whole), "%s/%s", root, path);
    assert_int_equal(file_read_at(AT_FDCWD, whole, 4096, &text, NULL, NULL), 0);
    assert_non_null(strstr(text, wanted));
}

static int set_up(void **state) {
    (void)state;
    return mkdtemp(root) == NULL ? -1 : 0;
}

static int tear_down(void **state) {
    (void)state;
    char command[128];
    (void)snprintf(command, sizeof(command), "rm -rf %s", root);
    return system(command);
}

static void test_existing_class(void **state) {
    (void)state;
    char *lines[] = {(char[]){"L3:0=f;1=f"}, NULL};
    char id[] = "web";
    struct arena arena = {0};
    struct thole_error err = {0};
    struct container_record record = {.id = id};
    struct plan_rdt rdt = {.set = true, .clos_id = "gold", .mountpoint = root};
    resctrl_note(&rdt, &record, &arena);
    assert_null(record.rdt_group);

    assert_int_equal(resctrl_apply(&rdt, 42, &record, &err), -1);
    assert_string_equal(err.where, "/linux/intelRdt/closID");

    char path[256];
    (void)snprintf(path, sizeof(path), "%s/gold", root);
    assert_int_equal(mkdir(path, 0700), 0);
    make_files("gold");
    assert_int_equal(resctrl_apply(&rdt, 42, &record, &err), 0);
    assert_contents("gold/tasks", "42");

    rdt.schemata = (struct plan_strings){.items = lines, .count = 1};
    assert_int_equal(resctrl_apply(&rdt, 42, &record, &err), 0);
    lines[0][5] = '1';
    assert_int_equal(resctrl_apply(&rdt, 42, &record, &err), -1);
    assert_int_equal(err.kind, THOLE_ERROR_CONFIG);
    assert_int_equal(resctrl_remove(&record, &err), 0);
    assert_int_equal(access(path, F_OK), 0);
    arena_done(&arena);
}

static void test_update(void **state) {
    (void)state;
    char *lines[] = {(char[]){"L3:0=3;1=3"}, (char[]){"MB:0=20;1=70"}, NULL};
    const struct plan_strings schemata = {.items = lines, .count = 2};
    const struct plan_cgroup cgroup = {0};
    char id[] = "web";
    char path[256];
    (void)snprintf(path, sizeof(path), "%s/silver", root);
    struct arena arena = {0};
    struct thole_error err = {0};
    struct container_record record = {.id = id, .rdt_class = path};
    cleanup_free char *former = NULL;

    assert_int_equal(resctrl_update(root, &schemata, &cgroup, &record, &arena, &former, &err), -1);
    assert_int_equal(err.code, ENOENT);
    assert_null(former);

    assert_int_equal(mkdir(path, 0700), 0);
    make_files("silver");
    assert_int_equal(resctrl_update(root, &schemata, &cgroup, &record, &arena, &former, &err), 0);
    /* A plain file keeps the last line that was written over it. */
    assert_contents("silver/schemata", "MB:0=20;1=70\n");
    assert_string_equal(former, "    L3:0=f;1=f\n");
    resctrl_restore(&record, former);
    assert_contents("silver/schemata", "L3:0=f;1=f\n");
    arena_done(&arena);
}

/* The stand-in does not fill a new group with files, but what was made is noted for delete. */
static void test_update_makes_a_group(void **state) {
    (void)state;
    char *lines[] = {(char[]){"L3:0=3;1=3"}, NULL};
    const struct plan_strings schemata = {.items = lines, .count = 1};
    const struct plan_cgroup cgroup = {0};
    char id[] = "late";
    struct arena arena = {0};
    struct thole_error err = {0};
    struct container_record record = {.id = id, .pid = getpid()};
    cleanup_free char *former = NULL;
    assert_int_equal(resctrl_update(root, &schemata, &cgroup, &record, &arena, &former, &err), -1);
    assert_true(strstr(record.rdt_class, "/late") != NULL);
    assert_string_equal(record.rdt_group, record.rdt_class);
    assert_int_equal(resctrl_remove(&record, &err), 0);
    assert_int_equal(access(record.rdt_group, F_OK), -1);
    arena_done(&arena);
}

static void put_file(const char *name, const char *text) {
    char path[256];
    (void)snprintf(path, sizeof(path), "%s/%s", root, name);
    for (char *slash = path + strlen(root) + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
        *slash = '\0';
        (void)mkdir(path, 0700);
        *slash = '/';
    }
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(file_write_all(fd, text, strlen(text)), 0);
    (void)close(fd);
}

static void test_statistics(void **state) {
    (void)state;
    static const char wanted[] =
        "{\"l3_cache_info\":{\"cbm_mask\":\"7ff\",\"min_cbm_bits\":2,\"num_closids\":16},"
        "\"l3_cache_schema_root\":\"L3:0=7ff;1=7ff\",\"l3_cache_schema\":\"L3:0=3;1=3\","
        "\"mem_bw_info\":{\"bandwidth_gran\":10,\"min_bandwidth\":10},"
        "\"mem_bw_schema_root\":\"MB:0=100;1=100\",\"mem_bw_schema\":\"MB:0=20;1=70\","
        "\"schemata\":[\"MB:0=20;1=70\",\"L3:0=3;1=3\"],"
        "\"mbm_stats\":[{\"mbm_total_bytes\":12,\"mbm_local_bytes\":7},{\"mbm_total_bytes\":1}],"
        "\"cmt_stats\":[{\"llc_occupancy\":4096},{}]}";
    put_file("schemata", "    MB:0=100;1=100\n    L3:0=7ff;1=7ff\n");
    put_file("info/L3/cbm_mask", "7ff\n");
    put_file("info/L3/min_cbm_bits", "2\n");
    put_file("info/L3/num_closids", "16\n");
    put_file("info/MB/bandwidth_gran", "10\n");
    put_file("info/MB/min_bandwidth", "10\n");
    put_file("bronze/schemata", "    MB:0=20;1=70\n    L3:0=3;1=3\n");
    put_file("bronze/mon_data/mon_L3_00/mbm_total_bytes", "12\n");
    put_file("bronze/mon_data/mon_L3_00/mbm_local_bytes", "7\n");
    put_file("bronze/mon_data/mon_L3_00/llc_occupancy", "4096\n");
    put_file("bronze/mon_data/mon_L3_01/mbm_total_bytes", "1\n");
    put_file("bronze/mon_data/mon_L3_01/llc_occupancy", "Unavailable\n");

    char group[256];
    (void)snprintf(group, sizeof(group), "%s/bronze", root);
    yajl_gen json = yajl_gen_alloc(NULL);
    const unsigned char *bytes = NULL;
    size_t length = 0;
    (void)yajl_gen_map_open(json);
    rdt_put_stats(json, root, group, NULL);
    (void)yajl_gen_map_close(json);
    (void)yajl_gen_get_buf(json, &bytes, &length);
    assert_string_equal((const char *)bytes, wanted);
    yajl_gen_free(json);
}

static void test_default_class(void **state) {
    (void)state;
    char id[] = "web";
    struct arena arena = {0};
    struct thole_error err = {0};
    struct container_record record = {.id = id};
    const struct plan_rdt rdt = {.set = true, .clos_id = "/", .mountpoint = root};
    make_files(".");
    resctrl_note(&rdt, &record, &arena);
    assert_int_equal(resctrl_apply(&rdt, 43, &record, &err), 0);
    assert_contents("tasks", "43");
    arena_done(&arena);
}

static void test_own_group(void **state) {
    (void)state;
    char id[] = "own";
    struct arena arena = {0};
    struct thole_error err = {0};
    struct container_record record = {.id = id};
    const struct plan_rdt rdt = {.set = true, .mountpoint = root, .monitoring = true};
    char path[256];
    (void)snprintf(path, sizeof(path), "%s/own", root);
    resctrl_note(&rdt, &record, &arena);
    assert_string_equal(record.rdt_group, path);
    assert_true(strstr(record.rdt_monitor, "/own/mon_groups/own") != NULL);

    /* The stand-in does not fill a new group with files: assigning fails, removing still works. */
    assert_int_equal(resctrl_apply(&rdt, 44, &record, &err), -1);
    assert_int_equal(err.code, ENOENT);
    assert_int_equal(access(path, F_OK), 0);
    assert_int_equal(resctrl_remove(&record, &err), 0);
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(resctrl_remove(&record, &err), 0);
    arena_done(&arena);
}

/* Somebody else's directory of the container's name is used, and stays behind it. */
static void test_group_that_was_there(void **state) {
    (void)state;
    char id[] = "there";
    struct arena arena = {0};
    struct thole_error err = {0};
    struct container_record record = {.id = id};
    const struct plan_rdt rdt = {.set = true, .mountpoint = root};
    char path[256];
    (void)snprintf(path, sizeof(path), "%s/there", root);
    assert_int_equal(mkdir(path, 0700), 0);
    make_files("there");
    resctrl_note(&rdt, &record, &arena);
    assert_int_equal(resctrl_apply(&rdt, 45, &record, &err), 0);
    assert_null(record.rdt_group);
    assert_int_equal(resctrl_remove(&record, &err), 0);
    assert_int_equal(access(path, F_OK), 0);
    arena_done(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_existing_class),       cmocka_unit_test(test_update),
        cmocka_unit_test(test_statistics),           cmocka_unit_test(test_update_makes_a_group),
        cmocka_unit_test(test_default_class),        cmocka_unit_test(test_own_group),
        cmocka_unit_test(test_group_that_was_there),
    };
    return cmocka_run_group_tests_name("rdt", tests, set_up, tear_down);
}
