/* SPDX-License-Identifier: Apache-2.0 */
/* LXC_*: what all hooks of a container are told. */
#include "lxc/convert/hooks.h"

#include <stdlib.h>
#include <unistd.h>

int lxc_convert_hook_environment(struct lxc_conversion *conversion, struct thole_error *err) {
    int64_t version = 0;
    if (lxc_conversion_number(conversion, "lxc.hook.version", 0, 1, &version, err) < 0)
        return -1;
    conversion->hook_version = (int)version;
    struct arena *arena = conversion->arena;
    struct oci_strings *env = &conversion->hook_env;
    const struct lxc_convert_request *request = conversion->request;
    const char *log = lxc_conversion_value(conversion, "lxc.console.logfile");
    const char *level = lxc_conversion_value(conversion, "lxc.log.level");
    oci_strings_add(arena, env, LXC_HOOK_PATH);
    const char *runtime = geteuid() != 0 ? getenv("XDG_RUNTIME_DIR") : NULL;
    if (runtime != NULL) /* of a user: where the state is */
        oci_strings_add(arena, env, arena_printf(arena, "XDG_RUNTIME_DIR=%s", runtime));
    oci_strings_add(arena, env, arena_printf(arena, "LXC_NAME=%s", request->name));
    if (request->config_file != NULL)
        oci_strings_add(arena, env,
                        arena_printf(arena, "LXC_CONFIG_FILE=%s", request->config_file));
    if (conversion->rootfs_given != NULL)
        oci_strings_add(arena, env,
                        arena_printf(arena, "LXC_ROOTFS_PATH=%s", conversion->rootfs_path));
    oci_strings_add(arena, env, arena_printf(arena, "LXC_ROOTFS_MOUNT=%s", conversion->rootfs));
    if (log != NULL)
        oci_strings_add(arena, env, arena_printf(arena, "LXC_CONSOLE_LOGPATH=%s", log));
    oci_strings_add(arena, env, "LXC_CGNS_AWARE=1");
    oci_strings_add(arena, env,
                    arena_printf(arena, "LXC_LOG_LEVEL=%s", level != NULL ? level : "ERROR"));
    oci_strings_add(arena, env,
                    arena_printf(arena, "LXC_HOOK_VERSION=%d", conversion->hook_version));
    return 0;
}
