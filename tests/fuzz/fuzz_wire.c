/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages between the runtime and what it has started, from a peer that sends what it likes: each
 * is one of those that there are or an error, and no descriptor that comes along is lost.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/wire.h"
#include "targets.h"

enum { SENT_MOST = 2 * sizeof(struct wire_message), FDS_MOST = 6, MESSAGES_MOST = 16 };

/* Descriptors that are open, as far as all that are sent at most would reach. */
static unsigned count_open(void) {
    unsigned count = 0;
    for (int fd = 0; fd < 64 + MESSAGES_MOST * FDS_MOST; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

static void attach(struct msghdr *message, int fd, size_t count) {
    struct cmsghdr *header = CMSG_FIRSTHDR(message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(count * sizeof(int));
    for (size_t i = 0; i < count; i++)
        memcpy(CMSG_DATA(header) + i * sizeof(int), &fd, sizeof(int));
}

/* Number of descriptors, kind, the length that it says, how many bytes there are, the bytes. */
static void send_one(int to, int attached, struct fuzz_bytes *bytes) {
    char sent[SENT_MOST] = {0};
    union {
        struct cmsghdr align;
        char space[CMSG_SPACE(FDS_MOST * sizeof(int))];
    } control = {0};
    const size_t fds = fuzz_below(bytes, FDS_MOST + 1);
    const uint32_t header[] = {(uint32_t)fuzz_take(bytes, 1), (uint32_t)fuzz_take(bytes, 2)};
    const size_t shape = fuzz_below(bytes, 4);
    size_t length = shape == 0   ? fuzz_below(bytes, sizeof(sent))
                    : shape == 1 ? sizeof(header)
                                 : sizeof(header) + header[1];
    if (length > sizeof(sent))
        length = sizeof(sent);
    memcpy(sent, header, sizeof(header));
    for (size_t i = sizeof(header); i < length && bytes->left > 0; i++)
        sent[i] = (char)fuzz_take(bytes, 1);
    struct iovec vector = {.iov_base = sent, .iov_len = length};
    struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1};
    if (fds > 0) {
        message.msg_control = &control;
        message.msg_controllen = CMSG_SPACE(fds * sizeof(int));
        attach(&message, attached, fds);
    }
    require(sendmsg(to, &message, MSG_NOSIGNAL) == (ssize_t)length);
}

static void check_message(const struct wire_message *message) {
    require(message->length <= WIRE_PAYLOAD_MAX && message->fd_count <= WIRE_FDS_MAX);
    require(message->kind != WIRE_ERROR);
    for (size_t i = 0; i < message->fd_count; i++)
        require(close(message->fds[i]) == 0);
}

/* Every second message is one of a kind that is due. */
static void receive_all(int from) {
    for (unsigned turn = 0;; turn++) {
        struct wire_message message;
        struct thole_error err = {0};
        const enum wire_kind due = (enum wire_kind)(WIRE_CHILD_PID + turn / 2 % WIRE_SOCKET);
        int got = turn % 2 == 0 ? wire_receive(from, &message, &err)
                                : wire_expect(from, due, &message, "the peer", &err);
        if (got == 0 && turn % 2 == 0)
            return;
        if (got >= 0)
            check_message(&message);
        else
            require(err.kind != THOLE_ERROR_NONE && err.text[sizeof(err.text) - 1] == '\0');
        if (got < 0 && turn % 2 != 0 && strstr(err.text, "ended before") != NULL)
            return;
    }
}

void fuzz_wire(const uint8_t *data, size_t size) {
    struct fuzz_bytes bytes = {data, size};
    int pair[2];
    struct thole_error err = {0};
    const unsigned before = count_open();
    require(wire_pair(pair, &err) == 0);
    int attached = memfd_create("attached", MFD_CLOEXEC);
    for (size_t i = 0; i < MESSAGES_MOST && bytes.left > 0; i++)
        send_one(pair[1], attached, &bytes);
    (void)close(attached);
    (void)close(pair[1]);
    receive_all(pair[0]);
    (void)close(pair[0]);
    require(count_open() == before);
}
