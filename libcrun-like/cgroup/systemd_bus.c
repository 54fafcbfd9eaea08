/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client of org.freedesktop.systemd1.Manager (org.freedesktop.systemd1(5)).
 *
 * thole speaks D-Bus itself: libdbus says a user id when it connects, which the bus refuses from
 * inside a user namespace (rootless Podman), asks name services and waits for three answers before
 * the first call; libsystemd is there as a shared library only. What systemd has to be told is one
 * message. It goes out together with the greeting, so that a unit takes one round trip and its job.
 */
#include "cgroup/systemd_bus.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "cgroup/dbus_message.h"
#include "sys/unix_socket.h"

enum { TIMEOUT = 30 * 1000 /* milliseconds */, RECEIVED_MAX = 4 << 20 };

#define BUS "org.freedesktop.DBus"
#define MANAGER "org.freedesktop.systemd1"

static const char system_address[] = "unix:path=/run/dbus/system_bus_socket";

/* The kernel tells the bus who connects: no name is given, none is asked for. */
static const char greeting[] = "\0AUTH EXTERNAL\r\nDATA\r\nBEGIN\r\n";

static const char job_removed[] = "type='signal',sender='" MANAGER "',interface='" MANAGER
                                  ".Manager',member='JobRemoved',path='/org/freedesktop/systemd1'";

/* ---- addresses ------------------------------------------------------------------------------- */

/* D-Bus Specification, "Server Addresses": a character may stand as %XX. */
static char *unescaped(const char *value, size_t length) {
    char *plain = calloc(1, length + 1);
    for (size_t i = 0, at = 0; plain != NULL && i < length; at++) {
        const char code[] = {value[i], i + 2 < length ? value[i + 1] : '\0',
                             i + 2 < length ? value[i + 2] : '\0', '\0'};
        if (code[0] == '%' && strspn(code + 1, "0123456789abcdefABCDEF") == 2) {
            plain[at] = (char)strtoul(code + 1, NULL, 16);
            i += 3;
        } else {
            plain[at] = value[i++];
        }
    }
    return plain;
}

/* The path of the first socket in @address ("unix:path=/run/user/1000/bus,guid=...;..."), with '@'
 * in front if it is an abstract one. NULL: there is none. */
static char *socket_path(const char *address) {
    static const struct {
        const char *prefix;
        const char *mark;
    } kinds[] = {{"unix:path=", ""}, {"unix:abstract=", "@"}};
    for (; address[0] != '\0'; address += strspn(address, ";")) {
        for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
            if (!text_starts_with(address, kinds[i].prefix))
                continue;
            const char *value = address + strlen(kinds[i].prefix);
            cleanup_free char *plain = unescaped(value, strcspn(value, ",;"));
            struct text path = {0};
            text_appendf(&path, "%s%s", kinds[i].mark, plain != NULL ? plain : "");
            return text_take(&path);
        }
        address += strcspn(address, ";");
    }
    return NULL;
}

/* What the environment says, or where the bus is by convention. */
static char *bus_path(bool user) {
    const char *address = getenv(user ? "DBUS_SESSION_BUS_ADDRESS" : "DBUS_SYSTEM_BUS_ADDRESS");
    if (address != NULL && address[0] != '\0')
        return socket_path(address);
    const char *directory = getenv("XDG_RUNTIME_DIR");
    if (!user)
        return socket_path(system_address);
    struct text path = {0};
    if (directory == NULL || directory[0] == '\0')
        text_appendf(&path, "/run/user/%u/bus", (unsigned)geteuid());
    else
        text_appendf(&path, "%s/bus", directory);
    return text_take(&path);
}

/* ---- the connection -------------------------------------------------------------------------- */

static int bus_error(int code, const char *what, struct thole_error *err) {
    return error_set(err, THOLE_ERROR_HOST, code, NULL, "%s", what);
}

static int timed_out(const struct systemd_bus *bus, const char *what, struct thole_error *err) {
    return error_set(err, THOLE_ERROR_HOST, ETIMEDOUT, NULL,
                     "%s: %s has not answered within %d seconds", what,
                     bus->accepted ? "systemd" : "D-Bus", TIMEOUT / 1000);
}

