/* SPDX-License-Identifier: Apache-2.0 */
/* What a program inherits without asking for it, made fit to work with. */
#pragma once

/**
 * Descriptors 0 to 2 are open, children can be waited for, a file size limit is an error and no
 * death, the owner has a right to the files that are made. Does not return in a setuid program. To
 * be called first.
 */
void surroundings_settle(void);

/** Calls @program, on a stack of its own where the caller's limit leaves too little of one. */
int surroundings_with_stack(int (*program)(int, char **), int argc, char **argv);
