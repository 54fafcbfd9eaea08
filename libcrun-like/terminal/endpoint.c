/* SPDX-License-Identifier: Apache-2.0 */
/* Input and output of a relay: reads and writes that do not block. */
#include "terminal/endpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"

void endpoint_open(struct endpoint *endpoint, int fd, bool writing) {
    *endpoint = (struct endpoint){.fd = fd};
    struct stat status;
    if (fd < 0 || fstat(fd, &status) < 0)
        return;
    endpoint->socket = S_ISSOCK(status.st_mode);
    /* A regular file never blocks, and a new description would start at its beginning. */
    if (!S_ISFIFO(status.st_mode) && !(S_ISCHR(status.st_mode) && isatty(fd)))
        return;

    char path[32];
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    int own = open(path, (writing ? O_WRONLY : O_RDONLY) | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (own >= 0) {
        endpoint->fd = own;
        endpoint->owned = true;
    } else if (writing) {
        endpoint->write_most = S_ISFIFO(status.st_mode) ? PIPE_BUF : 256;
    }
}

static long classify(ssize_t result) {
    if (result >= 0)
        return (long)result;
    /* The kernel is short of memory for the moment: as if there were no room. */
    const bool later = errno == EAGAIN || errno == EINTR || errno == ENOMEM || errno == ENOBUFS;
    return later ? ENDPOINT_LATER : ENDPOINT_CLOSED;
}

/* EIO is what a terminal says that has hung up. */
static bool is_reader_gone(int failure) {
    return failure == EPIPE || failure == EIO || failure == ECONNRESET;
}

long endpoint_read(struct endpoint *endpoint, void *buffer, size_t size) {
    return classify(endpoint->socket ? recv(endpoint->fd, buffer, size, MSG_DONTWAIT)
                                     : read(endpoint->fd, buffer, size));
}

long endpoint_write(struct endpoint *endpoint, const void *data, size_t length) {
    if (endpoint->write_most != 0 && length > endpoint->write_most)
        length = endpoint->write_most;
    long put =
        classify(endpoint->socket ? send(endpoint->fd, data, length, MSG_DONTWAIT | MSG_NOSIGNAL)
                                  : write(endpoint->fd, data, length));
    if (put == ENDPOINT_CLOSED && !is_reader_gone(errno))
        endpoint->failure = errno;
    return put;
}

void endpoint_close(struct endpoint *endpoint) {
    if (endpoint->owned)
        cleanup_close_fd(&endpoint->fd);
    endpoint->fd = -1;
    endpoint->owned = false;
}

struct flow *flow_new(void) {
    struct flow *flow = malloc(sizeof(*flow));
    if (flow != NULL)
        flow->start = flow->end = 0;
    return flow;
}

size_t flow_room(struct flow *flow) {
    if (flow->start == flow->end) {
        flow->start = 0;
        flow->end = 0;
    } else if (flow->end == sizeof(flow->bytes) && flow->start >= sizeof(flow->bytes) / 2) {
        memmove(flow->bytes, flow->bytes + flow->start, flow_pending(flow));
        flow->end -= flow->start;
        flow->start = 0;
    }
    return sizeof(flow->bytes) - flow->end;
}

long flow_fill(struct flow *flow, struct endpoint *from) {
    size_t room = flow_room(flow);
    long got = endpoint_read(from, flow->bytes + flow->end, room);
    if (got > 0)
        flow->end += (size_t)got;
    return got;
}

long flow_drain(struct flow *flow, struct endpoint *to) {
    long put = endpoint_write(to, flow->bytes + flow->start, flow_pending(flow));
    if (put > 0)
        flow->start += (size_t)put;
    return put;
}
