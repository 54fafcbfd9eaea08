/* SPDX-License-Identifier: Apache-2.0 */
/* Starting: read, convert, run what comes before, and hand over to the library. */
#include "lxc/lifecycle/launch.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "lxc/config/configuration.h"
#include "lxc/convert/convert.h"
#include "lxc/lifecycle/hook_programs.h"

enum { CGROUPS_MAX = 4096 };

static int define_shared(const struct lxc_launch *launch, struct lxc_configuration *config,
                         struct thole_error *err) {
    static const char *const keys[LXC_SHARED_KINDS] = {
        [LXC_SHARED_NET] = "lxc.namespace.share.net",
        [LXC_SHARED_IPC] = "lxc.namespace.share.ipc",
        [LXC_SHARED_UTS] = "lxc.namespace.share.uts",
        [LXC_SHARED_PID] = "lxc.namespace.share.pid",
    };
    for (size_t i = 0; i < LXC_SHARED_KINDS; i++) {
        if (launch->shared[i] != NULL &&
            lxc_configuration_set(config, keys[i], launch->shared[i], err) < 0)
            return -1;
    }
    return 0;
}

/* The file, then what the command line says over it. */
static int read_configuration(const struct lxc_container *container,
                              const struct lxc_launch *launch, const char *file,
                              struct lxc_configuration *config, struct thole_error *err) {
    if (file == NULL && !launch->execute)
        return error_set(err, THOLE_ERROR_NOT_FOUND, 0, NULL,
                         "No container config specified: there is no %s", container->config_file);
    if (file != NULL && lxc_configuration_read(config, file, err) < 0)
        return -1;
    for (size_t i = 0; i < launch->definitions.count; i++) {
        if (lxc_configuration_define(config, launch->definitions.items[i], err) < 0)
            return -1;
    }
    if (launch->console != NULL &&
        lxc_configuration_set(config, "lxc.console.path", launch->console, err) < 0)
        return -1;
    if (launch->console_log != NULL &&
        lxc_configuration_set(config, "lxc.console.logfile", launch->console_log, err) < 0)
        return -1;
    return define_shared(launch, config, err);
}

static int find_pid(const char *name, const char *lxcpath, pid_t *ret_pid,
                    struct thole_error *err) {
    const struct thole_log silent = {0};
    cleanup_lxc_container struct lxc_container container = {0};
    cleanup_lxc_state struct thole_state *state = NULL;
    if (lxc_container_find(name, lxcpath, &silent, &container, err) < 0 ||
        lxc_container_state(&container, &state, err) < 0)
        return -1;
    *ret_pid = state != NULL ? state->pid : 0;
    return *ret_pid > 0 ? 0 : error_state(err, "%s is not running", name);
}

static void log_notes(const struct thole_log *log, char *const *notes, size_t count) {
    for (size_t i = 0; i < count; i++)
        log_info(log, "%s", notes[i]);
}

static int convert(const struct lxc_container *container, const struct lxc_launch *launch,
                   struct lxc_converted *converted, struct thole_error *err) {
    cleanup_lxc_configuration struct lxc_configuration config = {0};
    const char *file = launch->rcfile       ? launch->rcfile
                       : container->defined ? container->config_file
                                            : NULL;
    const struct lxc_convert_request request = {
        .name = container->name,
        .lxcpath = container->lxcpath,
        .config_file = file,
        .command = launch->command,
        .execute = launch->execute,
        .uid = launch->uid,
        .gid = launch->gid,
        .find_pid = find_pid,
    };
    if (read_configuration(container, launch, file, &config, err) < 0 ||
        lxc_convert(&config, &request, converted, err) < 0)
        return -1;
    log_notes(&container->context.log, config.notes, config.note_count);
    log_notes(&container->context.log, converted->notes, converted->note_count);
    return 0;
}

/* The one beside thole-lxc, where that has not been installed; else the installed one. malloc'ed.
 */
static char *init_program(void) {
    const char *own = getenv("THOLE_LXC_PROGRAM");
    const char *slash = own != NULL ? strrchr(own, '/') : NULL;
    struct text path = {0};
    if (slash == NULL || getenv("THOLE_INIT") != NULL)
        return strdup(thole_default_init());
    text_append_bytes(&path, own, (size_t)(slash - own));
    text_append(&path, "/thole-init");
    if (access(path.data, X_OK) == 0)
        return text_take(&path);
    text_done(&path);
    return strdup(thole_default_init());
}

