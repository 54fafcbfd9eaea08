/* SPDX-License-Identifier: Apache-2.0 */
/* lxc.hook.*: the user's programs on the container's way. */
#include "lxc/convert/hooks.h"

#include <stdlib.h>
#include <string.h>

#include "config.h"

#include "base/text.h"
#include "lxc/convert/apparmor_profile.h"

static const char shell[] = "/bin/sh";

/* What is running now, by the name under which it will be found again: main() has noted it. */
const char *lxc_hook_own_program(struct lxc_conversion *conversion) {
    const char *noted = getenv("THOLE_LXC_PROGRAM");
    if (conversion->request->program != NULL)
        return conversion->request->program;
    return noted != NULL ? arena_strdup(conversion->arena, noted) : THOLE_LXC_PROGRAM;
}

struct oci_hook *lxc_hook_add_own(struct lxc_conversion *conversion, oci_hook_list *list,
                                  const char *word) {
    struct arena *arena = conversion->arena;
    struct oci_hook *hook = oci_list_add(arena, list);
    hook->path = arena_strdup(arena, lxc_hook_own_program(conversion));
    oci_strings_add(arena, &hook->args, "thole-lxc");
    oci_strings_add(arena, &hook->args, "hook");
    oci_strings_add(arena, &hook->args, "--");
    oci_strings_add(arena, &hook->args, word);
    for (size_t i = 0; i < conversion->hook_env.count; i++)
        oci_strings_add(arena, &hook->env, conversion->hook_env.items[i]);
    return hook;
}

/* The environment of a hook of @type. */
static struct oci_strings environment(struct lxc_conversion *conversion, const char *type) {
    struct arena *arena = conversion->arena;
    struct oci_strings env = {0};
    for (size_t i = 0; i < conversion->hook_env.count; i++)
        oci_strings_add(arena, &env, conversion->hook_env.items[i]);
    if (conversion->hook_version == 0)
        return env;
    oci_strings_add(arena, &env, arena_printf(arena, "LXC_HOOK_TYPE=%s", type));
    oci_strings_add(arena, &env, "LXC_HOOK_SECTION=lxc");
    return env;
}

/* The namespaces that the monitor holds open for it: it is told of them in the environment. */
#define NAMESPACE_ARGUMENT(name, VARIABLE) " ${" VARIABLE ":+" name ":$" VARIABLE "}"
static const char namespace_arguments[] = NAMESPACE_ARGUMENT("user", "LXC_USER_NS")
    NAMESPACE_ARGUMENT("mnt", "LXC_MNT_NS") NAMESPACE_ARGUMENT("pid", "LXC_PID_NS")
        NAMESPACE_ARGUMENT("uts", "LXC_UTS_NS") NAMESPACE_ARGUMENT("ipc", "LXC_IPC_NS")
            NAMESPACE_ARGUMENT("net", "LXC_NET_NS") NAMESPACE_ARGUMENT("cgroup", "LXC_CGROUP_NS")
                NAMESPACE_ARGUMENT("time", "LXC_TIME_NS");

/* sh -c "exec SCRIPT [NAME lxc TYPE]" */
static struct oci_strings arguments(struct lxc_conversion *conversion, const char *script,
                                    const char *type) {
    struct arena *arena = conversion->arena;
    struct oci_strings args = {0};
    const char *more = strcmp(type, "stop") == 0 ? namespace_arguments : "";
    oci_strings_add(arena, &args, shell);
    oci_strings_add(arena, &args, "-c");
    oci_strings_add(arena, &args,
                    conversion->hook_version == 0
                        ? arena_printf(arena, "exec %s %s lxc %s%s", script,
                                       conversion->request->name, type, more)
                        : arena_printf(arena, "exec %s", script));
    return args;
}

static void note_origin(struct lxc_conversion *conversion, const oci_hook_list *list,
                        const struct lxc_item *item) {
    const struct oci_hooks *hooks = conversion->oci->hooks;
    const char *name = list == &hooks->create_container  ? "createContainer"
                       : list == &hooks->create_runtime  ? "createRuntime"
                       : list == &hooks->start_container ? "startContainer"
                                                         : "poststop";
    lxc_conversion_origin(conversion, item->where, "/hooks/%s/%zu", name, list->count - 1);
}

static void add_hook(struct lxc_conversion *conversion, oci_hook_list *list,
                     const struct lxc_item *item, const char *type) {
    struct oci_hook *hook = oci_list_add(conversion->arena, list);
    note_origin(conversion, list, item);
    hook->path = arena_strdup(conversion->arena, shell);
    hook->args = arguments(conversion, item->value, type);
    hook->env = environment(conversion, type);
}

