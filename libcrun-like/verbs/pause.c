/* SPDX-License-Identifier: Apache-2.0 */
/* thole_pause() and thole_resume(). */
#include <sys/stat.h>

#include "cgroup/freeze.h"
#include "state/status.h"

static int set_frozen(const struct thole_context *context, const char *id, bool freeze,
                      struct thole_error *err) {
    cleanup_container struct container container = CONTAINER_INIT;
    enum thole_status status;
    if (container_open_locked(context, id, &container, err) < 0 ||
        container_status(&container, &status, err) < 0)
        return -1;
    bool possible = freeze ? status == THOLE_STATUS_RUNNING || status == THOLE_STATUS_CREATED
                           : status == THOLE_STATUS_PAUSED;
    if (!possible)
        return error_state(err, "cannot %s a container that is %s", freeze ? "pause" : "resume",
                           thole_status_name(status));
    if (cgroup_freeze(container_cgroup(&container), freeze, err) < 0)
        return -1;
    /* The v1 freezer tells nobody: those who watch the container see its directory change. */
    (void)futimens(container.directory, NULL);
    return 0;
}

int thole_pause(const struct thole_context *context, const char *id, struct thole_error *err) {
    return set_frozen(context, id, true, err);
}

int thole_resume(const struct thole_context *context, const char *id, struct thole_error *err) {
    return set_frozen(context, id, false, err);
}
