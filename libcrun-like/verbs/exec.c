/* SPDX-License-Identifier: Apache-2.0 */
/* thole_exec(): one more program in a running container, and waiting for it. */
#include <errno.h>
#include <linux/sched.h>
#include <poll.h>
#include <string.h>
#include <strings.h>

#include "base/log.h"
#include "base/names.h"
#include "base/phases.h"
#include "base/text.h"
#include "enter/enter.h"
#include "enter/prepare.h"
#include "monitor/keeper.h"
#include "state/request.h"
#include "terminal/relay.h"

/* How long a container whose pid namespace takes no processes may take to be gone. */
enum { END_MILLISECONDS = 200 };

/* ---- words of the command line ---- */

/* The long words are lxc-attach's; the short ones are the files of /proc/PID/ns. */
static const struct name_value namespace_words[] = {
    {"cgroup", CLONE_NEWCGROUP}, {"ipc", CLONE_NEWIPC},     {"mnt", CLONE_NEWNS},
    {"mount", CLONE_NEWNS},      {"net", CLONE_NEWNET},     {"network", CLONE_NEWNET},
    {"pid", CLONE_NEWPID},       {"time", CLONE_NEWTIME},   {"user", CLONE_NEWUSER},
    {"uts", CLONE_NEWUTS},       {"utsname", CLONE_NEWUTS}, {0},
};

static const struct name_value keep_words[] = {
    {"all", THOLE_KEEP_ALL},
    {"cap", THOLE_KEEP_CAPABILITIES},
    {"capabilities", THOLE_KEEP_CAPABILITIES},
    {"cgroup", THOLE_KEEP_CGROUP},
    {"lsm", THOLE_KEEP_LSM},
    {0},
};

/* The flags of @words together; @what it says of a word that is not among the @known ones. */
static int parse_words(const char *words, const struct name_value *known, const char *what,
                       unsigned *ret_flags, struct thole_error *err) {
    *ret_flags = 0;
    for (const char *at = words;; at++) {
        const size_t length = strcspn(at, "|,");
        const struct name_value *found = known;
        while (found->name != NULL &&
               (strlen(found->name) != length || strncasecmp(found->name, at, length) != 0))
            found++;
        if (found->name == NULL)
            return error_usage(err, "%.*s is %s", (int)length, at, what);
        *ret_flags |= (unsigned)found->value;
        at += length;
        if (*at == '\0')
            return 0;
    }
}

int thole_namespaces_parse(const char *words, unsigned long *ret_flags, struct thole_error *err) {
    unsigned flags = 0;
    if (parse_words(words, namespace_words, "no namespace", &flags, err) < 0)
        return -1;
    *ret_flags = flags;
    return 0;
}

int thole_keep_parse(const char *words, unsigned *ret_keep, struct thole_error *err) {
    unsigned keep = 0;
    if (parse_words(words, keep_words, "not one of cgroup, capabilities, lsm and all", &keep, err) <
        0)
        return -1;
    *ret_keep = keep;
    return 0;
}

/* ---- waiting ---- */

static int wait_in_foreground(const struct thole_exec_request *request, struct entry *entry,
                              struct terminal_relay *relay, struct thole_error *err) {
    relay->pidfd = entry->pidfd;
    relay->pid = entry->pid;
    if (entry->console >= 0 && request->console_socket == NULL) {
        relay->master = entry->console;
        if (entry->replace[0])
            relay->input = 0;
        /* What the pty says goes to the terminal it stands for. */
        relay->output = entry->replace[1] ? 1 : entry->replace[2] ? 2 : 0;
    }
    return terminal_relay_run(relay, err);
}

/* The container may end at any moment: then a file of its init is missing, or its pid namespace
 * takes no more processes (ENOMEM), which comes a little earlier than init's own end. */
static int explain_end(const struct entry *entry, struct thole_error *err) {
    struct pollfd init = {.fd = entry->apply.pidfd, .events = POLLIN};
    bool suspicious = err->code == ENOENT || err->code == ESRCH || err->code == ENOMEM;
    int patience = err->code == ENOMEM ? END_MILLISECONDS : 0;
    if (suspicious && init.fd >= 0 && poll(&init, 1, patience) == 1)
        return error_state(err, "container not running: no such process");
    return -1;
}

int thole_exec(const struct thole_context *context, const struct thole_exec_request *request,
               int *ret_status, struct thole_error *err) {
    cleanup_entry struct entry entry = ENTRY_INIT;
    const struct thole_terminal_options *options = &request->terminal_options;
    cleanup_terminal_recorder struct terminal_recorder recorder = TERMINAL_RECORDER_INIT;
    cleanup_terminal_relay struct terminal_relay relay = {.master = -1,
                                                          .input = -1,
                                                          .output = -1,
                                                          .forward_signals = true,
                                                          .shared_terminal = request->raw,
                                                          .recorder = &recorder};
    if (request_check(request->reserved, err) < 0 || request_check(options->reserved, err) < 0 ||
        terminal_detach_keys_parse(options->detach_keys, &relay.detach_keys, err) < 0 ||
        terminal_recorder_open(options->log_file, options->record_file, &recorder, err) < 0)
        return -1;
    if (enter_prepare(context, request, &entry, err) < 0)
        return explain_end(&entry, err);
    phases_end(context->phases, PHASES_RUNTIME, "record and plan");
    if (!request->detach && terminal_relay_block(&relay, err) < 0)
        return -1;
    entry.apply.become.phases = context->phases;
    if (enter_start(request, &entry, err) < 0)
        return explain_end(&entry, err);
    phases_end(context->phases, PHASES_RUNTIME, "start");
    *ret_status = 0;
    if (request->detach)
        return 0;
    int status = wait_in_foreground(request, &entry, &relay, err);
    phases_end(context->phases, PHASES_RUNTIME, "program");
    if (recorder.failure != 0)
        log_warning(&context->log, "the session is not completely recorded: %s",
                    strerror(recorder.failure));
    if (status < 0)
        return -1;
    *ret_status = status;
    return relay.detached
               ? monitor_keeper_take_over(NULL, entry.console, entry.pidfd, entry.pid, err)
               : 0;
}
