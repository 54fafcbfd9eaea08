/* SPDX-License-Identifier: Apache-2.0 */
/* spec: a configuration to start from. */
#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "commands.h"
#include "thole.h"

struct spec_settings {
    const char *bundle;
    const char *file;
    bool rootless;
};

static const struct option_row spec_options[] = {
    {"bundle", 'b', OPTION_STRING, offsetof(struct spec_settings, bundle), "DIR",
     "write it to this bundle (default: the current directory)"},
    {"file", 'f', OPTION_STRING, offsetof(struct spec_settings, file), "FILE",
     "write FILE, replacing what is there (default: config.json)"},
    {"rootless", 0, OPTION_FLAG, offsetof(struct spec_settings, rootless), NULL,
     "for an unprivileged user"},
    {0},
};

static int run_spec(const struct invocation *invocation, int *ret_status, struct thole_error *err) {
    (void)ret_status;
    const struct spec_settings *settings = invocation->options;
    const char *bundle = settings->bundle != NULL ? settings->bundle : ".";
    const char *file = settings->file != NULL ? settings->file : "config.json";
    int existing = settings->file != NULL ? O_TRUNC : O_EXCL;

    cleanup_free char *json = NULL;
    char *const *args = invocation->argument_count > 0 ? invocation->arguments : NULL;
    if (thole_default_config(settings->rootless, args, &json, err) < 0)
        return -1;
    cleanup_close int directory = open(bundle, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0)
        return error_errno(err, NULL, "open bundle %s", bundle);
    cleanup_close int fd = openat(directory, file, O_WRONLY | O_CREAT | O_CLOEXEC | existing, 0666);
    if (fd < 0)
        return error_errno(err, NULL, "create %s", file);
    if (file_write_all(fd, json, strlen(json)) < 0)
        return error_errno(err, NULL, "write %s", file);
    return 0;
}

const struct command command_spec = {
    .name = "spec",
    .arguments = "[COMMAND [ARG]...]",
    .summary = "write a configuration to start from",
    .description = "It runs COMMAND without a terminal, or a shell on a terminal where none is "
                   "given. An\nexisting config.json is not replaced.",
    .options = spec_options,
    .options_size = sizeof(struct spec_settings),
    .in_order = true,
    .run = run_spec,
};
