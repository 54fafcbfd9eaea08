/* SPDX-License-Identifier: Apache-2.0 */
/* The walk over the tables. */
#include "oci-spec/list.h"

#include <stdio.h>
#include <string.h>

#include "oci-spec/fields.h"

struct walk {
    void (*visit)(void *userdata, const struct oci_listing *listing);
    void *userdata;
    const char *document;
    char pointer[256];
};

static void list_type(struct walk *walk, const struct oci_type *owner) {
    const size_t length = strlen(walk->pointer);
    const size_t room = sizeof(walk->pointer) - length;
    for (size_t i = 0; i < owner->count; i++) {
        const struct oci_field *field = &owner->fields[i];
        const struct oci_type *type = oci_field_type(field);
        const enum oci_kind element = oci_kinds[field->kind].element;
        const bool collection = element != OCI_KIND_FOREIGN;
        const bool number = oci_field_is_number(field);
        (void)snprintf(walk->pointer + length, room, "/%s", field->name);
        const struct oci_listing listing = {
            .document = walk->document,
            .pointer = walk->pointer,
            .kind = oci_kinds[field->kind].wanted,
            .names = type == NULL && !number ? field->names : NULL,
            .number = number,
            .minimum = number ? field->minimum : 0,
            .maximum = number ? field->maximum : 0,
            .required = (field->flags & OCI_REQUIRED) != 0,
            .ignored = (field->flags & OCI_IGNORED) != 0,
            .foreign = field->kind == OCI_KIND_FOREIGN,
        };
        walk->visit(walk->userdata, &listing);
        if (type == NULL)
            continue;
        (void)snprintf(walk->pointer + length, room, "/%s%s", field->name, collection ? "/*" : "");
        list_type(walk, type);
    }
    walk->pointer[length] = '\0';
}

void oci_list_fields(void (*visit)(void *userdata, const struct oci_listing *listing),
                     void *userdata) {
    static const struct {
        const char *name;
        const struct oci_type *type;
    } documents[] = {
        {"config", &oci_config_type},
        {"state", &oci_state_type},
        {"process-state", &oci_process_state_type},
        {"features", &oci_features_type},
    };
    for (size_t i = 0; i < sizeof(documents) / sizeof(documents[0]); i++) {
        struct walk walk = {.visit = visit, .userdata = userdata, .document = documents[i].name};
        list_type(&walk, documents[i].type);
    }
}
