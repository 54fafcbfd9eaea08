/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When the audit log hears of a container: before it goes on, when an update changes its limits,
 * and at its end. What is said is plan/audit.h. Without a mode nothing is done, not even a socket
 * made.
 */
#pragma once

#include "create/create.h"

/**
 * Tells what the container gets, and that it has an init. With "must" what cannot be told is an
 * error; else it is a warning.
 */
int create_audit_start(const struct thole_context *context, const struct creation *creation,
                       struct thole_error *err);

/** Tells that it has ended, or that its making failed; a warning where that cannot be told. */
void create_audit_end(const struct thole_context *context, const struct container *container);

/**
 * What the limits are that @cgroup is about to change, for create_audit_update(); in the
 * container's arena. NULL: nobody wants to hear of it.
 */
struct plan_cgroup *create_audit_former(const struct thole_context *context,
                                        struct container *container,
                                        const struct plan_cgroup *cgroup);

/** Tells the limits that an update has written, or could not write; nothing if @former is NULL. */
void create_audit_update(const struct thole_context *context, struct container *container,
                         const struct plan_cgroup *cgroup, const struct plan_cgroup *former,
                         bool done);
