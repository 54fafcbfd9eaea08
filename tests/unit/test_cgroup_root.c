/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cgroup backend on real hierarchies, as root: first as they are mounted here (v1 or hybrid),
 * then on cgroup v2 alone, for which a private mount namespace is made.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "cgroup/create.h"
#include "cgroup/directory.h"
#include "cgroup/freeze.h"
#include "cgroup/join.h"
#include "cgroup/kill.h"
#include "cgroup/pids.h"
#include "cgroup/remove.h"
#include "cgroup/resources.h"
#include "cgroup_layout.h"
#include "host/probe.h"
#include "sys/bpf.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { TEXT = 512 };

/* ---- tests of both layouts ----------------------------------------------------------------- */

static void a_process_is_in_every_directory(void **state) {
    (void)state;
    pid_t pid = layout_start("");
    cleanup_free char *membership = layout_membership(pid);
    for (size_t i = 0; i < layout.cgroup.directory_count; i++) {
        const struct plan_cgroup_directory *directory = &layout.directories[i];
        char line[TEXT];
        (void)snprintf(line, sizeof(line), ":%s:%s/web1\n",
                       directory->unified ? "" : directory->controllers, layout.parent);
        assert_non_null(strstr(membership, line));
    }
    assert_int_equal(cgroup_kill(&layout.cgroup, SIGKILL, NULL), 0);
    assert_int_equal(layout_wait(pid), SIGKILL);
}

static void a_cgroup_in_use_is_refused(void **state) {
    (void)state;
    struct thole_error err = {0};
    pid_t pid = layout_start("");
    assert_int_equal(cgroup_create(&layout.cgroup, NULL, &(int){-1}, &(int){-1}, &err), -1);
    assert_int_equal(err.kind, THOLE_ERROR_STATE);
    assert_non_null(strstr(err.text, "is not empty"));
    assert_true(layout_has(&layout.directories[0], "cgroup.procs"));
    assert_int_equal(cgroup_kill(&layout.cgroup, SIGKILL, NULL), 0);
    assert_int_equal(layout_wait(pid), SIGKILL);
    layout_create();
}

static void a_frozen_cgroup_is_refused(void **state) {
    (void)state;
    struct thole_error err = {0};
    assert_int_equal(cgroup_freeze(&layout.cgroup, true, &err), 0);
    assert_int_equal(cgroup_create(&layout.cgroup, NULL, &(int){-1}, &(int){-1}, &err), -1);
    assert_int_equal(err.kind, THOLE_ERROR_STATE);
    assert_non_null(strstr(err.text, "is frozen"));
    assert_int_equal(cgroup_freeze(&layout.cgroup, false, &err), 0);
    layout_create();
}

static void freezing_stops_and_thawing_resumes(void **state) {
    (void)state;
    struct thole_error err = {0};
    pid_t pid = layout_start("");
    assert_int_equal(cgroup_is_frozen(&layout.cgroup, NULL), 0);
    if (cgroup_freeze(&layout.cgroup, true, &err) < 0)
        layout_fail(&err);
    assert_int_equal(cgroup_is_frozen(&layout.cgroup, NULL), 1);
    assert_false(layout_counts_within(60));
    assert_int_equal(cgroup_freeze(&layout.cgroup, false, &err), 0);
    assert_int_equal(cgroup_is_frozen(&layout.cgroup, NULL), 0);
    assert_true(layout_counts_within(10000));
    assert_int_equal(cgroup_kill(&layout.cgroup, SIGTERM, &err), 0);
    assert_int_equal(layout_wait(pid), SIGTERM);
    assert_int_equal(cgroup_is_frozen(&layout.cgroup, NULL), 0);
}

