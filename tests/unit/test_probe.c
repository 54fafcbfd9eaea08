/* SPDX-License-Identifier: Apache-2.0 */
/* What the probe says of this machine agrees with what the kernel shows elsewhere. */
#include "host/probe.h"
#include "host/runtime_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"

enum { TEXT = 16384 };

static void read_text(const char *path, char buffer[TEXT]) {
    cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = read(fd, buffer, TEXT - 1);
    assert_true(length > 0);
    buffer[length] = '\0';
}

static struct host_facts *probe(struct arena *arena, unsigned needs) {
    struct host_facts *facts = NULL;
    struct thole_error err = {0};
    assert_int_equal(host_probe(arena, needs, &facts, &err), 0);
    return facts;
}

static unsigned long long status_number(const char *name, int base) {
    char status[TEXT];
    read_text("/proc/self/status", status);
    const char *line = strstr(status, name);
    assert_non_null(line);
    return strtoull(line + strlen(name), NULL, base);
}

static void identity_and_capabilities(void **state) {
    (void)state;
    cleanup_arena struct arena arena = {0};
    const struct host_facts *facts = probe(&arena, 0);
    enum { HEXADECIMAL = 16, SYS_ADMIN = 21 };
    assert_int_equal(facts->euid, geteuid());
    assert_int_equal(facts->egid, getegid());
    assert_true(facts->capabilities == status_number("\nCapBnd:\t", HEXADECIMAL));
    assert_int_equal(facts->privileged, status_number("\nCapEff:\t", HEXADECIMAL) >> SYS_ADMIN & 1);
    char last[TEXT];
    read_text("/proc/sys/kernel/cap_last_cap", last);
    assert_int_equal(facts->last_capability, strtol(last, NULL, 10));
    char map[TEXT];
    read_text("/proc/self/uid_map", map);
    assert_int_equal(facts->in_user_namespace, strstr(map, " 4294967295\n") == NULL);
    assert_int_equal(facts->hierarchy_count, 0);
    assert_string_equal(facts->hugepage_sizes, "");
}

/* "N:controllers:path" for every hierarchy, as /proc/self/cgroup has it. */
static void hierarchies_are_mounted_where_they_are_said_to_be(void **state) {
    (void)state;
    cleanup_arena struct arena arena = {0};
    const struct host_facts *facts = probe(&arena, HOST_NEED_CGROUPS);
    struct statfs root;
    if (statfs("/sys/fs/cgroup", &root) < 0 ||
        (root.f_type != CGROUP2_SUPER_MAGIC && root.f_type != TMPFS_MAGIC)) {
        assert_int_equal(facts->hierarchy_count, 0);
        return;
    }
    assert_true(facts->hierarchy_count > 0);
    char membership[TEXT];
    read_text("/proc/self/cgroup", membership);
    for (size_t i = 0; i < facts->hierarchy_count; i++) {
        const struct host_hierarchy *hierarchy = &facts->hierarchies[i];
        struct statfs status;
        assert_int_equal(statfs(hierarchy->mountpoint, &status), 0);
        assert_true(status.f_type ==
                    (hierarchy->unified ? CGROUP2_SUPER_MAGIC : CGROUP_SUPER_MAGIC));
        char line[4096];
        (void)snprintf(line, sizeof(line), ":%s:%s\n",
                       hierarchy->unified ? "" : hierarchy->controllers, hierarchy->own_path);
        assert_non_null(strstr(membership, line));
        assert_null(strchr(hierarchy->controllers, ' '));
        assert_null(strchr(hierarchy->controllers, '\n'));
    }
}

static void huge_pages_have_the_names_of_cgroup_files(void **state) {
    (void)state;
    cleanup_arena struct arena arena = {0};
    const struct host_facts *facts = probe(&arena, HOST_NEED_HUGEPAGES);
    static const struct {
        const char *directory;
        const char *name;
    } known[] = {
        {"/sys/kernel/mm/hugepages/hugepages-64kB", "64KB"},
        {"/sys/kernel/mm/hugepages/hugepages-2048kB", "2MB"},
        {"/sys/kernel/mm/hugepages/hugepages-1048576kB", "1GB"},
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        bool wanted = access(known[i].directory, F_OK) == 0;
        assert_int_equal(strstr(facts->hugepage_sizes, known[i].name) != NULL, wanted);
    }
}

static void the_runtime_directory_is_for_the_unprivileged(void **state) {
    (void)state;
    assert_int_equal(unsetenv("USER"), 0);
    assert_int_equal(setenv("XDG_RUNTIME_DIR", "/run/user/77", 1), 0);
    cleanup_free char *directory = NULL;
    assert_int_equal(host_runtime_dir(&directory, NULL), 0);
    if (geteuid() == 0 && host_in_user_namespace(NULL) == 0)
        assert_null(directory);
    else
        assert_string_equal(directory, "/run/user/77");
    cleanup_free char *without = NULL;
    assert_int_equal(setenv("XDG_RUNTIME_DIR", "", 1), 0);
    assert_int_equal(host_runtime_dir(&without, NULL), 0);
    assert_int_equal(without == NULL, geteuid() == 0);
}

static void security_modules_agree_with_sysfs(void **state) {
    (void)state;
    cleanup_arena struct arena arena = {0};
    const struct host_facts *facts = probe(&arena, HOST_NEED_SECURITY | HOST_NEED_RESCTRL);
    assert_int_equal(facts->selinux && access("/sys/fs/selinux/enforce", F_OK) != 0, 0);
    if (access("/sys/module/apparmor", F_OK) != 0)
        assert_false(facts->apparmor);
    assert_int_equal(facts->resctrl != NULL, access("/sys/fs/resctrl/schemata", F_OK) == 0);
}

enum { NOT_POSSIBLE = 77 };

/* In a child: exit status 0 if the probe sees the new namespace. */
static int probe_in_user_namespace(void) {
    if (host_in_user_namespace(NULL) != 0)
        return NOT_POSSIBLE;
    if (unshare(CLONE_NEWUSER) < 0)
        return NOT_POSSIBLE;
    cleanup_arena struct arena arena = {0};
    struct host_facts *facts = NULL;
    if (setenv("XDG_RUNTIME_DIR", "/run/user/77", 1) < 0 ||
        host_probe(&arena, HOST_NEED_ALL, &facts, NULL) < 0)
        return 1;
    cleanup_free char *directory = NULL;
    if (host_runtime_dir(&directory, NULL) < 0)
        return 1;
    return facts->in_user_namespace && facts->privileged && directory != NULL ? 0 : 1;
}

static void another_user_namespace_is_noticed(void **state) {
    (void)state;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(probe_in_user_namespace());
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == NOT_POSSIBLE) {
        print_message("no user namespace can be made here\n");
        skip();
    }
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(identity_and_capabilities),
        cmocka_unit_test(hierarchies_are_mounted_where_they_are_said_to_be),
        cmocka_unit_test(huge_pages_have_the_names_of_cgroup_files),
        cmocka_unit_test(the_runtime_directory_is_for_the_unprivileged),
        cmocka_unit_test(security_modules_agree_with_sysfs),
        cmocka_unit_test(another_user_namespace_is_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
