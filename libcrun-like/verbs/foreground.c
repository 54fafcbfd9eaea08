/* SPDX-License-Identifier: Apache-2.0 */
/* A container in the foreground: made, waited for, deleted. */
#include "verbs/foreground.h"

#include <string.h>
#include <sys/prctl.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/phases.h"
#include "create/notify.h"
#include "create/unmake.h"
#include "monitor/keeper.h"
#include "terminal/relay.h"

static int wait_in_foreground(const struct creation *creation, struct terminal_relay *relay,
                              struct thole_error *err) {
    relay->pidfd = creation->launched.pidfd;
    relay->pid = creation->launched.pid;
    if (creation->console >= 0) {
        relay->master = creation->console;
        if (creation->replace[0])
            relay->input = 0;
        relay->output = creation->replace[1] ? 1 : creation->replace[2] ? 2 : 0;
    }
    return terminal_relay_run(relay, err);
}

/* By this process, which a service manager knows as the main one: it may believe no other. */
struct readiness {
    const struct thole_context *context;
    int listening;
    const char *notify_socket;
};

static void pass_on_readiness(void *userdata) {
    const struct readiness *readiness = userdata;
    struct thole_error err = {0};
    char line[1536];
    if (notify_pass_on(readiness->listening, readiness->notify_socket, &err) < 0)
        log_warning(&readiness->context->log, "%s", error_format(&err, line, sizeof(line)));
}

void foreground_tell_way_back(const struct thole_context *context,
                              const struct thole_run_request *request) {
    log_info(&context->log, "%s keeps running: \"thole attach %s\" comes back to it",
             request->create.id, request->create.id);
}

int foreground_run(const struct thole_context *context, const struct thole_run_request *request,
                   foreground_make make, const void *wish, struct creation *creation,
                   int *ret_status, struct thole_error *err) {
    const struct thole_terminal_options *options = &request->terminal_options;
    cleanup_terminal_recorder struct terminal_recorder recorder = TERMINAL_RECORDER_INIT;
    cleanup_terminal_relay struct terminal_relay relay = {
        .master = -1, .input = -1, .output = -1, .forward_signals = true, .recorder = &recorder};
    if (terminal_detach_keys_parse(options->detach_keys, &relay.detach_keys, err) < 0 ||
        terminal_recorder_open(options->log_file, options->record_file, &recorder, err) < 0)
        return -1;
    relay.detach_keys.doubled = options->detach_doubled;
    /* Orphans of a container that shares the caller's pid namespace come back here. */
    if (request->subreaper)
        (void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    if (terminal_relay_block(&relay, err) < 0 || make(context, wish, creation, err) < 0)
        return -1;
    phases_end(context->phases, PHASES_RUNTIME, "start");
    struct readiness readiness = {context, creation->notify, request->create.notify_socket};
    if (creation->notify >= 0)
        relay.also = (struct terminal_also){creation->notify, pass_on_readiness, &readiness};
    int status = wait_in_foreground(creation, &relay, err);
    phases_end(context->phases, PHASES_RUNTIME, "program");
    if (status < 0)
        return -1;
    if (recorder.failure != 0)
        log_warning(&context->log, "the session is not completely recorded: %s",
                    strerror(recorder.failure));
    *ret_status = status;
    if (relay.detached) {
        if (monitor_keeper_take_over(&creation->container, creation->console,
                                     creation->launched.pidfd, creation->launched.pid, err) < 0)
            return -1;
        foreground_tell_way_back(context, request);
        return 0;
    }
    if (request->keep)
        return 0;
    int result = create_unmake(context, &creation->container, creation->bundle.plan, err);
    phases_end(context->phases, PHASES_RUNTIME, "deletion");
    return result;
}
