/* SPDX-License-Identifier: Apache-2.0 */
/* The table of mount options: runtime-spec config.md "Linux mount options", mount(8), extensions.
 */
#include "plan/mount.h"

#include <linux/mount.h>
#include <string.h>

#include "base/text.h"

enum option_kind {
    OPTION_NOTHING,        /* accepted, has no effect of its own */
    OPTION_ENGINE,         /* on a bind: the engine has acted upon it already */
    OPTION_SET,            /* an attribute of the mount */
    OPTION_CLEAR,          /* takes the attribute away */
    OPTION_ATIME,          /* a value of the atime field */
    OPTION_ATIME_OFF,      /* back to the default, relatime, if the field has this value */
    OPTION_SUPERBLOCK,     /* a flag of the file system instance: fsconfig(2) */
    OPTION_SUPERBLOCK_OFF, /* takes that flag away */
    OPTION_PROPAGATION,
    OPTION_BIND,
    OPTION_REMOUNT,
    OPTION_ID_MAP,
    OPTION_INNER, /* the source of a bind lies inside the container */
    OPTION_FLAG,  /* a bool of struct plan_mount */
    OPTION_FLAG_OFF,
};

struct mount_option {
    const char *name;
    enum option_kind kind : 8; /* small: rows are relocated at every start */
    uint32_t value;            /* attribute, propagation, or offset of the bool */
    const char *parameter;     /* of the superblock flag to set or take away */
    bool recursive;            /* applies to the whole tree */
    bool silent;               /* not announced: mount(8) words without meaning to a runtime */
};

#define RECURSIVE .recursive = true
#define SILENT .silent = true
#define FLAG(member) offsetof(struct plan_mount, member)

