/* SPDX-License-Identifier: Apache-2.0 */
/* Pseudo-terminals taken from a container's own devpts. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct terminal_pty {
    int master;
    int peer;
};
#define TERMINAL_PTY_INIT \
    { .master = -1, .peer = -1 }

/**
 * Opens ptmx beneath @devpts_fd (a directory verified to be on devpts) and its peer by
 * TIOCGPTPEER: no path is looked up twice. The peer's device number and filesystem are checked.
 * ONLCR is cleared when @raw_output (what runc's users expect of a new pty). Close-on-exec.
 */
int terminal_pty_open(int devpts_fd, bool raw_output, struct terminal_pty *ret_pty,
                      struct thole_error *err);

/** The devpts directory of the mount namespace the caller is in, resolved beneath @root_fd. */
int terminal_devpts_open(int root_fd, struct thole_error *err);

/**
 * True if @fd is a terminal: one that works, or a device that would be one once it is opened again.
 */
bool terminal_is_one(int fd);

/**
 * True unless the kernel keeps processes from typing into a terminal they hold (tty_ioctl(4),
 * TIOCSTI; sysctl dev.tty.legacy_tiocsti): what they type is executed by the shell outside.
 */
bool terminal_takes_typing(void);

int terminal_set_size(int fd, uint16_t rows, uint16_t columns, struct thole_error *err);

/** Gives @to the size of the terminal @from, if that is one and has a size. */
void terminal_copy_size(int from, int to);

/** New session with @peer as controlling terminal; fds 0-2 for which @replace says so become it. */
int terminal_adopt(int peer, const bool replace[3], struct thole_error *err);

void terminal_pty_done(struct terminal_pty *pty);
#define cleanup_terminal_pty __attribute__((cleanup(terminal_pty_done)))
