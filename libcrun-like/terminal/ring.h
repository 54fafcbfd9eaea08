/* SPDX-License-Identifier: Apache-2.0 */
/* The last bytes of an endless stream, for readers that come and go. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/** Positions count the bytes of the stream from its beginning. */
struct ring {
    char *bytes;
    size_t size;
    uint64_t end;
};

int ring_init(struct ring *ring, size_t size, struct thole_error *err);

/** The oldest position that is still there. */
uint64_t ring_start(const struct ring *ring);

/** Where the next bytes are to be put: returns how many fit in one piece, at most @wanted. */
size_t ring_space(const struct ring *ring, size_t wanted, char **ret_bytes);
void ring_added(struct ring *ring, size_t length);

/** The bytes from @position on: returns how many there are in one piece, at most @wanted. */
size_t ring_bytes(const struct ring *ring, uint64_t position, size_t wanted,
                  const char **ret_bytes);
