/* SPDX-License-Identifier: Apache-2.0 */
/* Where the members of a configuration that thole has written come from. */
#pragma once

#include <stddef.h>

#include "base/error.h"

/** What a line of somebody's configuration has put into config.json. */
struct translate_origin {
    const char *pointer; /* "/mounts/3" */
    const char *where;   /* the place that has asked for it */
};

/** In an error of the library: that place instead of the member that came from it. */
void translate_blame(const struct translate_origin *origins, size_t count, struct thole_error *err);
