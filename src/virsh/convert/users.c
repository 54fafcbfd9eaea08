/* SPDX-License-Identifier: Apache-2.0 */
/* Users and groups by the files of the container's root, which its owner may have made anything
 * of. */
#include "virsh/convert/users.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"

enum { FILE_MAX = 1 << 20, ID_FIELD = 2, GROUP_FIELD = 3 };

/* Beneath the root, wherever links lead. */
static int read_file(const char *root, const char *name, char **ret_text, struct thole_error *err) {
    const struct open_how how = {.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
                                 .resolve = RESOLVE_IN_ROOT};
    cleanup_close int directory = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0)
        return error_errno(err, NULL, "open %s", root);
    cleanup_close int file = (int)syscall(SYS_openat2, directory, name, &how, sizeof(how));
    if (file < 0)
        return error_errno(err, NULL, "open %s in %s", name, root);
    return file_read_fd(file, name, FILE_MAX, ret_text, NULL, err);
}

/* Field @index (from 0) of "name:x:ID:GROUP:...", as a number; false: it is none. */
static bool field(const char *line, size_t length, size_t index, uint64_t *ret_id) {
    char digits[16] = "";
    const char *end = line + length;
    for (; index > 0; index--) {
        line = memchr(line, ':', (size_t)(end - line));
        if (line == NULL)
            return false;
        line++;
    }
    const char *colon = memchr(line, ':', (size_t)(end - line));
    const size_t size = (size_t)((colon != NULL ? colon : end) - line);
    if (size >= sizeof(digits))
        return false;
    memcpy(digits, line, size);
    return text_parse_uint(digits, UINT32_MAX - 1, ret_id);
}

/* @ret_group: of a user, the group that goes with it; or NULL. */
static int look_up(struct virsh_conversion *conversion, const struct domain_value *name,
                   const char *file, uint64_t *ret_id, uint64_t *ret_group,
                   struct thole_error *err) {
    cleanup_free char *text = NULL;
    if (read_file(conversion->root, file, &text, err) < 0)
        return error_prefix(err, "%s", name->where);
    const char *rest = text;
    const char *line = NULL;
    size_t length = 0;
    const size_t size = strlen(name->text);
    while (text_next_line(&rest, &line, &length)) {
        if (length <= size || strncmp(line, name->text, size) != 0 || line[size] != ':')
            continue;
        if (!field(line, length, ID_FIELD, ret_id) ||
            (ret_group != NULL && !field(line, length, GROUP_FIELD, ret_group)))
            return error_config(err, name->where, "%s of the container has a wrong line for %s",
                                file, name->text);
        return 0;
    }
    return error_config(err, name->where, "there is no %s in %s of the container", name->text,
                        file);
}

/* "0", "+0" or a name. */
static int read_id(struct virsh_conversion *conversion, const struct domain_value *value,
                   const char *file, uint64_t *ret_id, uint64_t *ret_group,
                   struct thole_error *err) {
    if (value->text == NULL ||
        text_parse_uint(value->text + (value->text[0] == '+'), UINT32_MAX - 1, ret_id))
        return 0;
    return look_up(conversion, value, file, ret_id, ret_group, err);
}

int virsh_convert_user(struct virsh_conversion *conversion, struct thole_error *err) {
    const struct domain *domain = conversion->domain;
    struct oci_user *user = conversion->oci->process->user;
    uint64_t uid = 0;
    uint64_t gid = 0;
    if (read_id(conversion, &domain->init_user, "etc/passwd", &uid, &gid, err) < 0 ||
        read_id(conversion, &domain->init_group, "etc/group", &gid, NULL, err) < 0)
        return -1;
    user->uid = (uint32_t)uid;
    user->gid = (uint32_t)gid;
    return 0;
}
