/* SPDX-License-Identifier: Apache-2.0 */
/* The last bytes of an endless stream, for readers that come and go. */
#include "terminal/ring.h"

#include <stdlib.h>

int ring_init(struct ring *ring, size_t size, struct thole_error *err) {
    *ring = (struct ring){.bytes = malloc(size), .size = size};
    return ring->bytes == NULL ? error_errno(err, NULL, "allocate a ring buffer") : 0;
}

uint64_t ring_start(const struct ring *ring) {
    return ring->end > ring->size ? ring->end - ring->size : 0;
}

static size_t in_one_piece(const struct ring *ring, uint64_t position, size_t wanted) {
    const size_t left = ring->size - (size_t)(position % ring->size);
    return wanted < left ? wanted : left;
}

size_t ring_space(const struct ring *ring, size_t wanted, char **ret_bytes) {
    *ret_bytes = ring->bytes + ring->end % ring->size;
    return in_one_piece(ring, ring->end, wanted);
}

void ring_added(struct ring *ring, size_t length) {
    ring->end += length;
}

size_t ring_bytes(const struct ring *ring, uint64_t position, size_t wanted,
                  const char **ret_bytes) {
    const uint64_t pending = ring->end - position;
    *ret_bytes = ring->bytes + position % ring->size;
    return in_one_piece(ring, position, pending < wanted ? (size_t)pending : wanted);
}
