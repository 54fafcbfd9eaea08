/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A container in the making: its directory with the locked file "partial", which is LXC's sign for
 * it as well. Either it is kept in the end, or nothing of it is.
 */
#pragma once

#include <sys/types.h>

#include "base/error.h"

struct lxc_making {
    char *directory; /* malloc'ed; NULL: nothing is being made */
    int partial;     /* the locked file */
    char *rootfs;    /* one outside of the directory that was made for it; malloc'ed or NULL */
};
#define LXC_MAKING_INIT \
    { .partial = -1 }

/**
 * Makes the directory @directory (mode 0770), and those above it. What somebody left there who was
 * killed while making a container is removed first; an error if there is a container already, or
 * one in the making.
 */
int lxc_making_begin(const char *directory, struct lxc_making *making, struct thole_error *err);

/** It is complete. */
int lxc_making_keep(struct lxc_making *making, struct thole_error *err);

enum lxc_making_state {
    LXC_MAKING_NONE,      /* what is there is complete */
    LXC_MAKING_GOES_ON,   /* somebody is making a container there */
    LXC_MAKING_ABANDONED, /* somebody was, and has been killed */
};

enum lxc_making_state lxc_making_state(const char *directory);

/** Removes what has not been kept. */
void lxc_making_done(struct lxc_making *making);
#define cleanup_lxc_making __attribute__((cleanup(lxc_making_done)))

/** Makes @path and the directories above it, as mkdir -p does. */
int lxc_make_directories(const char *path, mode_t mode, struct thole_error *err);
