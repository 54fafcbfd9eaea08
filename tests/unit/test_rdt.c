/* SPDX-License-Identifier: Apache-2.0 */
/* resctrl groups, on a directory that stands for the filesystem. */
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
#include "container/rdt.h"

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
    rdt_note(&rdt, &record, &arena);
    assert_null(record.rdt_group);

    assert_int_equal(rdt_apply(&rdt, 42, &record, &err), -1);
    assert_string_equal(err.where, "/linux/intelRdt/closID");

    char path[256];
    (void)snprintf(path, sizeof(path), "%s/gold", root);
    assert_int_equal(mkdir(path, 0700), 0);
    make_files("gold");
    assert_int_equal(rdt_apply(&rdt, 42, &record, &err), 0);
    assert_contents("gold/tasks", "42");

    rdt.schemata = (struct plan_strings){.items = lines, .count = 1};
    assert_int_equal(rdt_apply(&rdt, 42, &record, &err), 0);
    lines[0][5] = '1';
    assert_int_equal(rdt_apply(&rdt, 42, &record, &err), -1);
    assert_int_equal(err.kind, THOLE_ERROR_CONFIG);
    assert_int_equal(rdt_remove(&record, &err), 0);
    assert_int_equal(access(path, F_OK), 0);
    arena_done(&arena);
}

static void test_default_class(void **state) {
    (void)state;
    char id[] = "web";
    struct arena arena = {0};
    struct thole_error err = {0};
    struct container_record record = {.id = id};
    const struct plan_rdt rdt = {.set = true, .clos_id = "/", .mountpoint = root};
    make_files(".");
    rdt_note(&rdt, &record, &arena);
    assert_int_equal(rdt_apply(&rdt, 43, &record, &err), 0);
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
    rdt_note(&rdt, &record, &arena);
    assert_string_equal(record.rdt_group, path);
    assert_true(strstr(record.rdt_monitor, "/own/mon_groups/own") != NULL);

    /* The stand-in does not fill a new group with files: assigning fails, removing still works. */
    assert_int_equal(rdt_apply(&rdt, 44, &record, &err), -1);
    assert_int_equal(err.code, ENOENT);
    assert_int_equal(access(path, F_OK), 0);
    assert_int_equal(rdt_remove(&record, &err), 0);
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(rdt_remove(&record, &err), 0);
    arena_done(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_existing_class),
        cmocka_unit_test(test_default_class),
        cmocka_unit_test(test_own_group),
    };
    return cmocka_run_group_tests_name("rdt", tests, set_up, tear_down);
}
