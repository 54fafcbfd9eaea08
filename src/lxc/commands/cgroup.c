/* SPDX-License-Identifier: Apache-2.0 */
/* lxc-cgroup: reads or writes a file of a container's cgroup. */
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/output.h"
#include "lxc/commands/commands.h"
#include "lxc/lifecycle/device_rule.h"
#include "lxc/store/container.h"
#include "lxc/store/states.h"

/* Files of cgroup v1 that v2 has under another name, with the same values. */
static const struct {
    const char *v1;
    const char *v2;
} counterparts[] = {
    {"memory.usage_in_bytes", "memory.current"},
    {"memory.max_usage_in_bytes", "memory.peak"},
    {"memory.limit_in_bytes", "memory.max"},
    {"memory.soft_limit_in_bytes", "memory.low"},
    {"memory.memsw.usage_in_bytes", "memory.swap.current"},
    {"memory.memsw.limit_in_bytes", "memory.swap.max"},
    {"cpuset.effective_cpus", "cpuset.cpus.effective"},
    {"cpuset.effective_mems", "cpuset.mems.effective"},
    {"cpu.shares", "cpu.weight"},
    {"cpu.cfs_quota_us", "cpu.max"},
    {"cpuacct.usage", "cpu.stat"},
    {"cpuacct.stat", "cpu.stat"},
    {"blkio.weight", "io.weight"},
    {"blkio.throttle.io_service_bytes", "io.stat"},
    {"blkio.throttle.io_serviced", "io.stat"},
    {"freezer.state", "cgroup.freeze"},
    {"tasks", "cgroup.threads"},
};

/* Values of these mean something else in the other file: they are read, not written. */
static bool has_other_values(const char *v1) {
    static const char *const names[] = {
        "memory.memsw.usage_in_bytes",
        "memory.memsw.limit_in_bytes",
        "cpu.shares",
        "cpu.cfs_quota_us",
        "blkio.weight",
        "freezer.state",
    };
    return text_is_one_of(v1, names, sizeof(names) / sizeof(names[0]));
}

static const char *counterpart(const char *file) {
    for (size_t i = 0; i < sizeof(counterparts) / sizeof(counterparts[0]); i++) {
        if (strcmp(counterparts[i].v1, file) == 0)
            return counterparts[i].v2;
    }
    return NULL;
}

static int read_file(const struct lxc_container *container, const char *file, char **ret_text,
                     struct thole_error *err) {
    if (thole_cgroup_read(&container->context, container->id, file, ret_text, err) == 0)
        return 0;
    const char *other = counterpart(file);
    if (err->code != ENOENT || other == NULL)
        return -1;
    *err = (struct thole_error){0};
    if (thole_cgroup_read(&container->context, container->id, other, ret_text, err) < 0)
        return -1;
    log_warning(&container->context.log, "%s is of cgroup v1: this is %s", file, other);
    return 0;
}

static int write_file(const struct lxc_container *container, const char *file, const char *value,
                      struct thole_error *err) {
    if (strcmp(file, "devices.allow") == 0 || strcmp(file, "devices.deny") == 0)
        return lxc_device_rule_add(container, strcmp(file, "devices.allow") == 0, value, err);
    if (thole_cgroup_write(&container->context, container->id, file, value, err) == 0)
        return 0;
    if (err->code != ENOENT)
        return -1;
    const char *other = counterpart(file);
    if (other == NULL)
        return -1;
    if (has_other_values(file))
        return error_unsupported(err, NULL,
                                 "%s is of cgroup v1, and the container's cgroup is v2: %s there "
                                 "takes other values",
                                 file, other);
    *err = (struct thole_error){0};
    if (thole_cgroup_write(&container->context, container->id, other, value, err) < 0)
        return -1;
    log_warning(&container->context.log, "%s is of cgroup v1: %s was written", file, other);
    return 0;
}

static int run_cgroup(const struct lxc_call *call, int *ret_status, struct thole_error *err) {
    cleanup_lxc_container struct lxc_container container = {0};
    cleanup_lxc_state struct thole_state *state = NULL;
    (void)ret_status;
    if (call->argument_count < 1)
        return error_usage(err, "Missing state object");
    if (call->argument_count > 2)
        return error_usage(err, "one state object, and one value at most");
    if (lxc_container_find(call->name, call->lxcpath, &call->log, &container, err) < 0 ||
        lxc_container_state(&container, &state, err) < 0)
        return -1;
    enum lxc_state now = lxc_state_of(state);
    if (now == LXC_STOPPED || now == LXC_STOPPING)
        return error_state(err, "'%s:%s' is not running", container.lxcpath, container.name);
    const char *file = call->arguments[0];
    if (call->argument_count == 2)
        return write_file(&container, file, call->arguments[1], err) < 0
                   ? error_prefix(err, "Failed to assign '%s' value to '%s' for '%s:%s'",
                                  call->arguments[1], file, container.lxcpath, container.name)
                   : 0;
    cleanup_free char *text = NULL;
    if (read_file(&container, file, &text, err) < 0)
        return error_prefix(err, "Failed to retrieve value of '%s' for '%s:%s'", file,
                            container.lxcpath, container.name);
    /* As LXC has it: the file's own line break, and one more. */
    return printf("%s\n", text) < 0 ? error_errno(err, NULL, "write to standard output") : 0;
}

const struct lxc_command lxc_command_cgroup = {
    .name = "cgroup",
    .arguments = "STATE-OBJECT [VALUE]",
    .summary = "print or change a file of a container's cgroup",
    .description =
        "STATE-OBJECT is the name of a file of cgroup v1 or v2: it is looked for in the\n"
        "hierarchy that has the controller. A name of v1 means its counterpart where the\n"
        "controller is in v2, and a note says so. devices.allow and devices.deny work there\n"
        "as well.",
    .options = lxc_no_options,
    .run = run_cgroup,
};
