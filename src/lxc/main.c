/* SPDX-License-Identifier: Apache-2.0 */
/* Entry of thole-lxc: finds the command by the program's name or first word, runs it, reports. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commit.h"
#include "config.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/own_path.h"
#include "cli/surroundings.h"
#include "lxc/commands/commands.h"
#include "lxc/help.h"
#include "lxc/log.h"
#include "lxc/options.h"
#include "lxc/store/system.h"

/* src/lxc/module.am lists those that are not hidden. */
/* clang-format off */
static const struct lxc_command *const commands[] = {
    &lxc_command_attach,
    &lxc_command_autostart,
    &lxc_command_cgroup,
    &lxc_command_checkconfig,
    &lxc_command_clone,
    &lxc_command_complete,
    &lxc_command_config,
    &lxc_command_console,
    &lxc_command_convert,
    &lxc_command_copy,
    &lxc_command_create,
    &lxc_command_destroy,
    &lxc_command_device,
    &lxc_command_execute,
    &lxc_command_freeze,
    &lxc_command_generate_man,
    &lxc_command_hook,
    &lxc_command_info,
    &lxc_command_kill,
    &lxc_command_layer,
    &lxc_command_ls,
    &lxc_command_monitor,
    &lxc_command_netstat,
    &lxc_command_ps,
    &lxc_command_shutdown,
    &lxc_command_snapshot,
    &lxc_command_start,
    &lxc_command_stop,
    &lxc_command_top,
    &lxc_command_unfreeze,
    &lxc_command_unshare,
    &lxc_command_update_config,
    &lxc_command_usernsexec,
    &lxc_command_version,
    &lxc_command_wait,
    NULL,
};
/* clang-format on */

/* The command that was called, and what its name leaves of @argv: "lxc-ls", or "thole-lxc" "ls". */
static const struct lxc_command *called(int *argc, char ***argv) {
    const char *slash = strrchr((*argv)[0], '/');
    const char *program = slash != NULL ? slash + 1 : (*argv)[0];
    if (text_starts_with(program, "lxc-"))
        return lxc_command_find(commands, program + strlen("lxc-"));
    (*argc)--;
    (*argv)++;
    const char *word = *argc > 0 ? (*argv)[0] : "";
    return lxc_command_find(commands, text_starts_with(word, "lxc-") ? word + 4 : word);
}

/* -o and -l, in the way LXC has it: -l alone writes to the default file. */
static int open_log(const struct lxc_call *call, struct lxc_log *log, struct thole_error *err) {
    const struct lxc_settings *settings = call->settings;
    log->quiet = settings->quiet;
    log->name = call->name;
    if (settings->logpriority != NULL) {
        log->priority = lxc_log_priority(settings->logpriority);
        if (log->priority < 0)
            return error_usage(err, "option --logpriority: \"%s\" is not a log level",
                               settings->logpriority);
    }
    if (settings->logfile != NULL)
        return lxc_log_open(log, settings->logfile, err);
    if (settings->logpriority == NULL || call->name == NULL)
        return 0;
    cleanup_free char *file = lxc_system_log_file(call->lxcpath, call->name);
    return lxc_log_open(log, file, err);
}

/* Takes the container's name off the arguments where the command has it there. */
static int name_container(struct lxc_call *call, struct thole_error *err) {
    call->name = call->settings->name;
    enum lxc_naming naming = call->command->naming;
    if (call->name == NULL && naming != LXC_NAME_OPTION && call->argument_count > 0) {
        call->name = call->arguments[0];
        call->arguments++;
        call->argument_count--;
    }
    if (call->name == NULL && naming == LXC_NAME_FIRST_WORD)
        return error_usage(err, "No container name specified");
    return 0;
}

static int check_paths(const struct lxc_call *call, struct thole_error *err) {
    if (call->settings->lxcpaths.count > 1 && !call->command->many_paths)
        return error_usage(err, "option --lxcpath may be given once");
    return 0;
}

