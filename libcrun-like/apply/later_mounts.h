/* SPDX-License-Identifier: Apache-2.0 */
/* Mounts that are added to a running container, or taken away. */
#pragma once

#include <stdnoreturn.h>

#include "apply/become.h"
#include "apply/bind_sources.h"

struct apply_later_mounts {
    struct apply_become become; /* of which no more counts than how to be root in the container */
    int runtime_end;            /* of the socket */
    int pidfd;                  /* the container's init */
    unsigned long flags;        /* CLONE_NEW* namespaces to join, its mounts among them */
    const struct plan *plan;    /* for its mounts */
    struct apply_bind_sources *sources; /* all opened: apply_bind_sources_take() */
};

/**
 * Runs in a child of the runtime, which stays outside of the container's pid namespace: nothing in
 * it can see the child. Makes all mounts, or none. The caller receives WIRE_READY or WIRE_ERROR.
 */
noreturn void apply_later_mounts_add(const struct apply_later_mounts *later);

/** The same for taking away what is mounted on the targets of the plan's mounts, last one first. */
noreturn void apply_later_mounts_remove(const struct apply_later_mounts *later);
