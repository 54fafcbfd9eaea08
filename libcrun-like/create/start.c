/* SPDX-License-Identifier: Apache-2.0 */
/* The second half of `run`. */
#include "create/start.h"

#include <unistd.h>

#include "base/cleanup.h"
#include "create/hooks.h"
#include "create/notify.h"
#include "state/gate.h"
#include "state/status.h"

/* `run --detach` goes through the gate as `start` does, so that nobody else can. */
static int connect_gate(struct creation *creation, struct thole_error *err) {
    (void)close(take_fd(&creation->launched.sync));
    creation->launched.sync = gate_connect(&creation->container, err);
    return creation->launched.sync < 0 ? -1 : gate_mark_opened(&creation->container, err);
}

int create_start(const struct thole_run_request *request, struct creation *creation,
                 struct thole_error *err) {
    const struct container *container = &creation->container;
    if (request->create.notify_socket != NULL) {
        creation->notify = notify_listen(container, err);
        if (creation->notify < 0)
            return -1;
    }
    if ((creation->gated && connect_gate(creation, err) < 0) ||
        (container->record->worker != 0 && container_clear_worker(container, err) < 0) ||
        (!creation->started && gate_open(creation->launched.sync, err) < 0) ||
        gate_await_program(container, creation->launched.pid, creation->launched.sync, err) < 0)
        return -1;
    if (creation->gated)
        gate_remove(container);
    (void)close(take_fd(&creation->launched.sync));
    if (hooks_run(container, creation->bundle.plan, PLAN_HOOK_POSTSTART, "running", err) < 0)
        return -1;
    if (creation->notify >= 0 && request->detach)
        return notify_forward(creation->notify, creation->launched.pidfd, creation->launched.pid,
                              request->create.notify_socket, err);
    return 0;
}
