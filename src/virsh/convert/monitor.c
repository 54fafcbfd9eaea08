/* SPDX-License-Identifier: Apache-2.0 */
/* Consoles, and what happens when init ends: the monitor's affair. */
#include <signal.h>
#include <string.h>

#include "base/text.h"
#include "virsh/convert/conversion.h"

static int convert_consoles(struct virsh_conversion *conversion, struct thole_error *err) {
    const struct domain *domain = conversion->domain;
    for (size_t i = 0; i < domain->consoles.count; i++) {
        const struct domain_console *console = &domain->consoles.items[i];
        if (console->type.text != NULL && strcmp(console->type.text, "pty") != 0)
            return error_unsupported(err, console->type.where,
                                     "a container's console is a pty, which thole attach reaches");
    }
    virsh_conversion_annotate(conversion, "org.thole.console.tty1", "true");
    if (domain->consoles.count > 1)
        virsh_conversion_annotate(
            conversion, "org.thole.consoles",
            arena_printf(conversion->arena, "%zu", domain->consoles.count - 1));
    return 0;
}

static enum domain_action action(const struct domain_value *value, enum domain_action otherwise) {
    return value->text != NULL ? (enum domain_action)value->number : otherwise;
}

static bool restarts(enum domain_action wanted) {
    return wanted == DOMAIN_RESTART || wanted == DOMAIN_RENAME_RESTART;
}

static bool preserves(const struct domain_value *element) {
    return element->text != NULL && element->number == DOMAIN_PRESERVE;
}

static void warn_coredump(struct virsh_conversion *conversion, const struct domain_value *value) {
    if (value->text != NULL && text_starts_with(value->text, "coredump-"))
        virsh_conversion_warn(conversion, value->where, "no core is dumped: as %s",
                              value->text + strlen("coredump-"));
}

/* A domain powers itself off by reboot(2), or its init just ends. */
static void convert_ends(struct virsh_conversion *conversion) {
    const struct domain *domain = conversion->domain;
    const struct {
        const struct domain_value *element;
        enum domain_action otherwise;
        const char *ends;
        const char *preserved;
    } elements[] = {
        {&domain->on_poweroff, DOMAIN_DESTROY, ",halt,success", ",poweroff"},
        {&domain->on_reboot, DOMAIN_RESTART, ",reboot", ",reboot"},
        {&domain->on_crash, DOMAIN_DESTROY, ",failure", ",crash"},
    };
    const char *ends = "";
    const char *preserved = "";
    for (size_t i = 0; i < sizeof(elements) / sizeof(elements[0]); i++) {
        if (restarts(action(elements[i].element, elements[i].otherwise)))
            ends = arena_printf(conversion->arena, "%s%s", ends, elements[i].ends);
        if (preserves(elements[i].element))
            preserved = arena_printf(conversion->arena, "%s%s", preserved, elements[i].preserved);
        warn_coredump(conversion, elements[i].element);
        if (elements[i].element->text != NULL)
            virsh_conversion_origin(conversion, elements[i].element->where,
                                    "/annotations/org.thole.restart");
    }
    virsh_conversion_annotate(conversion, "org.thole.restart", ends[0] != '\0' ? ends + 1 : "no");
    if (preserved[0] != '\0')
        virsh_conversion_annotate(conversion, "org.thole.virsh.preserve", preserved + 1);
    conversion->converted->monitor.remove = preserved[0] == '\0';
}

/* "thole-virsh hook WORD", with the state on its standard input. */
static struct thole_program *add_program(struct virsh_conversion *conversion, const char *word) {
    struct arena *arena = conversion->arena;
    struct thole_program *program = arena_new(arena, struct thole_program);
    struct oci_strings args = {0};
    oci_strings_add(arena, &args, conversion->request->program);
    oci_strings_add(arena, &args, "-c");
    oci_strings_add(arena, &args, conversion->request->uri);
    oci_strings_add(arena, &args, "hook");
    oci_strings_add(arena, &args, word);
    program->args = args.items;
    program->env = arena_new_array(arena, 1, char *);
    return program;
}

int virsh_convert_monitor(struct virsh_conversion *conversion, struct thole_error *err) {
    struct thole_monitor *monitor = &conversion->converted->monitor;
    monitor->death_signal = SIGKILL;
    convert_ends(conversion);
    if (conversion->request->live != NULL) {
        monitor->stop = add_program(conversion, "stopped");
        monitor->stop_count = 1;
        monitor->end = add_program(conversion, "ended");
        monitor->end_count = 1;
    }
    return convert_consoles(conversion, err);
}
