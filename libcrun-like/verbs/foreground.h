/* SPDX-License-Identifier: Apache-2.0 */
/* A container in the foreground, however it came about. */
#pragma once

#include "create/create.h"

/** Makes a container whose program runs, of what its caller wishes. A failure leaves nothing. */
typedef int (*foreground_make)(const struct thole_context *context, const void *wish,
                               struct creation *creation, struct thole_error *err);

/**
 * Has @make make it of @wish, waits for its end, and deletes it, as @request has it: its
 * terminal_options, subreaper, keep, id and notify_socket. @ret_status as thole_run().
 */
int foreground_run(const struct thole_context *context, const struct thole_run_request *request,
                   foreground_make make, const void *wish, struct creation *creation,
                   int *ret_status, struct thole_error *err);

/** Says how to come back to a container that was detached from. */
void foreground_tell_way_back(const struct thole_context *context,
                              const struct thole_run_request *request);
