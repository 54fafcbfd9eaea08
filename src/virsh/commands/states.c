/* SPDX-License-Identifier: Apache-2.0 */
/* States of containers as those of domains. */
#include "virsh/commands/states.h"

#include <string.h>

#include "virsh/lifecycle/reason.h"

const char *virsh_state_word(const struct virsh_domain *domain) {
    if (domain->state == NULL)
        return "shut off";
    switch (domain->state->status) {
    case THOLE_STATUS_RUNNING:
        return "running";
    case THOLE_STATUS_PAUSED:
        return "paused";
    case THOLE_STATUS_STOPPED:
        return "shut off";
    default:
        return "no state";
    }
}

/* The monitor is about to note it. */
static const char *reason_of_end(const struct virsh_domain *domain) {
    if (domain->state == NULL || !domain->state->exited)
        return "unknown";
    return virsh_reason_word(domain->state->exit_status);
}

char *virsh_state_reason(const struct virsh_domain *domain) {
    if (!virsh_domain_active(domain)) {
        char *noted = virsh_reason_read(domain->place, domain->name);
        return noted != NULL ? noted : strdup(reason_of_end(domain));
    }
    return strdup(domain->state->status == THOLE_STATUS_PAUSED    ? "user"
                  : domain->state->status == THOLE_STATUS_RUNNING ? "booted"
                                                                  : "unknown");
}
