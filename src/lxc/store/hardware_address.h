/* SPDX-License-Identifier: Apache-2.0 */
/* Hardware addresses of interfaces, where it does not matter which. */
#pragma once

enum { LXC_HARDWARE_ADDRESS_SIZE = 18 };

/** Writes a random digit over each "x" of @address, "00:16:3e:xx:xx:xx". Returns it. */
char *lxc_hardware_address_expand(char *address);
