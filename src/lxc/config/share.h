/* SPDX-License-Identifier: Apache-2.0 */
/* Files that come with thole-lxc: templates, and configurations for others to include. */
#pragma once

#define LXC_SHARE_CONFIG "config"
#define LXC_SHARE_TEMPLATES "templates"

/** Where LXC has its own. */
#define LXC_SHARE_OF_LXC "/usr/share/lxc"

/** The directory of thole's own: static storage. */
const char *lxc_share_directory(void);

/**
 * @path, or thole's own file in its place if it is one of LXC's shared configurations and LXC is
 * not installed. malloc'ed.
 */
char *lxc_share_path(const char *path);
