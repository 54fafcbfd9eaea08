/* SPDX-License-Identifier: Apache-2.0 */
/* Raw mode of the caller's own terminal, and the way back. */
#include "terminal/raw_mode.h"

#include <errno.h>

/* TCSANOW: waiting for output to drain would hang on a terminal stopped by ^S. */
static bool set_modes(int fd, const struct termios *modes) {
    int result;
    do {
        result = tcsetattr(fd, TCSANOW, modes);
    } while (result < 0 && errno == EINTR);
    return result == 0;
}

void terminal_raw_mode_enter(struct terminal_raw_mode *mode, int fd, bool output_processing) {
    if (!mode->saved) {
        if (fd < 0 || tcgetattr(fd, &mode->former) < 0)
            return;
        mode->fd = fd;
        mode->saved = true;
        mode->output_processing = output_processing;
    }
    struct termios raw = mode->former;
    cfmakeraw(&raw);
    if (mode->output_processing)
        raw.c_oflag |= mode->former.c_oflag & (tcflag_t)OPOST;
    mode->active = set_modes(mode->fd, &raw);
}

void terminal_raw_mode_leave(struct terminal_raw_mode *mode) {
    if (mode->active)
        (void)set_modes(mode->fd, &mode->former);
    mode->active = false;
}
