/* SPDX-License-Identifier: Apache-2.0 */
/* The words of lxc.arch and lxc-attach --arch. */
#pragma once

#include <stdbool.h>

/** The execution domain of @word ("i686", "x86_64", "linux32"), PER_* of personality(2); false: it
 * is no architecture. */
bool lxc_architecture_parse(const char *word, unsigned long *ret_personality);
