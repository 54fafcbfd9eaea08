/* SPDX-License-Identifier: Apache-2.0 */
/* Environment lists: the last of several values of a name counts. */
#include <string.h>

#include "plan/builder.h"

enum { NOT_FOUND = -1 };

static ssize_t find(const struct oci_strings *environment, const char *name, size_t length) {
    for (size_t i = 0; i < environment->count; i++) {
        if (strncmp(environment->items[i], name, length) == 0 &&
            environment->items[i][length] == '=')
            return (ssize_t)i;
    }
    return NOT_FOUND;
}

void plan_environment_put(struct oci_strings *environment, struct arena *arena, char *assignment) {
    const ssize_t index = find(environment, assignment, strcspn(assignment, "="));
    if (index != NOT_FOUND)
        environment->items[index] = assignment;
    else
        *plan_list_add(arena, environment->items, environment->count) = assignment;
}

const char *plan_environment_get(const struct oci_strings *environment, const char *name) {
    const ssize_t index = find(environment, name, strlen(name));
    return index != NOT_FOUND ? environment->items[index] + strlen(name) + 1 : NULL;
}

void plan_environment_remove(struct oci_strings *environment, const char *name) {
    const ssize_t index = find(environment, name, strlen(name));
    if (index == NOT_FOUND)
        return;
    environment->count--;
    for (size_t i = (size_t)index; i <= environment->count; i++)
        environment->items[i] = i < environment->count ? environment->items[i + 1] : NULL;
}
