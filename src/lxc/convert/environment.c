/* SPDX-License-Identifier: Apache-2.0 */
/* lxc.environment*: of init, which gets nothing else, and of hooks. */
#include <stdlib.h>
#include <string.h>

#include "lxc/convert/conversion.h"

/* NAME alone is inherited. */
static int assignment(struct lxc_conversion *conversion, const struct lxc_item *item,
                      const char **ret_assignment, struct thole_error *err) {
    *ret_assignment = item->value;
    if (strchr(item->value, '=') != NULL)
        return 0;
    const char *inherited = getenv(item->value);
    if (inherited == NULL)
        return error_config(err, item->where, "%s is not set in the environment of this command",
                            item->value);
    *ret_assignment = arena_printf(conversion->arena, "%s=%s", item->value, inherited);
    return 0;
}

int lxc_convert_environment(struct lxc_conversion *conversion, struct thole_error *err) {
    static const struct {
        const char *name;
        bool init;
        bool hooks;
    } keys[] = {
        {"lxc.environment", true, true},
        {"lxc.environment.runtime", true, false},
        {"lxc.environment.hooks", false, true},
    };
    struct arena *arena = conversion->arena;
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        const struct lxc_item *item = NULL;
        while ((item = lxc_conversion_next(conversion, keys[i].name, item)) != NULL) {
            const char *text = NULL;
            if (assignment(conversion, item, &text, err) < 0)
                return -1;
            if (keys[i].init)
                oci_strings_add(arena, &conversion->oci->process->env, text);
            if (keys[i].hooks)
                oci_strings_add(arena, &conversion->hook_env, text);
        }
    }
    lxc_conversion_annotate(conversion, "org.thole.container", "lxc");
    return 0;
}