static void a_signal_to_a_paused_container_waits(void **state) {
    (void)state;
    struct thole_error err = {0};
    pid_t pid = layout_start("");
    assert_int_equal(cgroup_freeze(&layout.cgroup, true, &err), 0);
    assert_int_equal(cgroup_kill(&layout.cgroup, SIGUSR1, &err), 0);
    assert_int_equal(cgroup_is_frozen(&layout.cgroup, NULL), 1);
    assert_int_equal(layout.shared->signals, 0);
    assert_int_equal(cgroup_freeze(&layout.cgroup, false, &err), 0);
    for (int i = 0; i < 1000 && layout.shared->signals == 0; i++)
        layout_sleep(1);
    assert_int_equal(layout.shared->signals, 1);

    assert_int_equal(cgroup_freeze(&layout.cgroup, true, &err), 0);
    assert_int_equal(cgroup_kill(&layout.cgroup, SIGKILL, &err), 0);
    assert_int_equal(layout_wait(pid), SIGKILL);
    assert_int_equal(cgroup_is_frozen(&layout.cgroup, NULL), 0);
}

static void pids_come_from_all_levels(void **state) {
    (void)state;
    enum { PROCESSES = 4 };
    pid_t started[PROCESSES];
    struct thole_error err = {0};
    layout_make_subgroup("sub");
    layout_make_subgroup("sub/below");
    static const char *const places[] = {"", "sub/below", "sub", ""};
    for (size_t i = 0; i < PROCESSES; i++)
        started[i] = layout_start(places[i]);
    cleanup_free pid_t *pids = NULL;
    size_t count = 0;
    assert_int_equal(cgroup_pids(&layout.cgroup, &pids, &count, &err), 0);
    assert_int_equal(count, PROCESSES);
    for (size_t i = 0; i < PROCESSES; i++) {
        bool listed = false;
        for (size_t j = 0; j < count; j++)
            listed = listed || pids[j] == started[i];
        assert_true(listed);
        assert_true(i == 0 || pids[i] > pids[i - 1]);
    }
    assert_int_equal(cgroup_kill(&layout.cgroup, SIGTERM, &err), 0);
    for (size_t i = 0; i < PROCESSES; i++)
        assert_int_equal(layout_wait(started[i]), SIGTERM);
    assert_int_equal(cgroup_remove(&layout.cgroup, &err), 0);
    for (size_t i = 0; i < layout.cgroup.directory_count; i++)
        assert_false(layout_has(&layout.directories[i], ""));
    cleanup_free pid_t *none = NULL;
    assert_int_equal(cgroup_pids(&layout.cgroup, &none, &count, &err), 0);
    assert_int_equal(count, 0);
}

static void an_exec_follows_an_init_that_moved(void **state) {
    (void)state;
    struct thole_error err = {0};
    if (cgroup_find_unified(&layout.cgroup) == NULL) {
        print_message("there is no cgroup2 hierarchy here\n");
        skip();
    }
    layout_make_subgroup("init");
    pid_t init = layout_start("init");
    cleanup_cgroup_join struct cgroup_join entry = CGROUP_JOIN_INIT;
    if (cgroup_join_open_of(&layout.cgroup, init, &entry, &err) < 0)
        layout_fail(&err);
    pid_t executed = layout_start_in(&entry);
    char line[TEXT];
    (void)snprintf(line, sizeof(line), "0::%s/web1/init\n", layout.parent);
    cleanup_free char *membership = layout_membership(executed);
    assert_non_null(strstr(membership, line));
    /* Not SIGKILL, which would end whatever is born there later as well (cgroup/kill.c). */
    assert_int_equal(cgroup_kill(&layout.cgroup, SIGTERM, &err), 0);
    assert_int_equal(layout_wait(init), SIGTERM);
    assert_int_equal(layout_wait(executed), SIGTERM);

    /* This process is outside: its own place means nothing for the container. */
    cleanup_cgroup_join struct cgroup_join outside = CGROUP_JOIN_INIT;
    assert_int_equal(cgroup_join_open_of(&layout.cgroup, getpid(), &outside, &err), 0);
    pid_t pid = layout_start_in(&outside);
    (void)snprintf(line, sizeof(line), "0::%s/web1\n", layout.parent);
    cleanup_free char *other = layout_membership(pid);
    assert_non_null(strstr(other, line));
    assert_int_equal(cgroup_kill(&layout.cgroup, SIGKILL, &err), 0);
    assert_int_equal(layout_wait(pid), SIGKILL);
}

