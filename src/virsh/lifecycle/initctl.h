/* SPDX-License-Identifier: Apache-2.0 */
/* Asking a SysV init, or one that listens like it, for another runlevel. */
#pragma once

#include <sys/types.h>

#include "base/error.h"

/**
 * Writes the request for @runlevel ('0', '6') to /run/initctl or /dev/initctl of the process @pid,
 * wherever its links lead inside. 1: written, 0: nobody listens there, -1: that failed.
 */
int virsh_initctl_request(pid_t pid, char runlevel, struct thole_error *err);
