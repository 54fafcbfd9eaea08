/* SPDX-License-Identifier: Apache-2.0 */
/* Names of the user and the group that init runs as. */
#pragma once

#include "virsh/convert/conversion.h"

/** os/inituser and os/initgroup, by name or number; names are those of the root file system. */
int virsh_convert_user(struct virsh_conversion *conversion, struct thole_error *err);