static void a_member_that_stays_keeps_the_directory(void **state) {
    (void)state;
    struct thole_error err = {0};
    char text[TEXT];
    char wanted[TEXT];
    pid_t pid = layout_start("");
    assert_int_equal(cgroup_remove(&layout.cgroup, &err), -1);
    (void)snprintf(wanted, sizeof(wanted),
                   "remove cgroup %s in %s: 1 processes are still in it, the first is %d: %s",
                   layout.directories[0].path, layout.directories[0].mountpoint, (int)pid,
                   strerror(EBUSY));
    assert_string_equal(error_format(&err, text, sizeof(text)), wanted);
    /* One that goes while the removal waits does not. */
    assert_int_equal(cgroup_kill(&layout.cgroup, SIGKILL, &err), 0);
    if (cgroup_remove(&layout.cgroup, &err) < 0)
        layout_fail(&err);
    assert_int_equal(layout_wait(pid), SIGKILL);
}

/* ---- devices ------------------------------------------------------------------------------- */

static void expect_devices(int null_errno, int zero_errno) {
    unsigned long before = layout.shared->ticks;
    for (int i = 0; i < 1000 && layout.shared->ticks < before + 2; i++)
        layout_sleep(1);
    assert_int_equal(layout.shared->opened[0], null_errno);
    assert_int_equal(layout.shared->opened[1], zero_errno);
}

static void device_rules_hold_and_are_replaced(void **state) {
    (void)state;
    enum { ALL = 7, READ = 2, MEMORY_DEVICES = 1, NULL_MINOR = 3, ZERO_MINOR = 5 };
    struct plan_device_rule null_only[] = {
        {false, 'a', -1, -1, ALL, "/devices/0"},
        {true, 'c', MEMORY_DEVICES, NULL_MINOR, ALL, "/devices/1"},
        {true, 'c', MEMORY_DEVICES, ZERO_MINOR, READ, "/devices/2"},
    };
    struct plan_device_rule zero_only[] = {
        {false, 'a', -1, -1, ALL, "/devices/0"},
        {true, 'c', MEMORY_DEVICES, ZERO_MINOR, ALL, "/devices/1"},
    };
    struct plan_device_rule all_but_null[] = {
        {true, 'a', -1, -1, ALL, "/devices/0"},
        {false, 'c', MEMORY_DEVICES, NULL_MINOR, READ, "/devices/1"},
    };
    pid_t pid = layout_start("");
    expect_devices(0, 0);
    struct plan_cgroup cgroup = layout.cgroup;
    cgroup.device_rules = null_only;
    cgroup.device_rule_count = COUNT(null_only);
    layout_apply(&cgroup, false);
    expect_devices(0, EPERM);
    cgroup.device_rules = zero_only;
    cgroup.device_rule_count = COUNT(zero_only);
    layout_apply(&cgroup, true);
    expect_devices(EPERM, 0);
    cgroup.device_rules = all_but_null;
    cgroup.device_rule_count = COUNT(all_but_null);
    layout_apply(&cgroup, true);
    expect_devices(EPERM, 0);
    /* More updates than a cgroup may have programs. */
    for (int i = 0; i < 70; i++)
        layout_apply(&cgroup, true);
    assert_int_equal(cgroup_kill(&layout.cgroup, SIGKILL, NULL), 0);
    assert_int_equal(layout_wait(pid), SIGKILL);
}

static void a_long_list_of_devices_is_loaded(void **state) {
    (void)state;
    enum { RULES = 400, ALL = 7, MEMORY_DEVICES = 1, NULL_MINOR = 3 };
    static struct plan_device_rule rules[RULES];
    for (int i = 0; i < RULES; i++)
        rules[i] = (struct plan_device_rule){true, i % 2 ? 'c' : 'b', 200 + i, i, ALL, "/d"};
    rules[RULES / 2] = (struct plan_device_rule){true, 'c', MEMORY_DEVICES, NULL_MINOR, ALL, "/d"};
    struct plan_cgroup cgroup = layout.cgroup;
    cgroup.device_rules = rules;
    cgroup.device_rule_count = RULES;
    layout_apply(&cgroup, false);
    pid_t pid = layout_start("");
    expect_devices(0, EPERM);
    assert_int_equal(cgroup_kill(&layout.cgroup, SIGKILL, NULL), 0);
    assert_int_equal(layout_wait(pid), SIGKILL);
}

