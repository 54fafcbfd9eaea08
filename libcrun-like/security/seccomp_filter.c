/* SPDX-License-Identifier: Apache-2.0 */
/* Loading a compiled seccomp filter, keeping one in a file, and decoding one from base64. */
#include <errno.h>
#include <linux/seccomp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/names.h"
#include "base/text.h"
#include "security/seccomp_filter.h"

/* In front of the key and the instructions; the last digit changes with the layout. */
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

/* Without a filter the kernel says EFAULT once it has accepted the flags (seccomp(2)). */
bool seccomp_filter_flag_supported(unsigned flag) {
    /* This one it takes only together with a listener. */
    if (flag == SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV)
        flag |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flag, NULL) < 0 && errno == EFAULT;
}

int seccomp_filter_save(const struct seccomp_filter *filter, const struct text *key, int dirfd,
                        const char *name, struct thole_error *err) {
    cleanup_text struct text file = {0};
    struct file_header header = {.flags = filter->flags, .count = (uint32_t)filter->count};
    memcpy(header.magic, file_magic, sizeof(header.magic));
    text_append_bytes(&file, &header, sizeof(header));
    text_append_bytes(&file, key->data, key->length);
    text_append_bytes(&file, filter->instructions, filter->count * sizeof(struct sock_filter));
    return file_replace_at(dirfd, name, file.data, file.length, 0600, err);
}

/* The whole key is in the file and is compared. */
static bool matches(const char *data, size_t length, const struct text *key,
                    struct file_header *ret_header) {
    if (length < sizeof(*ret_header))
        return false;
    memcpy(ret_header, data, sizeof(*ret_header));
    return memcmp(ret_header->magic, file_magic, sizeof(file_magic)) == 0 &&
           ret_header->count > 0 && ret_header->count <= BPF_MAXINSNS &&
           length ==
               sizeof(*ret_header) + key->length + ret_header->count * sizeof(struct sock_filter) &&
           (key->length == 0 || memcmp(data + sizeof(*ret_header), key->data, key->length) == 0);
}

int seccomp_filter_read(int fd, const struct text *key, const char *name,
                        struct seccomp_filter *ret_filter, struct thole_error *err) {
    struct file_header header;
    size_t limit = sizeof(header) + key->length + BPF_MAXINSNS * sizeof(struct sock_filter);
    cleanup_free char *data = NULL;
    size_t length = 0;
    if (file_read_fd(fd, name, limit, &data, &length, err) < 0)
        return -1;
    if (!matches(data, length, key, &header))
        return error_set(err, THOLE_ERROR_STATE, 0, NULL, "%s is not a compiled seccomp filter",
                         name);
    size_t size = header.count * sizeof(struct sock_filter);
    struct sock_filter *instructions = malloc(size);
    if (instructions == NULL)
        return error_errno(err, NULL, "read %s", name);
    memcpy(instructions, data + length - size, size);
    *ret_filter = (struct seccomp_filter){
        .instructions = instructions,
        .count = header.count,
        .flags = header.flags,
    };
    return 0;
}

/* ---- a filter given as BPF ------------------------------------------------------------------ */

/* The value of one base64 character, or -1. */
static int sextet(char character) {
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = character != '\0' ? strchr(alphabet, character) : NULL;
    return at != NULL ? (int)(at - alphabet) : -1;
}

/* Number of bytes decoded into @bytes, or -1. */
static ssize_t base64_decode(const char *text, size_t length, uint8_t *bytes) {
    if (length % 4 != 0)
        return -1;
    size_t padding = 0;
    while (padding < 2 && padding < length && text[length - 1 - padding] == '=')
        padding++;

    size_t count = 0;
    uint32_t word = 0;
    for (size_t i = 0; i < length; i++) {
        int value = i < length - padding ? sextet(text[i]) : 0;
        if (value < 0)
            return -1;
        word = word << 6 | (uint32_t)value;
        if (i % 4 != 3)
            continue;
        for (int shift = 16; shift >= 0; shift -= 8)
            bytes[count++] = (uint8_t)(word >> shift);
        word = 0;
    }
    return (ssize_t)(count - padding);
}

int seccomp_filter_decode(const char *base64, const char *where, struct seccomp_filter *ret_filter,
                          struct thole_error *err) {
    size_t length = strlen(base64);
    cleanup_free uint8_t *bytes = malloc(length / 4 * 3 + 3);
    if (bytes == NULL)
        return error_errno(err, where, "decode the seccomp filter");
    ssize_t size = base64_decode(base64, length, bytes);
    if (size < 0)
        return error_config(err, where, "the raw seccomp filter is not base64");
    if (size == 0 || (size_t)size % sizeof(struct sock_filter) != 0)
        return error_config(err, where,
                            "the raw seccomp filter has %zd bytes, not a multiple of %zu", size,
                            sizeof(struct sock_filter));
    size_t count = (size_t)size / sizeof(struct sock_filter);
    if (count > BPF_MAXINSNS)
        return error_config(err, where, "the raw seccomp filter has %zu instructions, more than %d",
                            count, BPF_MAXINSNS);
    ret_filter->instructions = (struct sock_filter *)(void *)take_ptr(bytes);
    ret_filter->count = count;
    return 0;
}
