/* SPDX-License-Identifier: Apache-2.0 */
/* Device rules as devices.allow and devices.deny of cgroup v1 have them. */
#include "lxc/lifecycle/device_rule.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

/* "1", "*" -> 1, -1 */
static bool parse_number(const char *word, int64_t *ret_number) {
    *ret_number = -1;
    return strcmp(word, "*") == 0 || text_parse_int(word, 0, UINT32_MAX, ret_number);
}

/* "a" -> everything; "c 1:3 rwm" */
static int append_given(struct text *json, bool allow, const char *rule, struct thole_error *err) {
    char type = 'a';
    char major[16] = "*";
    char minor[16] = "*";
    char access[4] = "rwm";
    int64_t numbers[2];
    int parts = sscanf(rule, " %c %15[0-9*]:%15[0-9*] %3[rwm]", &type, major, minor, access);
    bool whole = parts == 1 && type == 'a';
    if ((!whole && parts < 3) || strchr("abc", type) == NULL || !parse_number(major, &numbers[0]) ||
        !parse_number(minor, &numbers[1]))
        return error_usage(err, "\"%s\" is not a device rule like \"a\" or \"c 1:3 rwm\"", rule);
    text_appendf(json,
                 "{\"allow\":%s,\"type\":\"%c\",\"major\":%" PRId64 ",\"minor\":%" PRId64
                 ",\"access\":\"%s\"}",
                 allow ? "true" : "false", type, numbers[0], numbers[1], access);
    return 0;
}

int lxc_device_rule_add(const struct lxc_container *container, bool allow, const char *rule,
                        struct thole_error *err) {
    const char *file = allow ? "devices.allow" : "devices.deny";
    cleanup_text struct text json = {0};
    if (thole_cgroup_write(&container->context, container->id, file, rule, err) == 0)
        return 0;
    if (err->code != ENOENT)
        return -1;
    *err = (struct thole_error){0};
    text_append(&json, "{\"devices\":[");
    if (append_given(&json, allow, rule, err) < 0)
        return -1;
    text_append(&json, "]}");
    const struct thole_update update = {.resources = json.data, .devices_on_top = true};
    return thole_update(&container->context, container->id, &update, err);
}