/* ---- v1 and hybrid ------------------------------------------------------------------------- */

static void limits_are_written_where_their_controller_is(void **state) {
    (void)state;
    size_t cpu = layout_index("cpu");
    size_t pids = layout_index("pids");
    size_t memory = layout_index("memory");
    struct plan_cgroup_write writes[] = {
        {.directory = memory, .file = "memory.limit_in_bytes", .value = "33554432", .where = "/m"},
        {.directory = pids, .file = "pids.max", .value = "7", .where = "/p"},
        /* Larger than the period is now: passes after the period only. */
        {.directory = cpu, .file = "cpu.cfs_quota_us", .value = "50000", .where = "/q"},
        {.directory = cpu, .file = "cpu.cfs_period_us", .value = "200000", .where = "/t"},
        {.directory = cpu,
         .file = "cpu.no_such_file",
         .value = "1",
         .optional = true,
         .where = "/o"},
    };
    struct plan_cgroup cgroup = layout.cgroup;
    cgroup.writes = writes;
    cgroup.write_count = COUNT(writes);
    layout_apply(&cgroup, false);
    layout_expect(&layout.directories[memory], "memory.limit_in_bytes", "33554432");
    layout_expect(&layout.directories[pids], "pids.max", "7");
    layout_expect(&layout.directories[cpu], "cpu.cfs_quota_us", "50000");
    layout_expect(&layout.directories[cpu], "cpu.cfs_period_us", "200000");
}

/* The memsw limit may not be below the memory limit: in this order the first write is refused. */
static void a_refused_write_is_tried_again(void **state) {
    (void)state;
    size_t memory = layout_index("memory");
    if (!layout_has(&layout.directories[memory], "memory.memsw.limit_in_bytes")) {
        print_message("this kernel does not account for swap\n");
        skip();
    }
    struct plan_cgroup_write writes[] = {
        {.directory = memory,
         .file = "memory.memsw.limit_in_bytes",
         .value = "67108864",
         .retry = true,
         .where = "/s"},
        {.directory = memory, .file = "memory.limit_in_bytes", .value = "33554432", .where = "/m"},
    };
    struct plan_cgroup cgroup = layout.cgroup;
    cgroup.writes = writes;
    cgroup.write_count = COUNT(writes);
    layout_apply(&cgroup, false);
    layout_expect(&layout.directories[memory], "memory.memsw.limit_in_bytes", "67108864");
    writes[0].retry = false;
    writes[0].value = "16777216";
    struct thole_error err = {0};
    assert_int_equal(cgroup_apply_resources(&cgroup, &err), -1);
    assert_string_equal(err.where, "/s");
}

static void an_update_is_all_or_nothing(void **state) {
    (void)state;
    size_t pids = layout_index("pids");
    size_t memory = layout_index("memory");
    struct plan_cgroup_write first = {
        .directory = pids, .file = "pids.max", .value = "7", .where = "/p"};
    struct plan_cgroup cgroup = layout.cgroup;
    cgroup.writes = &first;
    cgroup.write_count = 1;
    layout_apply(&cgroup, false);

    struct plan_cgroup_write writes[] = {
        {.directory = pids, .file = "pids.max", .value = "9", .where = "/p"},
        {.directory = memory, .file = "memory.oom_control", .value = "1", .where = "/o"},
        {.directory = memory,
         .file = "memory.limit_in_bytes",
         .value = "12x",
         .where = "/linux/resources/memory/limit"},
    };
    cgroup.writes = writes;
    cgroup.write_count = COUNT(writes);
    struct thole_error err = {0};
    char text[TEXT];
    char wanted[TEXT];
    assert_int_equal(cgroup_update(&cgroup, NULL, &err), -1);
    (void)snprintf(wanted, sizeof(wanted),
                   "/linux/resources/memory/limit: write 12x to memory.limit_in_bytes of %s: "
                   "Invalid argument",
                   layout.directories[memory].path);
    assert_string_equal(error_format(&err, text, sizeof(text)), wanted);
    layout_expect(&layout.directories[pids], "pids.max", "7");
    char control[TEXT];
    cleanup_close int fd = cgroup_open_directory(&layout.directories[memory], "");
    assert_true(file_read_kernel(fd, "memory.oom_control", control, sizeof(control)) > 0);
    assert_non_null(strstr(control, "oom_kill_disable 0"));
}

