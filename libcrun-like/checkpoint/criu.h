/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A running CRIU and the talk with it (https://criu.org/RPC): one request over a socket, notes of
 * its stages in between, each of which waits for an answer, and the response.
 */
#pragma once

#include <sys/types.h>

#include "base/error.h"
#include "base/text.h"
#include "checkpoint/surroundings.h"

/** What it can be asked for: criu_req_type of the protocol. */
enum criu_request {
    CRIU_DUMP = 1,
    CRIU_RESTORE = 2,
    CRIU_PRE_DUMP = 13, /* one of its own: nothing comes after it */
};

/** Fields of criu_opts, and the messages in it: what is thole's to say of all that CRIU knows. */
enum criu_option {
    CRIU_IMAGES_DIR_FD = 1,
    CRIU_PID = 2,
    CRIU_LEAVE_RUNNING = 3,
    CRIU_EXT_UNIX_SK = 4,
    CRIU_TCP_ESTABLISHED = 5,
    CRIU_EVASIVE_DEVICES = 6,
    CRIU_SHELL_JOB = 7,
    CRIU_FILE_LOCKS = 8,
    CRIU_LOG_LEVEL = 9,
    CRIU_LOG_FILE = 10,
    CRIU_PAGE_SERVER = 11, /* address 1, port 2 */
    CRIU_NOTIFY_SCRIPTS = 12,
    CRIU_ROOT = 13,
    CRIU_PARENT_IMG = 14,
    CRIU_TRACK_MEM = 15,
    CRIU_AUTO_DEDUP = 16,
    CRIU_WORK_DIR_FD = 17,
    CRIU_LINK_REMAP = 18,
    CRIU_CG_ROOT = 25, /* controller 1, path 2 */
    CRIU_RST_SIBLING = 26,
    CRIU_INHERIT_FD = 27, /* key 1, fd 2 */
    CRIU_MANAGE_CGROUPS_MODE = 34,
    CRIU_EXTERNAL = 37,
    CRIU_EMPTY_NS = 38,
    CRIU_JOIN_NS = 39, /* kind 1, path 2 */
    CRIU_FREEZE_CGROUP = 44,
    CRIU_TCP_SKIP_IN_FLIGHT = 46,
    CRIU_LAZY_PAGES = 48,
    CRIU_STATUS_FD = 49,
    CRIU_ORPHAN_PTS_MASTER = 50,
    CRIU_CONFIG_FILE = 51,
    CRIU_TCP_CLOSE = 52,
    CRIU_LSM_PROFILE = 53,
    CRIU_LSM_MOUNT_CONTEXT = 63,
    CRIU_NETWORK_LOCK = 64,
};

struct criu {
    int pidfd;
    int socket;
};
#define CRIU_INIT \
    { .pidfd = -1, .socket = -1 }

/** Starts `criu swrk`. */
int criu_start(const struct surroundings *surroundings, struct criu *ret_criu,
               struct thole_error *err);

/** Told of each stage in which CRIU waits for the caller. */
struct criu_stages {
    /**
     * @stage is one of criu(8), --action-script. @pid is the restored init's or 0; *@fd came with
     * it, -1: none did, and may be taken. -1 ends the restoration: what was restored by then is
     * left to the caller, as it was before it went on.
     */
    int (*reached)(void *userdata, const char *stage, pid_t pid, int *fd, struct thole_error *err);
    void *userdata;
};

/**
 * Has CRIU do one thing, with @options (a message of enum criu_option). @log is where it writes its
 * log beneath @work: the first error in it is told. @ret_pid (may be NULL) receives the pid of what
 * was restored.
 */
int criu_ask(const struct criu *criu, enum criu_request what, const struct text *options, int work,
             const char *log, const struct criu_stages *stages, pid_t *ret_pid,
             struct thole_error *err);

/** Ends the talk and waits for CRIU's end. It is not killed: processes that it works on would be
 * left half-changed; what it was asked for and cannot finish it undoes itself. */
void criu_done(struct criu *criu);
#define cleanup_criu __attribute__((cleanup(criu_done)))
