/* SPDX-License-Identifier: Apache-2.0 */
/* Where files that come with thole-lxc are. */
#include "lxc/config/share.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"

#include "base/text.h"

const char *lxc_share_directory(void) {
#ifdef THOLE_DEVELOPER
    const char *uninstalled = getenv("THOLE_LXC_SHARE");
    if (uninstalled != NULL)
        return uninstalled;
#endif
    return LXC_SHARE_DIRECTORY;
}

char *lxc_share_path(const char *path) {
    static const char of_lxc[] = LXC_SHARE_OF_LXC "/" LXC_SHARE_CONFIG "/";
    struct text own = {0};
    if (!text_starts_with(path, of_lxc) || access(path, F_OK) == 0)
        return strdup(path);
    text_appendf(&own, "%s/" LXC_SHARE_CONFIG "/%s", lxc_share_directory(), path + strlen(of_lxc));
    if (access(own.data, F_OK) == 0)
        return text_take(&own);
    text_done(&own);
    return strdup(path);
}