static void new_cpusets_are_usable(void **state) {
    (void)state;
    size_t cpuset = layout_index("cpuset");
    static const char *const files[] = {"cpuset.cpus", "cpuset.mems"};
    for (size_t i = 0; i < COUNT(files); i++) {
        char text[TEXT];
        struct plan_cgroup_directory root = layout.directories[cpuset];
        root.path = "/";
        cleanup_close int fd = cgroup_open_directory(&root, "");
        assert_true(file_read_kernel(fd, files[i], text, sizeof(text)) > 0);
        layout_expect(&layout.directories[cpuset], files[i], text);
    }
}

static void realtime_budgets_come_from_above(void **state) {
    (void)state;
    size_t cpu = layout_index("cpu");
    if (!layout_has(&layout.directories[cpu], "cpu.rt_runtime_us")) {
        print_message("this kernel has no realtime budgets\n");
        skip();
    }
    struct plan_cgroup_write writes[] = {
        {.directory = cpu, .file = "cpu.rt_period_us", .value = "500000", .where = "/p"},
        {.directory = cpu, .file = "cpu.rt_runtime_us", .value = "5000", .where = "/r"},
    };
    struct plan_cgroup cgroup = layout.cgroup;
    cgroup.writes = writes;
    cgroup.write_count = COUNT(writes);
    layout_apply(&cgroup, false);
    layout_expect(&layout.directories[cpu], "cpu.rt_runtime_us", "5000");
}

static void a_v1_container_with_children_can_be_updated(void **state) {
    (void)state;
    enum { ALL = 7, MEMORY_DEVICES = 1, NULL_MINOR = 3, ZERO_MINOR = 5 };
    size_t devices = layout_index("devices");
    struct plan_device_rule rules[] = {
        {true, 'c', MEMORY_DEVICES, NULL_MINOR, ALL, "/devices/0"},
        {true, 'c', MEMORY_DEVICES, ZERO_MINOR, ALL, "/devices/1"},
    };
    struct plan_cgroup cgroup = layout.cgroup;
    cgroup.device_rules = rules;
    cgroup.device_rule_count = 2;
    layout_apply(&cgroup, false);
    layout_expect(&layout.directories[devices], "devices.list", "c 1:3 rwm\nc 1:5 rwm");
    char child[PATH_MAX];
    layout_path(&layout.directories[devices], "nested", child);
    assert_int_equal(mkdir(child, 0755), 0);
    cgroup.device_rule_count = 1;
    layout_apply(&cgroup, true);
    layout_expect(&layout.directories[devices], "devices.list", "c 1:3 rwm");

    struct plan_device_rule everything = {true, 'a', -1, -1, ALL, "/devices/0"};
    struct thole_error err = {0};
    cgroup.device_rules = &everything;
    assert_int_equal(cgroup_update(&cgroup, NULL, &err), -1);
    assert_int_equal(err.code, EINVAL);
    assert_true(err.hint[0] != '\0');
    layout_expect(&layout.directories[devices], "devices.list", "c 1:3 rwm");
}

/* ---- v2 ------------------------------------------------------------------------------------ */