static const struct mount_option options[] = {
    {"async", OPTION_SUPERBLOCK_OFF, .parameter = "sync"},
    {"atime", OPTION_ATIME_OFF, MOUNT_ATTR_NOATIME},
    {"bind", OPTION_BIND},
    {"copy-symlink", OPTION_FLAG, FLAG(copy_symlink)},
    {"defaults", OPTION_NOTHING},
    {"dest-nofollow", OPTION_FLAG, FLAG(destination_nofollow)},
    {"dev", OPTION_CLEAR, MOUNT_ATTR_NODEV},
    {"diratime", OPTION_CLEAR, MOUNT_ATTR_NODIRATIME},
    {"dirsync", OPTION_SUPERBLOCK, .parameter = "dirsync"},
    {"exec", OPTION_CLEAR, MOUNT_ATTR_NOEXEC},
    {"idmap", OPTION_ID_MAP},
    {"iversion", OPTION_NOTHING}, /* the new mount API leaves it to the file system */
    {"lazytime", OPTION_SUPERBLOCK, .parameter = "lazytime"},
    {"loud", OPTION_NOTHING},
    {"mand", OPTION_SUPERBLOCK, .parameter = "mand"},
    {"noatime", OPTION_ATIME, MOUNT_ATTR_NOATIME},
    {"nodev", OPTION_SET, MOUNT_ATTR_NODEV},
    {"nodiratime", OPTION_SET, MOUNT_ATTR_NODIRATIME},
    {"noexec", OPTION_SET, MOUNT_ATTR_NOEXEC},
    {"noiversion", OPTION_NOTHING},
    {"nolazytime", OPTION_SUPERBLOCK_OFF, .parameter = "lazytime"},
    {"nomand", OPTION_SUPERBLOCK_OFF, .parameter = "mand"},
    {"norelatime", OPTION_ATIME_OFF, MOUNT_ATTR_RELATIME},
    {"nostrictatime", OPTION_ATIME_OFF, MOUNT_ATTR_STRICTATIME},
    {"nosuid", OPTION_SET, MOUNT_ATTR_NOSUID},
    {"nosymfollow", OPTION_SET, MOUNT_ATTR_NOSYMFOLLOW},
    {"private", OPTION_PROPAGATION, MS_PRIVATE},
    {"rasync", OPTION_NOTHING},
    {"ratime", OPTION_ATIME_OFF, MOUNT_ATTR_NOATIME, RECURSIVE},
    {"rbind", OPTION_BIND, RECURSIVE},
    {"rdev", OPTION_CLEAR, MOUNT_ATTR_NODEV, RECURSIVE},
    {"rdiratime", OPTION_CLEAR, MOUNT_ATTR_NODIRATIME, RECURSIVE},
    {"rdirsync", OPTION_NOTHING},
    {"relatime", OPTION_ATIME, MOUNT_ATTR_RELATIME},
    {"remount", OPTION_REMOUNT},
    {"rexec", OPTION_CLEAR, MOUNT_ATTR_NOEXEC, RECURSIVE},
    {"ridmap", OPTION_ID_MAP, RECURSIVE},
    {"rmand", OPTION_NOTHING},
    {"rnoatime", OPTION_ATIME, MOUNT_ATTR_NOATIME, RECURSIVE},
    {"rnodev", OPTION_SET, MOUNT_ATTR_NODEV, RECURSIVE},
    {"rnodiratime", OPTION_SET, MOUNT_ATTR_NODIRATIME, RECURSIVE},
    {"rnoexec", OPTION_SET, MOUNT_ATTR_NOEXEC, RECURSIVE},
    {"rnomand", OPTION_NOTHING},
    {"rnorelatime", OPTION_ATIME_OFF, MOUNT_ATTR_RELATIME, RECURSIVE},
    {"rnostrictatime", OPTION_ATIME_OFF, MOUNT_ATTR_STRICTATIME, RECURSIVE},
    {"rnosuid", OPTION_SET, MOUNT_ATTR_NOSUID, RECURSIVE},
    {"rnosymfollow", OPTION_SET, MOUNT_ATTR_NOSYMFOLLOW, RECURSIVE},
    {"ro", OPTION_SET, MOUNT_ATTR_RDONLY},
    {"rprivate", OPTION_PROPAGATION, MS_PRIVATE | MS_REC},
    {"rrelatime", OPTION_ATIME, MOUNT_ATTR_RELATIME, RECURSIVE},
    {"rro", OPTION_SET, MOUNT_ATTR_RDONLY, RECURSIVE},
    {"rrw", OPTION_CLEAR, MOUNT_ATTR_RDONLY, RECURSIVE},
    {"rshared", OPTION_PROPAGATION, MS_SHARED | MS_REC},
    {"rslave", OPTION_PROPAGATION, MS_SLAVE | MS_REC},
    {"rstrictatime", OPTION_ATIME, MOUNT_ATTR_STRICTATIME, RECURSIVE},
    {"rsuid", OPTION_CLEAR, MOUNT_ATTR_NOSUID, RECURSIVE},
    {"rsymfollow", OPTION_CLEAR, MOUNT_ATTR_NOSYMFOLLOW, RECURSIVE},
    {"rsync", OPTION_NOTHING},
    {"runbindable", OPTION_PROPAGATION, MS_UNBINDABLE | MS_REC},
    {"rw", OPTION_CLEAR, MOUNT_ATTR_RDONLY},
    {"shared", OPTION_PROPAGATION, MS_SHARED},
    {"silent", OPTION_NOTHING},
    {"slave", OPTION_PROPAGATION, MS_SLAVE},
    {"src-nofollow", OPTION_FLAG, FLAG(source_nofollow)},
    {"strictatime", OPTION_ATIME, MOUNT_ATTR_STRICTATIME},
    {"suid", OPTION_CLEAR, MOUNT_ATTR_NOSUID},
    {"symfollow", OPTION_CLEAR, MOUNT_ATTR_NOSYMFOLLOW},
    {"sync", OPTION_SUPERBLOCK, .parameter = "sync"},
    {"tmpcopyup", OPTION_FLAG, FLAG(copy_up)},
    {"unbindable", OPTION_PROPAGATION, MS_UNBINDABLE},
    {"x-create=dir", OPTION_FLAG, FLAG(create_target)},
    {"x-create=file", OPTION_FLAG, FLAG(create_target)},
    {"x-loop", OPTION_FLAG, FLAG(loop)},
    {"x-optional", OPTION_FLAG, FLAG(may_fail)},
    {"x-relative", OPTION_INNER},
    {"O", OPTION_ENGINE, SILENT},
    {"U", OPTION_ENGINE, SILENT},
    {"Z", OPTION_ENGINE, SILENT},
    {"_netdev", OPTION_NOTHING, SILENT},
    {"auto", OPTION_NOTHING, SILENT},
    {"cached", OPTION_ENGINE, SILENT},
    {"consistent", OPTION_ENGINE, SILENT},
    {"copy", OPTION_ENGINE, SILENT},
    {"delegated", OPTION_ENGINE, SILENT},
    {"noauto", OPTION_NOTHING, SILENT},
    {"nocopy", OPTION_ENGINE, SILENT},
    {"nofail", OPTION_FLAG, FLAG(optional), SILENT},
    {"notmpcopyup", OPTION_FLAG_OFF, FLAG(copy_up), SILENT},
    {"nouser", OPTION_NOTHING, SILENT},
    {"z", OPTION_ENGINE, SILENT},
};

