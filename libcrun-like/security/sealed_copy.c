/* SPDX-License-Identifier: Apache-2.0 */
/* Copies of programs in memory. */
#include "security/sealed_copy.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/memfd.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

#include "base/cleanup.h"

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U /* Linux 6.3 */
#endif

#define SEALS (F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)

/* MFD_EXEC is asked for where it exists: without it vm.memfd_noexec may forbid the exec. */
static int create_memory_file(const char *name) {
    int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
    if (fd < 0 && errno == EINVAL)
        fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    return fd;
}

int sealed_copy(int fd, const char *name, struct thole_error *err) {
    struct stat status;
    cleanup_close int copy = create_memory_file(name);
    if (copy < 0)
        return error_errno(err, NULL, "create a memory file for %s's executable", name);
    if (fstat(fd, &status) < 0)
        return error_errno(err, NULL, "read %s's executable", name);
    off_t offset = 0;
    while (offset < status.st_size) {
        ssize_t sent = sendfile(copy, fd, &offset, (size_t)(status.st_size - offset));
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            return error_errno(err, NULL, "copy %s's executable to memory", name);
    }
    if (fchmod(copy, 0555) < 0 || fcntl(copy, F_ADD_SEALS, SEALS) < 0)
        return error_errno(err, NULL, "seal the copy of %s's executable", name);
    return take_fd(&copy);
}
