/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of thole: one table row each, from which parsing, help and manuals are made. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "cli/options.h"
#include "thole.h"

struct command;

/** One call of a command, with everything from its command line. */
struct invocation {
    const struct command *const *commands; /* all of them by name, NULL-terminated */
    const struct command *command;
    const struct thole_context *context;
    const void *options;    /* the struct that the command's option table fills in */
    char *const *arguments; /* NULL-terminated, as many as the command takes */
    size_t argument_count;
};

struct command {
    const char *name;
    const char *arguments;   /* how many it takes: "ID [SIGNAL]" */
    const char *summary;     /* one line without a full stop */
    const char *description; /* paragraphs for help and manual */
    const char *exit_status; /* of a success, for the manual; NULL: it is 0 */
    const struct option_row *options;
    size_t options_size; /* of the struct that @options fills in */
    bool in_order;       /* options end at the first argument */
    bool seal;           /* runs a container's program: the executable is sealed first */
    bool hidden;         /* left out of help, manual and completion */
    int failure_status;  /* exit status of a failure, 0: the usual 1 */
    /** Returns 0 and may set @ret_status (0 before), or -1 with @err filled in. */
    int (*run)(const struct invocation *invocation, int *ret_status, struct thole_error *err);
};

extern const struct command command_attach;
extern const struct command command_checkpoint;
extern const struct command command_complete;
extern const struct command command_create;
extern const struct command command_delete;
extern const struct command command_events;
extern const struct command command_exec;
extern const struct command command_features;
extern const struct command command_generate_man;
extern const struct command command_help;
extern const struct command command_kill;
extern const struct command command_list;
extern const struct command command_logs;
extern const struct command command_mounts;
extern const struct command command_pause;
extern const struct command command_plan;
extern const struct command command_ps;
extern const struct command command_restore;
extern const struct command command_resume;
extern const struct command command_run;
extern const struct command command_spec;
extern const struct command command_start;
extern const struct command command_state;
extern const struct command command_top;
extern const struct command command_update;
extern const struct command command_validate;
extern const struct command command_version;

/** True if its first argument is the id of the container that it is about. */
bool command_takes_id(const struct command *command);

/** The command called @name among @commands (NULL-terminated), or NULL. */
const struct command *command_find(const struct command *const *commands, const char *name);

/** The option table of commands that have no options. */
extern const struct option_row command_no_options[];
