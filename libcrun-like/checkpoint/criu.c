/* SPDX-License-Identifier: Apache-2.0 */
/* The talk with CRIU. */
#include "checkpoint/criu.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "base/wire.h"
#include "checkpoint/message.h"
#include "state/process.h"
#include "sys/clone.h"
#include "sys/process_calls.h"

enum { MESSAGE_MAX = 16 * 1024, LOG_MAX = 256 * 1024 * 1024 };

int criu_start(const struct surroundings *surroundings, struct criu *ret_criu,
               struct thole_error *err) {
    int pair[2];
    if (wire_pair(pair, err) < 0)
        return -1;
    ret_criu->socket = pair[0];
    cleanup_close int far_end = pair[1];
    int birthplace = surroundings->cgroup != NULL ? surroundings->cgroup->unified : -1;
    pid_t pid = sys_clone(0, birthplace, &ret_criu->pidfd);
    if (pid < 0)
        return error_errno(err, NULL, "fork for criu");
    if (pid == 0)
        surroundings_enter(surroundings, far_end);
    cleanup_close_fd(&far_end);
    if (surroundings->rootfs != NULL &&
        images_receive_reopened(surroundings->images, ret_criu->socket, err) < 0)
        return -1;
    struct wire_message message;
    return wire_expect(ret_criu->socket, WIRE_READY, &message, "the process of criu", err);
}

/* ---- one message ---------------------------------------------------------------------------- */

static int send_request(const struct criu *criu, const struct text *request,
                        struct thole_error *err) {
    ssize_t sent = uninterrupted(send(criu->socket, request->data, request->length, MSG_NOSIGNAL));
    return sent == (ssize_t)request->length ? 0 : error_errno(err, NULL, "send a request to criu");
}

static int attached_fd(struct msghdr *header) {
    for (struct cmsghdr *at = CMSG_FIRSTHDR(header); at != NULL; at = CMSG_NXTHDR(header, at)) {
        int fd = -1;
        if (at->cmsg_level == SOL_SOCKET && at->cmsg_type == SCM_RIGHTS &&
            at->cmsg_len == CMSG_LEN(sizeof(fd))) {
            memcpy(&fd, CMSG_DATA(at), sizeof(fd));
            return fd;
        }
    }
    return -1;
}

/* Fields of criu_req, criu_resp, and of the messages in the latter. */
enum {
    REQUEST_TYPE = 1,
    REQUEST_OPTIONS = 2,
    REQUEST_NOTIFY_SUCCESS = 3,
    RESPONSE_TYPE = 1,
    RESPONSE_SUCCESS = 2,
    RESPONSE_RESTORE = 4,
    RESPONSE_NOTIFY = 5,
    RESPONSE_ERRNO = 7,
    RESPONSE_ERROR = 9,
    RESTORE_PID = 1,
    NOTIFY_SCRIPT = 1,
    NOTIFY_PID = 2,
};

enum { TYPE_NOTIFY = 6 };

struct response {
    uint64_t type;
    bool success;
    pid_t pid; /* restored, or that of a stage */
    char stage[64];
    int code; /* errno of a failure */
    char error[512];
};

static void copy_string(const struct message_field *field, char *string, size_t size) {
    size_t length = field->bytes.length < size ? field->bytes.length : size - 1;
    memcpy(string, field->bytes.at, length);
    string[length] = '\0';
    text_make_plain(string);
}

static void read_notify(struct message notify, struct response *response) {
    struct message_field field;
    if (message_find(notify, NOTIFY_SCRIPT, &field) && field.bytes.at != NULL)
        copy_string(&field, response->stage, sizeof(response->stage));
    if (message_find(notify, NOTIFY_PID, &field))
        response->pid = (pid_t)field.value;
}

static bool read_response(struct message message, struct response *response) {
    struct message_field field;
    struct message rest = message;
    int taken;
    while ((taken = message_next(&rest, &field)) > 0) {
        struct message_field pid;
        if (field.number == RESPONSE_TYPE)
            response->type = field.value;
        if (field.number == RESPONSE_SUCCESS)
            response->success = field.value != 0;
        if (field.number == RESPONSE_RESTORE && message_find(field.bytes, RESTORE_PID, &pid))
            response->pid = (pid_t)pid.value;
        if (field.number == RESPONSE_NOTIFY)
            read_notify(field.bytes, response);
        if (field.number == RESPONSE_ERRNO)
            response->code = (int)field.value;
        if (field.number == RESPONSE_ERROR && field.bytes.at != NULL)
            copy_string(&field, response->error, sizeof(response->error));
    }
    return taken == 0 && response->type != 0;
}

