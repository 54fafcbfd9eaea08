/* SPDX-License-Identifier: Apache-2.0 */
/* Namespaces made and joined, time offsets, host name and domain name. */
#include <inttypes.h>
#include <linux/sched.h>

#include "base/names.h"
#include "base/text.h"
#include "plan/builder.h"

static bool kernel_has(const struct host_facts *facts, unsigned long flag) {
    if (flag == CLONE_NEWCGROUP)
        return facts->cgroup_namespaces;
    if (flag == CLONE_NEWTIME)
        return facts->time_namespaces;
    return true;
}

int plan_build_namespaces(struct plan_builder *builder, struct thole_error *err) {
    const struct oci_linux *section = builder->linux_section;
    struct plan_namespaces *namespaces = &builder->plan->namespaces;
    for (size_t i = 0; i < section->namespaces.count; i++) {
        const struct oci_namespace *wanted = &section->namespaces.items[i];
        const char *where = arena_printf(builder->arena, "/linux/namespaces/%zu", i);
        const unsigned long flag = (unsigned long)wanted->type;
        if (!kernel_has(builder->facts, flag))
            return error_unsupported(err, where, "this kernel has no %s namespaces",
                                     names_of(names_namespaces, wanted->type));
        if (wanted->path == NULL) {
            namespaces->created |= flag;
            continue;
        }
        struct plan_joined_namespace *joined =
            plan_list_add(builder->arena, namespaces->joined, namespaces->joined_count);
        *joined =
            (struct plan_joined_namespace){.flag = flag, .path = wanted->path, .where = where};
    }
    builder->plan->loopback_up = (namespaces->created & CLONE_NEWNET) != 0;
    return 0;
}

/* time_namespaces(7): lines of "CLOCK SECONDS NANOSECONDS". */
static void append_offset(struct text *lines, const char *clock,
                          const struct oci_time_offset *offset) {
    if (offset == NULL || (!offset->secs.set && !offset->nanosecs.set))
        return;
    text_appendf(lines, "%s %" PRId64 " %" PRIu64 "\n", clock, offset->secs.value,
                 offset->nanosecs.value);
}

int plan_build_time_offsets(struct plan_builder *builder, struct thole_error *err) {
    const struct oci_time_offsets *offsets = builder->linux_section->time_offsets;
    if (offsets == NULL)
        return 0;
    struct text lines cleanup_text = {0};
    append_offset(&lines, "monotonic", offsets->monotonic);
    append_offset(&lines, "boottime", offsets->boottime);
    if (lines.length == 0)
        return 0;
    if ((builder->plan->namespaces.created & CLONE_NEWTIME) == 0)
        return error_config(err, "/linux/timeOffsets",
                            "offsets can only be given to a new time namespace: "
                            "linux.namespaces has to list one without a path");
    builder->plan->namespaces.time_offsets = arena_strdup(builder->arena, lines.data);
    return 0;
}

int plan_build_names(struct plan_builder *builder, struct thole_error *err) {
    const struct oci_config *config = builder->config;
    const bool own = plan_has_namespace(builder->plan, CLONE_NEWUTS);
    static const char reason[] = "would rename the host: linux.namespaces lists no uts namespace";
    if (config->hostname != NULL && !own && error_config(err, "/hostname", reason) < 0 &&
        plan_ends(builder, err))
        return -1;
    if (config->domainname != NULL && !own)
        return error_config(err, "/domainname", reason);
    builder->plan->hostname = config->hostname;
    builder->plan->domainname = config->domainname;
    return 0;
}
