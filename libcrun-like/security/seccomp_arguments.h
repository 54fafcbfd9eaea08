/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program for calls with arguments to compare, where the one that libseccomp makes of them is
 * not sound: longer, for nothing in it is shared, and so simple that it can be read. Private to
 * this folder.
 */
#pragma once

#include <stdbool.h>

#include "security/seccomp_sections.h"
#include "security/seccomp_table.h"

/**
 * Gives @section the program of those calls of @table that are left to libseccomp. Of several rules
 * that match, the strictest counts, as among filters (seccomp(2)). @wide: arguments have 64 bits.
 * False for calls that share one number, which only libseccomp can tell apart.
 */
bool seccomp_arguments_program(const struct seccomp_table *table, uint32_t default_action,
                               bool wide, struct seccomp_section *section);
