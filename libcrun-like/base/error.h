/* SPDX-License-Identifier: Apache-2.0 */
/* The one error type of thole: what failed, where in the configuration, and why. */
#pragma once

#include <errno.h>
#include <stddef.h>

#include "base/types.h"

/**
 * Fills @err and returns -1, so that callers can `return error_set(...)`. @where may be NULL.
 * Line breaks in the text become spaces: an error is always one line. A NULL @err is allowed.
 */
int error_set(struct thole_error *err, enum thole_error_kind kind, int code, const char *where,
              const char *format, ...) __attribute__((cold, format(printf, 5, 6)));

/** Like error_set() for a failed system call: kind HOST, code taken from errno. */
#define error_errno(err, where, ...) error_set(err, THOLE_ERROR_HOST, errno, where, __VA_ARGS__)

/** Like error_set() for a wrong configuration. */
#define error_config(err, where, ...) error_set(err, THOLE_ERROR_CONFIG, 0, where, __VA_ARGS__)

/** Like error_set() for what this host, this build or the privileges do not allow. */
#define error_unsupported(err, where, ...) \
    error_set(err, THOLE_ERROR_UNSUPPORTED, 0, where, __VA_ARGS__)

/** Like error_set() for a call that asks for something impossible. */
#define error_usage(err, ...) error_set(err, THOLE_ERROR_USAGE, 0, NULL, __VA_ARGS__)

/** Like error_set() for a container whose state does not allow what is asked. */
#define error_state(err, ...) error_set(err, THOLE_ERROR_STATE, 0, NULL, __VA_ARGS__)

/** Like error_set() for a violated expectation inside thole. */
#define error_bug(err, ...) error_set(err, THOLE_ERROR_BUG, 0, NULL, __VA_ARGS__)

/** @err becomes a copy of @failure; returns -1. A NULL @err is allowed. */
int error_copy(struct thole_error *err, const struct thole_error *failure) __attribute__((cold));

/** Adds the hint line to an error already set; returns -1. */
int error_hint(struct thole_error *err, const char *format, ...)
    __attribute__((cold, format(printf, 2, 3)));

/** Puts "@format: " in front of the text of an error already set; returns -1. */
int error_prefix(struct thole_error *err, const char *format, ...)
    __attribute__((cold, format(printf, 2, 3)));

/** Writes "where: text: strerror(code)" to @buffer, cut to @size; returns @buffer. */
char *error_format(const struct thole_error *err, char *buffer, size_t size);
