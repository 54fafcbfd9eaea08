/* SPDX-License-Identifier: Apache-2.0 */
/* lxc.prlimit.NAME = SOFT[:HARD]. */
#include <ctype.h>
#include <string.h>
#include <sys/resource.h>

#include "base/names.h"
#include "base/text.h"
#include "lxc/convert/conversion.h"

static bool read_limit(const char *word, uint64_t *ret_limit) {
    if (strcmp(word, "unlimited") == 0) {
        *ret_limit = RLIM_INFINITY;
        return true;
    }
    return text_parse_uint(word, UINT64_MAX, ret_limit);
}

static char *type_of(struct arena *arena, const char *name) {
    char *type = arena_printf(arena, "RLIMIT_%s", name);
    for (char *at = type; *at != '\0'; at++)
        *at = (char)toupper((unsigned char)*at);
    return type;
}

int lxc_convert_limits(struct lxc_conversion *conversion, struct thole_error *err) {
    struct arena *arena = conversion->arena;
    struct oci_process *process = conversion->oci->process;
    const struct lxc_item *item = NULL;
    while ((item = lxc_conversion_next(conversion, "lxc.prlimit.", item)) != NULL) {
        const struct name_value *known = names_find(names_rlimits, type_of(arena, item->detail));
        const size_t length = strcspn(item->value, ": \t");
        const char *hard = item->value + length + strspn(item->value + length, ": \t");
        const char *soft = arena_strndup(arena, item->value, length);
        if (known == NULL)
            return error_config(err, item->where, "there is no resource limit \"%s\"",
                                item->detail);
        struct oci_rlimit limit = {.type = (int)known->value};
        if (!read_limit(soft, &limit.soft) || !read_limit(*hard != '\0' ? hard : soft, &limit.hard))
            return error_config(err, item->where,
                                "\"%s\" is not one or two limits, numbers or unlimited, with a "
                                "colon between",
                                item->value);
        *oci_list_add(arena, &process->rlimits) = limit;
        lxc_conversion_origin(conversion, item->where, "/process/rlimits/%zu",
                              process->rlimits.count - 1);
    }
    return 0;
}
