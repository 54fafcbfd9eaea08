/* SPDX-License-Identifier: Apache-2.0 */
/* One action on every container whose id matches a regular expression. */
#ifndef SRC_MATCH_H
#define SRC_MATCH_H

#include "base/error.h"
#include "thole.h"

typedef int match_action(const struct thole_context *context, const char *id, const void *options,
                         struct thole_error *err);

/**
 * Calls @action for each id that the POSIX extended regular expression @pattern matches anywhere,
 * in order of the ids. All are tried; the first failure is the error, with its id in front.
 */
int match_each(const struct thole_context *context, const char *pattern, match_action *action,
               const void *options, struct thole_error *err);

#endif
