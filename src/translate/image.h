/* SPDX-License-Identifier: Apache-2.0 */
/* Files and block devices that hold a filesystem. */
#pragma once

#include "base/error.h"

/** The type of the filesystem in @file, for mount(2), by its magic number; NULL: @err tells why. */
const char *translate_image_type(const char *file, struct thole_error *err);
