/* SPDX-License-Identifier: Apache-2.0 */
/* Asking a container to stop or to start anew, and making it. */
#pragma once

#include "lxc/store/container.h"

enum lxc_halt_kind {
    LXC_HALT_SHUTDOWN, /* by lxc.signal.halt, and by force when its time is over */
    LXC_HALT_REBOOT,   /* by lxc.signal.reboot */
    LXC_HALT_KILL,     /* by lxc.signal.stop, which is SIGKILL */
};

enum { LXC_HALT_FOREVER = -1, LXC_HALT_SECONDS = 60 };

struct lxc_halt {
    enum lxc_halt_kind kind;
    int timeout;  /* seconds, LXC_HALT_FOREVER; 0: do not wait */
    bool no_kill; /* only ask */
};

/**
 * Does it, and waits for the end, or for the new init. An error if it does not come in time.
 * @ret_running is false where there was nothing to stop.
 */
int lxc_halt(const struct lxc_container *container, const struct lxc_halt *halt, bool *ret_running,
             struct thole_error *err);
