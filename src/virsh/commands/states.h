/* SPDX-License-Identifier: Apache-2.0 */
/* The words of virsh for states. */
#pragma once

#include "virsh/store/domains.h"

/** "running", "paused", "in shutdown", "shut off", "no state". */
const char *virsh_state_word(const struct virsh_domain *domain);

/** Why it is in that state: "booted", "user", "destroyed", "unknown"; malloc'ed. */
char *virsh_state_reason(const struct virsh_domain *domain);
