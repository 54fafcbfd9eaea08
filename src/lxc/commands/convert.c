/* SPDX-License-Identifier: Apache-2.0 */
/* lxc-convert: what a configuration of LXC becomes. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "lxc/commands/commands.h"
#include "lxc/commands/convert_monitor.h"
#include "lxc/config/configuration.h"
#include "lxc/convert/convert.h"
#include "lxc/store/container.h"

enum { FACTS_LIMIT = 1 << 20 };

struct convert_options {
    struct option_strings define;
    const char *facts;
    bool execute;
    bool monitor;
};

static const struct option_row rows[] = {
    {"define", 's', OPTION_STRINGS, offsetof(struct convert_options, define), "KEY=VALUE",
     "set a key as if it stood in the configuration"},
    {"execute", 'e', OPTION_FLAG, offsetof(struct convert_options, execute), NULL,
     "convert for lxc-execute"},
    {"facts", 0, OPTION_STRING, offsetof(struct convert_options, facts), "FILE",
     "convert for the host described in FILE (thole plan --print-facts)"},
    {"monitor", 'm', OPTION_FLAG, offsetof(struct convert_options, monitor), NULL,
     "print what the container's monitor does instead, as JSON"},
    {0},
};

/* A path is a file; everything else is the name of a container. */
static int read_configuration(const struct lxc_call *call, struct lxc_container *container,
                              struct lxc_configuration *config, const char **ret_file,
                              struct thole_error *err) {
    const char *word = call->argument_count > 0 ? call->arguments[0] : call->name;
    *ret_file = call->settings->rcfile != NULL ? call->settings->rcfile : word;
    const bool is_file = call->settings->rcfile != NULL || strchr(word, '/') != NULL;
    const char *name = !is_file ? word : call->name != NULL ? call->name : "container";
    if (lxc_container_find(name, call->lxcpath, &call->log, container, err) < 0)
        return -1;
    if (!is_file)
        *ret_file = container->config_file;
    return lxc_configuration_read(config, *ret_file, err);
}

static int convert(const struct lxc_call *call, const struct lxc_container *container,
                   const struct lxc_configuration *config, const char *file,
                   struct thole_error *err) {
    const struct convert_options *options = call->options;
    cleanup_free char *facts = NULL;
    cleanup_lxc_converted struct lxc_converted converted = {0};
    if (options->facts != NULL &&
        file_read_at(AT_FDCWD, options->facts, FACTS_LIMIT, &facts, NULL, err) < 0)
        return -1;
    const struct lxc_convert_request request = {
        .name = container->name,
        .lxcpath = container->lxcpath,
        .config_file = file,
        .command = call->argument_count > 1 ? call->arguments + 1 : NULL,
        .execute = options->execute,
        .facts = facts,
        .program = options->facts != NULL ? "/usr/bin/thole-lxc" : NULL,
    };
    if (lxc_convert(config, &request, &converted, err) < 0)
        return -1;
    cleanup_free char *monitor = options->monitor ? lxc_convert_monitor_json(&converted) : NULL;
    (void)printf("%s\n", options->monitor ? monitor : converted.config);
    for (size_t i = 0; i < config->note_count; i++)
        (void)fprintf(stderr, "%s\n", config->notes[i]);
    for (size_t i = 0; i < converted.note_count; i++)
        (void)fprintf(stderr, "%s\n", converted.notes[i]);
    return 0;
}

static int run_convert(const struct lxc_call *call, int *ret_status, struct thole_error *err) {
    const struct convert_options *options = call->options;
    cleanup_lxc_container struct lxc_container container = {0};
    cleanup_lxc_configuration struct lxc_configuration config = {0};
    const char *file = NULL;
    (void)ret_status;
    if (call->argument_count == 0 && call->name == NULL)
        return error_usage(err, "the name of a container, or the path of a configuration file");
    if (read_configuration(call, &container, &config, &file, err) < 0)
        return -1;
    for (size_t i = 0; i < options->define.count; i++) {
        if (lxc_configuration_define(&config, options->define.items[i], err) < 0)
            return -1;
    }
    return convert(call, &container, &config, file, err);
}

const struct lxc_command lxc_command_convert = {
    .name = "convert",
    .arguments = "NAME|FILE [-- COMMAND]",
    .summary = "print the OCI configuration that a container becomes",
    .description = "A word with a slash is a file. What has no effect is told on standard error.",
    .options = rows,
    .options_size = sizeof(struct convert_options),
    .naming = LXC_NAME_OPTION,
    .run = run_convert,
};
