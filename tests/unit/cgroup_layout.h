/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A container's cgroups for tests on real hierarchies: as they are mounted here (v1 or hybrid), or
 * on cgroup v2 alone. All of it is called thole-test-PID; no controller is switched on or off
 * outside of that.
 */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/error.h"
#include "cgroup/join.h"

enum { LAYOUT_DIRECTORIES_MAX = 24 };

/** What the processes of a test and the test itself see of each other. */
struct shared {
    volatile unsigned long ticks;
    volatile unsigned long signals; /* SIGUSR1 */
    volatile int opened[2];         /* errno of opening /dev/null and /dev/zero, -1 before */
};

struct layout {
    struct arena arena;
    char name[64];    /* "thole-test-PID" */
    char parent[128]; /* of the container, as /proc/PID/cgroup tells it: "/thole-test-PID" or "" */
    int host_root;    /* v2 alone: the root cgroup outside the cgroup namespace of the test */
    struct plan_cgroup_directory directories[LAYOUT_DIRECTORIES_MAX];
    struct plan_cgroup cgroup;
    struct shared *shared;
};

extern struct layout layout;

/** Setup and teardown of a group: the hierarchies of this host, or a private view of v2 alone. */
int layout_begin_here(void **state);
int layout_begin_unified(void **state);
int layout_end(void **state);

/** Setup and teardown of a test: an empty container; nothing of it. */
int layout_reset(void **state);
int layout_clear(void **state);

/** The backend's calls, which have to succeed: @cgroup is layout.cgroup with resources. */
void layout_create(void);
void layout_apply(const struct plan_cgroup *cgroup, bool update);
void layout_fail(const struct thole_error *err);

/** Files ("" for the directory itself) of one of the container's directories. */
void layout_path(const struct plan_cgroup_directory *directory, const char *file,
                 char path[PATH_MAX]);
bool layout_has(const struct plan_cgroup_directory *directory, const char *file);
void layout_expect(const struct plan_cgroup_directory *directory, const char *file,
                   const char *wanted);

/** The directory number of a v1 controller; a test that needs one that is not mounted is skipped.
 */
size_t layout_index(const char *controller);

/** A directory below the container's, in the unified hierarchy or the first there is. */
void layout_make_subgroup(const char *name);

/**
 * A process born in @entry, or in the container's @subgroup. It counts ticks and tries to open
 * devices until somebody ends it.
 */
pid_t layout_start_in(const struct cgroup_join *entry);
pid_t layout_start(const char *subgroup);

/** The signal that ended the process @pid, -1 if none did. */
int layout_wait(pid_t pid);

/** True once a process started by layout_start() has counted further; false if it has not by then.
 */
bool layout_counts_within(long milliseconds);
void layout_sleep(long milliseconds);

/** /proc/PID/cgroup, malloc'ed. */
char *layout_membership(pid_t pid);
