/* SPDX-License-Identifier: Apache-2.0 */
/* tmpcopyup: a tmpfs starts with what the directory below it holds. */
#pragma once

#include "base/error.h"

/**
 * Copies the contents of directory @from into directory @to: files, directories, symbolic links,
 * device nodes and fifos with mode, owner and times. Stays on the filesystem of @from. The fds stay
 * the caller's.
 */
int apply_copy_up(int from, int to, const char *where, struct thole_error *err);
