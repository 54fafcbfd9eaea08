/* SPDX-License-Identifier: Apache-2.0 */
/* Putting one setting after the other into a configuration: the rules of lists and of clearing. */
#pragma once

#include "lxc/config/configuration.h"

/**
 * Sets @name, today's or an old one, to @value: a list gets one more, a single one is replaced, an
 * empty @value clears. @where is kept in the item: the file and line, and the key as it was
 * written. Both are copied.
 */
int lxc_items_assign(struct lxc_configuration *config, const char *name, const char *value,
                     const char *where, struct thole_error *err);

/** Adds a line to the notes. */
void lxc_items_note(struct lxc_configuration *config, const char *where, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
