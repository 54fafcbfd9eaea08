/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of virsh that domains of type lxc have: one table row each, from which parsing,
 * help, manuals and completion are made. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "cli/options.h"
#include "thole.h"
#include "virsh/store/place.h"

/* The release of libvirt whose virsh this is measured against. */
#define VIRSH_LEVEL "9.0.0"

/** Options before the command. */
struct virsh_settings {
    const char *connect;
    bool quiet;
    bool readonly;
    bool timing;
    bool no_pkttyagent;
    const char *debug;
    const char *escape;
    const char *log_file;
    const char *keepalive_interval;
    const char *keepalive_count;
    bool version;
    bool long_version;
    const char *version_of;
};

struct virsh_command;

/** One call of a command, with everything from its command line. */
struct virsh_call {
    const struct virsh_command *const *commands; /* all of them by name, NULL-terminated */
    const struct virsh_command *command;
    const struct virsh_settings *settings;
    const struct virsh_place *place;
    struct thole_log log;
    const void *options;    /* the struct that the command's option table fills in */
    char *const *arguments; /* what its operands leave, NULL-terminated */
    size_t argument_count;
};

struct virsh_command {
    const char *name;
    const char *summary;     /* one line without a full stop */
    const char *description; /* paragraphs for help and manual, or NULL */
    const struct option_row *options;
    size_t options_size;         /* of the struct that @options fills in */
    const char *const *operands; /* names of the options that words without one go to, in order */
    size_t required;             /* how many of them have to be there */
    const char *rest;            /* what further words are called, NULL: there are none */
    bool seal;                   /* runs a container's program: the executable is sealed first */
    bool hidden;                 /* left out of help, manual and completion */
    /** Returns 0 and may set @ret_status (0 before), or -1 with @err filled in. */
    int (*run)(const struct virsh_call *call, int *ret_status, struct thole_error *err);
};

extern const struct virsh_command virsh_command_autostart;
extern const struct virsh_command virsh_command_blkiotune;
extern const struct virsh_command virsh_command_complete;
extern const struct virsh_command virsh_command_console;
extern const struct virsh_command virsh_command_create;
extern const struct virsh_command virsh_command_define;
extern const struct virsh_command virsh_command_destroy;
extern const struct virsh_command virsh_command_domid;
extern const struct virsh_command virsh_command_dominfo;
extern const struct virsh_command virsh_command_domname;
extern const struct virsh_command virsh_command_domstate;
extern const struct virsh_command virsh_command_domstats;
extern const struct virsh_command virsh_command_domuuid;
extern const struct virsh_command virsh_command_domxml_from_native;
extern const struct virsh_command virsh_command_domxml_to_native;
extern const struct virsh_command virsh_command_dumpxml;
extern const struct virsh_command virsh_command_edit;
extern const struct virsh_command virsh_command_elements;
extern const struct virsh_command virsh_command_event;
extern const struct virsh_command virsh_command_generate_man;
extern const struct virsh_command virsh_command_help;
extern const struct virsh_command virsh_command_hook;
extern const struct virsh_command virsh_command_list;
extern const struct virsh_command virsh_command_lxc_enter_namespace;
extern const struct virsh_command virsh_command_memtune;
extern const struct virsh_command virsh_command_reboot;
extern const struct virsh_command virsh_command_resume;
extern const struct virsh_command virsh_command_schedinfo;
extern const struct virsh_command virsh_command_setmem;
extern const struct virsh_command virsh_command_shutdown;
extern const struct virsh_command virsh_command_start;
extern const struct virsh_command virsh_command_suspend;
extern const struct virsh_command virsh_command_undefine;
extern const struct virsh_command virsh_command_uri;
extern const struct virsh_command virsh_command_version;

/** The command called @name among @commands (NULL-terminated), or NULL. */
const struct virsh_command *virsh_command_find(const struct virsh_command *const *commands,
                                               const char *name);

/** The operand of commands that are about one domain: {"domain", NULL}. */
extern const char *const virsh_operand_domain[];

/** The row of --domain, for a struct with the member @member. */
#define VIRSH_DOMAIN_OPTION(type, member)                                           \
    OPTION_ROW("domain", 0, OPTION_STRING, offsetof(struct type, member), "DOMAIN", \
               "name, id or uuid of the domain", NULL, true)

/** The row of --format, which virsh has not. */
#define VIRSH_FORMAT_OPTION(type, member)                                           \
    OPTION_ROW("format", 0, OPTION_STRING, offsetof(struct type, member), "FORMAT", \
               "text (default) or json", "text|json")

/** "Domain 'web' started" and an empty line, unless --quiet is given. */
void virsh_tell(const struct virsh_call *call, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** The line before the reason of a failure: "error: Failed to start domain 'web'"; returns -1. */
int virsh_failed(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** Writes what a command answers, and an empty line unless --quiet is given. */
int virsh_answer(const struct virsh_call *call, const char *text, struct thole_error *err);
