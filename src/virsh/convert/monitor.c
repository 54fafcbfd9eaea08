/* SPDX-License-Identifier: Apache-2.0 */
/* Consoles, and what happens when init ends: the monitor's affair. */
#include <signal.h>
#include <string.h>

#include "virsh/convert/conversion.h"

static int convert_consoles(struct virsh_conversion *conversion, struct thole_error *err) {
    const struct domain *domain = conversion->domain;
    for (size_t i = 0; i < domain->consoles.count; i++) {
        const struct domain_console *console = &domain->consoles.items[i];
        if (console->type.text != NULL && strcmp(console->type.text, "pty") != 0)
            return error_unsupported(err, console->type.where,
                                     "a container's console is a pty, which thole attach reaches");
    }
    if (domain->consoles.count > 1)
        conversion->converted->monitor.consoles = (unsigned)domain->consoles.count - 1;
    return 0;
}

static enum domain_action action(const struct domain_value *value, enum domain_action otherwise) {
    return value->text != NULL ? (enum domain_action)value->number : otherwise;
}

static bool restarts(enum domain_action wanted) {
    return wanted == DOMAIN_RESTART || wanted == DOMAIN_RENAME_RESTART;
}

static void warn_preserve(struct virsh_conversion *conversion, const struct domain_value *value) {
    if (value->text != NULL && (value->number == DOMAIN_PRESERVE))
        virsh_conversion_warn(conversion, value->where,
                              "nothing is kept of a container whose init has ended: as destroy");
}

/* From the least to the most: a monitor that starts again after a failure does so after a reboot.
 */
static enum thole_restart restart_of(struct virsh_conversion *conversion) {
    const struct domain *domain = conversion->domain;
    const bool poweroff = restarts(action(&domain->on_poweroff, DOMAIN_DESTROY));
    const bool reboot = restarts(action(&domain->on_reboot, DOMAIN_RESTART));
    const bool crash = restarts(action(&domain->on_crash, DOMAIN_DESTROY));
    if (poweroff)
        return THOLE_RESTART_ALWAYS;
    if (crash)
        return THOLE_RESTART_FAILURE;
    return reboot ? THOLE_RESTART_REBOOT : THOLE_RESTART_NEVER;
}

static void note_end(struct virsh_conversion *conversion) {
    struct arena *arena = conversion->arena;
    struct thole_monitor *monitor = &conversion->converted->monitor;
    struct thole_program *program = arena_new(arena, struct thole_program);
    struct oci_strings args = {0};
    oci_strings_add(arena, &args, conversion->request->program);
    oci_strings_add(arena, &args, "-c");
    oci_strings_add(arena, &args, conversion->request->uri);
    oci_strings_add(arena, &args, "hook");
    oci_strings_add(arena, &args, "stopped");
    program->args = args.items;
    program->env = arena_new_array(arena, 1, char *);
    monitor->stop = program;
    monitor->stop_count = 1;
}

static void remove_live(struct virsh_conversion *conversion) {
    struct arena *arena = conversion->arena;
    struct thole_monitor *monitor = &conversion->converted->monitor;
    struct thole_program *program = arena_new(arena, struct thole_program);
    struct oci_strings args = {0};
    oci_strings_add(arena, &args, "/bin/rm");
    oci_strings_add(arena, &args, "-f");
    oci_strings_add(arena, &args, "--");
    oci_strings_add(arena, &args, conversion->request->live);
    program->args = args.items;
    program->env = arena_new_array(arena, 1, char *);
    monitor->end = program;
    monitor->end_count = 1;
}

int virsh_convert_monitor(struct virsh_conversion *conversion, struct thole_error *err) {
    const struct domain *domain = conversion->domain;
    struct thole_monitor *monitor = &conversion->converted->monitor;
    monitor->restart = restart_of(conversion);
    monitor->death_signal = SIGKILL;
    monitor->remove = true;
    warn_preserve(conversion, &domain->on_poweroff);
    warn_preserve(conversion, &domain->on_reboot);
    warn_preserve(conversion, &domain->on_crash);
    if (conversion->request->live != NULL) {
        note_end(conversion);
        remove_live(conversion);
    }
    return convert_consoles(conversion, err);
}
