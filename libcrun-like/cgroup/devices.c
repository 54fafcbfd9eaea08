/* SPDX-License-Identifier: Apache-2.0 */
/* Device rules on v1 (devices.allow, devices.deny) and v2 (a BPF program). */
#include "cgroup/devices.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/log.h"
#include "cgroup/device_program.h"
#include "cgroup/device_rules.h"
#include "cgroup/directory.h"
#include "host/probe.h"
#include "sys/bpf.h"

/* How the container's own program is told from those of others (systemd attaches one too). */
static const char program_name[] = "thole_devices";

enum { LIST_MAX = 16 * 1024 * 1024 };

static bool lacks_privilege(int code) {
    return (code == EPERM || code == EACCES) &&
           (geteuid() != 0 || host_in_user_namespace(NULL) == 1);
}

/* ---- v1 ------------------------------------------------------------------------------------ */

struct v1_target {
    const struct plan_cgroup_directory *directory;
    int fd;
};

static int write_entry(const struct v1_target *target, const char *file,
                       const struct plan_device_rule *rule, unsigned access,
                       struct thole_error *err) {
    char text[CGROUP_DEVICE_TEXT];
    int length = cgroup_device_format(rule, access, text);
    if (file_write_kernel(target->fd, file, text, (size_t)length) == 0)
        return 0;
    /* A default the parent does not have (nested runtimes) is simply not given. */
    if (errno == EPERM && rule->where[0] == '\0')
        return 0;
    return error_errno(err, rule->where, "write %s to %s of %s", text, file,
                       target->directory->path);
}

static int reset_to(const struct v1_target *target, bool allow, const char *where,
                    struct thole_error *err) {
    const char *file = allow ? "devices.allow" : "devices.deny";
    if (file_write_kernel(target->fd, file, "a", 1) == 0)
        return 0;
    error_errno(err, where, "write a to %s of %s", file, target->directory->path);
    if (errno == EINVAL)
        return error_hint(err, "The container has cgroups of its own below that one: it can no "
                               "longer change between allowing and denying all devices.");
    return -1;
}

/* From @now to @wanted, both with the default "denied": first what is new, then what goes. */
static int change_exceptions(const struct v1_target *target, const struct cgroup_device_list *now,
                             const struct cgroup_device_list *wanted, struct thole_error *err) {
    for (size_t i = 0; i < wanted->count; i++) {
        const struct plan_device_rule *item = &wanted->items[i];
        unsigned missing = item->access & ~cgroup_device_list_access(now, item);
        if (missing != 0 && write_entry(target, "devices.allow", item, missing, err) < 0)
            return -1;
    }
    for (size_t i = 0; i < now->count; i++) {
        const struct plan_device_rule *item = &now->items[i];
        unsigned extra = item->access & ~cgroup_device_list_access(wanted, item);
        if (extra != 0 && write_entry(target, "devices.deny", item, extra, err) < 0)
            return -1;
    }
    return 0;
}

static int set_list(const struct v1_target *target, const struct cgroup_device_list *now,
                    const struct cgroup_device_list *wanted, const char *where,
                    struct thole_error *err) {
    static const struct cgroup_device_list nothing = {0};
    /* devices.list does not tell the exceptions of an allowing cgroup: they are made anew. */
    bool reset = now->allow_all || wanted->allow_all;
    if (reset && reset_to(target, wanted->allow_all, where, err) < 0)
        return -1;
    if (!wanted->allow_all)
        return change_exceptions(target, reset ? &nothing : now, wanted, err);
    for (size_t i = 0; i < wanted->count; i++) {
        const struct plan_device_rule *item = &wanted->items[i];
        if (write_entry(target, "devices.deny", item, item->access, err) < 0)
            return -1;
    }
    return 0;
}

