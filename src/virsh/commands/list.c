/* SPDX-License-Identifier: Apache-2.0 */
/* list: domains, as a table or by a name, id or uuid a line. */
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "cli/output.h"
#include "virsh/commands/commands.h"
#include "virsh/commands/states.h"
#include "virsh/commands/table.h"
#include "virsh/store/definition.h"
#include "virsh/store/domains.h"

struct list_options {
    bool all;
    bool inactive;
    bool persistent;
    bool transient;
    bool autostart;
    bool no_autostart;
    bool running;
    bool paused;
    bool shutoff;
    bool other;
    bool name;
    bool uuid;
    bool id;
    bool table;
    bool title;
    bool ignored;
    const char *format;
};

#define MEMBER(name) offsetof(struct list_options, name)

static const struct option_row rows[] = {
    {"all", 0, OPTION_FLAG, MEMBER(all), NULL, "list inactive & active domains"},
    {"inactive", 0, OPTION_FLAG, MEMBER(inactive), NULL, "list inactive domains"},
    {"persistent", 0, OPTION_FLAG, MEMBER(persistent), NULL, "list persistent domains"},
    {"transient", 0, OPTION_FLAG, MEMBER(transient), NULL, "list transient domains"},
    {"autostart", 0, OPTION_FLAG, MEMBER(autostart), NULL, "list domains with autostart enabled"},
    {"no-autostart", 0, OPTION_FLAG, MEMBER(no_autostart), NULL,
     "list domains with autostart disabled"},
    {"state-running", 0, OPTION_FLAG, MEMBER(running), NULL, "list domains in running state"},
    {"state-paused", 0, OPTION_FLAG, MEMBER(paused), NULL, "list domains in paused state"},
    {"state-shutoff", 0, OPTION_FLAG, MEMBER(shutoff), NULL, "list domains in shutoff state"},
    {"state-other", 0, OPTION_FLAG, MEMBER(other), NULL, "list domains in other states"},
    {"name", 0, OPTION_FLAG, MEMBER(name), NULL, "list domain names only"},
    {"uuid", 0, OPTION_FLAG, MEMBER(uuid), NULL, "list uuid's only"},
    {"id", 0, OPTION_FLAG, MEMBER(id), NULL, "list domain IDs only"},
    {"table", 0, OPTION_FLAG, MEMBER(table), NULL, "list table (default)"},
    {"title", 0, OPTION_FLAG, MEMBER(title), NULL, "show domain title"},
    {"managed-save", 0, OPTION_FLAG, MEMBER(ignored), NULL, NULL},
    {"without-managed-save", 0, OPTION_FLAG, MEMBER(ignored), NULL, NULL},
    {"without-snapshot", 0, OPTION_FLAG, MEMBER(ignored), NULL, NULL},
    {"without-checkpoint", 0, OPTION_FLAG, MEMBER(ignored), NULL, NULL},
    VIRSH_FORMAT_OPTION(list_options, format),
    {0},
};

/* ---- which ---- */

static bool is_in_state(const struct list_options *options, const struct virsh_domain *domain) {
    const char *state = virsh_state_word(domain);
    if (!options->running && !options->paused && !options->shutoff && !options->other)
        return true;
    if (strcmp(state, "running") == 0)
        return options->running;
    if (strcmp(state, "paused") == 0)
        return options->paused;
    return strcmp(state, "shut off") == 0 ? options->shutoff : options->other;
}

/* 1, 0 or -1. As in virsh, --state-shutoff alone lists inactive ones. */
static int is_wanted(const struct list_options *options, const struct virsh_domain *domain,
                     struct thole_error *err) {
    const bool active = virsh_domain_active(domain);
    const bool all = options->all || (options->shutoff && !options->inactive);
    if (!all && active == options->inactive)
        return 0;
    if (options->persistent != options->transient && options->persistent != domain->persistent)
        return 0;
    if (!is_in_state(options, domain))
        return 0;
    if (options->autostart == options->no_autostart)
        return 1;
    const int autostart = virsh_autostart_get(domain->place, domain->name, err);
    return autostart < 0 ? -1 : autostart == (options->autostart ? 1 : 0);
}