static void put_call(struct systemd_bus *bus, const struct dbus_call *call,
                     const struct text *body) {
    dbus_put_call(&bus->sending, call, ++bus->serial, body);
}

/* Hello has to be the first call; its answer, the name of this connection, is of no use here. The
 * end of a job may be told right behind the answer that names the job: asked for before. */
static void put_greeting(struct systemd_bus *bus) {
    cleanup_text struct text rule = {0};
    const struct text nothing = {0};
    struct dbus_call call = {.destination = BUS,
                             .path = "/org/freedesktop/DBus",
                             .interface = BUS,
                             .member = "Hello",
                             .signature = ""};
    text_append_bytes(&bus->sending, greeting, sizeof(greeting) - 1);
    put_call(bus, &call, &nothing);
    call.member = "AddMatch";
    call.signature = "s";
    call.no_reply = true;
    dbus_put_string(&rule, job_removed);
    put_call(bus, &call, &rule);
}

int systemd_bus_open(bool user, struct systemd_bus *ret_bus, struct thole_error *err) {
    const char *what = user ? "connect to the user's D-Bus" : "connect to the system's D-Bus";
    struct thole_error reason = {0};
    cleanup_free char *path = bus_path(user);
    ret_bus->deadline = clock_now() + TIMEOUT;
    ret_bus->socket = path != NULL ? sys_unix_connect(path, &reason) : -1;
    if (ret_bus->socket >= 0) {
        put_greeting(ret_bus);
        return 0;
    }
    if (path == NULL)
        (void)error_set(err, THOLE_ERROR_HOST, 0, NULL, "%s: its address is not known", what);
    else
        (void)error_set(err, THOLE_ERROR_HOST, reason.code, NULL, "%s: %s", what, reason.text);
    if (user)
        return error_hint(err, "The user's systemd is found through XDG_RUNTIME_DIR or "
                               "DBUS_SESSION_BUS_ADDRESS.");
    return error_hint(err, "Without systemd, use --cgroup-manager cgroupfs.");
}

void systemd_bus_done(struct systemd_bus *bus) {
    cleanup_close_fd(&bus->socket);
    text_done(&bus->sending);
    text_done(&bus->received);
}

static void drop_front(struct text *text, size_t count) {
    memmove(text->data, text->data + count, text->length - count);
    text->length -= count;
}

/* Sends what there is to send; else waits for what comes, and reads it. */
static int exchange(struct systemd_bus *bus, const char *what, struct thole_error *err) {
    char buffer[8192];
    struct pollfd watched = {.fd = bus->socket,
                             .events = bus->sending.length > 0 ? POLLOUT : POLLIN};
    int64_t left = bus->deadline - clock_now();
    int ready = left > 0 ? poll(&watched, 1, (int)left) : 0;
    if (ready == 0)
        return timed_out(bus, what, err);
    ssize_t count = -1;
    if (ready > 0 && bus->sending.length > 0)
        count =
            send(bus->socket, bus->sending.data, bus->sending.length, MSG_DONTWAIT | MSG_NOSIGNAL);
    else if (ready > 0)
        count = recv(bus->socket, buffer, sizeof(buffer), MSG_DONTWAIT);
    if (count < 0)
        return errno == EINTR || errno == EAGAIN ? 0 : bus_error(errno, what, err);
    if (bus->sending.length > 0)
        drop_front(&bus->sending, (size_t)count);
    else if (count == 0 || bus->received.length > RECEIVED_MAX)
        return error_set(err, THOLE_ERROR_HOST, 0, NULL, "%s: D-Bus has hung up", what);
    else
        text_append_bytes(&bus->received, buffer, (size_t)count);
    return 0;
}

/* The answers to the greeting are lines: one to AUTH, and OK to DATA. 1: they were right. */
static int read_greeting(struct systemd_bus *bus, const char *what, struct thole_error *err) {
    while (!bus->accepted) {
        const char *line = bus->received.data;
        const char *end = line != NULL ? memchr(line, '\n', bus->received.length) : NULL;
        if (end == NULL)
            return 0;
        bus->accepted = text_starts_with(line, "OK ");
        if (!bus->accepted && !text_starts_with(line, "DATA"))
            return error_set(err, THOLE_ERROR_HOST, 0, NULL, "%s: D-Bus refuses this user", what);
        drop_front(&bus->received, (size_t)(end + 1 - line));
    }
    return 1;
}

