/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Device nodes for a user namespace, where mknod(2) is refused and a filesystem's nodes do not
 * work: the runtime makes them in a tmpfs of its own, with mode and owner, and init binds them.
 */
#pragma once

#include <sys/types.h>

#include "base/error.h"
#include "plan/plan.h"

/** S_IFCHR, S_IFBLK or S_IFIFO. */
mode_t apply_device_type(const struct plan_device *device);

/**
 * In the runtime, at WIRE_REQUEST_DEVICES: makes the nodes that the plan calls lent, and sends
 * their directory to init; nothing of it where the runtime itself may make none.
 */
int apply_devices_lend(const struct plan *plan, int init, struct thole_error *err);

struct apply_lent_devices {
    int directory; /* mounted over the root, which stays reachable by its descriptor; -1: none */
    int former;    /* the working directory */
};
#define APPLY_LENT_DEVICES_INIT \
    { .directory = -1, .former = -1 }

/** In init: asks for them, if the plan has any. */
int apply_devices_borrow(const struct plan *plan, int sync, int root_fd,
                         struct apply_lent_devices *ret_lent, struct thole_error *err);
/** A detached mount of the node of device @index, or -1 with errno set. */
int apply_lent_device(const struct apply_lent_devices *lent, size_t index);
/** Takes the directory away. */
void apply_lent_devices_done(struct apply_lent_devices *lent);
#define cleanup_lent_devices __attribute__((cleanup(apply_lent_devices_done)))
