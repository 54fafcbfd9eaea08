/* SPDX-License-Identifier: Apache-2.0 */
/* Opening libsystemd. */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#ifdef HAVE_LIBSYSTEMD
#include "cgroup/libsystemd.h"

#include <stddef.h>

#include "base/dlopen_note.h"
#include "base/library.h"

DLOPEN_NOTE(systemd_note, "systemd", "Containers in scopes of systemd", "recommended",
            "libsystemd.so.0");

static const struct library_symbol symbols[] = {
    {"sd_bus_open_system", offsetof(struct libsystemd, open_system)},
    {"sd_bus_open_user", offsetof(struct libsystemd, open_user)},
    {"sd_bus_is_ready", offsetof(struct libsystemd, is_ready)},
    {"sd_bus_close_unref", offsetof(struct libsystemd, close)},
    {"sd_bus_message_new_method_call", offsetof(struct libsystemd, new_method_call)},
    {"sd_bus_message_append", offsetof(struct libsystemd, append)},
    {"sd_bus_message_append_array", offsetof(struct libsystemd, append_array)},
    {"sd_bus_message_open_container", offsetof(struct libsystemd, open_container)},
    {"sd_bus_message_close_container", offsetof(struct libsystemd, close_container)},
    {"sd_bus_message_read", offsetof(struct libsystemd, read)},
    {"sd_bus_message_unref", offsetof(struct libsystemd, unref)},
    {"sd_bus_match_signal", offsetof(struct libsystemd, match_signal)},
    {"sd_bus_call", offsetof(struct libsystemd, call)},
    {"sd_bus_process", offsetof(struct libsystemd, process)},
    {"sd_bus_wait", offsetof(struct libsystemd, wait)},
    {"sd_bus_error_free", offsetof(struct libsystemd, error_free)},
};

int libsystemd_open(struct libsystemd *ret_library, struct thole_error *err) {
    /* Never unloaded: it has thread-local data of its own. */
    ret_library->handle =
        library_load("libsystemd.so.0", symbols, sizeof(symbols) / sizeof(symbols[0]), ret_library,
                     "the systemd cgroup manager needs libsystemd", err);
    return ret_library->handle != NULL ? 0 : -1;
}
#endif