const char *plan_mount_option_name(size_t index) {
    for (size_t i = 0; i < PLAN_COUNT(options); i++) {
        if (!options[i].silent && index-- == 0)
            return options[i].name;
    }
    return NULL;
}

static const struct mount_option *find_option(const char *name) {
    /* "idmap=MAPPINGS" is the only one of the table that takes a value. */
    const size_t length = text_starts_with(name, "idmap=") || text_starts_with(name, "ridmap=")
                              ? strcspn(name, "=")
                              : strlen(name);
    for (size_t i = 0; i < PLAN_COUNT(options); i++) {
        if (strlen(options[i].name) == length && memcmp(options[i].name, name, length) == 0)
            return &options[i];
    }
    return NULL;
}

void plan_mount_add_parameter(struct arena *arena, struct plan_mount *mount, const char *key,
                              const char *value) {
    *plan_list_add(arena, mount->parameters, mount->parameter_count) =
        (struct plan_pair){key, value};
}

const char *plan_mount_parameter(const struct plan_mount *mount, const char *key) {
    for (size_t i = 0; i < mount->parameter_count; i++) {
        if (strcmp(mount->parameters[i].key, key) == 0)
            return mount->parameters[i].value != NULL ? mount->parameters[i].value : "";
    }
    return NULL;
}

static void remove_parameter(struct plan_mount *mount, const char *key) {
    size_t kept = 0;
    for (size_t i = 0; i < mount->parameter_count; i++) {
        if (strcmp(mount->parameters[i].key, key) != 0)
            mount->parameters[kept++] = mount->parameters[i];
    }
    mount->parameter_count = kept;
}

/* What a superblock flag is called when a remount takes it away. */
static const char *opposite_flag(const char *parameter) {
    if (strcmp(parameter, "sync") == 0)
        return "async";
    return strcmp(parameter, "lazytime") == 0 ? "nolazytime" : "nomand";
}

static void apply_superblock(const struct plan_builder *builder, const struct mount_option *option,
                             bool bind, struct plan_mount *mount) {
    if (bind) /* as mount(2): a bind mount cannot change the file system instance */
        return;
    remove_parameter(mount, option->parameter);
    if (option->kind == OPTION_SUPERBLOCK)
        plan_mount_add_parameter(builder->arena, mount, option->parameter, NULL);
    else if (mount->kind == PLAN_MOUNT_REMOUNT)
        plan_mount_add_parameter(builder->arena, mount, opposite_flag(option->parameter), NULL);
}

static void apply_attribute(const struct mount_option *option, uint64_t *set, uint64_t *clear) {
    switch (option->kind) {
    case OPTION_SET:
        *set |= option->value;
        *clear &= ~option->value;
        break;
    case OPTION_CLEAR:
        *set &= ~option->value;
        *clear |= option->value;
        break;
    case OPTION_ATIME_OFF:
        if ((*clear & MOUNT_ATTR__ATIME) != 0 && (*set & MOUNT_ATTR__ATIME) != option->value)
            break; /* another mode was chosen: there is nothing to take back */
        *set &= ~(uint64_t)MOUNT_ATTR__ATIME;
        *clear |= MOUNT_ATTR__ATIME;
        break;
    default: /* OPTION_ATIME */
        *set = (*set & ~(uint64_t)MOUNT_ATTR__ATIME) | option->value;
        *clear |= MOUNT_ATTR__ATIME;
        break;
    }
}

