/* SPDX-License-Identifier: Apache-2.0 */
/* What all subjects use: warnings, origins, mounts, hooks. */
#include "virsh/convert/conversion.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"

static char *formatted(struct arena *arena, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

static char *formatted(struct arena *arena, const char *format, va_list arguments) {
    cleanup_free char *text = NULL;
    if (vasprintf(&text, format, arguments) < 0)
        abort();
    return arena_strdup(arena, text);
}

void virsh_conversion_warn(struct virsh_conversion *conversion, const char *where,
                           const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    struct domain_word *warning =
        oci_items_add(conversion->arena, conversion->converted->warnings.items,
                      conversion->converted->warnings.count);
    warning->where = where;
    warning->value.text = formatted(conversion->arena, format, arguments);
    va_end(arguments);
}

void virsh_conversion_origin(struct virsh_conversion *conversion, const char *where,
                             const char *format, ...) {
    struct virsh_converted *converted = conversion->converted;
    va_list arguments;
    va_start(arguments, format);
    *oci_items_add(conversion->arena, converted->origins, converted->origin_count) =
        (struct translate_origin){formatted(conversion->arena, format, arguments), where};
    va_end(arguments);
}

void virsh_conversion_annotate(struct virsh_conversion *conversion, const char *key,
                               const char *value) {
    struct oci_pairs *annotations = &conversion->oci->annotations;
    *oci_items_add(conversion->arena, annotations->items, annotations->count) = (struct oci_pair){
        arena_strdup(conversion->arena, key), arena_strdup(conversion->arena, value)};
}

struct oci_mount *virsh_mount_add(struct virsh_conversion *conversion, const char *destination,
                                  const char *type, const char *source,
                                  const char *const *options) {
    return translate_mount_add(conversion->arena, conversion->oci, destination, type, source,
                               options);
}

struct oci_hook *virsh_hook_add(struct virsh_conversion *conversion, oci_hook_list *list,
                                const char *word) {
    struct arena *arena = conversion->arena;
    struct oci_hook *hook = oci_list_add(arena, list);
    hook->path = arena_strdup(arena, conversion->request->program);
    oci_strings_add(arena, &hook->args, "thole-virsh");
    oci_strings_add(arena, &hook->args, "-c");
    oci_strings_add(arena, &hook->args, conversion->request->uri);
    oci_strings_add(arena, &hook->args, "hook");
    oci_strings_add(arena, &hook->args, word);
    oci_strings_add(arena, &hook->env,
                    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    return hook;
}
