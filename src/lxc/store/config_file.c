/* SPDX-License-Identifier: Apache-2.0 */
/* Writing a stored configuration. */
#include "lxc/store/config_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

int lxc_config_file_write(const char *path, const struct text *text, struct thole_error *err) {
    struct stat status;
    if (stat(path, &status) < 0)
        return error_errno(err, NULL, "look at %s", path);
    if (file_replace_at(AT_FDCWD, path, text->data != NULL ? text->data : "", text->length,
                        status.st_mode & 07777, err) < 0)
        return -1;
    if (geteuid() == 0 && lchown(path, status.st_uid, status.st_gid) < 0)
        return error_errno(err, NULL, "give its owner to %s", path);
    return 0;
}
