/* SPDX-License-Identifier: Apache-2.0 */
/* The one error type of thole: what failed, where in the configuration, and why. */
#ifndef THOLE_ERROR_H
#define THOLE_ERROR_H

#include <errno.h>
#include <stddef.h>

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

/**
 * Fills @err and returns -1, so that callers can `return error_set(...)`. @where may be NULL.
 * Line breaks in the text become spaces: an error is always one line. A NULL @err is allowed.
 */
int error_set(struct thole_error *err, enum thole_error_kind kind, int code, const char *where,
              const char *format, ...) __attribute__((format(printf, 5, 6)));

/** Like error_set() for a failed system call: kind HOST, code taken from errno. */
#define error_errno(err, where, ...) error_set(err, THOLE_ERROR_HOST, errno, where, __VA_ARGS__)

/** Like error_set() for a wrong configuration. */
#define error_config(err, where, ...) error_set(err, THOLE_ERROR_CONFIG, 0, where, __VA_ARGS__)

/** Like error_set() for a violated expectation inside thole. */
#define error_bug(err, ...) error_set(err, THOLE_ERROR_BUG, 0, NULL, __VA_ARGS__)

/** Adds the hint line to an error already set; returns -1. */
int error_hint(struct thole_error *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** Puts "@format: " in front of the text of an error already set; returns -1. */
int error_prefix(struct thole_error *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** Writes "where: text: strerror(code)" to @buffer, cut to @size; returns @buffer. */
char *error_format(const struct thole_error *err, char *buffer, size_t size);

#endif
