/* SPDX-License-Identifier: Apache-2.0 */
/* The switch THOLE_NO_FASTPATH of developer builds. */
#include "base/fastpath.h"

#ifdef THOLE_DEVELOPER
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/words.h"

static const char *const names[] = {
    [FASTPATH_SEALED_ENTRY] = "sealed-entry", /* any value of the variable forbids this one */
    [FASTPATH_UNWRITABLE] = "unwritable",     [FASTPATH_READONLY_CLONE] = "readonly-clone",
    [FASTPATH_FILTER_CACHE] = "filter-cache", [FASTPATH_CGROUP_BIRTH] = "cgroup-birth",
    [FASTPATH_OVERLAP] = "overlap",           [FASTPATH_EMPTIED_NAMESPACE] = "emptied-namespace",
};

bool fastpath_allowed(enum fastpath fastpath) {
    const char *forbidden = getenv("THOLE_NO_FASTPATH");
    if (forbidden == NULL || forbidden[0] == '\0')
        return true;
    if (strcmp(forbidden, "1") == 0)
        return false;
    return !words_have(forbidden, names[fastpath], strlen(names[fastpath]));
}
#endif
