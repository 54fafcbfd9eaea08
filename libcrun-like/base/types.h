/* SPDX-License-Identifier: Apache-2.0 */
/* The types that the public header and every layer below it share. Installed with thole.h. */
#ifndef THOLE_TYPES_H
#define THOLE_TYPES_H

/** Who has to act on an error. The command line maps a kind to wording and exit status. */
enum thole_error_kind {
    THOLE_ERROR_NONE,
    THOLE_ERROR_USAGE,       /* the command line asks for something impossible */
    THOLE_ERROR_CONFIG,      /* config.json or process.json is wrong */
    THOLE_ERROR_UNSUPPORTED, /* this kernel, build or privilege cannot do it */
    THOLE_ERROR_HOST,        /* a system call failed */
    THOLE_ERROR_STATE,       /* the container is not in a state that allows it */
    THOLE_ERROR_NOT_FOUND,   /* there is no such container */
    THOLE_ERROR_PAYLOAD,     /* the container's program or a hook failed */
    THOLE_ERROR_NO_PROGRAM,  /* the program to execute is not there */
    THOLE_ERROR_BAD_PROGRAM, /* it is there, but may not or cannot be executed */
    THOLE_ERROR_BUG,         /* thole contradicts itself */
};

/**
 * Owned by the caller and written in place: reporting an error allocates nothing. The struct holds
 * no pointers, so a child process sends it whole over its sync socket.
 */
struct thole_error {
    int code; /* errno value of the failed call, 0 if there was none */
    enum thole_error_kind kind;
    char where[256]; /* JSON pointer into the configuration, "" if none applies */
    char text[1024]; /* what failed: one line without where and without the errno text */
    char hint[320];  /* one more line for causes that are commonly misunderstood, or "" */
};

/** Whether the kernel's audit log hears of a container (docs/audit.md). The stricter one wins. */
enum thole_audit {
    THOLE_AUDIT_DEFAULT, /* what the build has: configure --with-audit */
    THOLE_AUDIT_OFF,
    THOLE_AUDIT_ON,   /* what cannot be told is a warning */
    THOLE_AUDIT_MUST, /* no container starts without */
};

/** After which ends a container is started once more; after none that thole_kill() asked for. */
enum thole_restart {
    THOLE_RESTART_DEFAULT = 0, /* as the container's annotation says, without one never */
    THOLE_RESTART_REBOOT = 1,  /* it asked for it by reboot(2) */
    THOLE_RESTART_HALT = 2,    /* it halted or powered off by reboot(2) */
    THOLE_RESTART_SUCCESS = 4, /* with status 0 */
    THOLE_RESTART_FAILURE = 8, /* with another status, or by a signal */
    THOLE_RESTART_ALWAYS = 13, /* reboot, success, failure */
    THOLE_RESTART_NEVER = 16,  /* whatever the annotation says */
};

enum thole_log_level {
    THOLE_LOG_ERROR,
    THOLE_LOG_WARNING,
    THOLE_LOG_INFO,
    THOLE_LOG_DEBUG,
};

/** @write receives one line without a line break. A NULL @write drops everything. */
struct thole_log {
    enum thole_log_level level; /* lines above this level are not even formatted */
    void (*write)(void *userdata, enum thole_log_level level, const char *line);
    void *userdata;
};

#endif
