/* SPDX-License-Identifier: Apache-2.0 */
/* A BPF program given as base64 text instead of rules. */
#include "security/seccomp_raw.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

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

int seccomp_raw_decode(const char *base64, const char *where, struct sock_filter **ret_instructions,
                       size_t *ret_count, struct thole_error *err) {
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
    *ret_instructions = (struct sock_filter *)(void *)take_ptr(bytes);
    *ret_count = count;
    return 0;
}
