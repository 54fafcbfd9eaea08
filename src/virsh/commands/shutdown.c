/* SPDX-License-Identifier: Apache-2.0 */
/* shutdown and reboot: init is asked, and nobody waits. */
#include <signal.h>
#include <string.h>

#include "base/cleanup.h"
#include "virsh/commands/commands.h"
#include "virsh/lifecycle/initctl.h"
#include "virsh/store/domains.h"

struct shutdown_options {
    const char *domain;
    const char *mode;
};

static const struct option_row rows[] = {
    VIRSH_DOMAIN_OPTION(shutdown_options, domain),
    {"mode", 0, OPTION_STRING, offsetof(struct shutdown_options, mode), "MODE",
     "initctl or signal, or both with a comma between (default): the message first"},
    {0},
};

/* One of the two commands. */
struct request {
    char runlevel;
    int signal;
    const char *failed;
    const char *done;
};

enum { MODE_INITCTL = 1, MODE_SIGNAL = 2 };

static int read_modes(const char *words, unsigned *ret_modes, struct thole_error *err) {
    static const struct {
        const char *word;
        unsigned mode;
    } known[] = {{"initctl", MODE_INITCTL}, {"signal", MODE_SIGNAL}};
    static const char *const of_machines[] = {"acpi", "agent", "paravirt"};
    *ret_modes = words != NULL ? 0 : MODE_INITCTL | MODE_SIGNAL;
    for (const char *at = words; at != NULL && *at != '\0';) {
        const size_t length = strcspn(at, ",");
        cleanup_free char *word = strndup(at, length);
        unsigned mode = 0;
        for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
            mode |= strcmp(known[i].word, word) == 0 ? known[i].mode : 0;
        for (size_t i = 0; i < sizeof(of_machines) / sizeof(of_machines[0]); i++) {
            if (strcmp(of_machines[i], word) == 0)
                return error_unsupported(err, NULL, "mode %s is for virtual machines", word);
        }
        if (mode == 0)
            return error_usage(err,
                               "Unknown mode %s value, expecting 'acpi', 'agent', 'initctl', "
                               "'signal' or 'paravirt'",
                               word);
        *ret_modes |= mode;
        at += length + (at[length] == ',');
    }
    return 0;
}

static int ask(const struct virsh_domain *domain, unsigned modes, const struct request *request,
               struct thole_error *err) {
    int written = 0;
    if (!virsh_domain_active(domain))
        return error_state(err, "Requested operation is not valid: domain is not running");
    if ((modes & MODE_INITCTL) != 0)
        written = virsh_initctl_request(domain->state->pid, request->runlevel, err);
    if (written != 0)
        return written < 0 ? -1 : 0;
    if ((modes & MODE_SIGNAL) == 0)
        return error_unsupported(err, NULL, "Container does not provide an initctl pipe");
    return thole_kill(&domain->context, domain->name, request->signal, false, err);
}

static int run(const struct virsh_call *call, const struct request *request,
               struct thole_error *err) {
    const struct shutdown_options *options = call->options;
    cleanup_virsh_domain struct virsh_domain domain = {0};
    unsigned modes = 0;
    if (read_modes(options->mode, &modes, err) < 0 ||
        virsh_domain_find(call->place, options->domain, &call->log, &domain, err) < 0)
        return -1;
    if (ask(&domain, modes, request, err) < 0)
        return virsh_failed("Failed to %s domain '%s'", request->failed, options->domain);
    virsh_tell(call, "Domain '%s' is being %s", options->domain, request->done);
    return 0;
}

static int run_shutdown(const struct virsh_call *call, int *ret_status, struct thole_error *err) {
    static const struct request request = {'0', SIGTERM, "shutdown", "shutdown"};
    (void)ret_status;
    return run(call, &request, err);
}

static int run_reboot(const struct virsh_call *call, int *ret_status, struct thole_error *err) {
    static const struct request request = {'6', SIGHUP, "reboot", "rebooted"};
    (void)ret_status;
    return run(call, &request, err);
}

const struct virsh_command virsh_command_shutdown = {
    .name = "shutdown",
    .summary = "gracefully shutdown a domain",
    .description =
        "By a message to /run/initctl or /dev/initctl of the container, else by SIGTERM to\n"
        "its init. What then happens is told by on_poweroff.",
    .options = rows,
    .options_size = sizeof(struct shutdown_options),
    .operands = virsh_operand_domain,
    .required = 1,
    .run = run_shutdown,
};

const struct virsh_command virsh_command_reboot = {
    .name = "reboot",
    .summary = "reboot a domain",
    .description =
        "By a message to /run/initctl or /dev/initctl of the container, else by SIGHUP to\n"
        "its init. What then happens is told by on_reboot.",
    .options = rows,
    .options_size = sizeof(struct shutdown_options),
    .operands = virsh_operand_domain,
    .required = 1,
    .run = run_reboot,
};