static int run(const struct lxc_container *container, const struct lxc_launch *launch,
               const struct lxc_converted *converted, int *ret_status, struct thole_error *err) {
    struct stat status;
    cleanup_free char *init = init_program();
    const bool monitored = !launch->execute || !launch->foreground;
    const struct thole_run_request request = {
        .create =
            {
                .id = container->id,
                .bundle = stat(container->directory, &status) == 0 ? container->directory : "/",
                .config_text = converted->config,
                .pid_file = launch->pid_file,
                .no_new_keyring = converted->no_new_keyring,
                .init = launch->execute ? init : NULL,
                .init_waits = true,
            },
        .detach = !launch->foreground,
        .subreaper = true,
        .attachable = monitored,
        .monitor = monitored ? &converted->monitor : NULL,
    };
    return thole_run(&container->context, &request, ret_status, err);
}

/* What a monitor left that was killed: LXC would not know that it had been there. */
static int remove_remains(const struct lxc_container *container, struct thole_error *err) {
    cleanup_lxc_state struct thole_state *state = NULL;
    if (lxc_container_state(container, &state, err) < 0)
        return -1;
    bool remains = state != NULL && state->status == THOLE_STATUS_STOPPED && state->keeper == 0;
    return remains ? thole_delete(&container->context, container->id, true, err) : 0;
}

static bool read_cgroups(const char *path, char *text, size_t size) {
    return file_read_kernel(AT_FDCWD, path, text, size) >= 0;
}

/* An ordinary user's container goes without a cgroup where none can be made: it has no limits and
 * cannot be frozen, which its user should not learn from lxc-freeze. */
static void tell_of_delegation(const struct lxc_container *container) {
    char own[CGROUPS_MAX];
    char of_init[CGROUPS_MAX];
    char path[64];
    struct thole_error err = {0};
    cleanup_lxc_state struct thole_state *state = NULL;
    if (geteuid() == 0 || lxc_container_state(container, &state, &err) < 0 || state == NULL)
        return;
    (void)snprintf(path, sizeof(path), "/proc/%d/cgroup", (int)state->pid);
    if (read_cgroups("/proc/self/cgroup", own, sizeof(own)) &&
        read_cgroups(path, of_init, sizeof(of_init)) && strcmp(own, of_init) == 0)
        log_warning(&container->context.log,
                    "no cgroup is delegated to this user, so the container cannot be limited or "
                    "frozen: start it by \"systemd-run --user --scope -p Delegate=yes lxc-start -n "
                    "%s\"",
                    container->name);
}

/* An error of the library names a member of config.json, which nobody has written. */
static int explain(const struct lxc_container *container, const struct lxc_converted *converted,
                   struct thole_error *err) {
    bool limits = strstr(err->where, "/linux/resources") != NULL;
    lxc_converted_blame(converted, err);
    if (!limits || geteuid() == 0)
        return -1;
    return error_hint(err,
                      "\"systemd-run --user --scope -p Delegate=yes lxc-start -n %s\" "
                      "gives the container a cgroup that can be limited",
                      container->name);
}

/* Unless another start has been faster: what it runs may be in that profile. */
static void unload_profile(const struct lxc_container *container,
                           const struct lxc_converted *converted) {
    struct thole_error err = {0};
    cleanup_lxc_state struct thole_state *state = NULL;
    if (converted->unload_profile.args == NULL || lxc_container_state(container, &state, &err) < 0)
        return;
    if (state == NULL)
        (void)lxc_hook_program_run(&converted->unload_profile, &container->context.log, &err);
}

int lxc_launch(const struct lxc_container *container, const struct lxc_launch *launch,
               int *ret_status, struct thole_error *err) {
    cleanup_lxc_converted struct lxc_converted converted = {0};
    if (convert(container, launch, &converted, err) < 0 || remove_remains(container, err) < 0)
        return -1;
    for (size_t i = 0; i < converted.pre_start_count; i++) {
        if (lxc_hook_program_run(&converted.pre_start[i], &container->context.log, err) < 0)
            return -1;
    }
    if (run(container, launch, &converted, ret_status, err) < 0) {
        unload_profile(container, &converted);
        return explain(container, &converted, err);
    }
    if (!launch->foreground)
        tell_of_delegation(container);
    return 0;
}
