/* SPDX-License-Identifier: Apache-2.0 */
/* dominfo and domstats: what a domain is, and what it uses. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "cli/output.h"
#include "translate/host.h"
#include "virsh/commands/commands.h"
#include "virsh/commands/states.h"
#include "virsh/store/definition.h"
#include "virsh/xml/reader.h"

enum { KIB = 1024, LABEL_SIZE = 4096 };

/* ---- what both tell ---- */

struct facts {
    char uuid[DOMAIN_UUID_LENGTH + 1];
    uint64_t memory; /* KiB */
    uint64_t used;
    uint64_t vcpus;
    bool running;
    struct thole_usage usage;
    int autostart;
    struct translate_host *host; /* for dominfo */
    char label[LABEL_SIZE];      /* of init; "" if it has none */
};

static int read_facts(const struct virsh_domain *domain, struct facts *facts,
                      struct thole_error *err) {
    cleanup_xml struct xml_document *document = NULL;
    cleanup_domain struct domain read = {0};
    if (virsh_domain_uuid(domain, facts->uuid, err) < 0 ||
        virsh_domain_document(domain, false, &document, err) < 0 ||
        virsh_xml_read_domain(document, &read, err) < 0)
        return -1;
    facts->memory = read.memory.number / KIB;
    facts->used =
        read.current_memory.text != NULL ? read.current_memory.number / KIB : facts->memory;
    facts->vcpus = read.vcpus.text != NULL ? read.vcpus.number : 1;
    facts->autostart = virsh_autostart_get(domain->place, domain->name, err);
    facts->running = virsh_domain_active(domain);
    if (facts->autostart < 0)
        return -1;
    if (!facts->running)
        return 0;
    if (thole_usage(&domain->context, domain->name, &facts->usage, err) < 0)
        return -1;
    if (facts->usage.memory != THOLE_USAGE_UNKNOWN)
        facts->used = facts->usage.memory / KIB;
    return 0;
}

/* ---- dominfo ---- */

struct dominfo_options {
    const char *domain;
    const char *format;
};

static const struct option_row dominfo_rows[] = {
    VIRSH_DOMAIN_OPTION(dominfo_options, domain),
    VIRSH_FORMAT_OPTION(dominfo_options, format),
    {0},
};

/* The kernel's own word: what init has, not what it was to get. */
static int read_security(const struct virsh_domain *domain, struct arena *arena,
                         struct facts *facts, struct thole_error *err) {
    char path[48];
    if (translate_host_read(NULL, arena, &facts->host, err) < 0)
        return -1;
    if (!facts->host->selinux || !facts->running)
        return 0;
    (void)snprintf(path, sizeof(path), "/proc/%d/attr/current", (int)domain->state->pid);
    if (file_read_kernel(AT_FDCWD, path, facts->label, sizeof(facts->label)) < 0)
        return error_errno(err, NULL, "read %s", path);
    return 0;
}

enum { LABEL_WIDTH = 15 };

static void append_line(struct text *text, const char *label, const char *value) {
    text_appendf(text, "%-*s %s\n", LABEL_WIDTH, label, value);
}

static void append_text(struct text *text, const struct virsh_domain *domain,
                        const struct facts *facts) {
    char id[16] = "-";
    if (facts->running)
        (void)snprintf(id, sizeof(id), "%d", (int)virsh_domain_id(domain));
    append_line(text, "Id:", id);
    append_line(text, "Name:", domain->name);
    append_line(text, "UUID:", facts->uuid);
    append_line(text, "OS Type:", "exe");
    append_line(text, "State:", virsh_state_word(domain));
    text_appendf(text, "%-*s %" PRIu64 "\n", LABEL_WIDTH, "CPU(s):", facts->vcpus);
    if (facts->running && facts->usage.cpu != THOLE_USAGE_UNKNOWN)
        text_appendf(text, "%-*s %.1fs\n", LABEL_WIDTH,
                     "CPU time:", (double)facts->usage.cpu / 1e9);
    text_appendf(text, "%-*s %" PRIu64 " KiB\n", LABEL_WIDTH, "Max memory:", facts->memory);
    text_appendf(text, "%-*s %" PRIu64 " KiB\n", LABEL_WIDTH, "Used memory:", facts->used);
    append_line(text, "Persistent:", domain->persistent ? "yes" : "no");
    append_line(text, "Autostart:", facts->autostart > 0 ? "enable" : "disable");
    append_line(text, "Managed save:", "no");
    append_line(text, "Security model:", facts->host->selinux ? "selinux" : "none");
    append_line(text, "Security DOI:", "0");
    if (facts->host->selinux && facts->label[0] != '\0')
        text_appendf(text, "%-*s %s (%s)\n", LABEL_WIDTH, "Security label:", facts->label,
                     facts->host->selinux_enforcing ? "enforcing" : "permissive");
}

static void append_json(struct text *text, const struct virsh_domain *domain,
                        const struct facts *facts) {
    text_append(text, "{\"name\":");
    text_append_json(text, domain->name);
    text_appendf(text,
                 ",\"uuid\":\"%s\",\"id\":%d,\"state\":\"%s\",\"vcpus\":%" PRIu64
                 ",\"maxMemory\":%" PRIu64 ",\"usedMemory\":%" PRIu64
                 ",\"persistent\":%s,\"autostart\":%s}",
                 facts->uuid, (int)virsh_domain_id(domain), virsh_state_word(domain), facts->vcpus,
                 facts->memory, facts->used, domain->persistent ? "true" : "false",
                 facts->autostart > 0 ? "true" : "false");
}