/* Quotes around a security context are for mount(2)'s comma-separated data, not for fsconfig(2). */
static const char *unquoted(struct arena *arena, const char *value) {
    size_t length = strlen(value);
    if (length < 2 || value[0] != '"' || value[length - 1] != '"')
        return value;
    return arena_strndup(arena, value + 1, length - 2);
}

static void add_one(const struct plan_builder *builder, const char *option,
                    struct plan_mount *mount) {
    const char *equals = strchr(option, '=');
    if (equals == NULL) {
        plan_mount_add_parameter(builder->arena, mount, option, NULL);
        return;
    }
    char *key = arena_strndup(builder->arena, option, (size_t)(equals - option));
    const char *value = equals + 1;
    if (text_ends_with(key, "context"))
        value = unquoted(builder->arena, value);
    plan_mount_add_parameter(builder->arena, mount, key, value);
}

/* mount(2) ends an option at a comma that is neither escaped nor in quotes. One that no option can
 * stand behind belongs to a path. */
static size_t option_length(const char *text) {
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_-+";
    bool quoted = false;
    size_t at = 0;
    for (; text[at] != '\0'; at++) {
        const size_t word = strspn(text + at + 1, letters);
        if (text[at] == '\\' && text[at + 1] != '\0')
            at++;
        else if (text[at] == '"')
            quoted = !quoted;
        else if (text[at] == ',' && !quoted && word > 0 &&
                 strchr("=,", text[at + 1 + word]) != NULL)
            break;
    }
    return at;
}

static void add_unknown(const struct plan_builder *builder, const char *text,
                        struct plan_mount *mount) {
    for (;;) {
        const size_t length = option_length(text);
        add_one(builder, arena_strndup(builder->arena, text, length), mount);
        if (text[length] == '\0')
            return;
        text += length + 1;
    }
}

static int apply_option(const struct plan_builder *builder, const char *text, bool bind,
                        const char *where, struct plan_mount *mount, struct thole_error *err) {
    const struct mount_option *option = find_option(text);
    /* Data for a filesystem means nothing to a bind, and engines pass it along unasked. */
    if (bind && (option != NULL ? option->kind == OPTION_ENGINE : strchr(text, '=') != NULL)) {
        plan_words_add(builder->arena, &mount->ignored, text);
        return 0;
    }
    if (option == NULL || option->kind == OPTION_ENGINE) {
        if (text[0] == '\0' || text_starts_with(text, "x-") || text_starts_with(text, "X-"))
            return 0; /* mount(8): comments */
        if (bind)
            return error_config(err, where, "a bind mount has no option %s", text);
        add_unknown(builder, text, mount);
        return 0;
    }
    switch (option->kind) {
    case OPTION_NOTHING:
    case OPTION_ENGINE:
    case OPTION_BIND:
    case OPTION_INNER:
    case OPTION_REMOUNT:
        break;
    case OPTION_SUPERBLOCK:
    case OPTION_SUPERBLOCK_OFF:
        apply_superblock(builder, option, bind, mount);
        break;
    case OPTION_PROPAGATION:
        mount->propagation = option->value;
        break;
    case OPTION_ID_MAP:
        return plan_mount_idmap_option(builder, strchr(text, '='), option->recursive, where, mount,
                                       err);
    case OPTION_FLAG:
    case OPTION_FLAG_OFF:
        *(bool *)((char *)mount + option->value) = option->kind == OPTION_FLAG;
        break;
    default:
        if (option->recursive)
            apply_attribute(option, &mount->recursive_set, &mount->recursive_clear);
        else
            apply_attribute(option, &mount->attributes_set, &mount->attributes_clear);
        break;
    }
    return 0;
}