static void unified_files_are_written_and_set_back(void **state) {
    (void)state;
    struct plan_cgroup_write writes[] = {
        {.file = "cgroup.max.depth", .value = "3", .where = "/unified/cgroup.max.depth"},
        {.file = "cgroup.max.descendants", .value = "9", .where = "/d"},
        {.file = "memory.max", .value = "33554432", .where = "/linux/resources/memory/limit"},
    };
    struct plan_cgroup cgroup = layout.cgroup;
    cgroup.writes = writes;
    cgroup.write_count = 2;
    layout_apply(&cgroup, false);
    layout_expect(&layout.directories[0], "cgroup.max.depth", "3");
    writes[0].value = "5";
    writes[1].value = "-7";
    struct thole_error err = {0};
    assert_int_equal(cgroup_update(&cgroup, NULL, &err), -1);
    assert_string_equal(err.where, "/d");
    layout_expect(&layout.directories[0], "cgroup.max.depth", "3");
    layout_expect(&layout.directories[0], "cgroup.max.descendants", "9");

    if (layout_has(&layout.directories[0], "memory.max"))
        return;
    writes[1].value = "9";
    cgroup.write_count = 3;
    assert_int_equal(cgroup_update(&cgroup, NULL, &err), -1);
    assert_int_equal(err.kind, THOLE_ERROR_UNSUPPORTED);
    assert_string_equal(err.where, "/linux/resources/memory/limit");
    assert_true(err.hint[0] != '\0');
}

static void one_program_is_attached(void **state) {
    (void)state;
    struct plan_device_rule rule = {true, 'c', 1, 3, 7, "/devices/0"};
    struct plan_cgroup cgroup = layout.cgroup;
    cgroup.device_rules = &rule;
    cgroup.device_rule_count = 1;
    cleanup_close int fd = cgroup_open_directory(&layout.directories[0], "");
    assert_int_equal(sys_bpf_find_device_program(fd, "thole_devices"), -1);
    assert_int_equal(errno, ENOENT);
    for (int i = 0; i < 3; i++)
        layout_apply(&cgroup, i > 0);
    uint32_t ids[8] = {0};
    union bpf_attr query;
    memset(&query, 0, sizeof(query));
    query.query.target_fd = (uint32_t)fd;
    query.query.attach_type = BPF_CGROUP_DEVICE;
    query.query.prog_ids = (uint64_t)(uintptr_t)ids;
    query.query.prog_cnt = COUNT(ids);
    assert_int_equal(syscall(SYS_bpf, BPF_PROG_QUERY, &query, sizeof(query)), 0);
    assert_int_equal(query.query.prog_cnt, 1);
    cleanup_close int program = sys_bpf_find_device_program(fd, "thole_devices");
    assert_true(program >= 0);
}

static void a_delegated_cgroup_changes_its_owner(void **state) {
    (void)state;
    enum { OWNER = 100123 };
    layout.cgroup.delegate = true;
    layout.cgroup.delegate_uid = OWNER;
    layout_create();
    static const char *const given[] = {"", "cgroup.procs", "cgroup.subtree_control",
                                        "cgroup.threads"};
    char path[PATH_MAX];
    struct stat status;
    for (size_t i = 0; i < COUNT(given); i++) {
        layout_path(&layout.directories[0], given[i], path);
        assert_int_equal(stat(path, &status), 0);
        assert_int_equal(status.st_uid, OWNER);
        assert_int_equal(status.st_gid, 0);
    }
    layout_path(&layout.directories[0], "cgroup.freeze", path);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_uid, 0);
}

