/* SPDX-License-Identifier: Apache-2.0 */
/* What tells a domain from other containers. */
#include "virsh/convert/conversion.h"

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
    conversion->oci->hostname = arena_strdup(conversion->arena, conversion->domain->name.text);
    return 0;
}
