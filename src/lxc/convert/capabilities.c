/* SPDX-License-Identifier: Apache-2.0 */
/* lxc.cap.drop and lxc.cap.keep: without them, a container has all that there are. */
#include <string.h>

#include "base/names.h"
#include "base/nearest.h"
#include "base/text.h"
#include "lxc/convert/conversion.h"

/* The bit of a name or a number; 0: there is none. */
static uint64_t parse(const char *word) {
    uint64_t number = 0;
    return text_parse_uint(word, 63, &number) ? UINT64_C(1) << number
                                              : names_capability_parse(word);
}

static int read_words(struct lxc_conversion *conversion, const struct lxc_item *item,
                      uint64_t *bits, struct thole_error *err) {
    struct oci_strings words;
    if (lxc_words_split(conversion->arena, item->value, item->where, &words, err) < 0)
        return -1;
    for (size_t i = 0; i < words.count; i++) {
        const uint64_t bit = parse(words.items[i]);
        if (bit == 0)
            return error_config(err, item->where, "there is no capability \"%s\"", words.items[i]);
        *bits |= bit;
    }
    return 0;
}

static int read_keep(struct lxc_conversion *conversion, bool *ret_any, uint64_t *ret_bits,
                     struct thole_error *err) {
    const struct lxc_item *item = NULL;
    while ((item = lxc_conversion_next(conversion, "lxc.cap.keep", item)) != NULL) {
        *ret_any = true;
        if (strcmp(item->value, "none") == 0)
            *ret_bits = 0;
        else if (read_words(conversion, item, ret_bits, err) < 0)
            return -1;
    }
    return 0;
}

static int read_drop(struct lxc_conversion *conversion, const struct lxc_item **ret_last,
                     uint64_t *ret_bits, struct thole_error *err) {
    const struct lxc_item *item = NULL;
    while ((item = lxc_conversion_next(conversion, "lxc.cap.drop", item)) != NULL) {
        *ret_last = item;
        if (read_words(conversion, item, ret_bits, err) < 0)
            return -1;
    }
    return 0;
}

int lxc_convert_capabilities(struct lxc_conversion *conversion, struct thole_error *err) {
    const struct translate_host *host = NULL;
    const struct lxc_item *dropped = NULL;
    bool keeps = false;
    uint64_t keep = 0;
    uint64_t drop = 0;
    if (lxc_conversion_host(conversion, &host, err) < 0 ||
        read_keep(conversion, &keeps, &keep, err) < 0 ||
        read_drop(conversion, &dropped, &drop, err) < 0)
        return -1;
    if (keeps && dropped != NULL)
        return error_config(err, dropped->where, "excludes lxc.cap.keep, which is set, too");
    translate_capabilities(conversion->arena, conversion->oci, host, keeps ? keep : ~drop);
    return 0;
}
