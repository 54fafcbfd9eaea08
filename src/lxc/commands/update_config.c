/* SPDX-License-Identifier: Apache-2.0 */
/* lxc-update-config: today's names in a configuration file. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "lxc/commands/commands.h"
#include "lxc/config/file_text.h"
#include "lxc/help.h"

struct update_config_options {
    const char *config;
};

static const struct option_row rows[] = {
    {"config", 'c', OPTION_STRING, offsetof(struct update_config_options, config), "FILE",
     "configuration file to update"},
    {0},
};

static int run_update_config(const struct lxc_call *call, int *ret_status,
                             struct thole_error *err) {
    const struct update_config_options *options = call->options;
    cleanup_text struct text text = {0};
    cleanup_text struct text backup = {0};
    (void)ret_status;
    if (options->config == NULL) {
        lxc_help_print(call->command);
        return 0;
    }
    /* In its place: the file may be a link, and belong to somebody else. */
    cleanup_free char *file = realpath(options->config, NULL);
    struct stat status;
    if (file == NULL || stat(file, &status) < 0)
        return error_errno(err, NULL, "look at %s", options->config);
    if (lxc_configuration_text_read(file, &text, err) < 0)
        return -1;
    mode_t mode = status.st_mode & 07777;
    text_appendf(&backup, "%s.backup", options->config);
    if (file_replace_at(AT_FDCWD, backup.data, text.data, text.length, mode, err) < 0)
        return -1;
    (void)lxc_configuration_text_update(&text);
    return file_create_at(AT_FDCWD, file, text.data, text.length, mode, err);
}

const struct lxc_command lxc_command_update_config = {
    .name = "update-config",
    .arguments = "",
    .summary = "give the keys of a configuration file today's names",
    .description =
        "Keys of LXC 0.7 to 2.0 get the names that they have since 2.1; comments, order\n"
        "and values stay. FILE.backup is the file as it was.",
    .options = rows,
    .options_size = sizeof(struct update_config_options),
    .naming = LXC_NAME_OPTION,
    .no_common = true,
    .run = run_update_config,
};
