/* SPDX-License-Identifier: Apache-2.0 */
/* features/capabilities: what init may have, and never more. */
#include "base/names.h"
#include "virsh/convert/conversion.h"

/* What the driver takes away by its default policy: the devices, the clock and the modules of the
 * machine, its security modules and its audit log. */
static const char *const dropped[] = {"mknod", "audit_control", "mac_admin", "sys_module",
                                      "sys_time"};

static uint64_t bits_of_default(void) {
    uint64_t bits = ~UINT64_C(0);
    for (size_t i = 0; i < sizeof(dropped) / sizeof(dropped[0]); i++)
        bits &= ~names_capability_parse(dropped[i]);
    return bits;
}

static int wanted_bits(const struct domain *domain, uint64_t *ret_bits, struct thole_error *err) {
    *ret_bits = domain->capability_policy.number == DOMAIN_POLICY_DENY    ? 0
                : domain->capability_policy.number == DOMAIN_POLICY_ALLOW ? ~UINT64_C(0)
                                                                          : bits_of_default();
    for (size_t i = 0; i < domain->capabilities.count; i++) {
        const struct domain_capability *capability = &domain->capabilities.items[i];
        const uint64_t bit = names_capability_parse(capability->name.text);
        if (bit == 0)
            return error_config(err, capability->where, "there is no capability \"%s\"",
                                capability->name.text);
        if (capability->state.text == NULL || capability->state.number != 0)
            *ret_bits |= bit;
        else
            *ret_bits &= ~bit;
    }
    return 0;
}

int virsh_convert_capabilities(struct virsh_conversion *conversion, struct thole_error *err) {
    uint64_t wanted = 0;
    if (wanted_bits(conversion->domain, &wanted, err) < 0)
        return -1;
    translate_capabilities(conversion->arena, conversion->oci, conversion->host, wanted);
    return 0;
}
