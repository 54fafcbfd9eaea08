/* SPDX-License-Identifier: Apache-2.0 */
/* --pass-fds: from the numbers of the caller to those of socket activation. */
#include "virsh/lifecycle/passed.h"

#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"

enum { FIRST = 3, PASSED_MAX = 256 };

/* Out of the way first: one of the places may be another one's number. */
static int lift(const char *list, int *descriptors, unsigned *ret_count, struct thole_error *err) {
    for (const char *at = list; *at != '\0';) {
        char word[16] = "";
        const size_t length = strcspn(at, ",");
        int64_t number = 0;
        if (length < sizeof(word))
            memcpy(word, at, length);
        if (!text_parse_int(word, 0, INT_MAX, &number))
            return error_usage(err, "Unable to parse FD number '%.*s'", (int)length, at);
        if (*ret_count == PASSED_MAX)
            return error_usage(err, "more than %d descriptors", PASSED_MAX);
        const int copy = fcntl((int)number, F_DUPFD_CLOEXEC, FIRST + PASSED_MAX);
        if (copy < 0)
            return error_errno(err, NULL, "pass descriptor %d", (int)number);
        descriptors[(*ret_count)++] = copy;
        at += length + (at[length] == ',');
    }
    return 0;
}

int virsh_pass_descriptors(const char *list, unsigned *ret_count, struct thole_error *err) {
    int descriptors[PASSED_MAX];
    *ret_count = 0;
    if (lift(list, descriptors, ret_count, err) < 0)
        return -1;
    for (unsigned i = 0; i < *ret_count; i++) {
        if (dup2(descriptors[i], FIRST + (int)i) < 0)
            return error_errno(err, NULL, "pass descriptor %d", descriptors[i]);
        (void)close(descriptors[i]);
    }
    return 0;
}
