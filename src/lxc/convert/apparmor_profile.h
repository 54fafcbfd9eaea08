/* SPDX-License-Identifier: Apache-2.0 */
/* The AppArmor profile that is made for one container. */
#pragma once

#include <stdbool.h>

#include "base/text.h"
#include "lxc/convert/conversion.h"

/** What a generated profile depends on. */
struct lxc_apparmor_profile {
    const char *name;
    bool nesting;           /* containers inside: they mount, pivot and change profiles */
    const char *const *raw; /* NULL-terminated lines of the user's own */
};

/**
 * The call of apparmor_parser with the profile of @conversion on its standard input, so that no
 * file of it lies about. @condition: "", or "TEST || " of the shell.
 */
struct thole_program lxc_apparmor_program(struct lxc_conversion *conversion, const char *condition,
                                          const char *options);

/** Appends the profile in apparmor.d(5)'s language. */
void lxc_apparmor_profile_write(struct text *text, const struct lxc_apparmor_profile *profile);
