/* SPDX-License-Identifier: Apache-2.0 */
/* linux.intelRdt: the container's group in the host's resctrl filesystem. */
#pragma once

#include "state/record.h"

/** Notes in @record what delete has to remove; before anything is made. */
void resctrl_note(const struct plan_rdt *rdt, struct container_record *record, struct arena *arena);

/**
 * Makes or checks the group, writes its schemata, assigns @pid, makes the monitoring group
 * (runtime-spec config-linux.md, "IntelRdt"). A group that was there already is struck from
 * @record.
 */
int resctrl_apply(const struct plan_rdt *rdt, pid_t pid, struct container_record *record,
                  struct thole_error *err);

/**
 * Writes the schemata @lines to the container's group; one without gets a group of its own, which
 * is noted in @record, and all its processes into it. After an error the schemata are as before.
 * @ret_former receives what resctrl_restore() takes, malloc'ed.
 */
int resctrl_update(const char *mountpoint, const struct plan_strings *lines,
                   const struct plan_cgroup *cgroup, struct container_record *record,
                   struct arena *arena, char **ret_former, struct thole_error *err);
void resctrl_restore(const struct container_record *record, const char *former);

/** Removes the groups that @record names; those that are gone are no error. */
int resctrl_remove(const struct container_record *record, struct thole_error *err);
