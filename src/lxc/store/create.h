/* SPDX-License-Identifier: Apache-2.0 */
/* lxc-create: a new container by a template. */
#pragma once

#include "lxc/config/rootfs_path.h"
#include "lxc/store/container.h"

struct lxc_create_request {
    const char *config_file;      /* what its configuration begins with; NULL: nothing */
    const char *template;         /* a program, NULL: no root file system is made */
    char *const *arguments;       /* for the template, NULL-terminated */
    enum lxc_rootfs_kind storage; /* LXC_ROOTFS_DIRECTORY or LXC_ROOTFS_OVERLAY */
    const char *rootfs;           /* an absolute path; NULL: "rootfs" in its directory */
};

/** Makes @container. If that fails nothing of it is left, but what is not thole's to remove. */
int lxc_create(const struct lxc_container *container, const struct lxc_create_request *request,
               struct thole_error *err);