/* ---- how ---- */

struct row {
    char id[16];
    char uuid[DOMAIN_UUID_LENGTH + 1];
    char *title;
};

static int fill(const struct list_options *options, const struct virsh_domain *domain,
                struct row *row, struct thole_error *err) {
    cleanup_xml struct xml_document *document = NULL;
    const bool json = options->format != NULL && strcmp(options->format, "json") == 0;
    (void)snprintf(row->id, sizeof(row->id), "-");
    if (virsh_domain_active(domain))
        (void)snprintf(row->id, sizeof(row->id), "%d", (int)virsh_domain_id(domain));
    if ((options->uuid || json) && virsh_domain_uuid(domain, row->uuid, err) < 0)
        return -1;
    if (!options->title)
        return 0;
    if (virsh_domain_document(domain, false, &document, err) < 0)
        return -1;
    row->title = virsh_xml_get(document, "title");
    return 0;
}

static void add_to_table(struct virsh_table *table, const struct virsh_domain *domain,
                         const struct row *row) {
    const char *const cells[] = {row->id, domain->name, virsh_state_word(domain),
                                 row->title != NULL ? row->title : ""};
    virsh_table_add(table, cells);
}

static void append_words(const struct list_options *options, const struct virsh_domain *domain,
                         const struct row *row, struct text *text) {
    const struct {
        bool wanted;
        const char *word;
    } words[] = {{options->uuid, row->uuid}, {options->id, row->id}, {options->name, domain->name}};
    const char *gap = "";
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (!words[i].wanted)
            continue;
        text_appendf(text, "%s%s", gap, words[i].word);
        gap = " ";
    }
    text_append(text, "\n");
}

static void append_json(const struct virsh_domain *domain, const struct row *row,
                        struct text *text) {
    text_append(text, text->length > 1 ? ",{" : "{");
    text_append(text, "\"name\":");
    text_append_json(text, domain->name);
    text_appendf(text, ",\"uuid\":\"%s\",\"id\":%d,\"state\":\"%s\",\"persistent\":%s}", row->uuid,
                 (int)virsh_domain_id(domain), virsh_state_word(domain),
                 domain->persistent ? "true" : "false");
}

static int print(const struct virsh_call *call, const struct virsh_domain_list *list,
                 struct thole_error *err) {
    const struct list_options *options = call->options;
    const bool json = options->format != NULL && strcmp(options->format, "json") == 0;
    const bool words = !json && (options->name || options->uuid || options->id);
    cleanup_text struct text text = {0};
    cleanup_virsh_table struct virsh_table table = {.columns = options->title ? 4 : 3};
    virsh_table_add(&table, (const char *const[]){"Id", "Name", "State", "Title"});
    text_append(&text, json ? "[" : "");
    for (size_t i = 0; i < list->count; i++) {
        struct row row = {0};
        const int wanted = is_wanted(options, &list->items[i], err);
        if (wanted < 0 || (wanted > 0 && fill(options, &list->items[i], &row, err) < 0))
            return -1;
        if (wanted > 0 && json)
            append_json(&list->items[i], &row, &text);
        else if (wanted > 0 && words)
            append_words(options, &list->items[i], &row, &text);
        else if (wanted > 0)
            add_to_table(&table, &list->items[i], &row);
        free(row.title);
    }
    if (json) {
        text_append(&text, "]\n");
        return output_text(text.data, err);
    }
    if (!words)
        virsh_table_write(&table, call->settings->quiet, &text);
    if (!call->settings->quiet)
        text_append(&text, "\n");
    return text.length > 0 ? output_text(text.data, err) : 0;
}

static int run_list(const struct virsh_call *call, int *ret_status, struct thole_error *err) {
    cleanup_virsh_domain_list struct virsh_domain_list list = {0};
    (void)ret_status;
    if (virsh_domain_list(call->place, &call->log, &list, err) < 0)
        return -1;
    return print(call, &list, err);
}

const struct virsh_command virsh_command_list = {
    .name = "list",
    .summary = "list domains",
    .description = "Without options those that run.",
    .options = rows,
    .options_size = sizeof(struct list_options),
    .run = run_list,
};
