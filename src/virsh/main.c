/* SPDX-License-Identifier: Apache-2.0 */
/* Entry of thole-virsh: global options, the place they mean, the command, what it reports. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commit.h"
#include "config.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/surroundings.h"
#include "virsh/commands/commands.h"
#include "virsh/help.h"
#include "virsh/lifecycle/program.h"
#include "virsh/options.h"

/* clang-format off */
static const struct virsh_command *const commands[] = {
    &virsh_command_autostart,
    &virsh_command_blkiotune,
    &virsh_command_complete,
    &virsh_command_console,
    &virsh_command_create,
    &virsh_command_define,
    &virsh_command_destroy,
    &virsh_command_domid,
    &virsh_command_dominfo,
    &virsh_command_domname,
    &virsh_command_domstate,
    &virsh_command_domstats,
    &virsh_command_domuuid,
    &virsh_command_domxml_from_native,
    &virsh_command_domxml_to_native,
    &virsh_command_dumpxml,
    &virsh_command_edit,
    &virsh_command_elements,
    &virsh_command_event,
    &virsh_command_generate_man,
    &virsh_command_help,
    &virsh_command_hook,
    &virsh_command_list,
    &virsh_command_lxc_enter_namespace,
    &virsh_command_memtune,
    &virsh_command_reboot,
    &virsh_command_resume,
    &virsh_command_schedinfo,
    &virsh_command_setmem,
    &virsh_command_shutdown,
    &virsh_command_start,
    &virsh_command_suspend,
    &virsh_command_undefine,
    &virsh_command_uri,
    &virsh_command_version,
    NULL,
};
/* clang-format on */

enum { MESSAGE_MAX = 8192 };

/* As virsh says it: what failed is on the line before, where a command knows more. */
static int report(const struct thole_error *err) {
    char message[MESSAGE_MAX];
    (void)virsh_failed("%s", error_format(err, message, sizeof(message)));
    if (err->hint[0] != '\0')
        (void)fprintf(stderr, "hint: %s\n", err->hint);
    return EXIT_FAILURE;
}

/* Warnings are for the user; the rest goes to the file of --log. */
static void write_log(void *userdata, enum thole_log_level level, const char *line) {
    const struct virsh_settings *settings = userdata;
    if (level <= THOLE_LOG_WARNING)
        (void)fprintf(stderr, "warning: %s\n", line);
    if (settings->log_file == NULL)
        return;
    cleanup_fclose FILE *file = fopen(settings->log_file, "ae");
    if (file != NULL)
        (void)fprintf(file, "%s\n", line);
}

static const char *chosen_uri(const struct virsh_settings *settings) {
    static const char *const variables[] = {"VIRSH_DEFAULT_CONNECT_URI", "LIBVIRT_DEFAULT_URI"};
    if (settings->connect != NULL)
        return settings->connect;
    for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
        const char *uri = getenv(variables[i]);
        if (uri != NULL && uri[0] != '\0')
            return uri;
    }
    return NULL;
}

static int run_parsed(struct virsh_call *call, char *const *whole_argv, int *ret_status,
                      struct thole_error *err) {
    cleanup_virsh_place struct virsh_place place = {0};
    if (virsh_place_open(chosen_uri(call->settings), &place, err) < 0)
        return virsh_failed("failed to connect to the hypervisor");
    call->place = &place;
    if (call->command->seal && thole_seal_executable(whole_argv, err) < 0)
        return -1;
    return call->command->run(call, ret_status, err);
}

static int run_command(struct virsh_call *call, char *const *words, char *const *whole_argv) {
    struct option_arguments arguments = {0};
    struct thole_error err = {0};
    int status = EXIT_SUCCESS;
    cleanup_free void *options = calloc(1, call->command->options_size + 1);
    if (options == NULL)
        abort();
    call->options = options;
    int result = virsh_options_parse(call->command, words, options, &arguments, &err);
    call->arguments = arguments.items;
    call->argument_count = arguments.count;
    if (result == 0 && arguments.help)
        virsh_help_print(call->command);
    else if (result == 0)
        result = run_parsed(call, whole_argv, &status, &err);
    options_done(call->command->options, options, &arguments);
    return result < 0 ? report(&err) : status;
}

/* Programs that call virsh take what it prints for its version, whole. */
static bool is_called_virsh(const char *path) {
    const char *slash = strrchr(path, '/');
    return strcmp(slash != NULL ? slash + 1 : path, "virsh") == 0;
}

static int print_version(bool is_long) {
    int length = is_long ? printf("thole-virsh %s, the commands of virsh %s\ncommit: %s\n",
                                  PACKAGE_VERSION, VIRSH_LEVEL, THOLE_COMMIT)
                         : printf("%s\n", VIRSH_LEVEL);
    return length < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int run(struct virsh_settings *settings, char *const *words, bool help,
               char *const *whole_argv) {
    struct virsh_call call = {
        .commands = commands,
        .settings = settings,
        .log = {THOLE_LOG_DEBUG, write_log, settings},
    };
    if (settings->version || settings->long_version)
        return print_version(settings->long_version || !is_called_virsh(whole_argv[0]));
    if (help || words[0] == NULL) {
        virsh_help_print_program(commands);
        return help ? EXIT_SUCCESS : EXIT_FAILURE;
    }
    call.command = virsh_command_find(commands, words[0]);
    if (call.command == NULL) {
        (void)virsh_failed("unknown command: '%s'", words[0]);
        return EXIT_FAILURE;
    }
    return run_command(&call, words + 1, whole_argv);
}

int main(int argc, char *argv[]) {
    struct virsh_settings settings = {0};
    struct option_arguments words = {0};
    struct thole_error err = {0};
    if (argc < 1)
        return EXIT_FAILURE;
    surroundings_settle();
    virsh_program_note();
    int status = options_parse(virsh_global_options, true, argv + 1, &settings, &words, &err) < 0
                     ? report(&err)
                     : run(&settings, words.items, words.help, argv);
    options_done(virsh_global_options, &settings, &words);
    return fflush(stdout) == 0 ? status : EXIT_FAILURE;
}
