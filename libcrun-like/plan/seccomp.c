/* SPDX-License-Identifier: Apache-2.0 */
/* The system call filter as typed rules; security/ makes the program of them. */
#include <errno.h>
#include <inttypes.h>
#include <linux/seccomp.h>
#include <string.h>

#include "base/text.h"
#include "oci-spec/fields.h"
#include "plan/builder.h"

/* The init process hands the listener over with sendmsg(2) when the filter is on already. */
static int check_notify(const struct oci_seccomp_rule *rule, const char *where,
                        struct thole_error *err) {
    for (size_t i = 0; i < rule->names.count; i++) {
        if (strcmp(rule->names.items[i], "sendmsg") == 0)
            return error_config(
                err, where,
                "SCMP_ACT_NOTIFY cannot cover sendmsg: the listener itself is handed "
                "over with it");
    }
    return 0;
}

/* MAX_ERRNO of the kernel: a larger number is cut to it. */
static uint32_t plan_errno(const struct plan_builder *builder, const struct oci_uint *number,
                           int action, const char *where, const char *member) {
    enum { ERRNO_MAX = 4095 };
    if (number->set && number->value > ERRNO_MAX && action == SECCOMP_RET_ERRNO)
        plan_note(builder, arena_printf(builder->arena, "%s/%s", where, member),
                  "the kernel makes %d of %" PRIu64, ERRNO_MAX, number->value);
    return number->set ? (uint32_t)number->value : EPERM;
}

static int plan_rule(struct plan_builder *builder, const struct oci_seccomp_rule *wanted,
                     const char *where, struct plan_seccomp *seccomp, struct thole_error *err) {
    if (wanted->action == SECCOMP_RET_USER_NOTIF) {
        seccomp->notifies = true;
        if (check_notify(wanted, where, err) < 0)
            return -1;
    }
    struct plan_seccomp_rule *rule =
        plan_list_add(builder->arena, seccomp->rules, seccomp->rule_count);
    rule->names = plan_strings_of(&wanted->names);
    rule->action = wanted->action;
    rule->errno_ret = plan_errno(builder, &wanted->errno_ret, wanted->action, where, "errnoRet");
    rule->where = where;
    for (size_t i = 0; i < wanted->args.count; i++) {
        const struct oci_seccomp_argument *from = &wanted->args.items[i];
        *plan_list_add(builder->arena, rule->arguments, rule->argument_count) =
            (struct plan_seccomp_argument){from->index, from->value, from->value_two, from->op};
    }
    return 0;
}

static int plan_listener(const struct plan_builder *builder, const struct oci_seccomp *wanted,
                         struct plan_seccomp *seccomp, struct thole_error *err) {
    if (!seccomp->notifies)
        return 0;
    seccomp->listener_path = wanted->listener_path;
    if (seccomp->listener_path == NULL)
        seccomp->listener_path = plan_annotation(builder->config, "run.oci.seccomp.receiver");
    if (seccomp->listener_path == NULL)
        return error_config(err, "/linux/seccomp",
                            "SCMP_ACT_NOTIFY needs listenerPath: nobody would answer");
    if (seccomp->listener_path[0] != '/')
        return error_config(err, "/linux/seccomp/listenerPath", "must be an absolute path, not %s",
                            seccomp->listener_path);
    seccomp->listener_metadata = wanted->listener_metadata;
    return 0;
}

int plan_build_seccomp(struct plan_builder *builder, struct thole_error *err) {
    static const struct oci_seccomp raw_only = {.default_action = SECCOMP_RET_ALLOW};
    const struct oci_config *config = builder->config;
    const struct oci_seccomp *wanted = builder->linux_section->seccomp;
    struct plan_seccomp *seccomp = arena_new(builder->arena, struct plan_seccomp);
    seccomp->raw_filter = plan_annotation(config, "run.oci.seccomp_bpf_data");
    if (wanted == NULL && seccomp->raw_filter == NULL)
        return 0;
    if (wanted == NULL)
        wanted = &raw_only;
    else if (wanted->default_action == SECCOMP_RET_USER_NOTIF)
        return error_config(
            err, "/linux/seccomp/defaultAction",
            "SCMP_ACT_NOTIFY as the default would also stop the call that hands the "
            "listener over");
    seccomp->where = "/linux/seccomp";
    seccomp->default_action = wanted->default_action;
    seccomp->default_errno_ret =
        plan_errno(builder, &wanted->default_errno_ret, wanted->default_action, seccomp->where,
                   "defaultErrnoRet");
    seccomp->architectures = plan_strings_of(&wanted->architectures);
    /* Without a list, as runc: no speculation mitigation just for having a filter. */
    seccomp->flags = wanted->flags.set
                         ? (uint64_t)oci_names_mask(names_seccomp_flags, &wanted->flags)
                         : SECCOMP_FILTER_FLAG_SPEC_ALLOW;
    for (size_t i = 0; i < wanted->syscalls.count; i++) {
        const char *where = arena_printf(builder->arena, "/linux/seccomp/syscalls/%zu", i);
        if (plan_rule(builder, &wanted->syscalls.items[i], where, seccomp, err) < 0 &&
            plan_ends(builder, err))
            return -1;
    }
    seccomp->fail_unknown_syscall =
        plan_annotation_is_on(config, "run.oci.seccomp_fail_unknown_syscall");
    if (plan_listener(builder, wanted, seccomp, err) < 0)
        return -1;
    builder->plan->seccomp = seccomp;
    return 0;
}
