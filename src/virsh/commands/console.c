/* SPDX-License-Identifier: Apache-2.0 */
/* console and lxc-enter-namespace: into a domain that runs. */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "virsh/commands/commands.h"
#include "virsh/commands/console.h"

struct console_options {
    const char *domain;
    const char *devname;
    bool force;
    bool safe;
};

#define MEMBER(name) offsetof(struct console_options, name)

static const struct option_row console_rows[] = {
    VIRSH_DOMAIN_OPTION(console_options, domain),
    {"devname", 0, OPTION_STRING, MEMBER(devname), "NAME",
     "console0 (default) for /dev/tty1, console1 for /dev/tty2, ..."},
    {"force", 0, OPTION_FLAG, MEMBER(force), NULL, "accepted: a console has room for many"},
    {"safe", 0, OPTION_FLAG, MEMBER(safe), NULL, NULL},
    {0},
};
static const char *const console_operands[] = {"domain", "devname", NULL};

static int read_device(const char *name, int *ret_console, struct thole_error *err) {
    int64_t number = 0;
    if (name != NULL && (!text_starts_with(name, "console") ||
                         !text_parse_int(name + strlen("console"), 0, INT_MAX, &number)))
        return error_usage(err, "cannot find console device '%s'", name);
    *ret_console = (int)number;
    return 0;
}

/* "^]" of -e, as thole_attach() spells it. */
static int escape_keys(const struct virsh_call *call, char *keys, size_t size,
                       struct thole_error *err) {
    const char *escape = call->settings->escape != NULL ? call->settings->escape : "^]";
    const bool control = escape[0] == '^' && escape[1] != '\0' && escape[2] == '\0';
    if (!control && escape[1] != '\0')
        return error_usage(err, "Invalid string '%s' for escape sequence", escape);
    (void)snprintf(keys, size, control ? "ctrl-%c" : "%c", control ? escape[1] : escape[0]);
    if (control && escape[1] >= 'A' && escape[1] <= 'Z')
        keys[strlen("ctrl-")] = (char)(escape[1] - 'A' + 'a');
    return 0;
}

int virsh_connect(const struct virsh_call *call, const struct virsh_domain *domain,
                  const char *device, struct thole_error *err) {
    char keys[16];
    int status = 0;
    struct thole_attach_request request = {.id = domain->name};
    if (isatty(STDIN_FILENO) == 0)
        return error_set(err, THOLE_ERROR_HOST, 0, NULL,
                         "Cannot run interactive console without a controlling TTY");
    if (read_device(device, &request.console, err) < 0 ||
        escape_keys(call, keys, sizeof(keys), err) < 0)
        return -1;
    request.terminal_options.detach_keys = keys;
    (void)printf("Connected to domain '%s'\nEscape character is %s\n", domain->name,
                 call->settings->escape != NULL ? call->settings->escape : "^] (Ctrl + ])");
    (void)fflush(stdout);
    return thole_attach(&domain->context, &request, &status, err);
}

static int run_console(const struct virsh_call *call, int *ret_status, struct thole_error *err) {
    const struct console_options *options = call->options;
    cleanup_virsh_domain struct virsh_domain domain = {0};
    (void)ret_status;
    if (virsh_domain_find(call->place, options->domain, &call->log, &domain, err) < 0)
        return -1;
    if (!virsh_domain_active(&domain))
        return error_state(err, "The domain is not running");
    return virsh_connect(call, &domain, options->devname, err);
}

const struct virsh_command virsh_command_console = {
    .name = "console",
    .summary = "connect to the guest console",
    .description = "ctrl-] leaves it.",
    .options = console_rows,
    .options_size = sizeof(struct console_options),
    .operands = console_operands,
    .required = 1,
    .run = run_console,
};

/* ---- lxc-enter-namespace ---- */

struct enter_options {
    const char *domain;
    bool no_label;
};

static const struct option_row enter_rows[] = {
    VIRSH_DOMAIN_OPTION(enter_options, domain),
    {"noseclabel", 0, OPTION_FLAG, offsetof(struct enter_options, no_label), NULL,
     "Do not change process security label"},
    {0},
};

static int run_enter(const struct virsh_call *call, int *ret_status, struct thole_error *err) {
    const struct enter_options *options = call->options;
    cleanup_virsh_domain struct virsh_domain domain = {0};
    if (call->argument_count == 0)
        return error_usage(err, "command 'lxc-enter-namespace' requires <cmd> option");
    if (call->arguments[0][0] != '/')
        return error_usage(err, "\"%s\" is not an absolute path", call->arguments[0]);
    if (virsh_domain_find(call->place, options->domain, &call->log, &domain, err) < 0)
        return -1;
    if (!virsh_domain_active(&domain))
        return error_state(err, "Requested operation is not valid: domain is not running");
    const struct thole_exec_request request = {
        .id = domain.name,
        .args = call->arguments,
        .cwd = "/",
        .keep = options->no_label ? THOLE_KEEP_LSM : 0,
    };
    return thole_exec(&domain.context, &request, ret_status, err);
}

const struct virsh_command virsh_command_lxc_enter_namespace = {
    .name = "lxc-enter-namespace",
    .summary = "LXC Guest Enter Namespace",
    .description =
        "Runs a command in the namespaces of a domain, with its label and its rights. The exit\n"
        "status is that of the command.",
    .options = enter_rows,
    .options_size = sizeof(struct enter_options),
    .operands = virsh_operand_domain,
    .required = 1,
    .rest = "-- <cmd>...",
    .seal = true,
    .run = run_enter,
};
