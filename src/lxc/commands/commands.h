/* SPDX-License-Identifier: Apache-2.0 */
/* The lxc-* commands: one table row each, from which parsing, help, manuals and completion are
 * made. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "cli/options.h"
#include "thole.h"

/* The release of LXC whose commands, options and keys these are: what scripts ask --version for. */
#define LXC_LEVEL "7.0.0"

/** What all commands take (lxc(7), "common options"). */
struct lxc_settings {
    const char *name;
    struct option_strings lxcpaths;
    const char *logfile;
    const char *logpriority;
    bool quiet;
    const char *rcfile;
    bool version;
    bool usage;
    bool help;
    char order[64]; /* letters of the options that were given, each where it came last */
};

/** Where a command's container name comes from when there is no --name. */
enum lxc_naming {
    LXC_NAME_FIRST_WORD, /* the first argument; an error if there is none */
    LXC_NAME_ANY,        /* it may be missing: NULL */
    LXC_NAME_OPTION,     /* --name only, arguments are the command's own; it may be missing */
};

struct lxc_command;

/** One call of a command, with everything from its command line. */
struct lxc_call {
    const struct lxc_command *const *commands; /* all of them by name, NULL-terminated */
    const struct lxc_command *command;
    const struct lxc_settings *settings;
    const char *name;    /* of the container, or NULL */
    const char *lxcpath; /* the first of --lxcpath, or the configured one */
    struct thole_log log;
    const void *options;    /* the struct that the command's option table fills in */
    char *const *arguments; /* NULL-terminated, without the name */
    size_t argument_count;
};

struct lxc_command {
    const char *name;                 /* "attach" is lxc-attach and "thole-lxc attach" */
    const char *arguments;            /* for the usage line: "[-- COMMAND]" */
    const char *summary;              /* one line without a full stop */
    const char *description;          /* paragraphs for help and manual, or NULL */
    const struct option_row *options; /* its rows win over common options of the same letter */
    size_t options_size;              /* of the struct that @options fills in */
    enum lxc_naming naming;
    bool no_common;     /* it has none of the common options but help, usage and version */
    bool many_paths;    /* --lxcpath may be repeated */
    bool seal;          /* runs a container's program: the executable is sealed first */
    bool hidden;        /* left out of help, manual, completion and links */
    int usage_status;   /* exit status of a wrong command line, 0: the usual 1 */
    int failure_status; /* exit status of a failure, 0: the usual 1 */
    /** Returns 0 and may set @ret_status (0 before), or -1 with @err filled in. */
    int (*run)(const struct lxc_call *call, int *ret_status, struct thole_error *err);
};

extern const struct lxc_command lxc_command_attach;
extern const struct lxc_command lxc_command_autostart;
extern const struct lxc_command lxc_command_cgroup;
extern const struct lxc_command lxc_command_checkconfig;
extern const struct lxc_command lxc_command_clone;
extern const struct lxc_command lxc_command_complete;
extern const struct lxc_command lxc_command_config;
extern const struct lxc_command lxc_command_console;
extern const struct lxc_command lxc_command_convert;
extern const struct lxc_command lxc_command_copy;
extern const struct lxc_command lxc_command_create;
extern const struct lxc_command lxc_command_destroy;
extern const struct lxc_command lxc_command_device;
extern const struct lxc_command lxc_command_execute;
extern const struct lxc_command lxc_command_freeze;
extern const struct lxc_command lxc_command_generate_man;
extern const struct lxc_command lxc_command_hook;
extern const struct lxc_command lxc_command_layer;
extern const struct lxc_command lxc_command_info;
extern const struct lxc_command lxc_command_kill;
extern const struct lxc_command lxc_command_ls;
extern const struct lxc_command lxc_command_monitor;
extern const struct lxc_command lxc_command_netstat;
extern const struct lxc_command lxc_command_ps;
extern const struct lxc_command lxc_command_shutdown;
extern const struct lxc_command lxc_command_snapshot;
extern const struct lxc_command lxc_command_start;
extern const struct lxc_command lxc_command_stop;
extern const struct lxc_command lxc_command_top;
extern const struct lxc_command lxc_command_unfreeze;
extern const struct lxc_command lxc_command_unshare;
extern const struct lxc_command lxc_command_update_config;
extern const struct lxc_command lxc_command_usernsexec;
extern const struct lxc_command lxc_command_version;
extern const struct lxc_command lxc_command_wait;

/** The command called @name among @commands (NULL-terminated), or NULL. */
const struct lxc_command *lxc_command_find(const struct lxc_command *const *commands,
                                           const char *name);

/** The option table of commands that have no options of their own. */
extern const struct option_row lxc_no_options[];
