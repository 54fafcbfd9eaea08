/* SPDX-License-Identifier: Apache-2.0 */
/* Netlink sockets of network namespaces, and the errors they answer with. */
#include "nic/side.h"

#include <fcntl.h>
#include <linux/netlink.h>
#include <netlink/errno.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/wire.h"

static const char own_namespace[] = "/proc/thread-self/ns/net";

/* ---- what the kernel says ---- */

/* The words of an extended acknowledgement (NETLINK_EXT_ACK). */
static void take_reason(struct nic_side *side, const struct nlmsgerr *answer) {
    const char *start = (const char *)answer - NLMSG_HDRLEN;
    struct nlmsghdr header;
    memcpy(&header, start, sizeof(header));
    if ((header.nlmsg_flags & NLM_F_ACK_TLVS) == 0)
        return;
    size_t offset = NLMSG_HDRLEN + sizeof(*answer);
    if ((header.nlmsg_flags & NLM_F_CAPPED) == 0)
        offset += answer->msg.nlmsg_len - sizeof(answer->msg);
    struct nlattr attribute;
    for (; offset + sizeof(attribute) <= header.nlmsg_len; offset += NLA_ALIGN(attribute.nla_len)) {
        memcpy(&attribute, start + offset, sizeof(attribute));
        if (attribute.nla_len < sizeof(attribute) || offset + attribute.nla_len > header.nlmsg_len)
            return;
        if (attribute.nla_type == NLMSGERR_ATTR_MSG)
            (void)snprintf(side->reason, sizeof(side->reason), "%.*s",
                           (int)(attribute.nla_len - sizeof(attribute)),
                           start + offset + sizeof(attribute));
    }
}

static int note_refusal(struct sockaddr_nl *from, struct nlmsgerr *answer, void *argument) {
    struct nic_side *side = argument;
    (void)from;
    side->code = -answer->error;
    take_reason(side, answer);
    return -nl_syserr2nlerr(-answer->error);
}

int nic_side_error(struct nic_side *side, int result, struct thole_error *err, const char *where,
                   const char *format, ...) {
    char what[256];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(what, sizeof(what), format, arguments);
    va_end(arguments);
    const char *reason = side->code == 0 ? nl_geterror(result) : side->reason;
    error_set(err, THOLE_ERROR_HOST, side->code, where, "%s%s%s", what,
              reason[0] != '\0' ? ": " : "", reason);
    side->code = 0;
    side->reason[0] = '\0';
    return -1;
}

bool nic_side_refused(struct nic_side *side, int result, int code) {
    bool refused = side->code != 0 ? side->code == code : result == -nl_syserr2nlerr(code);
    if (refused) {
        side->code = 0;
        side->reason[0] = '\0';
    }
    return refused;
}

int nic_side_ask(struct nic_side *side, struct nl_msg *message,
                 int (*take)(struct nl_msg *message, void *argument), void *argument) {
    (void)nl_socket_modify_cb(side->socket, NL_CB_VALID, NL_CB_CUSTOM, take, argument);
    int result = nl_send_auto(side->socket, message);
    nlmsg_free(message);
    if (result >= 0)
        result = nl_recvmsgs_default(side->socket);
    if (result >= 0)
        result = nl_wait_for_ack(side->socket);
    (void)nl_socket_modify_cb(side->socket, NL_CB_VALID, NL_CB_DEFAULT, NULL, NULL);
    return result < 0 ? result : 0;
}

/* ---- sockets ---- */

/* A netlink socket of the namespace the caller is in; -1 with errno set. */
static int open_socket(void) {
    const int on = 1;
    const struct sockaddr_nl any = {.nl_family = AF_NETLINK};
    cleanup_close int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&any, sizeof(any)) < 0)
        return -1;
    (void)setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
    (void)setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
    return take_fd(&fd);
}

static int make_side(int *socket_fd, int *namespace_fd, struct nic_side **ret_side,
                     struct thole_error *err) {
    struct nic_side *side = calloc(1, sizeof(*side));
    struct nl_sock *socket = nl_socket_alloc();
    if (side == NULL || socket == NULL)
        abort();
    int result = nl_socket_set_fd(socket, NETLINK_ROUTE, *socket_fd);
    if (result < 0) {
        nl_socket_free(socket);
        free(side);
        return error_set(err, THOLE_ERROR_HOST, 0, NULL, "use a netlink socket: %s",
                         nl_geterror(result));
    }
    (void)take_fd(socket_fd);
    (void)nl_socket_modify_err_cb(socket, NL_CB_CUSTOM, note_refusal, side);
    side->socket = socket;
    side->namespace_fd = take_fd(namespace_fd);
    *ret_side = side;
    return 0;
}