static int run_parsed(struct lxc_call *call, struct lxc_log *log, char *const *whole_argv,
                      int *ret_status, struct thole_error *err) {
    cleanup_free char *lxcpath = NULL;
    const struct option_strings *paths = &call->settings->lxcpaths;
    if (lxc_system_path(paths->count > 0 ? paths->items[0] : NULL, &lxcpath, err) < 0)
        return -1;
    call->lxcpath = lxcpath;
    call->log = (struct thole_log){THOLE_LOG_DEBUG, lxc_log_write, log};
    if (open_log(call, log, err) < 0)
        return -1;
    if (call->command->seal && thole_seal_executable(whole_argv, err) < 0)
        return -1;
    return call->command->run(call, ret_status, err);
}

static int usage_status(const struct lxc_command *command) {
    return command->usage_status != 0 ? command->usage_status : EXIT_FAILURE;
}

/* The command line was wrong: why, unless that is said already, and what it should be. */
static int misused(const struct lxc_command *command, struct lxc_log *log,
                   const struct thole_error *err) {
    if (err->text[0] != '\0') {
        lxc_log_error(log, err);
        (void)fprintf(stderr, "%s: could not parse command line\n", log->program);
    } else {
        lxc_help_print(command);
    }
    return usage_status(command);
}

static int run(struct lxc_call *call, struct lxc_settings *settings, void *options, int argc,
               char *argv[], char *const *whole_argv) {
    const struct lxc_command *command = call->command;
    char program[64];
    struct lxc_log log = LXC_LOG_INIT;
    struct thole_error err = {0};
    int status = EXIT_SUCCESS;
    (void)snprintf(program, sizeof(program), "lxc-%s", command->name);
    log.program = argv[0] = program;

    int first = lxc_options_parse(command, argc, argv, settings, options, &err);
    if (first < 0)
        return misused(command, &log, &err);
    if (settings->help) {
        lxc_help_print(command);
        return EXIT_SUCCESS;
    }
    if (settings->usage) {
        lxc_help_print_usage(command);
        return EXIT_SUCCESS;
    }
    if (settings->version)
        return printf("%s\n", LXC_LEVEL) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;

    call->arguments = argv + first;
    call->argument_count = (size_t)(argc - first);
    if (name_container(call, &err) < 0 || check_paths(call, &err) < 0)
        return misused(command, &log, &err);
    if (run_parsed(call, &log, whole_argv, &status, &err) >= 0)
        return status;
    lxc_log_error(&log, &err);
    if (err.kind == THOLE_ERROR_USAGE)
        return usage_status(command);
    return command->failure_status != 0 ? command->failure_status : EXIT_FAILURE;
}

static int no_command(int argc, char *const *argv) {
    const char *word = argc > 0 ? argv[0] : "";
    if (strcmp(word, "--version") == 0)
        return printf("thole-lxc %s, the commands of LXC %s\ncommit: %s\n", PACKAGE_VERSION,
                      LXC_LEVEL, THOLE_COMMIT) < 0;
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0) {
        lxc_help_print_program(commands, stdout);
        return EXIT_SUCCESS;
    }
    if (word[0] != '\0')
        (void)fprintf(stderr, "thole-lxc: there is no command %s\n", word);
    lxc_help_print_program(commands, stderr);
    return EXIT_FAILURE;
}

int main(int argc, char *argv[]) {
    if (argc < 1)
        return EXIT_FAILURE;
    surroundings_settle();
    own_path_note("THOLE_LXC_PROGRAM");
    char *const *whole_argv = argv;
    struct lxc_settings settings = {0};
    struct lxc_call call = {.commands = commands, .settings = &settings};
    call.command = called(&argc, &argv);
    if (call.command == NULL)
        return no_command(argc, argv);

    cleanup_free void *options = calloc(1, call.command->options_size + 1);
    if (options == NULL)
        abort();
    call.options = options;
    int status = run(&call, &settings, options, argc, argv, whole_argv);
    options_free_lists(call.command->options, options);
    options_free_lists(lxc_common_options, &settings);
    return fflush(stdout) == 0 ? status : EXIT_FAILURE;
}
