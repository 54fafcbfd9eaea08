/* SPDX-License-Identifier: Apache-2.0 */
/* Init: its command, where and as whom it runs. */
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "lxc/config/architecture.h"
#include "lxc/convert/hooks.h"

static const char default_init[] = "/sbin/init";

static int convert_command(struct lxc_conversion *conversion, struct thole_error *err) {
    const struct lxc_convert_request *request = conversion->request;
    struct oci_process *process = conversion->oci->process;
    const struct lxc_item *init = lxc_conversion_item(conversion, "lxc.init.cmd");
    const struct lxc_item *execute = lxc_conversion_item(conversion, "lxc.execute.cmd");
    const struct lxc_item *item = request->execute ? execute : init;
    for (char *const *word = request->command; word != NULL && *word != NULL; word++)
        oci_strings_add(conversion->arena, &process->args, *word);
    if (process->args.count > 0)
        return 0;
    if (item != NULL)
        return lxc_words_split(conversion->arena, item->value, item->where, &process->args, err);
    if (request->execute)
        return error_usage(err, "no command: neither on the command line nor as lxc.execute.cmd");
    oci_strings_add(conversion->arena, &process->args, default_init);
    return 0;
}

static int read_id(struct lxc_conversion *conversion, const char *given, const char *name,
                   uint32_t *ret_id, struct thole_error *err) {
    int64_t number = 0;
    if (lxc_conversion_number(conversion, name, 0, UINT32_MAX - 1, &number, err) < 0)
        return -1;
    uint64_t id = (uint64_t)number;
    if (given != NULL && !text_parse_uint(given, UINT32_MAX - 1, &id))
        return error_usage(err, "\"%s\" is not a user or group id", given);
    *ret_id = (uint32_t)id;
    return 0;
}

static int convert_groups(struct lxc_conversion *conversion, struct thole_error *err) {
    const struct lxc_item *item = NULL;
    while ((item = lxc_conversion_next(conversion, "lxc.init.groups", item)) != NULL) {
        for (const char *at = item->value; *at != '\0';) {
            const size_t length = strcspn(at, ", \t");
            uint64_t id = 0;
            if (length > 0 &&
                !text_parse_uint(arena_strndup(conversion->arena, at, length), UINT32_MAX - 1, &id))
                return error_config(err, item->where, "\"%.*s\" is not a group id", (int)length,
                                    at);
            if (length > 0)
                *oci_list_add(conversion->arena, &conversion->oci->process->user->additional_gids) =
                    (uint32_t)id;
            at += length + (at[length] != '\0');
        }
    }
    return 0;
}

static int convert_user(struct lxc_conversion *conversion, struct thole_error *err) {
    const struct lxc_convert_request *request = conversion->request;
    struct oci_user *user = conversion->oci->process->user;
    if (read_id(conversion, request->uid, "lxc.init.uid", &user->uid, err) < 0 ||
        read_id(conversion, request->gid, "lxc.init.gid", &user->gid, err) < 0)
        return -1;
    return convert_groups(conversion, err);
}

static int convert_cwd(struct lxc_conversion *conversion, struct thole_error *err) {
    const struct lxc_item *item = lxc_conversion_item(conversion, "lxc.init.cwd");
    if (item != NULL && item->value[0] != '/')
        return error_config(err, item->where, "\"%s\" is not an absolute path", item->value);
    conversion->oci->process->cwd =
        arena_strdup(conversion->arena, item != NULL ? item->value : "/");
    return 0;
}

static int convert_architecture(struct lxc_conversion *conversion, struct thole_error *err) {
    unsigned long personality = 0;
    const struct lxc_item *item = lxc_conversion_item(conversion, "lxc.arch");
    if (item == NULL)
        return 0;
    if (!lxc_architecture_parse(item->value, &personality))
        return error_config(err, item->where, "\"%s\" is not an architecture", item->value);
    conversion->oci->linux->personality = arena_new(conversion->arena, struct oci_personality);
    conversion->oci->linux->personality->domain = (int)personality;
    return 0;
}

/* A file of /proc/PID that OCI has no member for is written by a hook, which knows the PID. */
static void write_by_hook(struct lxc_conversion *conversion, const struct lxc_item *item) {
    struct arena *arena = conversion->arena;
    struct oci_strings *args =
        &lxc_hook_add_own(conversion, &conversion->oci->hooks->create_runtime, "run")->args;
    oci_strings_add(arena, args, "/bin/sh");
    oci_strings_add(arena, args, "-c");
    oci_strings_add(arena, args, "printf %s \"$1\" >/proc/$LXC_PID/$0");
    oci_strings_add(arena, args, item->detail);
    oci_strings_add(arena, args, item->value);
    lxc_conversion_origin(conversion, item->where, "/hooks/createRuntime/%zu",
                          conversion->oci->hooks->create_runtime.count - 1);
}

/* lxc.proc.FILE: what goes to /proc/PID/FILE of init. */
static int convert_proc(struct lxc_conversion *conversion, struct thole_error *err) {
    struct oci_int *oom_score = &conversion->oci->process->oom_score_adj;
    const struct lxc_item *item = NULL;
    while ((item = lxc_conversion_next(conversion, "lxc.proc.", item)) != NULL) {
        if (strchr(item->detail, '/') != NULL || item->detail[0] == '.')
            return error_config(err, item->where, "\"%s\" is not the name of a file", item->detail);
        if (strcmp(item->detail, "oom_score_adj") != 0) {
            write_by_hook(conversion, item);
            continue;
        }
        if (!text_parse_int(item->value, -1000, 1000, &oom_score->value))
            return error_config(err, item->where, "\"%s\" is not a number from -1000 to 1000",
                                item->value);
        oom_score->set = true;
    }
    return 0;
}

static int convert_core_scheduling(struct lxc_conversion *conversion, struct thole_error *err) {
    bool set = false;
    if (lxc_conversion_flag(conversion, "lxc.sched.core", false, &set, err) < 0)
        return -1;
    if (!set)
        return 0;
    (void)lxc_hook_add_own(conversion, &conversion->oci->hooks->create_runtime, "sched-core");
    lxc_conversion_origin(conversion, lxc_conversion_item(conversion, "lxc.sched.core")->where,
                          "/hooks/createRuntime/%zu",
                          conversion->oci->hooks->create_runtime.count - 1);
    return 0;
}

int lxc_convert_process(struct lxc_conversion *conversion, struct thole_error *err) {
    struct oci_bool *no_new_privileges = &conversion->oci->process->no_new_privileges;
    bool set = false;
    if (convert_command(conversion, err) < 0 || convert_user(conversion, err) < 0 ||
        convert_cwd(conversion, err) < 0 || convert_architecture(conversion, err) < 0 ||
        convert_proc(conversion, err) < 0 || convert_core_scheduling(conversion, err) < 0 ||
        lxc_conversion_flag(conversion, "lxc.no_new_privs", false, &set, err) < 0)
        return -1;
    *no_new_privileges = (struct oci_bool){set, set};
    return 0;
}