static int receive(const struct criu *criu, struct response *ret_response, int *ret_fd,
                   struct thole_error *err) {
    uint8_t bytes[MESSAGE_MAX];
    struct iovec part = {.iov_base = bytes, .iov_len = sizeof(bytes)};
    union {
        struct cmsghdr header; /* aligns */
        char bytes[CMSG_SPACE(sizeof(int))];
    } control;
    struct msghdr header = {.msg_iov = &part,
                            .msg_iovlen = 1,
                            .msg_control = &control,
                            .msg_controllen = sizeof(control)};
    ssize_t length = uninterrupted(recvmsg(criu->socket, &header, MSG_CMSG_CLOEXEC));
    if (length < 0)
        return error_errno(err, NULL, "hear from criu");
    *ret_fd = attached_fd(&header);
    if (length == 0)
        return error_set(err, THOLE_ERROR_HOST, 0, NULL, "criu ended without an answer");
    if ((header.msg_flags & MSG_TRUNC) != 0 ||
        !read_response((struct message){bytes, (size_t)length}, ret_response))
        return error_set(err, THOLE_ERROR_HOST, 0, NULL, "criu said what nobody understands");
    return 0;
}

/* ---- what went wrong ------------------------------------------------------------------------ */

/* "(00.012345) Error (criu/mount.c:123): mnt: ..." -> "mnt: ...": the first one is the cause. */
static bool find_cause(const char *log, char *cause, size_t size) {
    const char *line;
    size_t length;
    while (text_next_line(&log, &line, &length)) {
        static const char mark[] = "Error (";
        const char *end = line + length;
        const char *error = memmem(line, length, mark, strlen(mark));
        const char *text = error != NULL ? memmem(error, (size_t)(end - error), "): ", 3) : NULL;
        if (text == NULL)
            continue;
        text += 3;
        size_t kept = (size_t)(end - text) < size ? (size_t)(end - text) : size - 1;
        memcpy(cause, text, kept);
        cause[kept] = '\0';
        text_make_plain(cause);
        return true;
    }
    return false;
}

/* @response NULL: there was none, for the reason that is in @err. */
static int describe(int work, const char *log, const struct response *response,
                    struct thole_error *err) {
    char cause[512] = "";
    cleanup_free char *lines = NULL;
    if (file_read_regular_at(work, log, LOG_MAX, &lines, NULL, NULL) < 0 ||
        !find_cause(lines, cause, sizeof(cause)))
        cause[0] = '\0';
    if (response == NULL && cause[0] == '\0')
        return -1;
    const char *said = response != NULL ? response->error : "";
    error_set(err, THOLE_ERROR_HOST, response != NULL ? response->code : 0, NULL, "criu: %s",
              cause[0] != '\0'  ? cause
              : said[0] != '\0' ? said
                                : "it failed without a word");
    return error_hint(err, "%s in the work directory has the rest", log);
}

/* ---- the talk ------------------------------------------------------------------------------- */

/* After this one CRIU lets the processes go on whatever it is answered. */
static bool is_last_stage(const char *stage) {
    return strcmp(stage, "pre-resume") == 0;
}

/* A stage is over when it is answered: with a failure CRIU undoes all and says so. */
static int answer_stage(const struct criu *criu, const struct response *response,
                        const struct criu_stages *stages, int *fd, struct thole_error *err) {
    cleanup_text struct text answer = {0};
    int reached = stages == NULL
                      ? 0
                      : stages->reached(stages->userdata, response->stage, response->pid, fd, err);
    if (reached < 0 && is_last_stage(response->stage))
        return (void)pidfd_send_signal(criu->pidfd, SIGKILL, NULL, 0), -1;
    message_put_number(&answer, REQUEST_TYPE, TYPE_NOTIFY);
    message_put_number(&answer, REQUEST_NOTIFY_SUCCESS, reached == 0);
    int sent = send_request(criu, &answer, reached == 0 ? err : NULL);
    return reached < 0 ? -1 : sent;
}

int criu_ask(const struct criu *criu, enum criu_request what, const struct text *options, int work,
             const char *log, const struct criu_stages *stages, pid_t *ret_pid,
             struct thole_error *err) {
    cleanup_text struct text request = {0};
    message_put_number(&request, REQUEST_TYPE, what);
    message_put_message(&request, REQUEST_OPTIONS, options);
    if (send_request(criu, &request, err) < 0)
        return -1;
    for (;;) {
        struct response response = {0};
        cleanup_close int fd = -1;
        if (receive(criu, &response, &fd, err) < 0)
            return describe(work, log, NULL, err);
        if (response.type == TYPE_NOTIFY) {
            if (answer_stage(criu, &response, stages, &fd, err) < 0)
                return -1;
            continue;
        }
        if (!response.success)
            return describe(work, log, &response, err);
        if (response.type != what)
            return error_set(err, THOLE_ERROR_HOST, 0, NULL, "criu answered something else");
        if (ret_pid != NULL)
            *ret_pid = response.pid;
        return 0;
    }
}

void criu_done(struct criu *criu) {
    cleanup_close_fd(&criu->socket); /* it would wait for a further request */
    if (criu->pidfd >= 0)
        (void)process_wait(criu->pidfd);
    cleanup_close_fd(&criu->pidfd);
}
