/* SPDX-License-Identifier: Apache-2.0 */
/* The description of the root file system and of mounts. */
#include <linux/mount.h>
#include <string.h>

#include "plan/builder.h"
#include "plan/describe.h"

static const struct {
    uint64_t attribute;
    const char *set;
    const char *clear;
} attribute_names[] = {
    {MOUNT_ATTR_RDONLY, "ro", "rw"},
    {MOUNT_ATTR_NOSUID, "nosuid", "suid"},
    {MOUNT_ATTR_NODEV, "nodev", "dev"},
    {MOUNT_ATTR_NOEXEC, "noexec", "exec"},
    {MOUNT_ATTR_NODIRATIME, "nodiratime", "diratime"},
    {MOUNT_ATTR_NOSYMFOLLOW, "nosymfollow", "symfollow"},
};

static const struct {
    unsigned long flag;
    const char *name;
} propagation_names[] = {
    {MS_SHARED, "shared"},
    {MS_SLAVE, "slave"},
    {MS_PRIVATE, "private"},
    {MS_UNBINDABLE, "unbindable"},
};

static const char *const kind_names[] = {
    [PLAN_MOUNT_FILESYSTEM] = "filesystem",
    [PLAN_MOUNT_BIND] = "bind",
    [PLAN_MOUNT_REMOUNT] = "remount",
    [PLAN_MOUNT_SYMLINK] = "symlink",
};

static void add_attributes(struct arena *arena, struct plan_strings *words, const char *prefix,
                           uint64_t set, uint64_t clear) {
    for (size_t i = 0; i < PLAN_COUNT(attribute_names); i++) {
        const char *word = NULL;
        if ((set & attribute_names[i].attribute) != 0)
            word = attribute_names[i].set;
        else if ((clear & attribute_names[i].attribute) != 0)
            word = attribute_names[i].clear;
        if (word != NULL)
            plan_words_add(arena, words, arena_printf(arena, "%s%s", prefix, word));
    }
    if ((clear & MOUNT_ATTR__ATIME) == 0)
        return;
    const uint64_t atime = set & MOUNT_ATTR__ATIME;
    plan_words_add(arena, words,
                   arena_printf(arena, "%s%s", prefix,
                                atime == MOUNT_ATTR_NOATIME       ? "noatime"
                                : atime == MOUNT_ATTR_STRICTATIME ? "strictatime"
                                                                  : "relatime"));
}

static const char *propagation_name(struct arena *arena, unsigned long propagation) {
    for (size_t i = 0; i < PLAN_COUNT(propagation_names); i++) {
        if ((propagation & propagation_names[i].flag) != 0)
            return arena_printf(arena, "%s%s", (propagation & MS_REC) != 0 ? "r" : "",
                                propagation_names[i].name);
    }
    return NULL;
}

static void describe_id_map(struct plan_row *row, const struct plan_mount *mount) {
    plan_cell_flag(row, "idMapContainer", mount->id_map_container);
    plan_cell_flag(row, "idMapRecursive", mount->id_map_recursive);
    if (mount->id_map != NULL) {
        plan_cell_text(row, "uidMap", mount->id_map->uid_map);
        plan_cell_text(row, "gidMap", mount->id_map->gid_map);
    }
}

static void describe_mount(struct plan_description *description, const struct plan_mount *mount) {
    struct arena *arena = description->arena;
    struct plan_row *row = plan_describe_row(description, mount->where);
    plan_cell_column(row, "kind", kind_names[mount->kind]);
    plan_cell_column(row, "type", mount->type);
    plan_cell_column(row, "source", mount->source);
    plan_cell_column(row, "target", mount->target);
    plan_cell_flag(row, "recursive", mount->recursive);

    struct plan_strings words = {0};
    add_attributes(arena, &words, "", mount->attributes_set, mount->attributes_clear);
    add_attributes(arena, &words, "r", mount->recursive_set, mount->recursive_clear);
    plan_cell_words(row, "attributes", &words);
    plan_cell_text(row, "propagation", propagation_name(arena, mount->propagation));

    words = (struct plan_strings){0};
    for (size_t i = 0; i < mount->parameter_count; i++) {
        const struct plan_pair *parameter = &mount->parameters[i];
        plan_words_add(arena, &words,
                       parameter->value == NULL
                           ? parameter->key
                           : arena_printf(arena, "%s=%s", parameter->key, parameter->value));
    }
    plan_cell_words(row, "parameters", &words);
    describe_id_map(row, mount);
    plan_cell_words(row, "ignored", &mount->ignored);
    plan_cell_flag(row, "readonlyLast", mount->readonly_last);
    plan_cell_flag(row, "copyUp", mount->copy_up);
    plan_cell_flag(row, "copySymlink", mount->copy_symlink);
    plan_cell_flag(row, "sourceNofollow", mount->source_nofollow);
    plan_cell_flag(row, "destinationNofollow", mount->destination_nofollow);
    plan_cell_flag(row, "optional", mount->optional);
    plan_cell_flag(row, "mustBeProc", mount->must_be_proc);
    plan_cell_text(row, "bindOnEperm", mount->bind_on_eperm);
}

/* The usual way goes without saying. */
static const char *const entry_names[] = {
    [PLAN_ROOT_EMPTIED] = "emptied",
};

void plan_describe_mounts(struct plan_description *description, const struct plan *plan) {
    struct plan_row *row = plan_describe_object(description, "root", plan->rootfs.where);
    plan_cell_text(row, "source", plan->rootfs.source);
    plan_cell_flag(row, "readonly", plan->rootfs.readonly);
    plan_cell_text(row, "propagation",
                   propagation_name(description->arena, plan->rootfs.propagation));
    plan_cell_flag(row, "noPivot", plan->rootfs.no_pivot);
    plan_cell_text(row, "entry", entry_names[plan->rootfs.entry]);
    plan_cell_flag(row, "chrootOnly", plan->rootfs.chroot_only);

    plan_describe_list(description, "mounts");
    for (size_t i = 0; i < plan->mount_count; i++)
        describe_mount(description, &plan->mounts[i]);
}
