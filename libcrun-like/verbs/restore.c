/* SPDX-License-Identifier: Apache-2.0 */
/* thole_restore(). */
#include <unistd.h>

#include "checkpoint/restore.h"
#include "state/request.h"
#include "verbs/foreground.h"

static int make(const struct thole_context *context, const void *wish, struct creation *creation,
                struct thole_error *err) {
    return checkpoint_restore(context, wish, creation, err);
}

static int restore(const struct thole_context *context, const struct thole_restore_request *request,
                   int *ret_status, struct thole_error *err) {
    cleanup_creation struct creation creation = CREATION_INIT;
    if (request->run.detach)
        return make(context, request, &creation, err);
    return foreground_run(context, &request->run, make, request, &creation, ret_status, err);
}

int thole_restore(const struct thole_context *context, const struct thole_restore_request *request,
                  int *ret_status, struct thole_error *err) {
    *ret_status = 0;
    if (request_check(request->reserved, err) < 0 ||
        request_check(request->options.reserved, err) < 0 ||
        request_check(request->run.reserved, err) < 0 ||
        request_check(request->run.create.reserved, err) < 0 ||
        request_check(request->run.terminal_options.reserved, err) < 0)
        return -1;
    if (geteuid() != 0)
        return error_unsupported(err, NULL, "restore needs root: CRIU does");
    return restore(context, request, ret_status, err);
}
