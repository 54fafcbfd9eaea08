/* SPDX-License-Identifier: Apache-2.0 */
/* The cgroup backend on a tree of ordinary files: order, retries, undoing and wording of writes. */
#include "base/words.h"
#include "cgroup/create.h"
#include "cgroup/freeze.h"
#include "cgroup/join.h"
#include "cgroup/kill.h"
#include "cgroup/remove.h"
#include "cgroup/resources.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "cgroup/controllers.h"
#include "cgroup/directory.h"
#include "cgroup/restore.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- the tree ------------------------------------------------------------------------------ */

static int make_tree(void **state) {
    char *top = strdup("/tmp/thole-test-XXXXXX");
    assert_non_null(mkdtemp(top));
    *state = top;
    /* By this file a hierarchy is told from an empty mountpoint. */
    int fd = open(top, O_PATH | O_DIRECTORY | O_CLOEXEC);
    int file = openat(fd, "cgroup.procs", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    assert_true(fd >= 0 && file >= 0);
    (void)close(fd);
    (void)close(file);
    return 0;
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *ftw) {
    (void)status;
    (void)kind;
    (void)ftw;
    return remove(path);
}

static int remove_tree(void **state) {
    char *top = *state;
    enum { DESCRIPTORS = 16 };
    int result = nftw(top, remove_entry, DESCRIPTORS, FTW_DEPTH | FTW_PHYS);
    free(top);
    return result;
}

static void make_directory(const char *top, const char *path) {
    char full[512];
    (void)snprintf(full, sizeof(full), "%s/%s", top, path);
    assert_int_equal(mkdir(full, 0755), 0);
}

static void put(const char *top, const char *file, const char *text) {
    char full[512];
    (void)snprintf(full, sizeof(full), "%s/%s", top, file);
    cleanup_close int fd = open(full, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(file_write_all(fd, text, strlen(text)), 0);
}

static void expect(const char *top, const char *file, const char *text) {
    char full[512];
    cleanup_free char *found = NULL;
    (void)snprintf(full, sizeof(full), "%s/%s", top, file);
    assert_int_equal(file_read_at(AT_FDCWD, full, 4096, &found, NULL, NULL), 0);
    assert_string_equal(found, text);
}

static bool exists(const char *top, const char *path) {
    char full[512];
    (void)snprintf(full, sizeof(full), "%s/%s", top, path);
    return access(full, F_OK) == 0;
}

/* ---- words --------------------------------------------------------------------------------- */

static void lists_are_read_word_by_word(void **state) {
    (void)state;
    assert_true(words_have("cpu,cpuacct", "cpu", 3));
    assert_true(words_have("cpuset cpu\n", "cpu", 3));
    assert_false(words_have("cpuset,cpuacct", "cpu", 3));
    assert_false(words_have("", "cpu", 3));
    assert_int_equal(cgroup_file_controller("hugetlb.2MB.max"), 7);
    assert_int_equal(cgroup_file_controller("cpuset.cpus"), 6);
    assert_int_equal(cgroup_file_controller("cgroup.freeze"), 0);
    assert_true(cgroup_controller_is_threaded("cpuset.cpus", 6));
    assert_false(cgroup_controller_is_threaded("memory.max", 6));
}

static void paths_cross_no_symbolic_link(void **state) {
    const char *top = *state;
    char link[512];
    make_directory(top, "a");
    make_directory(top, "a/b");
    (void)snprintf(link, sizeof(link), "%s/link", top);
    assert_int_equal(symlink("a", link), 0);
    cleanup_close int fd = cgroup_open_path(top, "/a/b");
    assert_true(fd >= 0);
    assert_int_equal(cgroup_open_path(top, "/link/b"), -1);
    assert_int_equal(errno, ELOOP);
    assert_int_equal(cgroup_open_path(top, "/missing"), -1);
    assert_int_equal(errno, ENOENT);
}

/* ---- controllers --------------------------------------------------------------------------- */

static struct plan_cgroup_directory unified_directory(const char *top, const char *path) {
    return (struct plan_cgroup_directory){
        .unified = true, .controllers = "cpu,io,memory", .mountpoint = top, .path = path};
}

static void controllers_are_enabled_above_the_leaf(void **state) {
    const char *top = *state;
    make_directory(top, "a");
    make_directory(top, "a/leaf");
    put(top, "cgroup.controllers", "cpu io memory\n");
    put(top, "cgroup.subtree_control", "");
    put(top, "a/cgroup.controllers", "cpu memory\n");
    put(top, "a/cgroup.subtree_control", "cpu\n");
    put(top, "a/leaf/cgroup.controllers", "cpu\n");
    put(top, "a/leaf/cgroup.subtree_control", "");
    const struct plan_cgroup_directory directory = unified_directory(top, "/a/leaf");
    cleanup_close int leaf = cgroup_open_directory(&directory, "");
    assert_int_equal(cgroup_enable_controllers(&directory, leaf, "cpu,io,memory", NULL), 0);
    expect(top, "cgroup.subtree_control", "+cpu +io +memory");
    /* io has not come down to here, cpu is on already. */
    expect(top, "a/cgroup.subtree_control", "+memory");
    expect(top, "a/leaf/cgroup.subtree_control", "");
}

static void a_leaf_that_has_all_is_left_alone(void **state) {
    const char *top = *state;
    make_directory(top, "leaf");
    put(top, "cgroup.controllers", "cpu io memory\n");
    put(top, "cgroup.subtree_control", "");
    put(top, "leaf/cgroup.controllers", "memory cpu\n");
    const struct plan_cgroup_directory directory = unified_directory(top, "/leaf");
    cleanup_close int leaf = cgroup_open_directory(&directory, "");
    assert_int_equal(cgroup_enable_controllers(&directory, leaf, "cpu,memory", NULL), 0);
    expect(top, "cgroup.subtree_control", "");
}

static void only_hybrid_hosts_are_frugal(void **state) {
    (void)state;
    struct plan_cgroup_directory directories[] = {
        {.unified = true, .controllers = "hugetlb,misc", .mountpoint = "/m", .path = "/a"},
        {.controllers = "cpu", .mountpoint = "/c", .path = "/a"},
    };
    struct plan_cgroup_write writes[] = {
        {.directory = 0, .file = "hugetlb.2MB.max", .value = "1", .where = ""},
        {.directory = 0, .file = "hugetlb.1GB.max", .value = "1", .where = ""},
        {.directory = 0, .file = "cgroup.max.depth", .value = "1", .where = ""},
        {.directory = 1, .file = "cpu.shares", .value = "1", .where = ""},
    };
    struct plan_cgroup cgroup = {.directories = directories,
                                 .directory_count = 2,
                                 .writes = writes,
                                 .write_count = COUNT(writes)};
    cleanup_text struct text hybrid = {0};
    cgroup_wanted_controllers(&cgroup, 0, &hybrid);
    assert_string_equal(hybrid.data, ",hugetlb");
    cgroup.directory_count = 1;
    cleanup_text struct text pure = {0};
    cgroup_wanted_controllers(&cgroup, 0, &pure);
    assert_string_equal(pure.data, "hugetlb,misc");
}

/* ---- resources ----------------------------------------------------------------------------- */

struct plan_of_files {
    struct plan_cgroup_directory directory;
    struct plan_cgroup cgroup;
};

static void plan_files(struct plan_of_files *plan, const char *top,
                       struct plan_cgroup_write *writes, size_t count) {
    plan->directory =
        (struct plan_cgroup_directory){.controllers = "memory", .mountpoint = top, .path = "/web1"};
    plan->cgroup = (struct plan_cgroup){.directories = &plan->directory,
                                        .directory_count = 1,
                                        .writes = writes,
                                        .write_count = count,
                                        .where = ""};
    make_directory(top, "web1");
}

static void a_missing_file_is_unsupported_unless_optional(void **state) {
    struct plan_cgroup_write writes[] = {
        {.file = "memory.memsw.limit_in_bytes", .value = "2", .optional = true, .where = "/swap"},
        {.file = "memory.limit_in_bytes", .value = "1", .where = "/linux/resources/memory/limit"},
    };
    struct plan_of_files plan;
    struct thole_error err = {0};
    char text[512];
    char wanted[512];
    plan_files(&plan, *state, writes, COUNT(writes));
    assert_int_equal(cgroup_apply_resources(&plan.cgroup, &err), -1);
    assert_int_equal(err.kind, THOLE_ERROR_UNSUPPORTED);
    (void)snprintf(wanted, sizeof(wanted),
                   "/linux/resources/memory/limit: cgroup /web1 in %s has no file "
                   "memory.limit_in_bytes",
                   (const char *)*state);
    assert_string_equal(error_format(&err, text, sizeof(text)), wanted);

    put(*state, "web1/memory.limit_in_bytes", "");
    assert_int_equal(cgroup_apply_resources(&plan.cgroup, &err), 0);
    expect(*state, "web1/memory.limit_in_bytes", "1");
    assert_false(exists(*state, "web1/memory.memsw.limit_in_bytes"));
}

static void a_failing_update_puts_values_back(void **state) {
    struct plan_cgroup_write writes[] = {
        {.file = "memory.first", .value = "200", .where = "/a"},
        {.file = "memory.second", .value = "222", .where = "/b"},
        {.file = "memory.missing", .value = "1", .where = "/c"},
    };
    struct plan_of_files plan;
    struct thole_error err = {0};
    plan_files(&plan, *state, writes, COUNT(writes));
    put(*state, "web1/memory.first", "100");
    put(*state, "web1/memory.second", "111");
    assert_int_equal(cgroup_update(&plan.cgroup, NULL, &err), -1);
    assert_string_equal(err.where, "/c");
    expect(*state, "web1/memory.first", "100");
    expect(*state, "web1/memory.second", "111");

    assert_int_equal(cgroup_apply_resources(&plan.cgroup, &err), -1);
    expect(*state, "web1/memory.first", "200");
    expect(*state, "web1/memory.second", "222");
}

static void a_missing_directory_is_for_best_effort_only(void **state) {
    struct plan_cgroup_write writes[] = {{.file = "memory.max", .value = "1", .where = "/a"}};
    struct plan_of_files plan;
    struct thole_error err = {0};
    plan_files(&plan, *state, writes, COUNT(writes));
    plan.directory.path = "/gone";
    assert_int_equal(cgroup_apply_resources(&plan.cgroup, &err), -1);
    assert_int_equal(err.code, ENOENT);
    plan.cgroup.best_effort = true;
    assert_int_equal(cgroup_apply_resources(&plan.cgroup, &err), 0);

    cleanup_cgroup_join struct cgroup_join entry = CGROUP_JOIN_INIT;
    assert_int_equal(cgroup_join_open(&plan.cgroup, "", &entry, &err), 0);
    assert_int_equal(entry.unified, -1);
    assert_int_equal(entry.task_count, 0);
}

static void a_write_without_a_directory_is_a_bug(void **state) {
    struct plan_cgroup_write writes[] = {{.directory = 7, .file = "f", .value = "", .where = ""}};
    struct plan_of_files plan;
    struct thole_error err = {0};
    plan_files(&plan, *state, writes, COUNT(writes));
    assert_int_equal(cgroup_apply_resources(&plan.cgroup, &err), -1);
    assert_int_equal(err.kind, THOLE_ERROR_BUG);
}

/* Ordinary files keep only the last line that is written: enough to see which one that was. */
static void former_values_are_written_as_the_file_takes_them(void **state) {
    const char *top = *state;
    cleanup_close int fd = open(top, O_PATH | O_DIRECTORY | O_CLOEXEC);
    put(top, "memory.oom_control", "");
    assert_int_equal(
        cgroup_restore_write(fd, "memory.oom_control", "oom_kill_disable 1\nunder_oom 0\n", "0"),
        0);
    expect(top, "memory.oom_control", "1");
    put(top, "cpuset.cpus", "");
    assert_int_equal(cgroup_restore_write(fd, "cpuset.cpus", "", "0-1"), 0);
    expect(top, "cpuset.cpus", "\n");
    put(top, "blkio.throttle.read_bps_device", "");
    assert_int_equal(cgroup_restore_write(fd, "blkio.throttle.read_bps_device", "", "8:0 1048576"),
                     0);
    expect(top, "blkio.throttle.read_bps_device", "8:0 0");
    put(top, "io.max", "");
    assert_int_equal(cgroup_restore_write(fd, "io.max", "8:0 rbps=7\n8:16 rbps=9\n", "8:0 rbps=1"),
                     0);
    expect(top, "io.max", "8:16 rbps=9");
    assert_null(cgroup_restore_read(fd, "missing"));
}

/* ---- refusals ------------------------------------------------------------------------------ */

static void the_root_of_a_hierarchy_is_never_touched(void **state) {
    struct plan_cgroup_directory directory = unified_directory(*state, "/");
    struct plan_cgroup cgroup = {.directories = &directory, .directory_count = 1, .where = "/w"};
    struct thole_error err = {0};
    assert_int_equal(cgroup_create(&cgroup, NULL, &(int){-1}, &(int){-1}, &err), -1);
    assert_int_equal(cgroup_kill(&cgroup, 9, &err), -1);
    assert_int_equal(cgroup_freeze(&cgroup, true, &err), -1);
    assert_int_equal(cgroup_remove(&cgroup, &err), -1);
    assert_int_equal(err.kind, THOLE_ERROR_CONFIG);
    assert_string_equal(err.where, "/w");
    assert_true(exists(*state, ""));
}

static void subgroups_do_not_leave_the_container(void **state) {
    struct plan_cgroup_directory directory = unified_directory(*state, "/web1");
    struct plan_cgroup cgroup = {.directories = &directory, .directory_count = 1, .where = ""};
    cleanup_cgroup_join struct cgroup_join entry = CGROUP_JOIN_INIT;
    struct thole_error err = {0};
    make_directory(*state, "web1");
    make_directory(*state, "web1/sub");
    make_directory(*state, "other");
    assert_int_equal(cgroup_join_open(&cgroup, "../other", &entry, &err), -1);
    assert_int_equal(err.kind, THOLE_ERROR_USAGE);
    assert_int_equal(cgroup_join_open(&cgroup, "none", &entry, &err), -1);
    assert_int_equal(err.kind, THOLE_ERROR_NOT_FOUND);
    assert_int_equal(cgroup_join_open(&cgroup, "/sub", &entry, &err), 0);
    assert_true(entry.unified >= 0);
    struct stat opened;
    struct stat wanted;
    char path[512];
    (void)snprintf(path, sizeof(path), "%s/web1/sub", (const char *)*state);
    assert_int_equal(fstat(entry.unified, &opened), 0);
    assert_int_equal(stat(path, &wanted), 0);
    assert_int_equal(opened.st_ino, wanted.st_ino);
}

static void a_failed_creation_leaves_nothing(void **state) {
    const char *top = *state;
    make_directory(top, "one");
    make_directory(top, "one/kept");
    char one[256];
    char none[256];
    (void)snprintf(one, sizeof(one), "%s/one", top);
    (void)snprintf(none, sizeof(none), "%s/none", top);
    struct plan_cgroup_directory directories[] = {
        {.controllers = "pids", .mountpoint = one, .path = "/kept/a/b"},
        {.controllers = "cpu", .mountpoint = none, .path = "/kept/a/b"},
    };
    struct plan_cgroup cgroup = {.directories = directories, .directory_count = 2, .where = "/w"};
    struct thole_error err = {0};
    assert_int_equal(cgroup_create(&cgroup, NULL, &(int){-1}, &(int){-1}, &err), -1);
    assert_int_equal(err.code, ENOENT);
    assert_string_equal(err.where, "/w");
    assert_true(exists(top, "one/kept"));
    assert_false(exists(top, "one/kept/a"));

    cgroup.best_effort = true;
    assert_int_equal(cgroup_create(&cgroup, NULL, &(int){-1}, &(int){-1}, &err), 0);
    assert_true(exists(top, "one/kept/a/b"));
    cgroup.directory_count = 1; /* a record names only those that are there */
    assert_int_equal(cgroup_remove(&cgroup, &err), 0);
    assert_true(exists(top, "one/kept/a"));
    assert_false(exists(top, "one/kept/a/b"));
}

static void removal_goes_as_deep_as_it_has_to(void **state) {
    const char *top = *state;
    enum { DEPTH = 300 };
    struct plan_cgroup_directory directory = {
        .controllers = "pids", .mountpoint = top, .path = "/web1"};
    struct plan_cgroup cgroup = {.directories = &directory, .directory_count = 1, .where = ""};
    make_directory(top, "web1");
    make_directory(top, "web1/side");
    make_directory(top, "web1/side/twig");
    int at = cgroup_open_directory(&directory, "");
    for (int i = 0; i < DEPTH; i++) {
        assert_int_equal(mkdirat(at, "deeper", 0755), 0);
        assert_int_equal(mkdirat(at, "twin", 0755), 0);
        int below = openat(at, "deeper", O_PATH | O_DIRECTORY | O_CLOEXEC);
        (void)close(at);
        at = below;
    }
    (void)close(at);
    struct thole_error err = {0};
    assert_int_equal(cgroup_remove(&cgroup, &err), 0);
    assert_false(exists(top, "web1"));
    assert_int_equal(cgroup_remove(&cgroup, &err), 0);
}

#define TREE_TEST(name) cmocka_unit_test_setup_teardown(name, make_tree, remove_tree)

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_are_read_word_by_word),
        TREE_TEST(paths_cross_no_symbolic_link),
        TREE_TEST(controllers_are_enabled_above_the_leaf),
        TREE_TEST(a_leaf_that_has_all_is_left_alone),
        cmocka_unit_test(only_hybrid_hosts_are_frugal),
        TREE_TEST(a_missing_file_is_unsupported_unless_optional),
        TREE_TEST(a_failing_update_puts_values_back),
        TREE_TEST(a_missing_directory_is_for_best_effort_only),
        TREE_TEST(a_write_without_a_directory_is_a_bug),
        TREE_TEST(former_values_are_written_as_the_file_takes_them),
        TREE_TEST(the_root_of_a_hierarchy_is_never_touched),
        TREE_TEST(subgroups_do_not_leave_the_container),
        TREE_TEST(a_failed_creation_leaves_nothing),
        TREE_TEST(removal_goes_as_deep_as_it_has_to),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