static int run_dominfo(const struct virsh_call *call, int *ret_status, struct thole_error *err) {
    const struct dominfo_options *options = call->options;
    cleanup_virsh_domain struct virsh_domain domain = {0};
    cleanup_text struct text text = {0};
    cleanup_arena struct arena arena = {0};
    struct facts facts = {0};
    (void)ret_status;
    if (virsh_domain_find(call->place, options->domain, &call->log, &domain, err) < 0 ||
        read_facts(&domain, &facts, err) < 0 || read_security(&domain, &arena, &facts, err) < 0)
        return -1;
    if (options->format != NULL && strcmp(options->format, "json") == 0) {
        append_json(&text, &domain, &facts);
        return output_text(text.data, err);
    }
    append_text(&text, &domain, &facts);
    return virsh_answer(call, text.data, err);
}

const struct virsh_command virsh_command_dominfo = {
    .name = "dominfo",
    .summary = "domain information",
    .options = dominfo_rows,
    .options_size = sizeof(struct dominfo_options),
    .operands = virsh_operand_domain,
    .required = 1,
    .run = run_dominfo,
};

/* ---- domstats ---- */

struct domstats_options {
    bool state;
    bool cpu;
    bool balloon;
    bool vcpu;
    bool block;
    bool list_active;
    bool raw;
    const char *domain;
};

#define MEMBER(name) offsetof(struct domstats_options, name)

static const struct option_row domstats_rows[] = {
    {"state", 0, OPTION_FLAG, MEMBER(state), NULL, "report domain state"},
    {"cpu-total", 0, OPTION_FLAG, MEMBER(cpu), NULL, "report domain physical cpu usage"},
    {"balloon", 0, OPTION_FLAG, MEMBER(balloon), NULL, "report domain memory"},
    {"vcpu", 0, OPTION_FLAG, MEMBER(vcpu), NULL, "report domain virtual cpu information"},
    {"block", 0, OPTION_FLAG, MEMBER(block), NULL, "report domain block device statistics"},
    {"list-active", 0, OPTION_FLAG, MEMBER(list_active), NULL, "list only active domains"},
    {"raw", 0, OPTION_FLAG, MEMBER(raw), NULL, NULL},
    {"domain", 0, OPTION_STRING, MEMBER(domain), "DOMAIN", "one domain, not all of them"},
    {0},
};

static void append_number(struct text *text, const char *name, uint64_t value) {
    if (value != THOLE_USAGE_UNKNOWN)
        text_appendf(text, "  %s=%" PRIu64 "\n", name, value);
}

/* virDomainState and its reasons, as scripts compare them. */
static void append_state(struct text *text, const struct virsh_domain *domain) {
    const bool paused = domain->state != NULL && domain->state->status == THOLE_STATUS_PAUSED;
    const uint64_t state = !virsh_domain_active(domain) ? 5 : paused ? 3 : 1;
    append_number(text, "state.state", state);
    append_number(text, "state.reason", state == 5 ? 0 : 1);
}

static int append_stats(struct text *text, const struct domstats_options *options,
                        const struct virsh_domain *domain, struct thole_error *err) {
    struct facts facts = {0};
    const bool all =
        !options->state && !options->cpu && !options->balloon && !options->vcpu && !options->block;
    if (read_facts(domain, &facts, err) < 0)
        return -1;
    text_appendf(text, "Domain: '%s'\n", domain->name);
    if (all || options->state)
        append_state(text, domain);
    if (facts.running && (all || options->cpu)) {
        append_number(text, "cpu.time", facts.usage.cpu);
        append_number(text, "cpu.user", facts.usage.cpu_user);
        append_number(text, "cpu.system", facts.usage.cpu_system);
    }
    if (all || options->balloon) {
        append_number(text, "balloon.current", facts.used);
        append_number(text, "balloon.maximum", facts.memory);
    }
    if (all || options->vcpu) {
        append_number(text, "vcpu.current", facts.vcpus);
        append_number(text, "vcpu.maximum", facts.vcpus);
    }
    if (facts.running && (all || options->block)) {
        append_number(text, "block.rd.bytes", facts.usage.io_read);
        append_number(text, "block.wr.bytes", facts.usage.io_written);
    }
    text_append(text, "\n");
    return 0;
}

static int append_all(const struct virsh_call *call, struct text *text, struct thole_error *err) {
    const struct domstats_options *options = call->options;
    cleanup_virsh_domain_list struct virsh_domain_list list = {0};
    if (virsh_domain_list(call->place, &call->log, &list, err) < 0)
        return -1;
    for (size_t i = 0; i < list.count; i++) {
        const bool wanted = !options->list_active || virsh_domain_active(&list.items[i]);
        if (wanted && append_stats(text, options, &list.items[i], err) < 0)
            return -1;
    }
    return 0;
}

static int run_domstats(const struct virsh_call *call, int *ret_status, struct thole_error *err) {
    const struct domstats_options *options = call->options;
    cleanup_virsh_domain struct virsh_domain domain = {0};
    cleanup_text struct text text = {0};
    (void)ret_status;
    text_append(&text, "");
    if (options->domain == NULL)
        return append_all(call, &text, err) < 0 ? -1 : output_text(text.data, err);
    if (virsh_domain_find(call->place, options->domain, &call->log, &domain, err) < 0 ||
        append_stats(&text, options, &domain, err) < 0)
        return -1;
    return output_text(text.data, err);
}

const struct virsh_command virsh_command_domstats = {
    .name = "domstats",
    .summary = "get statistics about one or multiple domains",
    .options = domstats_rows,
    .options_size = sizeof(struct domstats_options),
    .operands = virsh_operand_domain,
    .run = run_domstats,
};
