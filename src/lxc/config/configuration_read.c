/* SPDX-License-Identifier: Apache-2.0 */
/* Files of lxc.conf(5), and single lines of it. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "lxc/config/configuration.h"
#include "lxc/config/include.h"
#include "lxc/config/items.h"
#include "lxc/config/line.h"

enum { FILE_LIMIT = 4 << 20, WHERE_MAX = sizeof(((struct thole_error *)0)->where) };

static int read_file(struct lxc_configuration *config, const char *path,
                     const struct lxc_open_file *includer, const char *where,
                     struct thole_error *err);

static int include(struct lxc_configuration *config, const char *value,
                   const struct lxc_open_file *file, const char *where, struct thole_error *err) {
    cleanup_lxc_included struct lxc_included included = {0};
    if (value[0] == '\0')
        return 0;
    if (lxc_include_list(value, file, where, &included, err) < 0)
        return -1;
    if (included.missing)
        lxc_items_note(config, where, "there is no directory %s", value);
    for (size_t i = 0; i < included.count; i++) {
        if (read_file(config, included.items[i], file, where, err) < 0)
            return -1;
    }
    return 0;
}

static int assign(struct lxc_configuration *config, const char *key, const char *value,
                  const struct lxc_open_file *file, const char *where, struct thole_error *err) {
    if (strcmp(key, "lxc.include") == 0)
        return include(config, value, file, where, err);
    return lxc_items_assign(config, key, value, where, err);
}

static int take_line(struct lxc_configuration *config, const char *line, size_t length,
                     const struct lxc_open_file *file, unsigned number, struct thole_error *err) {
    struct lxc_line parts = {0};
    char where[WHERE_MAX];
    enum lxc_line_kind kind = lxc_line_split(line, length, &parts);
    if (kind == LXC_LINE_EMPTY)
        return 0;
    (void)snprintf(where, sizeof(where), "%s:%u: %.*s", file->path, number,
                   (int)(parts.key_length < WHERE_MAX ? parts.key_length : WHERE_MAX), parts.key);
    if (memchr(line, '\0', length) != NULL)
        return error_config(err, where, "there is a zero byte in the line");
    if (kind == LXC_LINE_NO_VALUE)
        return error_config(err, where, "there is no \"=\" in the line");
    if (kind == LXC_LINE_FOREIGN) {
        lxc_items_note(config, where, "ignored: it does not begin with lxc.");
        return 0;
    }
    cleanup_free char *key = strndup(parts.key, parts.key_length);
    cleanup_free char *value = strndup(parts.value, parts.value_length);
    return assign(config, key, value, file, where, err);
}

static int read_file(struct lxc_configuration *config, const char *path,
                     const struct lxc_open_file *includer, const char *where,
                     struct thole_error *err) {
    const struct lxc_open_file file = {path, includer};
    cleanup_free char *text = NULL;
    size_t size = 0;
    if (lxc_include_check(path, includer, where, err) < 0)
        return -1;
    if (file_read_at(AT_FDCWD, path, FILE_LIMIT, &text, &size, err) < 0)
        return -1;
    unsigned number = 0;
    for (const char *at = text; at < text + size;) {
        const char *end = memchr(at, '\n', (size_t)(text + size - at));
        size_t length = end != NULL ? (size_t)(end - at) : (size_t)(text + size - at);
        if (take_line(config, at, length, &file, ++number, err) < 0)
            return -1;
        at += length + 1;
    }
    return 0;
}

int lxc_configuration_read(struct lxc_configuration *config, const char *file,
                           struct thole_error *err) {
    return read_file(config, file, NULL, NULL, err);
}

int lxc_configuration_define(struct lxc_configuration *config, const char *line,
                             struct thole_error *err) {
    struct lxc_line parts = {0};
    if (lxc_line_split(line, strlen(line), &parts) != LXC_LINE_SETTING)
        return error_usage(err, "\"%s\" is not lxc.KEY=VALUE", line);
    cleanup_free char *key = strndup(parts.key, parts.key_length);
    cleanup_free char *value = strndup(parts.value, parts.value_length);
    char where[WHERE_MAX];
    (void)snprintf(where, sizeof(where), "-s %s", key);
    return assign(config, key, value, NULL, where, err);
}

int lxc_configuration_set(struct lxc_configuration *config, const char *key, const char *value,
                          struct thole_error *err) {
    return assign(config, key, value, NULL, key, err);
}
