/* SPDX-License-Identifier: Apache-2.0 */
/* Values of lxc.net.*: each function reads one kind of word, and says what would have been right.
 */
#pragma once

#include "base/names.h"
#include "nic/settings.h"

/** "0" or "1". */
int nic_value_bool(const char *value, bool *ret_value, const char *where, struct thole_error *err);

/** A decimal number from @minimum to @maximum. */
int nic_value_number(const char *value, int64_t minimum, int64_t maximum, int64_t *ret_number,
                     const char *where, struct thole_error *err);

/** One of @words, which a row without a name ends. */
int nic_value_word(const char *value, const struct name_value *words, int *ret_value,
                   const char *where, struct thole_error *err);

/** The name of an interface, as the kernel allows it. */
int nic_value_device(const char *value, const char *where, struct thole_error *err);

/** "00:16:3e:xx:xx:xx" as NIC_HWADDR_DIGITS characters. */
int nic_value_hwaddr(const char *value, char *ret_digits, const char *where,
                     struct thole_error *err);

/**
 * "10.0.3.5/24 [10.0.3.255]", "fd00::5/64". Without a prefix: that of the address's class, as
 * before CIDR, and 64. The broadcast address is the network's last one unless given.
 */
int nic_value_address(const char *value, int family, struct nic_network_address *ret_address,
                      const char *where, struct thole_error *err);

/** "10.1.0.0/16 10.0.3.1 [METRIC]": a network and its gateway. A prefix may be missing, as above.
 */
int nic_value_route(const char *value, int family, struct nic_network_route *ret_route,
                    const char *where, struct thole_error *err);

/** An address, "auto" or "dev". */
int nic_value_gateway(const char *value, int family, struct nic_network_gateway *ret_gateway,
                      const char *where, struct thole_error *err);
