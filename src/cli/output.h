/* SPDX-License-Identifier: Apache-2.0 */
/* What commands print: whole texts, written to standard output at once. */
#pragma once

#include "base/error.h"

/** Writes @text, and a line break unless it ends with one; a full disk or closed pipe fails. */
int output_text(const char *text, struct thole_error *err);