/* web1 becomes the root of a threaded subtree; a container below it has to be threaded as well. */
static void a_container_fits_into_a_threaded_subtree(void **state) {
    (void)state;
    struct thole_error err = {0};
    layout_make_subgroup("thread");
    char path[PATH_MAX];
    layout_path(&layout.directories[0], "thread", path);
    cleanup_close int thread = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(file_write_kernel(thread, "cgroup.type", "threaded", 8), 0);
    layout.directories[0].path = "/web1/inner";

    struct plan_cgroup_write write = {.file = "memory.max", .value = "1", .where = "/memory"};
    struct plan_cgroup cgroup = layout.cgroup;
    cgroup.writes = &write;
    cgroup.write_count = 1;
    int refused = cgroup_create(&cgroup, NULL, &(int){-1}, &(int){-1}, &err);
    bool left = layout_has(&layout.directories[0], "");
    cgroup.write_count = 0;
    int created = cgroup_create(&cgroup, NULL, &(int){-1}, &(int){-1}, NULL);
    pid_t pid = created == 0 ? layout_start("") : -1;
    cleanup_free pid_t *pids = NULL;
    size_t count = 0;
    (void)cgroup_pids(&layout.cgroup, &pids, &count, NULL);
    int killed = cgroup_kill(&layout.cgroup, SIGKILL, NULL);
    int signal = pid > 0 && killed == 0 ? layout_wait(pid) : 0;
    int removed = cgroup_remove(&layout.cgroup, NULL);
    layout.directories[0].path = "/web1";

    assert_int_equal(refused, -1);
    assert_string_equal(err.where, "/memory");
    assert_int_equal(err.kind, THOLE_ERROR_UNSUPPORTED);
    assert_false(left);
    assert_int_equal(created, 0);
    assert_int_equal(count, 1);
    assert_int_equal(pids[0], pid);
    assert_int_equal(signal, SIGKILL);
    assert_int_equal(removed, 0);
}

/* ---- all of it ----------------------------------------------------------------------------- */

#define LAYOUT_TEST(name) cmocka_unit_test_setup_teardown(name, layout_reset, layout_clear)
#define TESTS_OF_BOTH_LAYOUTS                                                                      \
    LAYOUT_TEST(a_process_is_in_every_directory), LAYOUT_TEST(a_cgroup_in_use_is_refused),         \
        LAYOUT_TEST(a_frozen_cgroup_is_refused), LAYOUT_TEST(freezing_stops_and_thawing_resumes),  \
        LAYOUT_TEST(a_signal_to_a_paused_container_waits), LAYOUT_TEST(pids_come_from_all_levels), \
        LAYOUT_TEST(an_exec_follows_an_init_that_moved),                                           \
        LAYOUT_TEST(a_member_that_stays_keeps_the_directory),                                      \
        LAYOUT_TEST(device_rules_hold_and_are_replaced),                                           \
        LAYOUT_TEST(a_long_list_of_devices_is_loaded)

static bool is_v2_alone(void) {
    struct statfs status;
    return statfs("/sys/fs/cgroup", &status) == 0 && status.f_type == CGROUP2_SUPER_MAGIC;
}

int main(void) {
    enum { SKIPPED = 77 };
    if (geteuid() != 0 || host_in_user_namespace(NULL) != 0) {
        printf("SKIP: root in the initial user namespace is needed to make cgroups\n");
        return SKIPPED;
    }
    const struct CMUnitTest here[] = {
        TESTS_OF_BOTH_LAYOUTS,
        LAYOUT_TEST(limits_are_written_where_their_controller_is),
        LAYOUT_TEST(a_refused_write_is_tried_again),
        LAYOUT_TEST(an_update_is_all_or_nothing),
        LAYOUT_TEST(new_cpusets_are_usable),
        LAYOUT_TEST(realtime_budgets_come_from_above),
        LAYOUT_TEST(a_v1_container_with_children_can_be_updated),
    };
    const struct CMUnitTest unified[] = {
        TESTS_OF_BOTH_LAYOUTS,
        LAYOUT_TEST(unified_files_are_written_and_set_back),
        LAYOUT_TEST(one_program_is_attached),
        LAYOUT_TEST(a_delegated_cgroup_changes_its_owner),
        LAYOUT_TEST(a_container_fits_into_a_threaded_subtree),
    };
    int failed = 0;
    if (is_v2_alone())
        printf("SKIP: the v1 and hybrid part: this host has cgroup v2 alone\n");
    else
        failed += cmocka_run_group_tests_name("as mounted", here, layout_begin_here, layout_end);
    return failed + cmocka_run_group_tests_name("cgroup v2 alone", unified, layout_begin_unified,
                                                layout_end);
}
