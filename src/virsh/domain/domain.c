/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of a domain, and its end. */
#include "virsh/domain/domain.h"

#include <string.h>

/* Full at 0 and at the powers of two. */
void *domain_list_add(struct arena *arena, struct domain_list *list, size_t size) {
    if (list->items == NULL || (list->count & (list->count - 1)) == 0) {
        void *larger = arena_array(arena, 2 * list->count + 2, size);
        if (list->count > 0)
            memcpy(larger, list->items, list->count * size);
        list->items = larger;
    }
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
