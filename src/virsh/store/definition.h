/* SPDX-License-Identifier: Apache-2.0 */
/* Definitions of persistent domains: NAME.xml. */
#pragma once

#include <stdbool.h>

#include "virsh/store/place.h"
#include "virsh/xml/document.h"

/** 1: there is one, 0: there is none, -1: that cannot be told. */
int virsh_definition_exists(const struct virsh_place *place, const char *name,
                            struct thole_error *err);

int virsh_definition_read(const struct virsh_place *place, const char *name,
                          struct xml_document **ret_document, struct thole_error *err);

/** Makes or replaces it, at once for those who read. */
int virsh_definition_write(const struct virsh_place *place, const char *name,
                           const struct xml_document *document, struct thole_error *err);

/** Removes it, and its autostart link. */
int virsh_definition_remove(const struct virsh_place *place, const char *name,
                            struct thole_error *err);

/** All names, sorted; malloc'ed array and strings. */
int virsh_definition_names(const struct virsh_place *place, char ***ret_names, size_t *ret_count,
                           struct thole_error *err);

/** 1: it starts at boot, 0: it does not. */
int virsh_autostart_get(const struct virsh_place *place, const char *name, struct thole_error *err);
int virsh_autostart_set(const struct virsh_place *place, const char *name, bool wanted,
                        struct thole_error *err);