/* What the mount is has to be known before its other options mean something. */
static bool determine_kind(const struct oci_mount *wanted, struct plan_mount *mount) {
    bool bind = text_equal(wanted->type, "bind");
    bool remount = false;
    bool inner = false;
    for (size_t i = 0; i < wanted->options.count; i++) {
        const struct mount_option *option = find_option(wanted->options.items[i]);
        remount |= option != NULL && option->kind == OPTION_REMOUNT;
        inner |= option != NULL && option->kind == OPTION_INNER;
        if (option == NULL || option->kind != OPTION_BIND)
            continue;
        bind = true;
        mount->recursive |= option->recursive;
    }
    if (remount)
        mount->kind = PLAN_MOUNT_REMOUNT;
    else
        mount->kind = !bind ? PLAN_MOUNT_FILESYSTEM : inner ? PLAN_MOUNT_INNER : PLAN_MOUNT_BIND;
    return bind;
}

bool plan_mount_is_readonly(const struct plan_mount *mount) {
    return ((mount->attributes_set | (mount->recursive_set & ~mount->attributes_clear)) &
            MOUNT_ATTR_RDONLY) != 0;
}

/*
 * Any flag that is named speaks for all: those left out are taken away from what the source has, as
 * by mount(2) with MS_REMOUNT. In a user namespace, where the kernel may have locked them, and
 * where none is named, they stay. The atime mode stays in any case.
 */
static void clear_unnamed(const struct plan_builder *builder, struct plan_mount *mount) {
    uint64_t flags = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC |
                     MOUNT_ATTR_NOSYMFOLLOW;
    if ((mount->attributes_clear & MOUNT_ATTR__ATIME) != 0)
        flags |= MOUNT_ATTR_NODIRATIME;
    if ((mount->attributes_set | mount->attributes_clear) != 0 && !plan_in_user_namespace(builder))
        mount->attributes_clear |= flags & ~(mount->attributes_set | mount->recursive_set);
}

/* Filesystems that do not start empty may exist read-only from the beginning, or not at all. */
static bool can_hold_mount_points(const struct oci_mount *wanted, const struct plan_mount *mount) {
    return mount->kind == PLAN_MOUNT_BIND || mount->kind == PLAN_MOUNT_INNER ||
           (mount->kind == PLAN_MOUNT_FILESYSTEM &&
            (text_equal(wanted->type, "tmpfs") || text_equal(wanted->type, "ramfs")));
}

int plan_mount_options_parse(const struct plan_builder *builder, const struct oci_mount *wanted,
                             const char *where, struct plan_mount *mount, struct thole_error *err) {
    const bool bind = determine_kind(wanted, mount);
    for (size_t i = 0; i < wanted->options.count; i++) {
        const char *option_where = arena_printf(builder->arena, "%s/options/%zu", where, i);
        if (apply_option(builder, wanted->options.items[i], bind, option_where, mount, err) < 0)
            return -1;
    }
    if (mount->copy_up &&
        (mount->kind != PLAN_MOUNT_FILESYSTEM || !text_equal(wanted->type, "tmpfs"))) {
        plan_note(builder, where, "the option tmpcopyup has no effect: it is for a new tmpfs");
        mount->copy_up = false;
    }
    if (mount->loop && mount->kind != PLAN_MOUNT_FILESYSTEM)
        return error_config(err, where, "x-loop is for new mounts of a filesystem in an image");
    if (plan_mount_idmap_members(builder, wanted, where, mount, err) < 0)
        return -1;
    mount->readonly_last = plan_mount_is_readonly(mount) && can_hold_mount_points(wanted, mount);
    if (mount->kind == PLAN_MOUNT_BIND || mount->kind == PLAN_MOUNT_INNER)
        clear_unnamed(builder, mount);
    if (bind)
        return 0;
    const bool readonly = (mount->attributes_set & MOUNT_ATTR_RDONLY) != 0;
    const bool writable = (mount->attributes_clear & MOUNT_ATTR_RDONLY) != 0;
    if (mount->kind == PLAN_MOUNT_REMOUNT && writable)
        plan_mount_add_parameter(builder->arena, mount, "rw", NULL);
    if (readonly && !mount->readonly_last)
        plan_mount_add_parameter(builder->arena, mount, "ro", NULL);
    if (mount->kind == PLAN_MOUNT_FILESYSTEM) /* a new mount has nothing yet to clear */
        mount->attributes_clear &= MOUNT_ATTR__ATIME;
    return 0;
}