/* Through thole-lxc, which knows the pid from the state that thole gives it. */
static void add_with_state(struct lxc_conversion *conversion, oci_hook_list *list,
                           const struct lxc_item *item, const char *type) {
    struct oci_strings args = arguments(conversion, item->value, type);
    struct oci_hook *hook = lxc_hook_add_own(conversion, list, "run");
    note_origin(conversion, list, item);
    for (size_t i = 0; i < args.count; i++)
        oci_strings_add(conversion->arena, &hook->args, args.items[i]);
    hook->env = environment(conversion, type);
}

static void add_program(struct lxc_conversion *conversion, struct thole_program *program,
                        const struct lxc_item *item, const char *type) {
    program->args = arguments(conversion, item->value, type).items;
    program->env = environment(conversion, type).items;
}

static const struct lxc_item *next(struct lxc_conversion *conversion, const char *type,
                                   const struct lxc_item *previous) {
    return lxc_conversion_next(conversion, arena_printf(conversion->arena, "lxc.hook.%s", type),
                               previous);
}

/* Those that are hooks of OCI as well. */
static void convert_listed(struct lxc_conversion *conversion) {
    struct oci_hooks *hooks = conversion->oci->hooks;
    const struct {
        const char *type;
        oci_hook_list *list;
    } listed[] = {
        {"mount", &hooks->create_container},
        {"autodev", &hooks->create_container},
        {"start", &hooks->start_container},
        {"post-stop", conversion->request->execute ? &hooks->poststop : NULL},
    };
    const char *autodev = lxc_conversion_value(conversion, "lxc.autodev");
    for (size_t i = 0; i < sizeof(listed) / sizeof(listed[0]); i++) {
        const struct lxc_item *item = NULL;
        while (listed[i].list != NULL && (item = next(conversion, listed[i].type, item)) != NULL) {
            if (strcmp(listed[i].type, "autodev") == 0 && text_equal(autodev, "0"))
                lxc_conversion_note(conversion, item->where, "no effect: lxc.autodev is 0");
            else
                add_hook(conversion, listed[i].list, item, listed[i].type);
        }
    }
}

/* Overlays of older releases had theirs under another name. */
static struct thole_program work_program(struct lxc_conversion *conversion) {
    struct oci_strings args = {0};
    struct oci_strings env = {0};
    oci_strings_add(conversion->arena, &args, "/bin/mkdir");
    oci_strings_add(conversion->arena, &args, "-p");
    oci_strings_add(conversion->arena, &args, conversion->rootfs_work);
    oci_strings_add(conversion->arena, &env, LXC_HOOK_PATH);
    return (struct thole_program){.args = args.items, .env = env.items};
}

static void add_programs(struct lxc_conversion *conversion, const char *type,
                         struct thole_program **programs, size_t *count) {
    const struct lxc_item *item = NULL;
    while ((item = next(conversion, type, item)) != NULL)
        add_program(conversion, oci_items_add(conversion->arena, *programs, *count), item, type);
}

/* What the command runs before everything else. */
static void add_first(struct lxc_conversion *conversion) {
    struct lxc_converted *converted = conversion->converted;
    struct thole_program *programs = NULL;
    size_t count = 0;
    if (conversion->rootfs_work != NULL)
        *oci_items_add(conversion->arena, programs, count) = work_program(conversion);
    if (converted->apparmor_profile != NULL)
        *oci_items_add(conversion->arena, programs, count) =
            lxc_apparmor_program(conversion, "", "--replace --skip-cache");
    add_programs(conversion, "pre-start", &programs, &count);
    if (converted->apparmor_profile != NULL)
        converted->unload_profile = lxc_apparmor_program(conversion, "", "--remove");
    converted->pre_start = programs;
    converted->pre_start_count = count;
}

/* What the monitor runs when init has ended, and knows whether it is a reboot. */
static void add_last(struct lxc_conversion *conversion) {
    struct thole_monitor *monitor = &conversion->converted->monitor;
    struct thole_program *programs = NULL;
    size_t count = 0;
    add_programs(conversion, "stop", &programs, &count);
    if (!conversion->request->execute)
        add_programs(conversion, "post-stop", &programs, &count);
    /* While the name is still taken: the next start has loaded it anew by then. */
    if (conversion->converted->apparmor_profile != NULL && !conversion->request->execute)
        *oci_items_add(conversion->arena, programs, count) =
            lxc_apparmor_program(conversion, "[ \"$LXC_TARGET\" = reboot ] || ", "--remove");
    monitor->stop = programs;
    monitor->stop_count = count;
}

int lxc_convert_hooks(struct lxc_conversion *conversion, struct thole_error *err) {
    const struct lxc_item *item = next(conversion, "pre-mount", NULL);
    if (item != NULL)
        return error_unsupported(err, item->where,
                                 "nothing can run in the container's mount namespace before its "
                                 "root is mounted: use lxc.hook.pre-start or lxc.hook.mount");
    convert_listed(conversion);
    while ((item = next(conversion, "start-host", item)) != NULL)
        add_with_state(conversion, &conversion->oci->hooks->create_runtime, item, "start-host");
    add_first(conversion);
    add_last(conversion);
    return 0;
}
