/* SPDX-License-Identifier: Apache-2.0 */
/* Terminals of a container besides its console, for login programs. Runs in init, before the root
 * changes. */
#pragma once

#include <stdbool.h>

#include "base/error.h"

struct apply_terminals {
    unsigned count;        /* /dev/tty1 to /dev/ttyN, ... */
    bool after_console;    /* ... or /dev/tty2 to /dev/ttyN+1: the console has the first name */
    const char *directory; /* beneath /dev where they and the console are, with links; NULL: /dev */
    int *masters;          /* in the runtime: what init has sent, in this order */
    unsigned sent;
    char *variable; /* in init, NULL: there are none; "container_ttys=pts/1 pts/2", by which systemd
                       starts login programs: https://systemd.io/CONTAINER_INTERFACE */
};

/**
 * Makes ptys from the devpts beneath @root_fd, binds the inner ends on /dev/ttyN, or on
 * /dev/DIRECTORY/ttyN with a link, and sends the masters to the runtime over @sync.
 */
int apply_terminals(struct apply_terminals *terminals, int sync, int root_fd,
                    struct thole_error *err);

/** Binds the inner end of the console, in the same way. */
int apply_terminals_bind_console(const struct apply_terminals *terminals, int peer, int root_fd,
                                 struct thole_error *err);
