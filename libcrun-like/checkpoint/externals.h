/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What of a container is not its own: mounts of the host's files, namespaces that it joined, the
 * files behind its standard streams. A checkpoint names them, a restoration brings them again.
 */
#pragma once

#include "checkpoint/images.h"
#include "checkpoint/options.h"

/** Adds what of the running @pid is external to a dump, and tells what its streams are. */
int externals_of_dump(const struct plan *plan, pid_t pid, struct arena *arena, struct text *options,
                      struct images_streams *ret_streams, struct thole_error *err);

enum { EXTERNALS_MAX = 3 + PLAN_NAMESPACE_KINDS };

/** Descriptors that CRIU has to be given. */
struct externals {
    int fds[EXTERNALS_MAX];
    size_t count;
    int opened[EXTERNALS_MAX]; /* those of them that are to be closed */
    size_t opened_count;
};

/**
 * Adds what a restoration gets from outside. @stdio are the descriptors for the container's streams
 * where @streams says that they were files or pipes of somebody else's.
 */
int externals_of_restoration(const struct plan *plan, const struct images_streams *streams,
                             const int stdio[3], struct arena *arena, struct text *options,
                             struct externals *ret_externals, struct thole_error *err);

void externals_done(struct externals *externals);
#define cleanup_externals __attribute__((cleanup(externals_done)))
