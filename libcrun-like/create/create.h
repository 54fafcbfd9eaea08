/* SPDX-License-Identifier: Apache-2.0 */
/* The work of `create`, which `run` shares. */
#pragma once

#include "apply/terminals.h"
#include "create/bundle.h"
#include "create/launch.h"
#include "state/container.h"

/** A container that has been created, and what its creator still holds of it. */
struct creation {
    struct container container;
    struct bundle bundle;
    struct launched launched;
    char *notify_directory;           /* host side of /run/notify, NULL: none */
    int console;                      /* pty master when there is no console socket, else -1 */
    int notify;                       /* where the container says that it is ready, -1: nowhere */
    bool replace[3];                  /* which of fds 0-2 it stands for */
    int stdio[3];                     /* set by the caller: what init gets for fds 0-2, -1: these */
    struct plan_keeper keeper;        /* set by its keeper: what the caller asks of that; the rest
                                         is what the plan has */
    struct apply_terminals terminals; /* its masters set by the keeper, with room for all */
    int death_signal;                 /* set by the caller: what init gets if this process dies */
    bool kept;                        /* set by the caller: this process is its keeper */
    bool gated;                       /* init waits at the gate, else on launched.sync */
    bool heard;                       /* init has sent a message */
    int end;                 /* status of an init that ended before it was ready, 0: none did */
    bool devices_restricted; /* the device rules hold */
    bool started;            /* init has been told to start, before it was ready */
    bool cgroup_made;        /* its directories are ours to remove */
};
#define CREATION_INIT                                                                        \
    {                                                                                        \
        .container = CONTAINER_INIT, .launched = LAUNCHED_INIT, .console = -1, .notify = -1, \
        .stdio = {                                                                           \
            -1,                                                                              \
            -1,                                                                              \
            -1                                                                               \
        }                                                                                    \
    }

/**
 * What making a container begins with: everything that can be wrong with the request is found, and
 * the state directory made, whose record says that this process is at work. The arguments are those
 * of create_build().
 */
int create_begin(const struct thole_context *context, const struct thole_create_request *request,
                 bool gated, bool detached, struct creation *creation, struct thole_error *err);

/** Logs what the plan warns of. */
void create_log_warnings(const struct thole_context *context, const struct creation *creation);

/** Tells who asked for it the pid, or a pidfd, of init. */
int create_publish(const struct thole_create_request *request, const struct creation *creation,
                   struct thole_error *err);

/**
 * Makes a container, which other commands see as "creating" until its maker says that it is created
 * (container_clear_worker()), unless it is started already. With @gated, init waits at the gate for
 * another command; otherwise on launched.sync, for this process, which may not have to say start
 * any more. In place of terminals among fds 0-2 the container gets a pty of its own; if it is to be
 * @detached, those themselves or an error (docs/attach.md). A failure leaves nothing behind.
 */
int create_build(const struct thole_context *context, const struct thole_create_request *request,
                 bool gated, bool detached, struct creation *creation, struct thole_error *err);

/**
 * As create_build(), not gated and detached, for a container that has ended: @creation->container
 * is open, locked and cleared (create_clear()), and keeps its name and state directory. After a
 * failure it is stopped.
 */
int create_rebuild(const struct thole_context *context, const struct thole_create_request *request,
                   struct creation *creation, struct thole_error *err);

/** True if the process that keeps the container may start it again. */
bool create_starts_again(const struct creation *creation);

/** create_unmake() for failures after the build: one of its own is a warning. */
void create_undo(const struct thole_context *context, struct creation *creation);

/** The same after create_rebuild(): the container is stopped then. */
void create_undo_rebuild(const struct thole_context *context, struct creation *creation);

/**
 * Gives back what is needed no more once the program runs. The container stays open, without its
 * record.
 */
void create_release(struct creation *creation);

void create_done(struct creation *creation);
#define cleanup_creation __attribute__((cleanup(create_done)))
