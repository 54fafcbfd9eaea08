/* SPDX-License-Identifier: Apache-2.0 */
/* passwd(5) and group(5) of a container. */
#include "enter/users.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/passwd.h"
#include "base/text.h"
#include "base/words.h"
#include "sys/path.h"

static int read_database(int root_fd, const char *path, char **ret_data, struct thole_error *err) {
    cleanup_close int fd = sys_open_regular_in_root(root_fd, path);
    if (fd < 0 && errno == EINVAL)
        return error_set(err, THOLE_ERROR_PAYLOAD, 0, NULL,
                         "%s of the container is not a regular file", path);
    if (fd < 0)
        return error_errno(err, NULL, "open %s of the container", path);
    return file_read_fd(fd, path, PASSWD_FILE_MAX, ret_data, NULL, err);
}

/* The id in field @index of the line of @name in @path. */
static int look_up(int root_fd, const char *path, const char *name, size_t count_needed,
                   uint64_t *ret_second, uint64_t *ret_third, struct thole_error *err) {
    cleanup_free char *data = NULL;
    if (read_database(root_fd, path, &data, err) < 0)
        return -1;
    char *fields[PASSWD_FIELDS];
    size_t count = passwd_find(data, name, 0, fields);
    if (count == 0)
        return error_usage(err, "no entry for %s in %s of the container", name, path);
    if (count < count_needed || !text_parse_uint(fields[PASSWD_ID], UINT32_MAX - 1, ret_second) ||
        (ret_third != NULL && !text_parse_uint(fields[PASSWD_GROUP], UINT32_MAX - 1, ret_third)))
        return error_set(err, THOLE_ERROR_PAYLOAD, 0, NULL,
                         "malformed entry for %s in %s of the container", name, path);
    return 0;
}

int users_resolve(int root_fd, const char *user, struct arena *arena,
                  struct plan_exec_user *ret_user, struct thole_error *err) {
    const char *colon = strchr(user, ':');
    char *name = colon != NULL ? arena_strndup(arena, user, (size_t)(colon - user))
                               : arena_strdup(arena, user);
    const char *group = colon != NULL ? colon + 1 : NULL;
    if (name[0] == '\0' || (group != NULL && group[0] == '\0'))
        return error_usage(err, "invalid user '%s'", user);

    uint64_t uid = 0;
    uint64_t gid = 0;
    bool has_gid = false;
    if (!text_parse_uint(name, UINT32_MAX - 1, &uid)) {
        if (strspn(name, "0123456789+- ") == strlen(name))
            return error_usage(err, "invalid user id '%s'", name);
        if (look_up(root_fd, "/etc/passwd", name, 4, &uid, &gid, err) < 0)
            return -1;
        has_gid = true;
    }
    if (group != NULL) {
        if (!text_parse_uint(group, UINT32_MAX - 1, &gid)) {
            if (strspn(group, "0123456789+- ") == strlen(group))
                return error_usage(err, "invalid group id '%s'", group);
            if (look_up(root_fd, "/etc/group", group, 3, &gid, NULL, err) < 0)
                return -1;
        }
        has_gid = true;
    }
    *ret_user = (struct plan_exec_user){(uint32_t)uid, (uint32_t)gid, has_gid};
    return 0;
}

/* The user's name: as it was given, or in passwd beside the id; NULL where it has none. */
static const char *name_of(int root_fd, const char *user, uint32_t uid, struct arena *arena,
                           struct thole_error *err) {
    const size_t length = strcspn(user, ":");
    cleanup_free char *data = NULL;
    char *fields[PASSWD_FIELDS];
    if (strspn(user, "0123456789") < length)
        return arena_strndup(arena, user, length);
    if (read_database(root_fd, "/etc/passwd", &data, err) < 0 ||
        passwd_find(data, NULL, uid, fields) == 0)
        return NULL;
    return arena_strdup(arena, fields[PASSWD_NAME]);
}

/* The group of a line of group(5) that has @name among its members. */
static bool group_of_member(char *line, const char *name, uint32_t *ret_gid) {
    uint64_t gid = 0;
    (void)strsep(&line, ":");
    (void)strsep(&line, ":");
    const char *id = strsep(&line, ":");
    const char *members = strsep(&line, ":");
    if (members == NULL || !text_parse_uint(id, UINT32_MAX - 1, &gid) ||
        !words_have(members, name, strlen(name)))
        return false;
    *ret_gid = (uint32_t)gid;
    return true;
}

int users_groups(int root_fd, const char *user, struct arena *arena,
                 struct plan_exec_user *ret_user, struct thole_error *err) {
    struct thole_error failure = {0};
    cleanup_free char *data = NULL;
    ret_user->has_groups = true;
    const char *name = name_of(root_fd, user, ret_user->uid, arena, &failure);
    if (name == NULL || read_database(root_fd, "/etc/group", &data, &failure) < 0 || data == NULL)
        return failure.text[0] == '\0' || failure.code == ENOENT ? 0 : (*err = failure, -1);
    size_t lines = 1;
    for (const char *at = data; *at != '\0'; at++)
        lines += *at == '\n';
    uint32_t *groups = arena_new_array(arena, lines, uint32_t);
    for (char *rest = data; rest != NULL;) {
        char *line = strsep(&rest, "\n");
        if (ret_user->group_count < NGROUPS_MAX &&
            group_of_member(line, name, &groups[ret_user->group_count]))
            ret_user->group_count++;
    }
    ret_user->groups = groups;
    return 0;
}

char *users_shell_of(char *passwd, uint32_t uid, struct arena *arena) {
    char *fields[PASSWD_FIELDS];
    if (passwd_find(passwd, NULL, uid, fields) <= PASSWD_SHELL || fields[PASSWD_SHELL][0] != '/')
        return NULL;
    return arena_strdup(arena, fields[PASSWD_SHELL]);
}

char *users_shell(int root_fd, uint32_t uid, struct arena *arena) {
    cleanup_free char *data = NULL;
    if (read_database(root_fd, "/etc/passwd", &data, NULL) < 0)
        return NULL;
    return users_shell_of(data, uid, arena);
}
