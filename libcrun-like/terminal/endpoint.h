/* SPDX-License-Identifier: Apache-2.0 */
/* Input and output of a relay: reads and writes that do not block. Private to this folder. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/** How reading or writing went, when no byte was moved. */
enum { ENDPOINT_CLOSED = 0, ENDPOINT_LATER = -1 };

struct endpoint {
    int fd; /* -1: closed */
    bool owned;
    bool socket;
    int failure;       /* errno of a write that was refused although somebody reads, 0: none */
    size_t write_most; /* bytes per write that cannot block after POLLOUT; 0: no bound needed */
};
#define ENDPOINT_INIT \
    { .fd = -1 }

/**
 * Takes @fd (-1 allowed) for reading or for writing. O_NONBLOCK belongs to the open file and would
 * reach every process that shares it, so terminals and pipes are opened anew through procfs with
 * O_NONBLOCK of their own. Where that is refused, reads and small writes after poll(2) have to do.
 */
void endpoint_open(struct endpoint *endpoint, int fd, bool writing);

/** Bytes moved, ENDPOINT_CLOSED at the end of input or on failure, ENDPOINT_LATER. */
long endpoint_read(struct endpoint *endpoint, void *buffer, size_t size);
long endpoint_write(struct endpoint *endpoint, const void *data, size_t length);

void endpoint_close(struct endpoint *endpoint);

/** A bounded queue of bytes between two endpoints. */
enum { FLOW_CAPACITY = 65536 };
struct flow {
    size_t start;
    size_t end;
    char bytes[FLOW_CAPACITY];
};

/** Bytes in the queue; none in one that is NULL. */
static inline size_t flow_pending(const struct flow *flow) {
    return flow != NULL ? flow->end - flow->start : 0;
}

/** An empty one, for free(); its pages are touched when they are used. NULL: no memory. */
struct flow *flow_new(void);

/** Room for more; makes it contiguous at the end of the buffer. */
size_t flow_room(struct flow *flow);

/** Reads into, or writes out of, the queue once; the result is that of the endpoint call. */
long flow_fill(struct flow *flow, struct endpoint *from);
long flow_drain(struct flow *flow, struct endpoint *to);
