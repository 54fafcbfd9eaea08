/* SPDX-License-Identifier: Apache-2.0 */
/* Interfaces that go into a running container and come back: lxc-device. They are down afterwards,
 * as the kernel leaves them. */
#pragma once

#include <sys/types.h>

#include "base/error.h"

/** 1 if the host has an interface of that name, 0 if not, -1 after an error. */
int nic_network_device_look(const char *device, struct thole_error *err);

/** Moves @device of the host to the network namespace of process @pid, where it is called @name. */
int nic_network_device_add(pid_t pid, const char *device, const char *name,
                           struct thole_error *err);

/** Moves @device of the network namespace of process @pid to the host, where it is called @name. */
int nic_network_device_remove(pid_t pid, const char *device, const char *name,
                              struct thole_error *err);
