/* SPDX-License-Identifier: Apache-2.0 */
/* Options of the commands that start a container: lxc-start and lxc-execute. */
#pragma once

#include <stddef.h>

#include "lxc/lifecycle/launch.h"

#define LXC_LAUNCH_MEMBER(offset, member) ((offset) + offsetof(struct lxc_launch, member))

/** Rows of an option table, for the struct lxc_launch at @offset. */
#define LXC_LAUNCH_OPTIONS(offset)                                                        \
    OPTION_ROW("rcfile", 'f', OPTION_STRING, LXC_LAUNCH_MEMBER(offset, rcfile), "FILE",   \
               "use the configuration in FILE, not the stored one"),                      \
        OPTION_ROW("define", 's', OPTION_STRINGS, LXC_LAUNCH_MEMBER(offset, definitions), \
                   "KEY=VALUE", "set a key as if it stood in the configuration"),         \
        OPTION_ROW("share-net", 0, OPTION_STRING,                                         \
                   LXC_LAUNCH_MEMBER(offset, shared[LXC_SHARED_NET]), "NAME|PID",         \
                   "share the network namespace of another container"),                   \
        OPTION_ROW("share-ipc", 0, OPTION_STRING,                                         \
                   LXC_LAUNCH_MEMBER(offset, shared[LXC_SHARED_IPC]), "NAME|PID",         \
                   "share the IPC namespace"),                                            \
        OPTION_ROW("share-uts", 0, OPTION_STRING,                                         \
                   LXC_LAUNCH_MEMBER(offset, shared[LXC_SHARED_UTS]), "NAME|PID",         \
                   "share the UTS namespace"),                                            \
        OPTION_ROW("share-pid", 0, OPTION_STRING,                                         \
                   LXC_LAUNCH_MEMBER(offset, shared[LXC_SHARED_PID]), "NAME|PID",         \
                   "share the PID namespace")
