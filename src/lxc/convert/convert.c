/* SPDX-License-Identifier: Apache-2.0 */
/* The conversion as a whole: domain after domain, then config.json. */
#include "lxc/convert/convert.h"

#include <stdlib.h>
#include <string.h>

#include "lxc/convert/conversion.h"
#include "oci-spec/unicode.h"
#include "oci-spec/writer.h"

/* In an order in which each finds what it builds upon. */
/* clang-format off */
static int (*const domains[])(struct lxc_conversion *, struct thole_error *) = {
    lxc_convert_annotations,
    lxc_convert_namespaces,
    lxc_convert_idmap,
    lxc_convert_rootfs,
    lxc_convert_environment,
    lxc_convert_hook_environment,
    lxc_convert_process,
    lxc_convert_limits,
    lxc_convert_capabilities,
    lxc_convert_mounts,
    lxc_convert_cgroups,
    lxc_convert_seccomp,
    lxc_convert_security,
    lxc_convert_kernel,
    lxc_convert_console,
    lxc_convert_network,
    lxc_convert_hooks,
    lxc_convert_endings,
};
/* clang-format on */

static void note_unused(struct lxc_conversion *conversion) {
    for (size_t i = 0; i < conversion->lxc->count; i++) {
        if (!conversion->used[i])
            lxc_conversion_note(conversion, conversion->lxc->items[i].where,
                                "has no counterpart, and no effect");
    }
}

/* JSON is nothing but UTF-8. */
static int check_encoding(const struct lxc_conversion *conversion, struct thole_error *err) {
    for (size_t i = 0; i < conversion->lxc->count; i++) {
        const struct lxc_item *item = &conversion->lxc->items[i];
        if (!oci_unicode_valid(item->value, strlen(item->value)))
            return error_config(err, item->where, "is not written in UTF-8");
    }
    for (char *const *word = conversion->request->command; word != NULL && *word != NULL; word++) {
        if (!oci_unicode_valid(*word, strlen(*word)))
            return error_usage(err, "the command is not written in UTF-8");
    }
    return 0;
}

static bool has_hooks(const struct oci_hooks *hooks) {
    return hooks->prestart.count + hooks->create_runtime.count + hooks->create_container.count +
               hooks->start_container.count + hooks->poststart.count + hooks->poststop.count >
           0;
}

int lxc_convert(const struct lxc_configuration *config, const struct lxc_convert_request *request,
                struct lxc_converted *ret_converted, struct thole_error *err) {
    *ret_converted = (struct lxc_converted){0};
    struct lxc_conversion conversion = {
        .lxc = config,
        .request = request,
        .converted = ret_converted,
        .arena = &ret_converted->arena,
    };
    conversion.oci = translate_config_new(conversion.arena);
    conversion.used = arena_new_array(conversion.arena, config->count + 1, bool);
    if (check_encoding(&conversion, err) < 0) {
        lxc_converted_done(ret_converted);
        return -1;
    }
    for (size_t i = 0; i < sizeof(domains) / sizeof(domains[0]); i++) {
        if (domains[i](&conversion, err) < 0) {
            lxc_converted_done(ret_converted);
            return -1;
        }
    }
    note_unused(&conversion);
    lxc_conversion_note_origins(&conversion);
    if (!has_hooks(conversion.oci->hooks))
        conversion.oci->hooks = NULL;
    ret_converted->config = oci_write(&oci_config_type, conversion.oci, 4);
    return 0;
}

void lxc_converted_done(struct lxc_converted *converted) {
    for (size_t i = 0; i < converted->note_count; i++)
        free(converted->notes[i]);
    free(converted->notes);
    free(converted->config);
    arena_done(&converted->arena);
    *converted = (struct lxc_converted){0};
}
