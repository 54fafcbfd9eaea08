/* SPDX-License-Identifier: Apache-2.0 */
/* Making cgroups and processes for tests on real hierarchies. */
#include "cgroup_layout.h"
#include "cgroup/create.h"
#include "cgroup/devices.h"
#include "cgroup/join.h"
#include "cgroup/kill.h"
#include "cgroup/remove.h"
#include "cgroup/resources.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/sched.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "cgroup/directory.h"
#include "host/probe.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { TEXT = 512 };

struct layout layout;

/* ---- the container's cgroups --------------------------------------------------------------- */

static int make_layout(const char *parent) {
    struct host_facts *facts = NULL;
    if (host_probe(&layout.arena, HOST_NEED_CGROUPS, &facts, NULL) < 0)
        return -1;
    (void)snprintf(layout.parent, sizeof(layout.parent), "%s", parent);
    layout.cgroup = (struct plan_cgroup){.directories = layout.directories, .where = "/path"};
    for (size_t i = 0; i < facts->hierarchy_count && i < LAYOUT_DIRECTORIES_MAX; i++) {
        const struct host_hierarchy *hierarchy = &facts->hierarchies[i];
        layout.directories[layout.cgroup.directory_count++] = (struct plan_cgroup_directory){
            .unified = hierarchy->unified,
            .controllers = hierarchy->controllers,
            .mountpoint = hierarchy->mountpoint,
            .path = arena_printf(&layout.arena, "%s/web1", parent),
        };
    }
    return layout.cgroup.directory_count > 0 ? 0 : -1;
}

void layout_path(const struct plan_cgroup_directory *directory, const char *file,
                 char path[PATH_MAX]) {
    (void)snprintf(path, PATH_MAX, "%s%s%s%s", directory->mountpoint, directory->path,
                   file[0] != '\0' ? "/" : "", file);
}

bool layout_has(const struct plan_cgroup_directory *directory, const char *file) {
    char path[PATH_MAX];
    layout_path(directory, file, path);
    return access(path, F_OK) == 0;
}

void layout_expect(const struct plan_cgroup_directory *directory, const char *file,
                   const char *wanted) {
    char text[TEXT];
    cleanup_close int fd = cgroup_open_directory(directory, "");
    assert_true(fd >= 0);
    assert_true(file_read_kernel(fd, file, text, sizeof(text)) >= 0);
    assert_string_equal(text, wanted);
}

void layout_fail(const struct thole_error *err) {
    char text[2 * TEXT];
    fail_msg("%s", error_format(err, text, sizeof(text)));
}

void layout_create(void) {
    struct thole_error err = {0};
    if (cgroup_create(&layout.cgroup, NULL, &(int){-1}, &(int){-1}, &err) < 0)
        layout_fail(&err);
}

void layout_apply(const struct plan_cgroup *cgroup, bool update) {
    struct thole_error err = {0};
    if (update ? cgroup_update(cgroup, NULL, &err) < 0
               : cgroup_apply_resources(cgroup, &err) < 0 ||
                     cgroup_apply_devices(cgroup, -1, NULL, &err) < 0)
        layout_fail(&err);
}

size_t layout_index(const char *controller) {
    const struct plan_cgroup_directory *directory = cgroup_find_v1(&layout.cgroup, controller);
    if (directory == NULL) {
        print_message("no v1 %s controller is mounted here\n", controller);
        skip();
    }
    return (size_t)(directory - layout.directories);
}

/* ---- its processes ------------------------------------------------------------------------- */

void layout_sleep(long milliseconds) {
    struct timespec time = {.tv_nsec = milliseconds * 1000000};
    (void)nanosleep(&time, NULL);
}

static void try_devices(void) {
    static const char *const devices[] = {"/dev/null", "/dev/zero"};
    for (size_t i = 0; i < COUNT(devices); i++) {
        int fd = open(devices[i], O_RDWR | O_CLOEXEC);
        layout.shared->opened[i] = fd < 0 ? errno : 0;
        if (fd >= 0)
            (void)close(fd);
    }
}

static void count_signal(int signal) {
    (void)signal;
    layout.shared->signals++;
}

/* Counts, and looks what devices it may open, until somebody ends it. */
static void __attribute__((noreturn)) be_a_container(const struct cgroup_join *entry) {
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    const struct sigaction action = {.sa_handler = count_signal};
    (void)sigaction(SIGUSR1, &action, NULL);
    if (cgroup_join_enter(entry, NULL) < 0)
        _exit(1);
    for (;;) {
        try_devices();
        layout.shared->ticks++;
        layout_sleep(1);
    }
}

/* A process born in @entry that has begun to count. */
pid_t layout_start_in(const struct cgroup_join *entry) {
    struct clone_args arguments = {.exit_signal = SIGCHLD};
    if (entry->unified >= 0) {
        arguments.flags = CLONE_INTO_CGROUP;
        arguments.cgroup = (uint64_t)entry->unified;
    }
    unsigned long before = layout.shared->ticks;
    pid_t pid = (pid_t)syscall(SYS_clone3, &arguments, sizeof(arguments));
    assert_true(pid >= 0);
    if (pid == 0)
        be_a_container(entry);
    for (int i = 0; i < 1000 && layout.shared->ticks < before + 2; i++)
        layout_sleep(1);
    assert_true(layout.shared->ticks >= before + 2);
    return pid;
}

