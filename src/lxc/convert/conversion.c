/* SPDX-License-Identifier: Apache-2.0 */
/* What all domains use: settings, notes, lists. */
#include "lxc/convert/conversion.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"

const struct lxc_item *lxc_conversion_next(struct lxc_conversion *conversion, const char *name,
                                           const struct lxc_item *previous) {
    const struct lxc_item *item = lxc_configuration_next(conversion->lxc, name, previous);
    if (item != NULL)
        conversion->used[item - conversion->lxc->items] = true;
    return item;
}

const struct lxc_item *lxc_conversion_item(struct lxc_conversion *conversion, const char *name) {
    const struct lxc_item *last = NULL;
    const struct lxc_item *item = NULL;
    while ((item = lxc_conversion_next(conversion, name, item)) != NULL)
        last = item;
    return last;
}

const char *lxc_conversion_value(struct lxc_conversion *conversion, const char *name) {
    const struct lxc_item *item = lxc_conversion_item(conversion, name);
    return item != NULL ? item->value : NULL;
}

int lxc_conversion_flag(struct lxc_conversion *conversion, const char *name, bool otherwise,
                        bool *ret_value, struct thole_error *err) {
    (void)lxc_conversion_item(conversion, name);
    return lxc_configuration_flag(conversion->lxc, name, otherwise, ret_value, err);
}

int lxc_conversion_number(struct lxc_conversion *conversion, const char *name, int64_t minimum,
                          int64_t maximum, int64_t *ret_value, struct thole_error *err) {
    const struct lxc_item *item = lxc_conversion_item(conversion, name);
    if (item == NULL || text_parse_int(item->value, minimum, maximum, ret_value))
        return 0;
    return error_config(err, item->where, "\"%s\" is not a number from %" PRId64 " to %" PRId64,
                        item->value, minimum, maximum);
}

void lxc_conversion_note(struct lxc_conversion *conversion, const char *where, const char *format,
                         ...) {
    struct lxc_converted *converted = conversion->converted;
    cleanup_free char *message = NULL;
    va_list arguments;
    va_start(arguments, format);
    if (vasprintf(&message, format, arguments) < 0)
        abort();
    va_end(arguments);
    struct text line = {0};
    text_appendf(&line, "%s: %s", where, message);
    char **notes =
        realloc(converted->notes, (converted->note_count + 1) * sizeof(*converted->notes));
    if (notes == NULL)
        abort();
    notes[converted->note_count++] = text_take(&line);
    converted->notes = notes;
}

int lxc_conversion_host(struct lxc_conversion *conversion, const struct translate_host **ret_host,
                        struct thole_error *err) {
    if (conversion->host == NULL &&
        translate_host_read(conversion->request->facts, conversion->arena, &conversion->host, err) <
            0)
        return -1;
    *ret_host = conversion->host;
    return 0;
}

void lxc_conversion_annotate(struct lxc_conversion *conversion, const char *key,
                             const char *value) {
    struct oci_pairs *annotations = &conversion->oci->annotations;
    *oci_items_add(conversion->arena, annotations->items, annotations->count) = (struct oci_pair){
        arena_strdup(conversion->arena, key), arena_strdup(conversion->arena, value)};
}