static int apply_v1(const struct plan_cgroup *cgroup, const struct v1_target *target,
                    struct thole_error *err) {
    const char *where = cgroup->device_rules[0].where;
    cleanup_cgroup_device_list struct cgroup_device_list wanted = {0};
    if (cgroup_device_list_build(cgroup->device_rules, cgroup->device_rule_count, &wanted, err) < 0)
        return -1;
    cleanup_free char *text = NULL;
    cleanup_cgroup_device_list struct cgroup_device_list now = {0};
    if (file_read_at(target->fd, "devices.list", LIST_MAX, &text, NULL, err) < 0)
        return error_prefix(err, "cgroup %s", target->directory->path);
    if (cgroup_device_list_parse(text, &now) < 0)
        return error_errno(err, where, "read devices.list of %s", target->directory->path);
    if (set_list(target, &now, &wanted, where, err) == 0)
        return 0;
    /* Back to the former list; an allowing one is not known in full and stays closed. */
    cleanup_free char *after = NULL;
    cleanup_cgroup_device_list struct cgroup_device_list half = {0};
    if (!now.allow_all &&
        file_read_at(target->fd, "devices.list", LIST_MAX, &after, NULL, NULL) == 0 &&
        cgroup_device_list_parse(after, &half) == 0)
        (void)set_list(target, &half, &now, where, NULL);
    return -1;
}

/* ---- v2 ------------------------------------------------------------------------------------ */

static int apply_unified(const struct plan_cgroup *cgroup,
                         const struct plan_cgroup_directory *directory, int fd,
                         struct thole_error *err) {
    const char *where = cgroup->device_rules[0].where;
    size_t count = 0;
    cleanup_free struct bpf_insn *instructions =
        cgroup_device_compile(cgroup->device_rules, cgroup->device_rule_count, &count);
    if (instructions == NULL)
        return error_errno(err, where, "compile %zu device rules", cgroup->device_rule_count);
    cleanup_close int program = sys_bpf_load_device_program(instructions, count, program_name);
    if (program < 0)
        return error_errno(err, where, "load the device program (%zu instructions)", count);

    cleanup_close int former = sys_bpf_find_device_program(fd, program_name);
    if (former < 0 && errno != ENOENT)
        return error_errno(err, where, "look for device programs of %s", directory->path);
    if (sys_bpf_attach_device_program(fd, program, former) < 0)
        return error_errno(err, where, "attach the device program to %s", directory->path);
    return 0;
}

bool cgroup_devices_change_at_once(const struct plan_cgroup *cgroup) {
    return cgroup_find_v1(cgroup, "devices") == NULL;
}

/* ---- which of them ------------------------------------------------------------------------- */

int cgroup_apply_devices(const struct plan_cgroup *cgroup, int unified, const struct thole_log *log,
                         struct thole_error *err) {
    if (cgroup->device_rule_count == 0)
        return 0;
    const char *where = cgroup->device_rules[0].where;
    const struct plan_cgroup_directory *directory = cgroup_find_v1(cgroup, "devices");
    if (directory == NULL)
        directory = cgroup_find_unified(cgroup);
    if (directory == NULL && (cgroup->best_effort || cgroup->directory_count == 0))
        return 0;
    if (directory == NULL)
        return error_set(err, THOLE_ERROR_UNSUPPORTED, 0, where,
                         "device rules need the v1 devices controller or cgroup v2");

    const bool is_open = directory->unified && unified >= 0;
    cleanup_close int opened = is_open ? -1 : cgroup_open_directory(directory, "");
    const int fd = is_open ? unified : opened;
    if (fd < 0 && errno == ENOENT && cgroup->best_effort)
        return 0;
    if (fd < 0)
        return error_errno(err, where, "open cgroup %s in %s", directory->path,
                           directory->mountpoint);
    struct v1_target target = {.directory = directory, .fd = fd};
    struct thole_error failure = {0};
    if ((directory->unified ? apply_unified(cgroup, directory, fd, &failure)
                            : apply_v1(cgroup, &target, &failure)) == 0)
        return 0;
    /* Without privilege over devices, or when nothing is forbidden, nothing is lost. */
    if (lacks_privilege(failure.code) ||
        (failure.code == EPERM &&
         cgroup_device_rules_allow_all(cgroup->device_rules, cgroup->device_rule_count))) {
        log_debug(log, "device rules are left out: %s: %s", failure.text, strerror(failure.code));
        return 0;
    }
    return error_copy(err, &failure);
}
