/* SPDX-License-Identifier: Apache-2.0 */
/* Device rules of cgroup v2, which are a program of the kernel's: all of them are given anew. */
#include "lxc/commands/device_rule.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "oci-spec/document.h"

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

static void append_configured(struct text *json, const struct oci_device_rule *rule) {
    text_appendf(json, "{\"allow\":%s", rule->allow ? "true" : "false");
    if (rule->type != NULL)
        text_appendf(json, ",\"type\":\"%s\"", rule->type);
    if (rule->major.set)
        text_appendf(json, ",\"major\":%" PRId64, rule->major.value);
    if (rule->minor.set)
        text_appendf(json, ",\"minor\":%" PRId64, rule->minor.value);
    if (rule->access != NULL)
        text_appendf(json, ",\"access\":\"%s\"", rule->access);
    text_append(json, "},");
}

int lxc_device_rule_add(const struct lxc_container *container, bool allow, const char *rule,
                        struct thole_error *err) {
    cleanup_arena struct arena arena = {0};
    cleanup_text struct text path = {0};
    cleanup_text struct text json = {0};
    cleanup_free char *document = NULL;
    struct oci_config *config = NULL;
    size_t length = 0;
    text_appendf(&path, "%s/%s/config.json", container->root, container->id);
    if (file_read_regular_at(AT_FDCWD, path.data, OCI_DOCUMENT_MAX, &document, &length, err) < 0 ||
        oci_read_config(document, length, &arena, NULL, &config, err) < 0)
        return -1;
    text_append(&json, "{\"devices\":[");
    const struct oci_resources *resources = config->linux != NULL ? config->linux->resources : NULL;
    for (size_t i = 0; resources != NULL && i < resources->devices.count; i++)
        append_configured(&json, &resources->devices.items[i]);
    if (append_given(&json, allow, rule, err) < 0)
        return -1;
    text_append(&json, "]}");
    const struct thole_update update = {.resources = json.data};
    return thole_update(&container->context, container->id, &update, err);
}
