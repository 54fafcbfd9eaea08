/* SPDX-License-Identifier: Apache-2.0 */
/* A layer of an OCI image, put on those below (image-spec "Image Layer Filesystem Changeset"). */
#pragma once

#include "base/error.h"

/**
 * Moves all that is in the directory @layer into the directory @rootfs, on the same filesystem:
 * whiteouts (".wh.NAME", ".wh..wh..opq") remove what lower layers put there, directories are
 * merged, anything else is replaced. No link in either is followed.
 */
int lxc_layer_apply(const char *layer, const char *rootfs, struct thole_error *err);
