/* SPDX-License-Identifier: Apache-2.0 */
/* States of containers as those of domains. */
#include "virsh/commands/states.h"

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
