/* SPDX-License-Identifier: Apache-2.0 */
/* Devices of a domain: the parts. */
#pragma once

#include "virsh/convert/conversion.h"

/**
 * The bus and the number on it that the USB device of @hostdev has now: as its address says, or by
 * vendor and product. None, and several ones, are errors.
 */
int virsh_usb_find(const struct domain_hostdev *hostdev, uint64_t *ret_bus, uint64_t *ret_device,
                   struct thole_error *err);
