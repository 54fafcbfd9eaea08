/* SPDX-License-Identifier: Apache-2.0 */
/* The functions of libsystemd's sd-bus that are used, resolved with dlopen(). Private to this
 * folder. */
#ifndef CGROUP_LIBSYSTEMD_H
#define CGROUP_LIBSYSTEMD_H

#include <systemd/sd-bus.h>

#include "base/error.h"

struct libsystemd {
    void *handle;
    __typeof__(sd_bus_open_system) *open_system;
    __typeof__(sd_bus_open_user) *open_user;
    __typeof__(sd_bus_is_ready) *is_ready;
    __typeof__(sd_bus_close_unref) *close;
    __typeof__(sd_bus_message_new_method_call) *new_method_call;
    __typeof__(sd_bus_message_append) *append;
    __typeof__(sd_bus_message_append_array) *append_array;
    __typeof__(sd_bus_message_open_container) *open_container;
    __typeof__(sd_bus_message_close_container) *close_container;
    __typeof__(sd_bus_message_read) *read;
    __typeof__(sd_bus_message_unref) *unref;
    __typeof__(sd_bus_match_signal) *match_signal;
    __typeof__(sd_bus_call) *call;
    __typeof__(sd_bus_process) *process;
    __typeof__(sd_bus_wait) *wait;
    __typeof__(sd_bus_error_free) *error_free;
};

/** Opens libsystemd.so.0 and resolves every function. It stays loaded. */
int libsystemd_open(struct libsystemd *ret_library, struct thole_error *err);

#endif
