/* SPDX-License-Identifier: Apache-2.0 */
/* What a container is doing, and who works on it. */
#pragma once

#include "state/container.h"

/**
 * Asks the record, the processes that it names, the freezer and the gate. -1 if one of them cannot
 * be asked: a container is never called something that it only may be. The record is read anew if
 * its creator has ended since.
 */
int container_status(struct container *container, enum thole_status *ret_status,
                     struct thole_error *err);

/** A pidfd of init. Kind STATE when it is gone: "container not running ... no such process". */
int container_pidfd(const struct container *container, struct thole_error *err);

/** Notes in the record that this process creates the container or deletes it, and saves that. */
int container_set_worker(const struct container *container, bool deleting, struct thole_error *err);

/** Notes that it is created: other commands may have it. */
int container_clear_worker(const struct container *container, struct thole_error *err);

/** Notes in the record that this process is the container's keeper, without saving that. */
int container_set_keeper(const struct container *container, struct thole_error *err);

/** 1 if the container has a keeper that lives, 0 if not. */
int container_is_kept(const struct container *container, struct thole_error *err);

/** A pidfd of the container's keeper; kind STATE: there is none. */
int container_keeper_pidfd(const struct container *container, struct thole_error *err);

/** A pidfd of the process that creates or deletes the container; kind STATE: there is none. */
int container_worker_pidfd(const struct container *container, struct thole_error *err);
