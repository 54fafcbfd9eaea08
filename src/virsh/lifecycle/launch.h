/* SPDX-License-Identifier: Apache-2.0 */
/* From a document to a running container. */
#pragma once

#include "virsh/store/domains.h"
#include "virsh/xml/document.h"

/** How it is to be started; NULL or zeroed: as a daemon that runs. */
struct virsh_launch {
    const char *pass_fds; /* "3,4": descriptors for init, NULL: none */
    bool paused;          /* it is frozen before it does much */
};

/**
 * Starts the domain @name with @document, which is checked and has a uuid. Warnings go to the log.
 */
int virsh_launch(const struct virsh_place *place, const char *name,
                 const struct xml_document *document, const struct virsh_launch *launch,
                 const struct thole_log *log, struct thole_error *err);
