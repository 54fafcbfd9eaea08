/* SPDX-License-Identifier: Apache-2.0 */
/* Why a domain is off, for as long as the machine runs: "shutdown", "destroyed", "crashed". */
#pragma once

#include "virsh/store/place.h"

/** "poweroff", "reboot" or "crash": how an init has ended whose exit status is @status. */
const char *virsh_reason_of(int status);

/** What is told of that: "shutdown" or "crashed". */
const char *virsh_reason_word(int status);

/** Notes it, unless something is noted already: who destroys a domain does so before. */
int virsh_reason_note(const char *directory, const char *name, const char *reason,
                      struct thole_error *err);

/** What is noted, malloc'ed; NULL if nothing is. */
char *virsh_reason_read(const struct virsh_place *place, const char *name);

/** For a new start. */
void virsh_reason_forget(const struct virsh_place *place, const char *name);
