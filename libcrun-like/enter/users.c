/* SPDX-License-Identifier: Apache-2.0 */
/* passwd(5) and group(5) of a container. */
#include "enter/users.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "sys/path.h"

enum { DATABASE_MAX = 4 * 1024 * 1024, FIELDS_MAX = 7 };

/* Finds the line whose first field is @name; splits it in place. Returns the number of fields. */
static size_t find_line(char *database, const char *name, char *fields[FIELDS_MAX]) {
    char *rest = database;
    for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
        size_t count = 0;
        for (char *field; count < FIELDS_MAX && (field = strsep(&line, ":")) != NULL;)
            fields[count++] = field;
        if (count > 0 && strcmp(fields[0], name) == 0)
            return count;
    }
    return 0;
}

static int read_database(int root_fd, const char *path, char **ret_data, struct thole_error *err) {
    cleanup_close int fd = sys_open_in_root(root_fd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) < 0)
        return error_errno(err, NULL, "open %s of the container", path);
    if (!S_ISREG(status.st_mode))
        return error_set(err, THOLE_ERROR_PAYLOAD, 0, NULL,
                         "%s of the container is not a regular file", path);
    return file_read_fd(fd, path, DATABASE_MAX, ret_data, NULL, err);
}

/* The id in field @index of the line of @name in @path. */
static int look_up(int root_fd, const char *path, const char *name, size_t count_needed,
                   uint64_t *ret_second, uint64_t *ret_third, struct thole_error *err) {
    cleanup_free char *data = NULL;
    if (read_database(root_fd, path, &data, err) < 0)
        return -1;
    char *fields[FIELDS_MAX];
    size_t count = find_line(data, name, fields);
    if (count == 0)
        return error_set(err, THOLE_ERROR_USAGE, 0, NULL, "no entry for %s in %s of the container",
                         name, path);
    if (count < count_needed || !text_parse_uint(fields[2], UINT32_MAX - 1, ret_second) ||
        (ret_third != NULL && !text_parse_uint(fields[3], UINT32_MAX - 1, ret_third)))
        return error_set(err, THOLE_ERROR_PAYLOAD, 0, NULL,
                         "malformed entry for %s in %s of the container", name, path);
    return 0;
}

int users_resolve(int root_fd, const char *user, struct arena *arena, const char **ret_numeric,
                  struct thole_error *err) {
    const char *colon = strchr(user, ':');
    char *name = colon != NULL ? arena_strndup(arena, user, (size_t)(colon - user))
                               : arena_strdup(arena, user);
    const char *group = colon != NULL ? colon + 1 : NULL;
    if (name[0] == '\0' || (group != NULL && group[0] == '\0'))
        return error_set(err, THOLE_ERROR_USAGE, 0, NULL, "invalid user '%s'", user);

    uint64_t uid = 0;
    uint64_t gid = 0;
    bool has_gid = false;
    if (!text_parse_uint(name, UINT32_MAX - 1, &uid)) {
        if (strspn(name, "0123456789+- ") == strlen(name))
            return error_set(err, THOLE_ERROR_USAGE, 0, NULL, "invalid user id '%s'", name);
        if (look_up(root_fd, "/etc/passwd", name, 4, &uid, &gid, err) < 0)
            return -1;
        has_gid = true;
    }
    if (group != NULL) {
        if (!text_parse_uint(group, UINT32_MAX - 1, &gid)) {
            if (strspn(group, "0123456789+- ") == strlen(group))
                return error_set(err, THOLE_ERROR_USAGE, 0, NULL, "invalid group id '%s'", group);
            if (look_up(root_fd, "/etc/group", group, 3, &gid, NULL, err) < 0)
                return -1;
        }
        has_gid = true;
    }
    *ret_numeric = has_gid ? arena_printf(arena, "%lu:%lu", (unsigned long)uid, (unsigned long)gid)
                           : arena_printf(arena, "%lu", (unsigned long)uid);
    return 0;
}

char *users_shell_of_line(char *line, uint32_t uid, struct arena *arena) {
    char *fields[FIELDS_MAX];
    size_t count = 0;
    uint64_t number = 0;
    line[strcspn(line, "\n")] = '\0';
    for (char *field; count < FIELDS_MAX && (field = strsep(&line, ":")) != NULL;)
        fields[count++] = field;
    if (count < FIELDS_MAX || !text_parse_uint(fields[2], UINT32_MAX, &number) || number != uid ||
        fields[6][0] != '/')
        return NULL;
    return arena_strdup(arena, fields[6]);
}

char *users_shell(int root_fd, uint32_t uid, struct arena *arena) {
    cleanup_free char *data = NULL;
    char *shell = NULL;
    if (read_database(root_fd, "/etc/passwd", &data, NULL) < 0)
        return NULL;
    char *rest = data;
    for (char *line; shell == NULL && (line = strsep(&rest, "\n")) != NULL;)
        shell = users_shell_of_line(line, uid, arena);
    return shell;
}
