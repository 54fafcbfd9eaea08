/* SPDX-License-Identifier: Apache-2.0 */
/* What tells a domain from other containers. */
#include "virsh/convert/conversion.h"

/* What the library puts into the environment of init, under the names that libvirt gives it. */
static void convert_environment(struct virsh_conversion *conversion) {
    const struct domain *domain = conversion->domain;
    virsh_conversion_annotate(conversion, "org.thole.container", "lxc-libvirt");
    virsh_conversion_annotate(conversion, "org.thole.uuid", conversion->request->uuid);
    virsh_conversion_annotate(conversion, "org.thole.libvirt.uuid", conversion->request->uuid);
    virsh_conversion_annotate(conversion, "org.thole.libvirt.name", domain->name.text);
    if (domain->command_line.text != NULL && domain->command_line.text[0] != '\0')
        virsh_conversion_annotate(conversion, "org.thole.libvirt.cmdline",
                                  domain->command_line.text);
}

int virsh_convert_identity(struct virsh_conversion *conversion, struct thole_error *err) {
    const struct virsh_convert_request *request = conversion->request;
    const struct domain_value *clock = &conversion->domain->clock_offset;
    (void)err;
    if (clock->text != NULL && clock->number != DOMAIN_CLOCK_UTC)
        virsh_conversion_warn(conversion, clock->where,
                              "the wall clock has no namespace: it is the host's, in UTC");
    virsh_conversion_annotate(conversion, "org.thole.virsh.uuid", request->uuid);
    virsh_conversion_annotate(conversion, "org.thole.virsh.directory", request->directory);
    if (request->live != NULL)
        virsh_conversion_annotate(conversion, "org.thole.virsh.live", request->live);
    convert_environment(conversion);
    conversion->oci->hostname = arena_strdup(conversion->arena, conversion->domain->name.text);
    return 0;
}
