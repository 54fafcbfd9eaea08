/* SPDX-License-Identifier: Apache-2.0 */
/* lxc.cgroup.devices.allow and .deny, and those of cgroup2: rules, of which the last match counts.
 */
#include <string.h>

#include "base/text.h"
#include "lxc/convert/cgroups.h"

/* "*" or a number. */
static bool read_number(const char *word, struct oci_int *ret_number) {
    if (strcmp(word, "*") == 0)
        return true;
    ret_number->set = true;
    return text_parse_int(word, 0, UINT32_MAX, &ret_number->value);
}

/* "a", or "[abc] MAJOR:MINOR ACCESS" with stars for any number. */
static bool read_rule(struct arena *arena, struct oci_strings *words,
                      struct oci_device_rule *rule) {
    rule->type = words->items[0];
    rule->access = arena_strdup(arena, "rwm");
    if (strlen(rule->type) != 1 || strchr("abc", rule->type[0]) == NULL)
        return false;
    if (words->count == 1)
        return rule->type[0] == 'a';
    char *colon = strchr(words->items[1], ':');
    if (colon == NULL || words->count > 3)
        return false;
    *colon = '\0';
    if (!read_number(words->items[1], &rule->major) || !read_number(colon + 1, &rule->minor))
        return false;
    if (words->count == 3)
        rule->access = words->items[2];
    return strspn(rule->access, "rwm") == strlen(rule->access);
}

int lxc_cgroup_device(struct lxc_conversion *conversion, const struct lxc_cgroup_setting *setting,
                      struct thole_error *err) {
    struct oci_device_rule rule = {.allow = strcmp(setting->file, "devices.allow") == 0};
    struct oci_strings words;
    if (!rule.allow && strcmp(setting->file, "devices.deny") != 0)
        return 1;
    if (lxc_words_split(conversion->arena, setting->value, setting->where, &words, err) < 0)
        return -1;
    if (!read_rule(conversion->arena, &words, &rule))
        return error_config(err, setting->where,
                            "\"%s\" is not a device rule: a, or b or c, MAJOR:MINOR and some of "
                            "rwm",
                            setting->value);
    struct oci_resources *resources = conversion->oci->linux->resources;
    *oci_list_add(conversion->arena, &resources->devices) = rule;
    lxc_conversion_origin(conversion, setting->where, "/linux/resources/devices/%zu",
                          resources->devices.count - 1);
    return 0;
}
