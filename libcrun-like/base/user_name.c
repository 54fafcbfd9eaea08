/* SPDX-License-Identifier: Apache-2.0 */
/* Names of the host's users. */
#include "base/user_name.h"

#include <pwd.h>
#include <stdio.h>

#include "base/cleanup.h"

int user_name(uint32_t uid, char *buffer, size_t size, bool *ret_known, struct thole_error *err) {
    cleanup_fclose FILE *users = fopen("/etc/passwd", "re");
    const struct passwd *entry = NULL;
    *ret_known = false;
    if (users == NULL)
        return errno == ENOENT ? 0 : error_errno(err, NULL, "open /etc/passwd");
    while ((entry = fgetpwent(users)) != NULL) {
        if (entry->pw_uid != uid)
            continue;
        (void)snprintf(buffer, size, "%s", entry->pw_name);
        *ret_known = true;
        return 0;
    }
    return ferror(users) ? error_errno(err, NULL, "read /etc/passwd") : 0;
}
