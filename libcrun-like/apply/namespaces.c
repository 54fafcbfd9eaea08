/* SPDX-License-Identifier: Apache-2.0 */
/* Joining a namespace by path. */
#include "apply/namespaces.h"

#include <fcntl.h>
#include <sched.h>

#include "base/cleanup.h"

int apply_join_namespace(const struct plan_joined_namespace *joined, struct thole_error *err) {
    cleanup_close int fd = open(joined->path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return error_errno(err, joined->where, "open namespace %s", joined->path);
    if (setns(fd, (int)joined->flag) < 0)
        return error_errno(err, joined->where, "join namespace %s", joined->path);
    return 0;
}
