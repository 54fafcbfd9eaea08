/* SPDX-License-Identifier: Apache-2.0 */
/* What is settled before init is cloned: its record, its cgroup, its filter, what it inherits. */
#pragma once

#include "apply/bind_sources.h"
#include "apply/init.h"
#include "cgroup/join.h"
#include "create/create.h"
#include "security/seccomp_filter.h"

/* What is needed only until init is ready. */
struct preparation {
    struct apply_init init;
    struct apply_bind_sources sources;
    struct cgroup_join cgroup;
    int cgroup_holder;
    struct seccomp_filter filter;
    int null_fd;
    bool in_one_go; /* by a runtime in the foreground, which is to start it as well */
};

#define PREPARATION_INIT                                                     \
    {                                                                        \
        .init = {.become = APPLY_BECOME_INIT, .gate = -1, .hook_state = -1}, \
        .cgroup = CGROUP_JOIN_INIT, .cgroup_holder = -1, .null_fd = -1       \
    }

/** Fills the record from the plan: nothing is made yet. */
void create_prepare_record(struct container *container, const struct bundle *bundle,
                           const char *notify_directory);

/** Compiles the seccomp filter, or takes it from the cache, and stores it for exec. */
int create_prepare_filter(const struct thole_context *context, const struct creation *creation,
                          struct preparation *preparation, struct thole_error *err);

/** Makes the cgroup with its limits; the device rules come later (cgroup/devices.h). */
int create_prepare_cgroup(const struct thole_context *context, struct creation *creation,
                          struct preparation *preparation, struct thole_error *err);

/** Decides what init gets for fds 0 to 2. */
int create_prepare_stdio(const struct thole_create_request *request, bool detached,
                         struct creation *creation, struct preparation *preparation,
                         struct thole_error *err);

/** The gate, the host's /proc, the sources of bind mounts. */
int create_prepare_init(bool gated, struct creation *creation, struct preparation *preparation,
                        struct thole_error *err);

void preparation_done(struct preparation *preparation);
#define cleanup_preparation __attribute__((cleanup(preparation_done)))
