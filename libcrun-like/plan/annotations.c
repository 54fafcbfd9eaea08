/* SPDX-License-Identifier: Apache-2.0 */
/* Annotations: which of them mean something to thole, and what is said of those that look so. */
#include <string.h>

#include "base/nearest.h"
#include "base/selinux_range.h"
#include "base/text.h"
#include "plan/builder.h"

/* Names in these belong to whoever wants to be understood by the runtime. */
static const char *const families[] = {"org.thole.", "run.oci."};

/* docs/annotations.md says what each of them means. One that ends with "." is a family of somebody
 * else's: the frontends and the hooks. */
static const struct {
    const char *name;
    const char *refused; /* why it cannot be had, or NULL */
    bool is_boolean;     /* the value is true or false; others are judged where they are taken */
} known[] = {
    {"org.thole.audit"},
    {"org.thole.console.tty1", .is_boolean = true},
    {"org.thole.consoles"},
    {"org.thole.consoles.directory"},
    {"org.thole.container"},
    {"org.thole.devices.only", .is_boolean = true},
    {"org.thole.hook."},
    {"org.thole.libvirt.cmdline"},
    {"org.thole.libvirt.name"},
    {"org.thole.libvirt.uuid"},
    {"org.thole.lxc."},
    {"org.thole.restart"},
    {"org.thole.restart.delay"},
    {SELINUX_LABEL_ANNOTATION},
    {SELINUX_MOUNT_LABEL_ANNOTATION},
    {SELINUX_RANGE_ANNOTATION},
    {"org.thole.uuid"},
    {"org.thole.virsh."},
    {"run.oci.delegate-cgroup"},
    {"run.oci.handler", .refused = "there are no handlers: a container is processes "
                                   "of Linux, in no virtual machine and no interpreter"},
    {"run.oci.hooks.stderr"},
    {"run.oci.hooks.stdout"},
    {"run.oci.keep_original_groups"},
    {"run.oci.mount_context_type"},
    {"run.oci.pidfd_receiver"},
    {"run.oci.seccomp.plugins",
     .refused = "no code of others is loaded: run.oci.seccomp.receiver sends the "
                "notify descriptor to a process of its own"},
    {"run.oci.seccomp.receiver"},
    {"run.oci.seccomp_bpf_data"},
    {"run.oci.seccomp_fail_unknown_syscall"},
    {"run.oci.systemd.force_cgroup_v1"},
    {"run.oci.systemd.subgroup"},
    {"run.oci.timens_offset"},
};

static bool is_family(const char *name) {
    return name[strlen(name) - 1] == '.';
}

static const char *family_of(const char *name) {
    for (size_t i = 0; i < PLAN_COUNT(families); i++) {
        if (text_starts_with(name, families[i]))
            return families[i];
    }
    return NULL;
}

/* The specification has annotations that nobody knows accepted: a misspelt one is worth a line. */
static void warn_unknown(struct plan_builder *builder, const char *name, const char *family,
                         const char *where) {
    const char *rest = name + strlen(family);
    struct nearest nearest = {.word = rest, .length = strlen(rest)};
    for (size_t i = 0; i < PLAN_COUNT(known); i++) {
        if (text_starts_with(known[i].name, family) && !is_family(known[i].name))
            nearest_offer(&nearest, known[i].name + strlen(family));
    }
    if (nearest.best != NULL)
        plan_warn(builder, where, "means nothing here: did you mean %s%s?", family, nearest.best);
    else
        plan_warn(builder, where, "means nothing here");
}

static int judge(struct plan_builder *builder, const struct oci_pair *annotation,
                 struct thole_error *err) {
    const char *name = annotation->key;
    const char *family = family_of(name);
    if (family == NULL)
        return 0;
    const char *where = plan_where_key(builder->arena, "/annotations", name);
    for (size_t i = 0; i < PLAN_COUNT(known); i++) {
        if (is_family(known[i].name) ? !text_starts_with(name, known[i].name)
                                     : strcmp(name, known[i].name) != 0)
            continue;
        if (known[i].refused != NULL)
            return error_config(err, where, "%s", known[i].refused);
        if (known[i].is_boolean && !text_equal(annotation->value, "true") &&
            !text_equal(annotation->value, "false"))
            return error_config(err, where, "\"%s\" is not true or false", annotation->value);
        return 0;
    }
    warn_unknown(builder, name, family, where);
    return 0;
}

int plan_build_annotations(struct plan_builder *builder, struct thole_error *err) {
    const struct oci_pairs *annotations = &builder->config->annotations;
    struct plan *plan = builder->plan;
    for (size_t i = 0; i < annotations->count; i++) {
        const struct oci_pair *annotation = &annotations->items[i];
        *plan_list_add(builder->arena, plan->annotations, plan->annotation_count) =
            (struct plan_pair){annotation->key, annotation->value};
        if (judge(builder, annotation, err) < 0 && plan_ends(builder, err))
            return -1;
    }
    plan->pidfd_receiver = plan_annotation(builder->config, "run.oci.pidfd_receiver");
    return 0;
}
