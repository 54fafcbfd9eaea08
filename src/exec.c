/* SPDX-License-Identifier: Apache-2.0 */
/* exec: one more program in a running container. */
#include <string.h>

#include "commands.h"
#include "environment.h"
#include "terminal_options.h"
#include "thole.h"
#include "timing.h"

/* The request, and the lists that the parser collects for it. */
struct exec_settings {
    struct thole_exec_request request;
    const char *namespaces;
    const char *keep;
    struct option_strings env;
    struct option_strings capabilities;
    struct option_strings cgroups;
    struct option_numbers additional_gids;
    const char *timing;
};

#define MEMBER(name) offsetof(struct exec_settings, name)

static const struct option_row exec_options[] = {
    {"process", 'p', OPTION_STRING, MEMBER(request.process_file), "FILE",
     "the process as JSON, instead of COMMAND and the options for it"},
    {"cwd", 0, OPTION_STRING, MEMBER(request.cwd), "DIR", "the working directory"},
    {"env", 'e', OPTION_STRINGS, MEMBER(env), "NAME=VALUE",
     "set an environment variable; may be repeated"},
    {"user", 'u', OPTION_STRING, MEMBER(request.user), "UID[:GID]",
     "the user, by number or by a name in the container's passwd", .not_empty = true},
    {"additional-gids", 'g', OPTION_NUMBERS, MEMBER(additional_gids), "GID",
     "add a supplementary group; may be repeated"},
    {"cap", 'c', OPTION_STRINGS, MEMBER(capabilities), "CAP", "add a capability; may be repeated"},
    {"no-new-privs", 0, OPTION_FLAG, MEMBER(request.no_new_privileges), NULL,
     "set the no_new_privs attribute, see prctl(2)"},
    {"process-label", 0, OPTION_STRING, MEMBER(request.selinux), "LABEL",
     "the SELinux label of the process"},
    {"apparmor", 0, OPTION_STRING, MEMBER(request.apparmor), "PROFILE",
     "the AppArmor profile of the process"},
    {"cgroup", 0, OPTION_STRINGS, MEMBER(cgroups), "[CONTROLLER:]PATH",
     "run it in this cgroup beneath the container's, in all hierarchies or some of v1"},
    {"namespaces", 0, OPTION_STRING, MEMBER(namespaces), "LIST",
     "join only these of the container's namespaces: mnt|pid|net|ipc|uts|user|cgroup|time",
     .not_empty = true},
    {"remount-sys-proc", 0, OPTION_FLAG, MEMBER(request.remount_sys_proc), NULL,
     "without the mnt namespace: mount /proc and /sys anew for the namespaces joined"},
    {"keep", 0, OPTION_STRING, MEMBER(keep), "LIST",
     "keep privileges of the caller: cgroup|capabilities|lsm, or all", .not_empty = true},
    {"tty", 't', OPTION_FLAG, MEMBER(request.terminal), NULL, "give it a terminal"},
    {"raw", 0, OPTION_FLAG, MEMBER(request.raw), NULL,
     "hand the caller's own terminal over instead of a new one"},
    {"force", 0, OPTION_FLAG, MEMBER(request.force), NULL,
     "with --raw: even where the kernel lets the program type into it"},
    TERMINAL_OPTIONS(MEMBER(request.terminal_options)),
    {"detach", 'd', OPTION_FLAG, MEMBER(request.detach), NULL,
     "return when the program has started"},
    {"ignore-paused", 0, OPTION_FLAG, MEMBER(request.ignore_paused), NULL,
     "do not refuse a paused container"},
    {"console-socket", 0, OPTION_STRING, MEMBER(request.console_socket), "PATH",
     "send the terminal to this AF_UNIX socket"},
    {"pid-file", 0, OPTION_STRING, MEMBER(request.pid_file), "FILE",
     "write the process id to FILE"},
    {"pidfd-socket", 0, OPTION_STRING, MEMBER(request.pidfd_socket), "PATH",
     "send a pidfd of the process to this AF_UNIX socket"},
    {"preserve-fds", 0, OPTION_NUMBER, MEMBER(request.preserve_fds), "N",
     "pass N more descriptors, after 0 to 2 and LISTEN_FDS"},
    TIMING_OPTION(MEMBER(timing)),
    {0},
};

static int exec(const struct thole_context *context, const void *request, int *ret_status,
                struct thole_error *err) {
    return thole_exec(context, request, ret_status, err);
}

static int run_exec(const struct invocation *invocation, int *ret_status, struct thole_error *err) {
    const struct exec_settings *settings = invocation->options;
    struct thole_exec_request request = settings->request;
    char *const *arguments = invocation->arguments + 1;
    if (arguments[0] != NULL && strcmp(arguments[0], "--") == 0)
        arguments++;
    if (arguments[0] != NULL && request.process_file != NULL)
        return error_set(err, THOLE_ERROR_USAGE, 0, NULL,
                         "a command and --process FILE cannot both be given");
    if (settings->namespaces != NULL &&
        thole_namespaces_parse(settings->namespaces, &request.namespaces, err) < 0)
        return -1;
    if (settings->keep != NULL && thole_keep_parse(settings->keep, &request.keep, err) < 0)
        return -1;
    if (settings->cgroups.count > 1)
        return error_set(err, THOLE_ERROR_USAGE, 0, NULL, "option --cgroup can be given only once");

    request.id = invocation->arguments[0];
    request.args = arguments[0] != NULL ? arguments : NULL;
    request.term = environment_get("TERM");
    terminal_options_complete(&request.terminal_options);
    request.env = settings->env.items;
    request.capabilities = settings->capabilities.items;
    request.additional_gids = settings->additional_gids.items;
    request.additional_gid_count = settings->additional_gids.count;
    request.cgroup = settings->cgroups.count > 0 ? settings->cgroups.items[0] : NULL;
    request.listen_fds = environment_listen_fds();
    return timing_run(invocation->context, settings->timing, exec, &request, ret_status, err);
}

const struct command command_exec = {
    .name = "exec",
    .arguments = "ID [COMMAND [ARGUMENT]...]",
    .summary = "run one more program in a running container",
    .description =
        "Options stand before ID; everything behind it belongs to COMMAND. Without COMMAND the\n"
        "user's shell is run, as the container's passwd has it. What is not given is\n"
        "taken from the container's own process. The exit status is that of the program, 128 + N\n"
        "if signal N ended it, and 255 if it could not be started.",
    .options = exec_options,
    .options_size = sizeof(struct exec_settings),
    .in_order = true,
    .seal = true,
    .exit_status = "That of the program; 128 + N if signal N ended it.",
    .failure_status = 255,
    .run = run_exec,
};
