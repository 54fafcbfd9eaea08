/* SPDX-License-Identifier: Apache-2.0 */
/* The directory of definitions, and the links in its autostart directory. */
#include "virsh/store/definition.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"

static const char suffix[] = ".xml";

static char *file_of(const char *directory, const char *name) {
    struct text path = {0};
    text_appendf(&path, "%s/%s%s", directory, name, suffix);
    return text_take(&path);
}

/* 1, 0 or -1. */
static int is_there(const char *path, struct thole_error *err) {
    struct stat status;
    if (lstat(path, &status) == 0)
        return 1;
    return errno == ENOENT || errno == ENOTDIR ? 0 : error_errno(err, NULL, "look at %s", path);
}

static int remove_file(const char *path, struct thole_error *err) {
    if (unlink(path) == 0 || errno == ENOENT || errno == ENOTDIR)
        return 0;
    return error_errno(err, NULL, "remove %s", path);
}

int virsh_definition_exists(const struct virsh_place *place, const char *name,
                            struct thole_error *err) {
    cleanup_free char *path = file_of(place->definitions, name);
    return is_there(path, err);
}

int virsh_definition_read(const struct virsh_place *place, const char *name,
                          struct xml_document **ret_document, struct thole_error *err) {
    cleanup_free char *path = file_of(place->definitions, name);
    return virsh_xml_read(path, ret_document, err);
}

int virsh_definition_write(const struct virsh_place *place, const char *name,
                           const struct xml_document *document, struct thole_error *err) {
    cleanup_free char *path = file_of(place->definitions, name);
    cleanup_free char *text = virsh_xml_write(document);
    return file_replace_at(AT_FDCWD, path, text, strlen(text), 0600, err);
}

int virsh_definition_remove(const struct virsh_place *place, const char *name,
                            struct thole_error *err) {
    cleanup_free char *path = file_of(place->definitions, name);
    if (virsh_autostart_set(place, name, false, err) < 0)
        return -1;
    return remove_file(path, err);
}

static int by_name(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int virsh_definition_names(const struct virsh_place *place, char ***ret_names, size_t *ret_count,
                           struct thole_error *err) {
    char **names = NULL;
    size_t count = 0;
    *ret_names = NULL;
    *ret_count = 0;
    cleanup_closedir DIR *directory = opendir(place->definitions);
    if (directory == NULL)
        return errno == ENOENT || errno == ENOTDIR
                   ? 0
                   : error_errno(err, NULL, "open directory %s", place->definitions);
    const struct dirent *entry = NULL;
    while (errno = 0, (entry = readdir(directory)) != NULL) {
        if (entry->d_name[0] == '.' || !text_ends_with(entry->d_name, suffix))
            continue;
        names = realloc(names, (count + 1) * sizeof(*names));
        if (names == NULL)
            abort();
        names[count++] = strndup(entry->d_name, strlen(entry->d_name) - strlen(suffix));
    }
    if (count > 0)
        qsort(names, count, sizeof(*names), by_name);
    *ret_names = names;
    *ret_count = count;
    return errno == 0 ? 0 : error_errno(err, NULL, "read directory %s", place->definitions);
}

int virsh_autostart_get(const struct virsh_place *place, const char *name,
                        struct thole_error *err) {
    cleanup_free char *link = file_of(place->autostart, name);
    return is_there(link, err);
}

int virsh_autostart_set(const struct virsh_place *place, const char *name, bool wanted,
                        struct thole_error *err) {
    cleanup_free char *link = file_of(place->autostart, name);
    cleanup_free char *target = file_of(place->definitions, name);
    if (!wanted)
        return remove_file(link, err);
    if (mkdir(place->autostart, 0755) < 0 && errno != EEXIST)
        return error_errno(err, NULL, "make directory %s", place->autostart);
    if (symlink(target, link) < 0 && errno != EEXIST)
        return error_errno(err, NULL, "make link %s", link);
    return 0;
}
