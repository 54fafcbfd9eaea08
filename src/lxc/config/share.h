/* SPDX-License-Identifier: Apache-2.0 */
/* Files that come with thole-lxc: templates, and configurations for others to include. */
#pragma once

#define LXC_SHARE_CONFIG "config"
#define LXC_SHARE_TEMPLATES "templates"

/** Where LXC has its own. */
#define LXC_SHARE_OF_LXC "/usr/share/lxc"

/** The directory of thole's own: static storage. */
const char *lxc_share_directory(void);
