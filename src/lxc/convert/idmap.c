/* SPDX-License-Identifier: Apache-2.0 */
/* lxc.idmap = u|g|b NS HOST RANGE; b is both. */
#include <string.h>

#include "base/text.h"
#include "lxc/convert/conversion.h"

int lxc_convert_idmap(struct lxc_conversion *conversion, struct thole_error *err) {
    struct oci_linux *section = conversion->oci->linux;
    const struct lxc_item *item = NULL;
    while ((item = lxc_conversion_next(conversion, "lxc.idmap", item)) != NULL) {
        struct oci_strings words;
        uint64_t inside = 0;
        uint64_t outside = 0;
        uint64_t size = 0;
        if (lxc_words_split(conversion->arena, item->value, item->where, &words, err) < 0)
            return -1;
        const char kind = words.items[0][1] == '\0' ? words.items[0][0] : '\0';
        if (words.count != 4 || kind == '\0' || strchr("ugb", kind) == NULL ||
            !text_parse_uint(words.items[1], UINT32_MAX, &inside) ||
            !text_parse_uint(words.items[2], UINT32_MAX, &outside) ||
            !text_parse_uint(words.items[3], UINT32_MAX, &size) || size == 0)
            return error_config(
                err, item->where,
                "\"%s\" is not u, g or b, the first id inside, the first outside and "
                "how many",
                item->value);
        const struct oci_id_mapping mapping = {(uint32_t)inside, (uint32_t)outside, (uint32_t)size};
        if (kind != 'g')
            *oci_list_add(conversion->arena, &section->uid_mappings) = mapping;
        if (kind != 'u')
            *oci_list_add(conversion->arena, &section->gid_mappings) = mapping;
    }
    return 0;
}
