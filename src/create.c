/* SPDX-License-Identifier: Apache-2.0 */
/* create and run: from bundle to container. */
#include "base/error.h"
#include "cli/pass_fds.h"
#include "commands.h"
#include "environment.h"
#include "monitor_options.h"
#include "terminal_options.h"
#include "thole.h"
#include "timing.h"

struct run_settings {
    struct thole_run_request request;
    struct monitor_settings monitor;
    const char *timing;
    const char *pass_fds;
    bool no_subreaper;
};

#define MEMBER(name) offsetof(struct run_settings, request.name)

/* Both commands fill in the same request, so that their options are the same. */
#define OPTIONS_OF_BOTH                                                                          \
    OPTION_ROW("bundle", 'b', OPTION_STRING, MEMBER(create.bundle), "DIR",                       \
               "the bundle (default: the current directory)"),                                   \
        OPTION_ROW("config", 'f', OPTION_STRING, MEMBER(create.config), "FILE",                  \
                   "the configuration (default: config.json in the bundle)"),                    \
        OPTION_ROW("console-socket", 0, OPTION_STRING, MEMBER(create.console_socket), "PATH",    \
                   "send the terminal to this AF_UNIX socket"),                                  \
        OPTION_ROW("pid-file", 0, OPTION_STRING, MEMBER(create.pid_file), "FILE",                \
                   "write the process id to FILE"),                                              \
        OPTION_ROW("pidfd-socket", 0, OPTION_STRING, MEMBER(create.pidfd_socket), "PATH",        \
                   "send a pidfd of the process to this AF_UNIX socket"),                        \
        OPTION_ROW("preserve-fds", 0, OPTION_NUMBER, MEMBER(create.preserve_fds), "N",           \
                   "pass N more descriptors, after 0 to 2 and LISTEN_FDS"),                      \
        OPTION_ROW("pass-fds", 0, OPTION_STRING, offsetof(struct run_settings, pass_fds),        \
                   "[NAME=]N,...", "pass these descriptors as 3, 4, ... of a socket activation", \
                   .not_empty = true),                                                           \
        OPTION_ROW("no-pivot", 0, OPTION_FLAG, MEMBER(create.no_pivot), NULL,                    \
                   "do not use pivot_root(2), which an initramfs refuses"),                      \
        OPTION_ROW("init", 0, OPTION_OPTIONAL, MEMBER(create.init), "FILE",                      \
                   "run the program beneath a small init, thole's own or FILE"),                 \
        OPTION_ROW("raw", 0, OPTION_FLAG, MEMBER(create.raw), NULL,                              \
                   "in the background: hand over a terminal that it may type into"),             \
        TIMING_OPTION(offsetof(struct run_settings, timing)),                                    \
        OPTION_ROW("no-new-keyring", 0, OPTION_FLAG, MEMBER(create.no_new_keyring), NULL,        \
                   "keep the session keyring of the caller")

static const struct option_row create_options[] = {
    OPTIONS_OF_BOTH,
    {"no-subreaper", 0, OPTION_FLAG, offsetof(struct run_settings, no_subreaper), NULL, NULL},
    {0},
};

static const struct option_row run_options[] = {
    OPTIONS_OF_BOTH,
    {"detach", 'd', OPTION_FLAG, MEMBER(detach), NULL, "return when the program has started"},
    {"attachable", 0, OPTION_FLAG, MEMBER(attachable), NULL,
     "keep the console for thole attach, in a process of its own"},
    MONITOR_OPTIONS(offsetof(struct run_settings, monitor)),
    TERMINAL_OPTIONS(MEMBER(terminal_options)),
    {"keep", 0, OPTION_FLAG, MEMBER(keep), NULL,
     "in the foreground: do not delete the container at the end"},
    {"no-subreaper", 0, OPTION_FLAG, offsetof(struct run_settings, no_subreaper), NULL,
     "do not adopt orphaned processes while waiting"},
    {0},
};

/* Those that the caller names, or else all that a service manager has given to this command. */
static int complete_listen_fds(const struct run_settings *settings,
                               struct thole_create_request *request, struct thole_error *err) {
    char *names = NULL; /* lives as long as the process */
    if (settings->pass_fds == NULL) {
        request->listen_fds = environment_listen_fds();
        if (request->listen_fds > 0)
            request->listen_fdnames = environment_get("LISTEN_FDNAMES");
        return 0;
    }
    if (request->preserve_fds > 0)
        return error_usage(err, "--pass-fds and --preserve-fds exclude each other");
    if (pass_fds(settings->pass_fds, &request->listen_fds, &names, err) < 0)
        return -1;
    request->listen_fdnames = names;
    return 0;
}

/* The request as parsed, with what the environment and the arguments add. */
static int complete(const struct invocation *invocation, struct thole_run_request *ret_request,
                    struct thole_error *err) {
    const struct run_settings *settings = invocation->options;
    struct thole_run_request request = settings->request;
    request.create.id = invocation->arguments[0];
    if (complete_listen_fds(settings, &request.create, err) < 0)
        return -1;
    terminal_options_complete(&request.terminal_options);
    if (request.create.init != NULL && request.create.init[0] == '\0')
        request.create.init = thole_default_init();
    request.create.notify_socket = environment_get("NOTIFY_SOCKET");
    *ret_request = request;
    return 0;
}

static const char *timing_of(const struct invocation *invocation) {
    return ((const struct run_settings *)invocation->options)->timing;
}

static int create(const struct thole_context *context, const void *request, int *ret_status,
                  struct thole_error *err) {
    (void)ret_status;
    return thole_create(context, &((const struct thole_run_request *)request)->create, err);
}

static int run_create(const struct invocation *invocation, int *ret_status,
                      struct thole_error *err) {
    struct thole_run_request request;
    if (complete(invocation, &request, err) < 0)
        return -1;
    return timing_run(invocation->context, timing_of(invocation), create, &request, ret_status,
                      err);
}

static int run(const struct thole_context *context, const void *request, int *ret_status,
               struct thole_error *err) {
    return thole_run(context, request, ret_status, err);
}

static int run_run(const struct invocation *invocation, int *ret_status, struct thole_error *err) {
    struct thole_run_request request;
    const struct run_settings *settings = invocation->options;
    struct thole_monitor monitor;
    if (complete(invocation, &request, err) < 0)
        return -1;
    request.subreaper = !settings->no_subreaper;
    if (monitor_options_complete(&settings->monitor, &monitor, &request, err) < 0)
        return -1;
    return timing_run(invocation->context, timing_of(invocation), run, &request, ret_status, err);
}

const struct command command_create = {
    .name = "create",
    .arguments = "ID",
    .summary = "create a container; start runs its program",
    .description =
        "Sets up everything that config.json of the bundle asks for, up to the program itself.\n"
        "Standard input, output and error of this call become those of the program.",
    .options = create_options,
    .options_size = sizeof(struct run_settings),
    .seal = true,
    .run = run_create,
};

const struct command command_run = {
    .name = "run",
    .arguments = "ID",
    .summary = "create a container, start it and wait for its end",
    .description =
        "In the foreground signals are passed on, the container is deleted at the end, and the\n"
        "exit status is that of the program, or 128 + N if signal N ended it.",
    .exit_status =
        "That of the program; 128 + N if signal N ended it. With --detach 0 when it runs.",
    .options = run_options,
    .options_size = sizeof(struct run_settings),
    .seal = true,
    .run = run_run,
};
