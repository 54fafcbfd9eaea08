/* SPDX-License-Identifier: Apache-2.0 */
/* Namespaces made and joined, time offsets, host name and domain name. */
#include <inttypes.h>
#include <linux/sched.h>
#include <string.h>

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

/* What crun(1) calls "ID SEC NSEC", from before the specification had a member for it. */
static bool append_annotated_offset(struct arena *arena, struct text *lines, const char *value) {
    static const char *const clocks[] = {"monotonic", "boottime", "1", "7"};
    enum { NANOSECONDS_MAX = 999999999 };
    char *rest = arena_strdup(arena, value);
    const char *clock = strsep(&rest, " ");
    const char *seconds = strsep(&rest, " "), *nanoseconds = strsep(&rest, " ");
    int64_t secs;
    uint64_t nanosecs;
    if (nanoseconds == NULL || rest != NULL || !text_is_one_of(clock, clocks, PLAN_COUNT(clocks)) ||
        !text_parse_int(seconds, INT64_MIN, INT64_MAX, &secs) ||
        !text_parse_uint(nanoseconds, NANOSECONDS_MAX, &nanosecs))
        return false;
    text_appendf(lines, "%s\n", value);
    return true;
}

int plan_build_time_offsets(struct plan_builder *builder, struct thole_error *err) {
    static const char annotation[] = "/annotations/run.oci.timens_offset";
    const struct oci_time_offsets *offsets = builder->linux_section->time_offsets;
    const char *annotated = plan_annotation(builder->config, "run.oci.timens_offset");
    struct text lines cleanup_text = {0};
    if (offsets != NULL) {
        append_offset(&lines, "monotonic", offsets->monotonic);
        append_offset(&lines, "boottime", offsets->boottime);
    }
    if (annotated != NULL && !append_annotated_offset(builder->arena, &lines, annotated))
        return error_config(err, annotation,
                            "\"%s\" is not CLOCK SECONDS NANOSECONDS, as monotonic 86400 0",
                            annotated);
    if (lines.length == 0)
        return 0;
    if ((builder->plan->namespaces.created & CLONE_NEWTIME) == 0)
        return error_config(err, annotated != NULL ? annotation : "/linux/timeOffsets",
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
