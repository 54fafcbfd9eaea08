/* SPDX-License-Identifier: Apache-2.0 */
/* Command lines that show what a command is for, in help and manuals. */
#pragma once

/**
 * One example. A table ends with a row without a command. The texts are inside, since pointers
 * would be relocated at every start.
 */
struct example {
    char command[12]; /* the command it belongs to */
    char purpose[96];
    char line[80];
};

/** Those of one command stand together, the commonest first. */
extern const struct example examples[];
