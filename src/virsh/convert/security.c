/* SPDX-License-Identifier: Apache-2.0 */
/* seclabel: labels that are given, and for SELinux those that each start gets for itself. */
#include <string.h>

#include "base/selinux_range.h"
#include "virsh/convert/filesystems.h"

/* ---- relabelling ---- */

static void add_path(struct virsh_conversion *conversion, struct oci_strings *args,
                     const struct domain_filesystem *filesystem) {
    if (filesystem->type.number == DOMAIN_FILESYSTEM_FILE)
        oci_strings_add(conversion->arena, args, filesystem->source_file.text);
    else if (filesystem == virsh_root_filesystem(conversion->domain) &&
             filesystem->type.number == DOMAIN_FILESYSTEM_MOUNT &&
             strcmp(conversion->root, "/") != 0)
        oci_strings_add(conversion->arena, args, conversion->root);
}

/* Directories of the host that are shared keep their labels: they are others' as well. */
static void add_hook(struct virsh_conversion *conversion, oci_hook_list *list, const char *word,
                     bool relabel) {
    struct oci_hook *hook = virsh_hook_add(conversion, list, word);
    for (size_t i = 0; relabel && i < conversion->domain->filesystems.count; i++)
        add_path(conversion, &hook->args, &conversion->domain->filesystems.items[i]);
}

static void add_hooks(struct virsh_conversion *conversion, bool relabel) {
    add_hook(conversion, &conversion->oci->hooks->create_runtime, "label", relabel);
    if (relabel)
        add_hook(conversion, &conversion->oci->hooks->poststop, "label-back", relabel);
}

/* ---- SELinux ---- */

static void set_label(struct virsh_conversion *conversion, const struct domain_value *value,
                      char **member, const char *pointer) {
    if (value->text == NULL)
        return;
    *member = arena_strdup(conversion->arena, value->text);
    virsh_conversion_origin(conversion, value->where, "%s", pointer);
}

static void convert_dynamic(struct virsh_conversion *conversion,
                            const struct domain_seclabel *label) {
    set_label(conversion, &label->base_label, &conversion->oci->process->selinux_label,
              "/process/selinuxLabel");
    virsh_conversion_annotate(conversion, SELINUX_RANGE_ANNOTATION, SELINUX_RANGE_DYNAMIC);
    if (label->where != NULL)
        virsh_conversion_origin(conversion, label->where, "/annotations/" SELINUX_RANGE_ANNOTATION);
    add_hooks(conversion, true);
}

static int convert_static(struct virsh_conversion *conversion, const struct domain_seclabel *label,
                          struct thole_error *err) {
    set_label(conversion, &label->label, &conversion->oci->process->selinux_label,
              "/process/selinuxLabel");
    set_label(conversion, &label->image_label, &conversion->oci->linux->mount_label,
              "/linux/mountLabel");
    if (label->relabel.number == 0)
        return 0;
    if (label->image_label.text == NULL)
        return error_config(err, label->where, "relabel='yes' needs an imagelabel");
    virsh_conversion_annotate(conversion, SELINUX_MOUNT_LABEL_ANNOTATION, label->image_label.text);
    add_hooks(conversion, true);
    return 0;
}

/* ---- by type and model ---- */

static int unavailable(const struct domain_seclabel *label, const char *module,
                       struct thole_error *err) {
    return error_unsupported(err, label->model.where,
                             "the security driver model is not available: %s is not enabled on "
                             "this host",
                             module);
}

static int convert_selinux(struct virsh_conversion *conversion, const struct domain_seclabel *label,
                           struct thole_error *err) {
    if (!conversion->host->selinux)
        return unavailable(label, "SELinux", err);
    if (label->type.number == DOMAIN_SECLABEL_STATIC)
        return convert_static(conversion, label, err);
    convert_dynamic(conversion, label);
    return 0;
}

static int convert_apparmor(struct virsh_conversion *conversion,
                            const struct domain_seclabel *label, struct thole_error *err) {
    if (!conversion->host->apparmor)
        return unavailable(label, "AppArmor", err);
    if (label->type.number == DOMAIN_SECLABEL_DYNAMIC)
        virsh_conversion_warn(conversion, label->where,
                              "no profile is made up: give a static one, or it runs with the "
                              "caller's");
    set_label(conversion, &label->label, &conversion->oci->process->apparmor_profile,
              "/process/apparmorProfile");
    return 0;
}

static int check(const struct domain_seclabel *label, struct thole_error *err) {
    const bool fixed = label->type.number == DOMAIN_SECLABEL_STATIC;
    if (fixed && label->label.text == NULL)
        return error_config(err, label->where, "a static label names the label");
    if (fixed && label->model.text == NULL)
        return error_config(err, label->where, "a static label names its model");
    if (!fixed && label->relabel.text != NULL && label->relabel.number == 0)
        return error_config(err, label->relabel.where,
                            "files are labelled with a dynamic label: a static one can do without");
    return 0;
}

/* What the host's own driver does, where the label does not say which one. */
static bool is_hosts(const struct virsh_conversion *conversion,
                     const struct domain_seclabel *label) {
    return label->model.text == NULL && conversion->host->selinux;
}

static int convert_label(struct virsh_conversion *conversion, const struct domain_seclabel *label,
                         struct thole_error *err) {
    const char *model = label->model.text;
    if (label->type.number == DOMAIN_SECLABEL_NONE)
        return 0;
    if (check(label, err) < 0)
        return -1;
    if (is_hosts(conversion, label) || (model != NULL && strcmp(model, "selinux") == 0))
        return convert_selinux(conversion, label, err);
    if (model != NULL && strcmp(model, "apparmor") == 0)
        return convert_apparmor(conversion, label, err);
    if (model != NULL && strcmp(model, "dac") != 0 && strcmp(model, "none") != 0)
        return error_config(err, label->model.where,
                            "there is no security model \"%s\" for containers", model);
    return 0;
}

/* Of root's domains, as libvirt has it: an ordinary user may not give files another label. */
static void convert_default(struct virsh_conversion *conversion) {
    static const struct domain_seclabel nothing_said = {0};
    if (conversion->host->selinux && conversion->host->selinux_mls && conversion->host->euid == 0)
        convert_dynamic(conversion, &nothing_said);
}

int virsh_convert_security(struct virsh_conversion *conversion, struct thole_error *err) {
    const struct domain *domain = conversion->domain;
    bool of_selinux = false;
    for (size_t i = 0; i < domain->seclabels.count; i++) {
        const struct domain_seclabel *label = &domain->seclabels.items[i];
        const char *model = label->model.text;
        of_selinux = of_selinux || model == NULL || strcmp(model, "selinux") == 0;
        if (convert_label(conversion, label, err) < 0)
            return -1;
    }
    if (!of_selinux)
        convert_default(conversion);
    return 0;
}
