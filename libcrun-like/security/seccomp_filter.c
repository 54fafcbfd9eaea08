/* SPDX-License-Identifier: Apache-2.0 */
/* Loading a compiled seccomp filter, and keeping one in the state directory. */
#include <errno.h>
#include <linux/seccomp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "security/seccomp_filter.h"

/* In front of the instructions; the last digit changes with the layout. */
static const char file_magic[8] = "thlbpf1";

struct file_header {
    char magic[8];
    uint32_t flags;
    uint32_t count;
};

void seccomp_filter_done(struct seccomp_filter *filter) {
    free(filter->instructions);
    filter->instructions = NULL;
    filter->count = 0;
}

int seccomp_filter_load(const struct seccomp_filter *filter, struct thole_error *err) {
    const struct sock_fprog program = {
        .len = (unsigned short)filter->count,
        .filter = filter->instructions,
    };
    if (filter->count == 0 || filter->count > BPF_MAXINSNS)
        return error_bug(err, "a seccomp filter of %zu instructions", filter->count);
    long result = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, filter->flags, &program);
    if (result >= 0 && (filter->flags & SECCOMP_FILTER_FLAG_NEW_LISTENER) != 0)
        return (int)result;
    if (result > 0)
        return error_set(err, THOLE_ERROR_HOST, ESRCH, NULL,
                         "load the seccomp filter: thread %ld cannot take it", result);
    if (result == 0)
        return 0;
    int code = errno;
    error_errno(err, NULL, "load the seccomp filter");
    if (code == EACCES)
        (void)error_hint(err, "a filter needs noNewPrivileges or CAP_SYS_ADMIN");
    if (code == EBUSY)
        (void)error_hint(err, "another filter of this process already has a listener");
    if (code == EINVAL)
        (void)error_hint(err, "this kernel may not know one of the flags (0x%x)", filter->flags);
    return -1;
}

int seccomp_filter_save(const struct seccomp_filter *filter, int dirfd, const char *name,
                        struct thole_error *err) {
    struct file_header header = {.flags = filter->flags, .count = (uint32_t)filter->count};
    memcpy(header.magic, file_magic, sizeof(header.magic));
    size_t program_size = filter->count * sizeof(struct sock_filter);
    cleanup_free char *data = malloc(sizeof(header) + program_size);
    if (data == NULL)
        return error_errno(err, NULL, "write %s", name);
    memcpy(data, &header, sizeof(header));
    memcpy(data + sizeof(header), filter->instructions, program_size);
    return file_replace_at(dirfd, name, data, sizeof(header) + program_size, 0600, err);
}

int seccomp_filter_read(int dirfd, const char *name, struct seccomp_filter *ret_filter,
                        struct thole_error *err) {
    struct file_header header;
    size_t limit = sizeof(header) + BPF_MAXINSNS * sizeof(struct sock_filter);
    cleanup_free char *data = NULL;
    size_t length = 0;
    if (file_read_at(dirfd, name, limit, &data, &length, err) < 0)
        return -1;
    if (length >= sizeof(header))
        memcpy(&header, data, sizeof(header));
    if (length < sizeof(header) || memcmp(header.magic, file_magic, sizeof(file_magic)) != 0 ||
        header.count == 0 || header.count > BPF_MAXINSNS ||
        length != sizeof(header) + header.count * sizeof(struct sock_filter))
        return error_set(err, THOLE_ERROR_STATE, 0, NULL, "%s is not a compiled seccomp filter",
                         name);

    struct sock_filter *instructions = calloc(header.count, sizeof(struct sock_filter));
    if (instructions == NULL)
        return error_errno(err, NULL, "read %s", name);
    memcpy(instructions, data + sizeof(header), header.count * sizeof(struct sock_filter));
    *ret_filter = (struct seccomp_filter){
        .instructions = instructions,
        .count = header.count,
        .flags = header.flags,
    };
    return 0;
}