/* ---- what comes in --------------------------------------------------------------------------- */

/* An answer that is waited for. */
struct answer {
    uint32_t serial;
    bool there;
    struct systemd_failure *failure;
};

/* JobRemoved: number, object path, unit, result. */
static void note_job(struct systemd_bus *bus, const struct dbus_message *message) {
    size_t at = 0;
    (void)dbus_next_number(message, &at);
    const char *job = dbus_next_string(message, &at);
    (void)dbus_next_string(message, &at);
    const char *result = dbus_next_string(message, &at);
    if (result != NULL && strcmp(job, bus->job) == 0)
        (void)snprintf(bus->result, sizeof(bus->result), "%s", result);
}

static int note_error(const struct dbus_message *message, const char *what,
                      struct systemd_failure *failure, struct thole_error *err) {
    size_t at = 0;
    const char *text = message->signature[0] == 's' ? dbus_next_string(message, &at) : NULL;
    (void)snprintf(failure->name, sizeof(failure->name), "%s", message->error_name);
    (void)snprintf(failure->text, sizeof(failure->text), "%s",
                   text != NULL ? text : message->error_name);
    return error_set(err, THOLE_ERROR_HOST, 0, NULL, "%s: %s", what, failure->text);
}

static int note_message(struct systemd_bus *bus, const struct dbus_message *message,
                        const char *what, struct answer *answer, struct thole_error *err) {
    size_t at = 0;
    if (message->type == DBUS_SIGNAL && strcmp(message->member, "JobRemoved") == 0 &&
        strcmp(message->signature, "uoss") == 0)
        note_job(bus, message);
    /* Of the greeting, errors alone are of interest; then nothing else will be answered. */
    if (message->type == DBUS_ERROR &&
        (message->reply_serial == answer->serial || message->reply_serial == 1))
        return note_error(message, what, answer->failure, err);
    if (message->type != DBUS_RETURN || message->reply_serial != answer->serial)
        return 0;
    answer->there = true;
    const char *job = message->signature[0] == 'o' ? dbus_next_string(message, &at) : NULL;
    (void)snprintf(bus->job, sizeof(bus->job), "%s", job != NULL ? job : "");
    return 0;
}

/* Reads what has come, a message at a time. */
static int note_received(struct systemd_bus *bus, const char *what, struct answer *answer,
                         struct thole_error *err) {
    int result = read_greeting(bus, what, err);
    while (result > 0 && bus->received.length > 0) {
        struct dbus_message message;
        result = dbus_read_message(bus->received.data, bus->received.length, &message);
        if (result < 0)
            return error_set(err, THOLE_ERROR_HOST, 0, NULL, "%s: D-Bus sends no message", what);
        if (result > 0 && note_message(bus, &message, what, answer, err) < 0)
            return -1;
        if (result > 0)
            drop_front(&bus->received, message.size);
    }
    return result;
}

int systemd_bus_call(struct systemd_bus *bus, const char *method, const char *signature,
                     const struct text *body, bool wait_for_job, const char *what,
                     struct systemd_failure *ret_failure, struct thole_error *err) {
    const struct dbus_call call = {.destination = MANAGER,
                                   .path = "/org/freedesktop/systemd1",
                                   .interface = MANAGER ".Manager",
                                   .member = method,
                                   .signature = signature};
    *ret_failure = (struct systemd_failure){0};
    bus->job[0] = bus->result[0] = '\0';
    put_call(bus, &call, body);
    struct answer answer = {.serial = bus->serial, .failure = ret_failure};
    while (!answer.there || (wait_for_job && bus->result[0] == '\0')) {
        if (exchange(bus, what, err) < 0 || note_received(bus, what, &answer, err) < 0)
            return -1;
    }
    if (!wait_for_job || strcmp(bus->result, "done") == 0)
        return 0;
    return error_set(err, THOLE_ERROR_HOST, 0, NULL, "%s: systemd's job ended with \"%s\"", what,
                     bus->result);
}
