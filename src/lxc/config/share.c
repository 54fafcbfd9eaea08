/* SPDX-License-Identifier: Apache-2.0 */
/* Where files that come with thole-lxc are. */
#include "lxc/config/share.h"

#include <stdlib.h>

#include "config.h"

const char *lxc_share_directory(void) {
#ifdef THOLE_DEVELOPER
    const char *uninstalled = getenv("THOLE_LXC_SHARE");
    if (uninstalled != NULL)
        return uninstalled;
#endif
    return LXC_SHARE_DIRECTORY;
}
