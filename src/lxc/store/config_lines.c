/* SPDX-License-Identifier: Apache-2.0 */
/* Changing values in the text of a configuration. */
#include "lxc/store/config_lines.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "lxc/config/line.h"
#include "lxc/store/hardware_address.h"

static int change_line(struct text *result, const char *line, size_t length, lxc_line_change change,
                       void *userdata, struct thole_error *err) {
    struct lxc_line parts;
    cleanup_free char *changed = NULL;
    if (lxc_line_split(line, length, &parts) == LXC_LINE_SETTING) {
        cleanup_free char *key = strndup(parts.key, parts.key_length);
        cleanup_free char *value = strndup(parts.value, parts.value_length);
        if (key == NULL || value == NULL)
            abort();
        if (change(userdata, key, value, &changed, err) < 0)
            return -1;
        if (changed != NULL)
            text_appendf(result, "%s = %s\n", key, changed);
    }
    if (changed == NULL) {
        text_append_bytes(result, line, length);
        text_append(result, "\n");
    }
    return 0;
}

int lxc_config_lines_change(struct text *text, lxc_line_change change, void *userdata,
                            struct thole_error *err) {
    struct text result = {0};
    const char *rest = text->data;
    const char *line = NULL;
    size_t length = 0;
    while (rest != NULL && text_next_line(&rest, &line, &length)) {
        if (change_line(&result, line, length, change, userdata, err) < 0) {
            text_done(&result);
            return -1;
        }
    }
    text_done(text);
    *text = result;
    return 0;
}

bool lxc_config_is_hardware_address(const char *key) {
    return text_starts_with(key, "lxc.net") && text_ends_with(key, ".hwaddr");
}

int lxc_config_expand_addresses(void *userdata, const char *key, const char *value,
                                char **ret_value, struct thole_error *err) {
    (void)userdata;
    (void)err;
    if (lxc_config_is_hardware_address(key) && strpbrk(value, "xX") != NULL)
        *ret_value = lxc_hardware_address_expand(strdup(value));
    return 0;
}
