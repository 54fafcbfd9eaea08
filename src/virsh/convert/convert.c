/* SPDX-License-Identifier: Apache-2.0 */
/* The conversion as a whole: subject after subject, then config.json. */
#include "virsh/convert/convert.h"

#include <stdlib.h>

#include "oci-spec/writer.h"
#include "virsh/convert/conversion.h"

/* In an order in which each finds what it builds upon. */
/* clang-format off */
static int (*const subjects[])(struct virsh_conversion *, struct thole_error *) = {
    virsh_convert_identity,
    virsh_convert_namespaces,
    virsh_convert_root,
    virsh_convert_process,
    virsh_convert_capabilities,
    virsh_convert_filesystems,
    virsh_convert_resources,
    virsh_convert_devices,
    virsh_convert_interfaces,
    virsh_convert_security,
    virsh_convert_monitor,
};
/* clang-format on */

static bool has_hooks(const struct oci_hooks *hooks) {
    return hooks->create_runtime.count + hooks->poststop.count > 0;
}

int virsh_convert(const struct domain *domain, const struct virsh_convert_request *request,
                  struct virsh_converted *ret_converted, struct thole_error *err) {
    *ret_converted = (struct virsh_converted){0};
    struct virsh_conversion conversion = {
        .domain = domain,
        .request = request,
        .converted = ret_converted,
        .arena = &ret_converted->arena,
    };
    conversion.oci = translate_config_new(conversion.arena);
    conversion.oci->linux->resources = arena_new(conversion.arena, struct oci_resources);
    int result = translate_host_read(request->facts, conversion.arena, &conversion.host, err);
    for (size_t i = 0; result == 0 && i < sizeof(subjects) / sizeof(subjects[0]); i++)
        result = subjects[i](&conversion, err);
    if (result < 0) {
        virsh_converted_done(ret_converted);
        return -1;
    }
    if (!has_hooks(conversion.oci->hooks))
        conversion.oci->hooks = NULL;
    ret_converted->config = oci_write(&oci_config_type, conversion.oci, 4);
    return 0;
}

void virsh_converted_done(struct virsh_converted *converted) {
    free(converted->config);
    arena_done(&converted->arena);
    *converted = (struct virsh_converted){0};
}
