/* SPDX-License-Identifier: Apache-2.0 */
/* seclabel: labels that are given; nobody makes up others here. */
#include <string.h>

#include "virsh/convert/conversion.h"

static void convert_selinux(struct virsh_conversion *conversion,
                            const struct domain_seclabel *label) {
    struct arena *arena = conversion->arena;
    if (!conversion->host->selinux) {
        virsh_conversion_warn(conversion, label->where,
                              "no effect: SELinux is not enabled on this host");
        return;
    }
    if (label->label.text != NULL) {
        conversion->oci->process->selinux_label = arena_strdup(arena, label->label.text);
        virsh_conversion_origin(conversion, label->label.where, "/process/selinuxLabel");
    }
    if (label->image_label.text != NULL) {
        conversion->oci->linux->mount_label = arena_strdup(arena, label->image_label.text);
        virsh_conversion_origin(conversion, label->image_label.where, "/linux/mountLabel");
    }
}

static void convert_apparmor(struct virsh_conversion *conversion,
                             const struct domain_seclabel *label) {
    if (!conversion->host->apparmor) {
        virsh_conversion_warn(conversion, label->where,
                              "no effect: AppArmor is not enabled on this host");
        return;
    }
    if (label->label.text == NULL)
        return;
    conversion->oci->process->apparmor_profile = arena_strdup(conversion->arena, label->label.text);
    virsh_conversion_origin(conversion, label->label.where, "/process/apparmorProfile");
}

static int convert_label(struct virsh_conversion *conversion, const struct domain_seclabel *label,
                         struct thole_error *err) {
    const char *model = label->model.text;
    if (label->type.text != NULL && label->type.number == DOMAIN_SECLABEL_NONE)
        return 0;
    if (label->type.text != NULL && label->type.number == DOMAIN_SECLABEL_STATIC &&
        label->label.text == NULL)
        return error_config(err, label->where, "a static label names the label");
    /* A dynamic one that was recorded has been somebody else's choice for that one start. */
    if (label->type.text == NULL || label->type.number == DOMAIN_SECLABEL_DYNAMIC) {
        virsh_conversion_warn(conversion, label->where,
                              "no label is made up: give a static one, or it runs with the "
                              "caller's");
        return 0;
    }
    if (model == NULL || strcmp(model, "selinux") == 0)
        convert_selinux(conversion, label);
    else if (strcmp(model, "apparmor") == 0)
        convert_apparmor(conversion, label);
    else if (strcmp(model, "dac") != 0 && strcmp(model, "none") != 0)
        return error_config(err, label->model.where,
                            "there is no security model \"%s\" for containers", model);
    return 0;
}

int virsh_convert_security(struct virsh_conversion *conversion, struct thole_error *err) {
    const struct domain *domain = conversion->domain;
    for (size_t i = 0; i < domain->seclabels.count; i++) {
        if (convert_label(conversion, &domain->seclabels.items[i], err) < 0)
            return -1;
    }
    return 0;
}
