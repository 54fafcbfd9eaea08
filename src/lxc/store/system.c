/* SPDX-License-Identifier: Apache-2.0 */
/* lxc.system.conf(5): a handful of items that hold for all containers. */
#include "lxc/store/system.h"

#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/path.h"
#include "base/text.h"

enum { SYSTEM_FILE_LIMIT = 1 << 20 };

const struct lxc_system_item lxc_system_items[] = {
    {"lxc.default_config", "/etc/lxc/default.conf", true},
    {"lxc.lxcpath", "/var/lib/lxc", true},
    {"lxc.bdev.lvm.vg", "lxc", true},
    {"lxc.bdev.lvm.thin_pool", "lxc", true},
    {"lxc.bdev.zfs.root", "lxc", true},
    {"lxc.bdev.rbd.rbdpool", "lxc", false},
    {"lxc.bdev.rbd.rbduser", "admin", false},
    {"lxc.cgroup.use", NULL, true},
    {"lxc.cgroup.pattern", NULL, true},
    {0},
};

/* Where an ordinary user has what lies in /etc/lxc and /var/lib/lxc for root. */
static const struct {
    const char *key;
    const char *beneath_home;
} of_users[] = {
    {"lxc.default_config", ".config/lxc/default.conf"},
    {"lxc.lxcpath", ".local/share/lxc"},
};

static bool is_user(void) {
    return geteuid() != 0;
}

static char *in_home(const char *name) {
    const char *home = getenv("HOME");
    if (home == NULL || home[0] != '/') {
        const struct passwd *entry = getpwuid(geteuid());
        home = entry != NULL ? entry->pw_dir : "/";
    }
    struct text path = {0};
    text_appendf(&path, "%s/%s", home, name);
    return text_take(&path);
}

static char *default_value(const char *key) {
    for (size_t i = 0; is_user() && i < sizeof(of_users) / sizeof(of_users[0]); i++) {
        if (strcmp(of_users[i].key, key) == 0)
            return in_home(of_users[i].beneath_home);
    }
    for (const struct lxc_system_item *item = lxc_system_items; item->key != NULL; item++) {
        if (strcmp(item->key, key) == 0 && item->value != NULL)
            return strdup(item->value);
    }
    return NULL;
}

/* The value in "KEY = VALUE", or NULL if the line is not about @key. malloc'ed. */
static char *value_of(const char *line, size_t length, const char *key) {
    static const char blanks[] = " \t\r";
    const char *end = line + length;
    line += strspn(line, blanks);
    if (!text_starts_with(line, key))
        return NULL;
    line += strlen(key);
    line += strspn(line, blanks);
    if (line >= end || *line != '=')
        return NULL;
    line++;
    line += strspn(line, blanks);
    while (end > line && strchr(blanks, end[-1]) != NULL)
        end--;
    return strndup(line, end > line ? (size_t)(end - line) : 0);
}

int lxc_system_get(const char *key, char **ret_value, struct thole_error *err) {
    cleanup_free char *file =
        is_user() ? in_home(".config/lxc/lxc.conf") : strdup("/etc/lxc/lxc.conf");
    cleanup_free char *text = NULL;
    cleanup_free char *found = NULL;
    struct thole_error failure = {0};
    if (file_read_at(AT_FDCWD, file, SYSTEM_FILE_LIMIT, &text, NULL, &failure) < 0 &&
        failure.code != ENOENT) {
        *err = failure;
        return -1;
    }
    const char *rest = text;
    const char *line = NULL;
    size_t length = 0;
    while (rest != NULL && text_next_line(&rest, &line, &length)) {
        char *value = value_of(line, length, key);
        if (value == NULL)
            continue;
        free(found);
        found = value;
    }
    *ret_value = found != NULL ? take_ptr(found) : default_value(key);
    return 0;
}

int lxc_system_path(const char *given, char **ret_path, struct thole_error *err) {
    cleanup_free char *path = NULL;
    if (given == NULL && lxc_system_get("lxc.lxcpath", &path, err) < 0)
        return -1;
    if (given != NULL)
        path = strdup(given);
    struct text full = {0};
    if (path[0] != '/') {
        cleanup_free char *current = getcwd(NULL, 0);
        if (current == NULL)
            return error_errno(err, NULL, "get the current directory");
        text_appendf(&full, "%s/", current);
    }
    text_append(&full, path);
    char *clean = malloc(full.length + 2);
    if (clean == NULL)
        abort();
    *ret_path = path_clean(clean, full.data);
    text_done(&full);
    return 0;
}

char *lxc_system_log_file(const char *lxcpath, const char *name) {
    cleanup_free char *configured = default_value("lxc.lxcpath");
    struct text path = {0};
    if (!is_user() && strcmp(lxcpath, configured) == 0)
        text_appendf(&path, "/var/log/lxc/%s.log", name);
    else
        text_appendf(&path, "%s/%s/%s.log", lxcpath, name, name);
    return text_take(&path);
}
