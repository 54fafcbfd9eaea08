/* SPDX-License-Identifier: Apache-2.0 */
/* What happens when a container is over: lxc.ephemeral, and a generated profile of lxc-execute. */
#include <stdlib.h>
#include <unistd.h>

#include "lxc/convert/apparmor_profile.h"
#include "lxc/convert/hooks.h"

/* By these an ordinary user's containers are found. */
static void pass_on(struct arena *arena, struct oci_strings *env) {
    static const char *const names[] = {"HOME", "XDG_RUNTIME_DIR"};
    for (size_t i = 0; geteuid() != 0 && i < sizeof(names) / sizeof(names[0]); i++) {
        const char *value = getenv(names[i]);
        if (value != NULL)
            oci_strings_add(arena, env, arena_printf(arena, "%s=%s", names[i], value));
    }
}

static struct thole_program destroy_program(struct lxc_conversion *conversion) {
    struct arena *arena = conversion->arena;
    struct oci_strings args = {0};
    struct oci_strings env = {0};
    oci_strings_add(arena, &args, lxc_hook_own_program(conversion));
    oci_strings_add(arena, &args, "destroy");
    oci_strings_add(arena, &args, "-P");
    oci_strings_add(arena, &args, conversion->request->lxcpath);
    oci_strings_add(arena, &args, "-n");
    oci_strings_add(arena, &args, conversion->request->name);
    oci_strings_add(arena, &env, LXC_HOOK_PATH);
    pass_on(arena, &env);
    return (struct thole_program){.args = args.items, .env = env.items};
}

/* lxc-execute has no monitor: its containers are deleted by the command itself. */
static void unload_as_hook(struct lxc_conversion *conversion) {
    const struct thole_program program = lxc_apparmor_program(conversion, "", "--remove");
    struct oci_hook *hook = oci_list_add(conversion->arena, &conversion->oci->hooks->poststop);
    hook->path = program.args[0];
    for (char *const *word = program.args; *word != NULL; word++)
        oci_strings_add(conversion->arena, &hook->args, *word);
    for (char *const *word = program.env; *word != NULL; word++)
        oci_strings_add(conversion->arena, &hook->env, *word);
}

int lxc_convert_endings(struct lxc_conversion *conversion, struct thole_error *err) {
    struct thole_monitor *monitor = &conversion->converted->monitor;
    struct thole_program *programs = NULL;
    size_t count = 0;
    bool ephemeral = false;
    if (lxc_conversion_flag(conversion, "lxc.ephemeral", false, &ephemeral, err) < 0)
        return -1;
    if (conversion->converted->apparmor_profile != NULL && conversion->request->execute)
        unload_as_hook(conversion);
    if (ephemeral)
        *oci_items_add(conversion->arena, programs, count) = destroy_program(conversion);
    monitor->end = programs;
    monitor->end_count = count;
    return 0;
}
