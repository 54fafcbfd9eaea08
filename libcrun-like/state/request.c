/* SPDX-License-Identifier: Apache-2.0 */
/* Members of requests that are still to come. */
#include "state/request.h"

#include "base/error.h"

int request_check(void *const reserved[THOLE_RESERVED], struct thole_error *err) {
    for (size_t i = 0; i < THOLE_RESERVED; i++) {
        if (reserved[i] != NULL)
            return error_usage(err,
                               "the caller asks for what this version of libthole does not know");
    }
    return 0;
}
