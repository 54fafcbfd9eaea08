/* SPDX-License-Identifier: Apache-2.0 */
/* One line of a seccomp policy: "NAME [ACTION] [ARGUMENT]...". */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "oci-spec/spec.h"

/** An action and the errno that goes with it. */
struct lxc_seccomp_action {
    int value; /* SECCOMP_RET_* */
    struct oci_uint number;
};

/** Takes "kill", "errno N" ... off the words at @index; false: they are wrong. */
bool lxc_seccomp_action_read(const struct oci_strings *words, size_t *index,
                             struct lxc_seccomp_action *ret_action);

/** Reads a rule; @otherwise is the action of one without. */
int lxc_seccomp_rule_read(struct arena *arena, const char *line, const char *where,
                          const struct lxc_seccomp_action *otherwise,
                          struct oci_seccomp_rule *ret_rule, struct thole_error *err);

/** "reject_force_umount": umount2(2) with MNT_FORCE is refused. */
void lxc_seccomp_rule_force_umount(struct arena *arena, struct oci_seccomp_rule *ret_rule);
