/* SPDX-License-Identifier: Apache-2.0 */
/* Entry of thole: reads the command line, runs one command, reports its error. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "base/phases.h"
#include "base/text.h"
#include "cli/surroundings.h"
#include "commands.h"
#include "context.h"
#include "help.h"
#include "hints.h"
#include "log.h"
#include "thole.h"

/* clang-format off */
static const struct command *const commands[] = {
    &command_attach,
    &command_checkpoint,
    &command_complete,
    &command_create,
    &command_delete,
    &command_events,
    &command_exec,
    &command_features,
    &command_generate_man,
    &command_help,
    &command_kill,
    &command_list,
    &command_logs,
    &command_mounts,
    &command_pause,
    &command_plan,
    &command_ps,
    &command_restore,
    &command_resume,
    &command_run,
    &command_spec,
    &command_start,
    &command_state,
    &command_top,
    &command_update,
    &command_validate,
    &command_version,
    NULL,
};
/* clang-format on */

/* What is known of the call when an error is reported. */
struct call {
    const struct command *command; /* NULL: none was found */
    const char *id;                /* NULL: none was given, or the command has none */
    struct logger logger;
    bool runs; /* the command line was understood */
};

/* "ID [SIGNAL]": one or two. What is in brackets may be left out, dots stand for any number. */
static bool takes(const struct command *command, size_t count) {
    size_t least = 0;
    size_t most = 0;
    bool optional = false;
    for (const char *at = command->arguments; *at != '\0';) {
        optional = optional || *at == '[';
        least += !optional;
        most++;
        at += strcspn(at, " ");
        at += strspn(at, " ");
    }
    return count >= least && (count <= most || strstr(command->arguments, "...") != NULL);
}

static int wrong_count(const struct command *command, struct thole_error *err) {
    return error_set(err, THOLE_ERROR_USAGE, 0, NULL,
                     "wrong number of arguments, usage: thole %s [OPTION]...%s%s", command->name,
                     command->arguments[0] != '\0' ? " " : "", command->arguments);
}

/* Runs the command with options and arguments already taken apart. */
static int run_parsed(struct call *call, char *const *argv, const struct thole_context *context,
                      const void *options, const struct option_arguments *arguments,
                      int *ret_status, struct thole_error *err) {
    const struct command *command = call->command;
    if (arguments->count > 0 && command_takes_id(command))
        call->id = arguments->items[0];
    if (!takes(command, arguments->count))
        return wrong_count(command, err);
    if (command->seal && thole_seal_executable(argv, err) < 0)
        return -1;
    log_debug(&context->log, "thole %s: %s%s%s", PACKAGE_VERSION, command->name,
              call->id != NULL ? " " : "", call->id != NULL ? call->id : "");

    struct thole_context observed = *context;
    if (context->log.level == THOLE_LOG_DEBUG)
        observed.phases = phases_new(&context->log);
    const struct invocation invocation = {
        .commands = commands,
        .command = command,
        .context = &observed,
        .options = options,
        .arguments = arguments->items,
        .argument_count = arguments->count,
    };
    call->runs = true;
    const int result = command->run(&invocation, ret_status, err);
    phases_free(observed.phases);
    return result;
}

/* @words: the command's name and what follows. */
static int run_command(struct call *call, char *const *argv, char *const *words,
                       const struct thole_context *context, int *ret_status,
                       struct thole_error *err) {
    const struct command *command = command_find(commands, words[0]);
    if (command == NULL)
        return hint_unknown_command(commands, words[0], err);
    call->command = command;

    cleanup_free void *options = calloc(1, command->options_size + 1);
    if (options == NULL)
        return error_errno(err, NULL, "allocate memory");
    struct option_arguments arguments;
    int result =
        options_parse(command->options, command->in_order, words + 1, options, &arguments, err);
    if (arguments.unknown != NULL)
        hint_unknown_option(commands, command, arguments.unknown, err);
    if (result >= 0 && arguments.help)
        result = help_print_command(command, err);
    else if (result >= 0)
        result = run_parsed(call, argv, context, options, &arguments, ret_status, err);
    options_done(command->options, options, &arguments);
    return result;
}

/* The whole program but for reporting its error. */
static int run(char *const *argv, struct call *call, int *ret_status, struct thole_error *err) {
    struct global_settings settings = {0};
    struct option_arguments words;
    struct thole_context context;
    cleanup_free char *root = NULL;

    int result = options_parse(global_options, true, argv + 1, &settings, &words, err);
    if (words.unknown != NULL)
        hint_unknown_option(commands, NULL, words.unknown, err);
    /* Where the words are wrong as well, that is what is told; as the log options want it. */
    if (context_init(&settings, &call->logger, &context, &root, result < 0 ? NULL : err) < 0)
        result = -1;
    if (result >= 0 && words.help) {
        result = help_print_program(commands, err);
    } else if (result >= 0 && settings.version) {
        const struct invocation invocation = {.context = &context};
        result = command_version.run(&invocation, ret_status, err);
    } else if (result >= 0 && words.count == 0) {
        *ret_status = EXIT_FAILURE;
        result = help_print_hint(commands, err);
    } else if (result >= 0) {
        result = run_command(call, argv, words.items, &context, ret_status, err);
    }
    options_done(global_options, &settings, &words);
    return result;
}

/* Whatever was to be opened: the cause lies with the caller. */
static const char *hint_of(const struct thole_error *err) {
    if (err->hint[0] != '\0' || err->code != EMFILE)
        return err->hint;
    return "the caller's limit of open files is too low: ulimit -n";
}

/* "create web1: /mounts/3: mount proc on /proc: Operation not permitted" */
__attribute__((cold, noinline)) static void report(const struct call *call,
                                                   const struct thole_error *err) {
    char reason[sizeof(err->where) + sizeof(err->text) + 128];
    cleanup_text struct text message = {0};
    if (call->command != NULL)
        text_append(&message, call->command->name);
    if (call->id != NULL)
        text_appendf(&message, " %s", call->id);
    if (call->command != NULL)
        text_append(&message, ": ");
    text_append(&message, error_format(err, reason, sizeof(reason)));
    text_make_plain(message.data); /* the id may be any word */
    logger_fail(&call->logger, message.data, hint_of(err));
}

static int run_and_report(int argc, char *argv[]) {
    struct call call = {0};
    struct thole_error err = {0};
    int status = EXIT_SUCCESS;
    if (argc < 1)
        return EXIT_FAILURE;
    if (run(argv, &call, &status, &err) >= 0)
        return status;

    report(&call, &err);
    bool usage = (err.kind == THOLE_ERROR_USAGE && !call.runs) || call.command == NULL;
    return usage || call.command->failure_status == 0 ? EXIT_FAILURE : call.command->failure_status;
}

int main(int argc, char *argv[]) {
    surroundings_settle();
    /* Output goes out as it is made: nothing is left that exit() would do, but page faults. */
    _exit(surroundings_with_stack(run_and_report, argc, argv));
}
