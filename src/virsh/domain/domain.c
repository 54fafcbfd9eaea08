/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of a domain, and its end. */
#include "virsh/domain/domain.h"

#include "oci-spec/append.h"

void *domain_list_add(struct arena *arena, struct domain_list *list, size_t size) {
    list->items = oci_list_grow(arena, list->items, list->count, size);
    return (char *)list->items + size * list->count++;
}

void domain_warn(struct domain *domain, const char *where, const char *why) {
    struct domain_list list = {domain->warnings.items, domain->warnings.count};
    struct domain_word *warning = domain_list_add(&domain->arena, &list, sizeof(*warning));
    warning->where = where;
    warning->value.text = arena_strdup(&domain->arena, why);
    domain->warnings.items = list.items;
    domain->warnings.count = list.count;
}

void domain_done(struct domain *domain) {
    arena_done(&domain->arena);
    *domain = (struct domain){0};
}
