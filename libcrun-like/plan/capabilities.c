/* SPDX-License-Identifier: Apache-2.0 */
/* Capability sets: names to bits, and what cannot be granted. */
#include <linux/sched.h>

#include "base/names.h"
#include "plan/builder.h"

static uint64_t kernel_has(const struct plan_builder *builder) {
    const int last = builder->facts->last_capability;
    return last >= 63 ? UINT64_MAX : (UINT64_C(1) << (last + 1)) - 1;
}

/* capabilities(7): a process that enters or makes a user namespace has all of them there. */
static uint64_t grantable(const struct plan_builder *builder) {
    return plan_has_namespace(builder->plan, CLONE_NEWUSER)
               ? kernel_has(builder)
               : kernel_has(builder) & builder->facts->capabilities;
}

static uint64_t read_set(struct plan_builder *builder, const struct oci_strings *names,
                         const char *where, const char *set) {
    const uint64_t possible = grantable(builder);
    uint64_t bits = 0;
    for (size_t i = 0; i < names->count; i++) {
        const uint64_t bit = names_capability_parse(names->items[i]);
        if (bit == 0)
            plan_warn(builder, arena_printf(builder->arena, "%s/%s/%zu", where, set, i),
                      "unknown capability %s", names->items[i]);
        else if ((kernel_has(builder) & bit) == 0)
            plan_warn(builder, where, "this kernel has no capability %s", names->items[i]);
        else if ((possible & bit) == 0)
            plan_warn(builder, where, "%s cannot be granted: the runtime does not have it itself",
                      names_of(names_capabilities, (int64_t)bit));
        bits |= bit & possible;
    }
    return bits;
}

/* capset(2) and prctl(2) would refuse the whole set; the rest of it can still be granted. */
static uint64_t limited_to(struct plan_builder *builder, uint64_t bits, uint64_t limit,
                           const char *where, const char *set, const char *reason) {
    for (const struct name_value *known = names_capabilities; known->name != NULL; known++) {
        if ((bits & ~limit & (uint64_t)known->value) != 0)
            plan_warn(builder, arena_printf(builder->arena, "%s/%s", where, set),
                      "%s is left out: it is not %s", known->name, reason);
    }
    return bits & limit;
}

void plan_build_capabilities(struct plan_builder *builder, const struct oci_capabilities *wanted,
                             const char *where, struct plan_capabilities *ret_capabilities) {
    static const struct oci_capabilities none;
    struct plan_capabilities sets = {0};
    if (wanted == NULL) /* not all that root could have: what is not asked for is not given */
        wanted = &none;
    sets.bounding = read_set(builder, &wanted->bounding, where, "bounding");
    sets.permitted = read_set(builder, &wanted->permitted, where, "permitted");
    sets.effective = read_set(builder, &wanted->effective, where, "effective");
    sets.inheritable = read_set(builder, &wanted->inheritable, where, "inheritable");
    sets.ambient = read_set(builder, &wanted->ambient, where, "ambient");

    sets.effective =
        limited_to(builder, sets.effective, sets.permitted, where, "effective", "permitted");
    sets.inheritable = limited_to(builder, sets.inheritable, sets.bounding, where, "inheritable",
                                  "in the bounding set");
    /* Engines empty the inheritable set (CVE-2022-29162) and leave the ambient one as it was: known
     * to have no effect, and not worth a warning with every start. */
    if (sets.inheritable == 0 && sets.ambient != 0) {
        plan_note(builder, arena_printf(builder->arena, "%s/ambient", where),
                  "has no effect: no capability is inheritable");
        sets.ambient = 0;
    }
    sets.ambient = limited_to(builder, sets.ambient, sets.permitted & sets.inheritable, where,
                              "ambient", "both permitted and inheritable");
    *ret_capabilities = sets;
}
