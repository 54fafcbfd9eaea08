/* SPDX-License-Identifier: Apache-2.0 */
/* What is left of a domain when nothing keeps it any more. */
#pragma once

#include "virsh/store/domains.h"

/** When all is over and removed: gives back the images of the start with the document @live. */
int virsh_remains_release(const char *live, struct thole_error *err);

/** True if @domain has ended in a way that its document wants to be preserved. */
bool virsh_remains_preserved(const struct virsh_domain *domain);

/** Removes the container of @domain, which has a state, with all that its start made: nothing of it
 * is in the way of another start then. */
int virsh_remains_delete(const struct virsh_domain *domain, struct thole_error *err);

/** The images of starts of the domain @name that were killed before there was a container. */
int virsh_remains_clear(const struct virsh_place *place, const char *name,
                        const struct thole_log *log, struct thole_error *err);
