/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state directory: ROOT/ID/ holds state.json, the saved config.json, the gate that init waits
 * at until `start`, and the compiled seccomp filter: all of them this directory's own files, opened
 * as such. The lock is on the directory. A container is
 * found by its name alone; nothing here grows with the number of containers.
 */
#pragma once

#include "state/record.h"
#include "thole.h"

#define STATE_FILE "state.json"
#define STATE_CONFIG "config.json"
#define STATE_GATE "gate"
#define STATE_GATE_OPENED "gate.opened"
#define STATE_FILTER "seccomp.bpf"
#define STATE_NOTIFY "notify"
#define STATE_CONSOLE "console"
#define STATE_EXIT "exit"
#define STATE_LOG "log"
/* Beside the containers: compiled filters by their rules. No id begins with a dot. */
#define STATE_FILTER_CACHE ".seccomp"

/** An open container: its directory, its record, and the lock when taken. */
struct container {
    struct arena arena;
    const char *id;
    int root;                        /* fd of the directory that holds all containers */
    int directory;                   /* fd of ROOT/ID */
    int lock;                        /* another fd of ROOT/ID, -1: it is not held */
    struct container_record *record; /* NULL: state.json was never written or is unreadable */
    const char *end_reason;          /* for the audit log; NULL: it ended by itself */
};
#define CONTAINER_INIT \
    { .root = -1, .directory = -1, .lock = -1 }

/** Letters, digits and "_+-."; no "." at the start; at most 255 bytes. */
int container_check_id(const char *id, struct thole_error *err);

/** thole_default_root(). */
char *container_default_root(struct thole_error *err);

/** The state root of @context, opened; made (0700) if @create. */
int container_open_root(const struct thole_context *context, bool create, struct thole_error *err);

/** Makes ROOT/ID with an empty record and takes the lock; kind STATE if the id is in use. */
int container_new(const struct thole_context *context, const char *id,
                  struct container *ret_container, struct thole_error *err);

/** Opens ROOT/ID and reads the record. Kind NOT_FOUND: "container does not exist". */
int container_open(const struct thole_context *context, const char *id,
                   struct container *ret_container, struct thole_error *err);

/** container_open() that also takes the lock first, for commands that change the container. */
int container_open_locked(const struct thole_context *context, const char *id,
                          struct container *ret_container, struct thole_error *err);

/**
 * Takes the lock, if it is not held; kind NOT_FOUND when the container was deleted meanwhile. No
 * user's program runs while it is held, and no process is cloned: whoever waits, waits for the
 * kernel's work only.
 */
int container_lock(struct container *container, struct thole_error *err);
void container_unlock(struct container *container);

/** Reads the record of an open container anew. */
int container_reload(struct container *container, struct thole_error *err);

/** Writes state.json by rename. */
int container_save(const struct container *container, struct thole_error *err);

/** Removes ROOT/ID with all in it; the lock is held. */
int container_remove(struct container *container, struct thole_error *err);

/** Reads the configuration that create saved. */
int container_read_config(struct container *container, struct oci_config **ret_config,
                          struct thole_error *err);

/** The record's cgroup, in the container's arena. */
struct plan_cgroup *container_cgroup(struct container *container);

/** The state document for hooks and listeners, malloc'ed JSON on one line. */
char *container_state_json(const struct container *container, const char *status, pid_t pid);

void container_done(struct container *container);
#define cleanup_container __attribute__((cleanup(container_done)))
