/* SPDX-License-Identifier: Apache-2.0 */
/* lxc.mount.entry and lxc.mount.fstab: lines as in fstab(5), with targets beneath the root. */
#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/path.h"
#include "base/text.h"
#include "lxc/convert/mounts.h"
#include "oci-spec/unicode.h"

enum { FSTAB_LIMIT = 1 << 20, FIELD_COUNT = 4 };

/* fstab(5): blanks, tabs, line breaks and backslashes in a field are three octal digits. */
static char *decoded(struct arena *arena, const char *field, size_t length) {
    char *text = arena_strndup(arena, field, length);
    char *to = text;
    for (const char *from = text; *from != '\0';) {
        if (from[0] == '\\' && strspn(from + 1, "01234567") >= 3) {
            *to++ = (char)((from[1] - '0') << 6 | (from[2] - '0') << 3 | (from[3] - '0'));
            from += 4;
        } else {
            *to++ = *from++;
        }
    }
    *to = '\0';
    return text;
}

static size_t split(struct arena *arena, const char *line, size_t length,
                    char *fields[FIELD_COUNT]) {
    static const char blanks[] = " \t\r";
    char *text = arena_strndup(arena, line, length);
    size_t count = 0;
    for (char *at = text + strspn(text, blanks); *at != '\0' && count < FIELD_COUNT;
         at += strspn(at, blanks)) {
        const size_t size = strcspn(at, blanks);
        fields[count++] = decoded(arena, at, size);
        at += size;
    }
    return count;
}

/* What is left of @path beneath @directory: "/", "/srv"; NULL if it does not lie there. */
static const char *beneath(const char *path, const char *directory) {
    if (directory == NULL || !path_is_beneath(path, directory))
        return NULL;
    const char *rest = strcmp(directory, "/") == 0 ? path : path + strlen(directory);
    return *rest != '\0' ? rest : "/";
}

/* The place inside the container, NULL: none. thole resolves it within the root, links and all. */
static const char *place_of(struct lxc_conversion *conversion, const char *target) {
    char *clean = arena_alloc(conversion->arena, strlen(target) + 2);
    path_clean(clean, target);
    if (target[0] != '/')
        return clean;
    const char *place = beneath(clean, conversion->rootfs_given);
    if (place == NULL)
        place = beneath(clean, conversion->rootfs_mount);
    return place == NULL ? beneath(clean, conversion->rootfs) : place;
}

/* Options that OCI lacks have names of thole's own: docs/mounts.md. */
static int convert_option(struct lxc_conversion *conversion, const char *option, const char *where,
                          struct oci_mount *mount, struct thole_error *err) {
    static const char *const extensions[] = {"optional", "relative", "create=dir", "create=file"};
    struct arena *arena = conversion->arena;
    if (text_is_one_of(option, extensions, sizeof(extensions) / sizeof(extensions[0]))) {
        oci_strings_add(arena, &mount->options, arena_printf(arena, "x-%s", option));
        return 0;
    }
    if (text_starts_with(option, "create="))
        return error_config(err, where, "%s: only dir and file can be created", option);
    if (strcmp(option, "idmap=container") == 0)
        option = "idmap";
    else if (text_starts_with(option, "idmap="))
        return error_unsupported(err, where, "%s: ids can only be mapped as the container's are",
                                 option);
    if (strcmp(option, "bind") == 0 || strcmp(option, "rbind") == 0)
        mount->type = arena_strdup(arena, "bind");
    oci_strings_add(arena, &mount->options, option);
    return 0;
}

/* Commas in quotes and behind backslashes belong to the value, as for mount(8). */
static size_t option_length(const char *options) {
    bool quoted = false;
    size_t at = 0;
    for (; options[at] != '\0' && (quoted || options[at] != ','); at++) {
        if (options[at] == '"')
            quoted = !quoted;
        else if (options[at] == '\\' && options[at + 1] != '\0')
            at++;
    }
    return at;
}

static int convert_line(struct lxc_conversion *conversion, const char *line, size_t length,
                        const char *where, struct thole_error *err) {
    struct arena *arena = conversion->arena;
    char *fields[FIELD_COUNT] = {0};
    const size_t count = split(arena, line, length, fields);
    if (count == 0 || fields[0][0] == '#')
        return 0;
    if (!oci_unicode_valid(line, length))
        return error_config(err, where, "is not written in UTF-8");
    if (count < FIELD_COUNT - 1)
        return error_config(err, where, "\"%.*s\" needs a source, a target, a type and options",
                            (int)length, line);
    const char *place = place_of(conversion, fields[1]);
    if (place == NULL) {
        lxc_conversion_note(conversion, where, "no effect: %s lies outside of the root %s",
                            fields[1], conversion->rootfs);
        return 0;
    }
    if (strcmp(place, "/") == 0)
        return error_config(err, where, "nothing can be mounted on the root itself");
    struct oci_mount *mount = oci_list_add(arena, &conversion->oci->mounts);
    *mount = (struct oci_mount){
        .destination = arena_strdup(arena, place), .type = fields[2], .source = fields[0]};
    lxc_conversion_origin(conversion, where, "/mounts/%zu", conversion->oci->mounts.count - 1);
    for (const char *at = fields[3] != NULL ? fields[3] : ""; *at != '\0';) {
        const size_t size = option_length(at);
        if (size > 0 &&
            convert_option(conversion, arena_strndup(arena, at, size), where, mount, err) < 0)
            return -1;
        at += size + (at[size] != '\0');
    }
    return 0;
}

static int convert_fstab(struct lxc_conversion *conversion, const struct lxc_item *item,
                         struct thole_error *err) {
    cleanup_free char *text = NULL;
    if (file_read_at(AT_FDCWD, item->value, FSTAB_LIMIT, &text, NULL, err) < 0)
        return error_prefix(err, "%s", item->where);
    const char *rest = text;
    const char *line = NULL;
    size_t length = 0;
    for (unsigned number = 1; text_next_line(&rest, &line, &length); number++) {
        const char *where = arena_printf(conversion->arena, "%s:%u", item->value, number);
        if (convert_line(conversion, line, length, where, err) < 0)
            return -1;
    }
    return 0;
}

int lxc_mount_entries(struct lxc_conversion *conversion, struct thole_error *err) {
    const struct lxc_item *item = lxc_conversion_item(conversion, "lxc.mount.fstab");
    if (item != NULL && convert_fstab(conversion, item, err) < 0)
        return -1;
    item = NULL;
    while ((item = lxc_conversion_next(conversion, "lxc.mount.entry", item)) != NULL) {
        if (convert_line(conversion, item->value, strlen(item->value), item->where, err) < 0)
            return -1;
    }
    return 0;
}
