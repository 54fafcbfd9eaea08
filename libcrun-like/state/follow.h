/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One container that is followed from its birth to its end: what it was when it was last looked at,
 * and the changes that lead from there to what it is now, in the order of lxc(7).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "thole.h"

struct follow {
    char *id;
    const char *root;
    enum thole_change last; /* what was told last */
    int pidfd;              /* of init, -1: none yet */
    int exit_note;          /* where its keeper notes how it ended, -1: nowhere */
    int64_t pid;            /* of the init that was seen last, and when it began */
    uint64_t start_time;
    int64_t patience_until; /* clock_now(): when it is looked at again, 0: when something happens */
    unsigned failed_looks;  /* in a row, as far as that matters */
    char *frozen_file;      /* cgroup.events, which tells of freezing on cgroup v2, or NULL */
    bool seen;              /* it had a record */
    bool has_gate;          /* a gate was seen: that it opens is seen as well */
    bool published;         /* and one was written since the last look at it */
    bool ran;               /* its gate was taken away: the program runs, or did */
    bool gone;              /* its directory is not there any more */
};

/** Takes the changes; a negative result ends everything. */
struct follow_sink {
    int (*write)(void *userdata, const struct thole_watch_event *event);
    void *userdata;
};

/** A container of which nothing is known yet; @root is borrowed. */
struct follow *follow_new(const char *root, const char *id);
void follow_free(struct follow *follow);

/** What inotify(7) has to say about a file of the state directory. */
void follow_note_file(struct follow *follow, const char *name, bool appeared);

/**
 * Looks at the container as it is now and tells @sink what has changed, if it is not NULL. Returns
 * -1 without an error if the sink wants no more.
 */
int follow_look(struct follow *follow, const struct follow_sink *sink);

/** Milliseconds until it wants to be looked at without being told to, -1: never. */
int follow_patience(const struct follow *follow);