void nic_side_close(struct nic_side **side) {
    if (*side == NULL)
        return;
    nl_socket_free((*side)->socket);
    cleanup_close_fd(&(*side)->namespace_fd);
    free(*side);
    *side = NULL;
}

int nic_side_open_own(struct nic_side **ret_side, struct thole_error *err) {
    cleanup_close int namespace_fd = open(own_namespace, O_RDONLY | O_CLOEXEC);
    cleanup_close int socket_fd = namespace_fd >= 0 ? open_socket() : -1;
    if (socket_fd < 0)
        return error_errno(err, NULL, "open a netlink socket");
    return make_side(&socket_fd, &namespace_fd, ret_side, err);
}

/* ---- other namespaces ---- */

/* Enters, opens, returns; -1 with errno set. Not to get back would be worse than any error. */
static int open_socket_in(int namespace_fd) {
    cleanup_close int own = open(own_namespace, O_RDONLY | O_CLOEXEC);
    if (own < 0 || setns(namespace_fd, CLONE_NEWNET) < 0)
        return -1;
    cleanup_close int fd = open_socket();
    int saved = errno;
    if (setns(own, CLONE_NEWNET) < 0)
        abort();
    errno = saved;
    return take_fd(&fd);
}

/* In a process of its own: the user namespace is joined first, and nobody leaves that again. */
static void send_socket_of(int user_fd, int namespace_fd, int channel) {
    struct thole_error failure = {0};
    cleanup_close int fd = -1;
    if (setns(user_fd, CLONE_NEWUSER) == 0 && setns(namespace_fd, CLONE_NEWNET) == 0)
        fd = open_socket();
    if (fd < 0) {
        error_errno(&failure, NULL, "open a socket in the network namespace");
        wire_send_error(channel, &failure);
    } else {
        (void)wire_send(channel, WIRE_SOCKET, NULL, 0, fd, NULL);
    }
}

static int open_socket_through_user(int user_fd, int namespace_fd, struct thole_error *err) {
    int channel[2];
    struct wire_message message = {.fds = {-1}};
    if (wire_pair(channel, err) < 0)
        return -1;
    pid_t child = fork();
    if (child == 0) {
        send_socket_of(user_fd, namespace_fd, channel[1]);
        _exit(EXIT_SUCCESS);
    }
    cleanup_close_fd(&channel[1]);
    cleanup_close int kept = channel[0];
    if (child < 0)
        return error_errno(err, NULL, "fork");
    int result = wire_expect(kept, WIRE_SOCKET, &message, "the process in the namespace", err);
    (void)uninterrupted(waitpid(child, NULL, 0));
    if (result < 0)
        return -1;
    return message.fd_count == 1 ? message.fds[0] : error_bug(err, "the socket did not come along");
}

int nic_side_open_namespace(int namespace_fd, struct nic_side **ret_side, struct thole_error *err) {
    cleanup_close int kept = fcntl(namespace_fd, F_DUPFD_CLOEXEC, 3);
    cleanup_close int socket_fd = kept >= 0 ? open_socket_in(kept) : -1;
    if (socket_fd < 0)
        return error_errno(err, NULL, "enter the container's network namespace");
    return make_side(&socket_fd, &kept, ret_side, err);
}

int nic_side_open_process(pid_t pid, struct nic_side **ret_side, struct thole_error *err) {
    char path[64];
    (void)snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
    cleanup_close int namespace_fd = open(path, O_RDONLY | O_CLOEXEC);
    if (namespace_fd < 0)
        return error_errno(err, NULL, "open %s", path);
    cleanup_close int socket_fd = open_socket_in(namespace_fd);
    if (socket_fd < 0 && errno == EPERM) {
        (void)snprintf(path, sizeof(path), "/proc/%d/ns/user", pid);
        cleanup_close int user_fd = open(path, O_RDONLY | O_CLOEXEC);
        if (user_fd < 0)
            return error_errno(err, NULL, "open %s", path);
        socket_fd = open_socket_through_user(user_fd, namespace_fd, err);
        if (socket_fd < 0)
            return -1;
    }
    if (socket_fd < 0)
        return error_errno(err, NULL, "enter the network namespace of process %d", pid);
    return make_side(&socket_fd, &namespace_fd, ret_side, err);
}

int nic_side_is_same(const struct nic_side *a, const struct nic_side *b, struct thole_error *err) {
    struct stat first;
    struct stat second;
    if (fstat(a->namespace_fd, &first) < 0 || fstat(b->namespace_fd, &second) < 0)
        return error_errno(err, NULL, "look at a network namespace");
    return first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}