pid_t layout_start(const char *subgroup) {
    cleanup_cgroup_join struct cgroup_join entry = CGROUP_JOIN_INIT;
    struct thole_error err = {0};
    if (cgroup_join_open(&layout.cgroup, subgroup, &entry, &err) < 0)
        layout_fail(&err);
    return layout_start_in(&entry);
}

int layout_wait(pid_t pid) {
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFSIGNALED(status) ? WTERMSIG(status) : -1;
}

bool layout_counts_within(long milliseconds) {
    unsigned long before = layout.shared->ticks;
    for (long waited = 0; waited < milliseconds && layout.shared->ticks == before; waited += 10)
        layout_sleep(10);
    return layout.shared->ticks != before;
}

void layout_make_subgroup(const char *name) {
    char path[PATH_MAX];
    const struct plan_cgroup_directory *directory = &layout.directories[0];
    const struct plan_cgroup_directory *unified = cgroup_find_unified(&layout.cgroup);
    layout_path(unified != NULL ? unified : directory, name, path);
    assert_int_equal(mkdir(path, 0755), 0);
}

char *layout_membership(pid_t pid) {
    char path[64];
    char *text = NULL;
    (void)snprintf(path, sizeof(path), "/proc/%d/cgroup", (int)pid);
    assert_int_equal(file_read_at(AT_FDCWD, path, 65536, &text, NULL, NULL), 0);
    return text;
}

/* ---- setup and teardown -------------------------------------------------------------------- */

static int share_memory(void) {
    layout.shared = mmap(NULL, sizeof(*layout.shared), PROT_READ | PROT_WRITE,
                         MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return layout.shared == MAP_FAILED ? -1 : 0;
}

int layout_begin_here(void **state) {
    (void)state;
    char parent[sizeof(layout.name) + 1];
    layout.host_root = -1;
    (void)snprintf(layout.name, sizeof(layout.name), "thole-test-%d", (int)getpid());
    (void)snprintf(parent, sizeof(parent), "/%s", layout.name);
    return share_memory() < 0 ? -1 : make_layout(parent);
}

static int move_to(int cgroup) {
    return file_write_kernel(cgroup, "cgroup.procs", "0", 1);
}

static int mount_unified(void) {
    return mount("cgroup2", "/sys/fs/cgroup", "cgroup2", 0, NULL);
}

/* A cgroup namespace whose root is a cgroup of the test: what is switched on there stays there.
 * The test itself goes out of it again, so that it is in nobody's way. */
int layout_begin_unified(void **state) {
    (void)state;
    struct statfs status;
    (void)snprintf(layout.name, sizeof(layout.name), "thole-test-%d", (int)getpid());
    if (share_memory() < 0 || unshare(CLONE_NEWNS) < 0 ||
        mount("", "/", NULL, MS_PRIVATE | MS_REC, NULL) < 0 ||
        statfs("/sys/fs/cgroup", &status) < 0)
        return -1;
    if (status.f_type != CGROUP2_SUPER_MAGIC &&
        (umount2("/sys/fs/cgroup", MNT_DETACH) < 0 || mount_unified() < 0))
        return -1;
    layout.host_root = open("/sys/fs/cgroup", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (layout.host_root < 0 || mkdirat(layout.host_root, layout.name, 0755) < 0)
        return -1;
    cleanup_close int own = openat(layout.host_root, layout.name, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (own < 0 || move_to(own) < 0 || unshare(CLONE_NEWCGROUP) < 0 ||
        move_to(layout.host_root) < 0 || umount2("/sys/fs/cgroup", MNT_DETACH) < 0 ||
        mount_unified() < 0)
        return -1;
    return make_layout("");
}

int layout_reset(void **state) {
    (void)state;
    layout.cgroup.delegate = false;
    layout.shared->signals = 0;
    layout.shared->opened[0] = layout.shared->opened[1] = -1;
    layout_create();
    return 0;
}

/* Whatever a failed test left behind goes away too. */
int layout_clear(void **state) {
    (void)state;
    (void)cgroup_kill(&layout.cgroup, SIGKILL, NULL);
    while (waitpid(-1, NULL, WNOHANG) > 0)
        ;
    return cgroup_remove(&layout.cgroup, NULL);
}

static int remove_own(const char *path, int dirfd) {
    if (unlinkat(dirfd, path, AT_REMOVEDIR) == 0)
        return 0;
    print_error("rmdir %s: %s\n", path, strerror(errno));
    return -1;
}

int layout_end(void **state) {
    (void)state;
    int result = 0;
    for (size_t i = 0; layout.host_root < 0 && i < layout.cgroup.directory_count; i++) {
        const char *mountpoint = layout.directories[i].mountpoint;
        if (remove_own(arena_printf(&layout.arena, "%s/%s", mountpoint, layout.name), AT_FDCWD) < 0)
            result = -1;
    }
    if (layout.host_root >= 0) {
        result = remove_own(layout.name, layout.host_root);
        (void)close(layout.host_root);
    }
    arena_done(&layout.arena);
    (void)munmap(layout.shared, sizeof(*layout.shared));
    layout = (struct layout){0};
    return result;
}
