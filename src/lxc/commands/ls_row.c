/* SPDX-License-Identifier: Apache-2.0 */
/* What lxc-ls knows of a container, column by column. */
#include "lxc/commands/ls_row.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "base/words.h"
#include "lxc/config/configuration.h"
#include "lxc/store/states.h"
#include "nic/links.h"

enum kind { WORD, NUMBER, BYTES, FLAG, LIST };

static const struct {
    const char *name;
    const char *member; /* of JSON objects */
    enum kind kind;
} columns_known[LXC_COLUMN_COUNT] = {
    [LXC_COLUMN_NAME] = {"NAME", "name", WORD},
    [LXC_COLUMN_STATE] = {"STATE", "state", WORD},
    [LXC_COLUMN_PID] = {"PID", "pid", NUMBER},
    [LXC_COLUMN_RAM] = {"RAM", "ram_bytes", BYTES},
    [LXC_COLUMN_SWAP] = {"SWAP", "swap_bytes", BYTES},
    [LXC_COLUMN_AUTOSTART] = {"AUTOSTART", "autostart", FLAG},
    [LXC_COLUMN_GROUPS] = {"GROUPS", "groups", LIST},
    [LXC_COLUMN_INTERFACE] = {"INTERFACE", "interfaces", LIST},
    [LXC_COLUMN_IPV4] = {"IPV4", "ipv4", LIST},
    [LXC_COLUMN_IPV6] = {"IPV6", "ipv6", LIST},
    [LXC_COLUMN_UNPRIVILEGED] = {"UNPRIVILEGED", "unprivileged", FLAG},
    [LXC_COLUMN_TYPE] = {"TYPE", "type", WORD},
};

#define BIT(column) (1U << (column))

enum lxc_column lxc_column_find(const char *word, size_t length) {
    unsigned column = 0;
    while (column < LXC_COLUMN_COUNT &&
           (strlen(columns_known[column].name) != length ||
            strncasecmp(columns_known[column].name, word, length) != 0))
        column++;
    return (enum lxc_column)column;
}

const char *lxc_column_name(enum lxc_column column) {
    return columns_known[column].name;
}

static char *copy(const char *text) {
    char *copied = strdup(text);
    if (copied == NULL)
        abort();
    return copied;
}

/* ---- configuration ---- */

static void append_words(struct text *text, const char *list) {
    const char *word = NULL;
    size_t length = 0;
    while (list != NULL && words_next(&list, &word, &length))
        text_appendf(text, "%s%.*s", text->length > 0 ? ", " : "", (int)length, word);
}

static void append_groups(struct text *text, const struct lxc_listed *listed,
                          const struct lxc_configuration *config) {
    const struct lxc_item *item = NULL;
    if (listed->state != NULL)
        append_words(text, lxc_state_annotation(listed->state, "org.thole.lxc.groups"));
    while (text->length == 0 && (item = lxc_configuration_next(config, "lxc.group", item)) != NULL)
        append_words(text, item->value);
}

int lxc_row_groups(const struct lxc_listed *listed, char **ret_groups, struct thole_error *err) {
    cleanup_lxc_configuration struct lxc_configuration config = {0};
    if (listed->config_file != NULL &&
        lxc_configuration_read(&config, listed->config_file, err) < 0)
        return -1;
    struct text text = {0};
    append_groups(&text, listed, &config);
    *ret_groups = text_take(&text);
    return 0;
}

/* Of a container that runs by the user namespace it is in, of another by its maps. */
static bool is_unprivileged(const struct lxc_listed *listed,
                            const struct lxc_configuration *config) {
    struct stat own;
    struct stat other;
    char path[48];
    if (listed->state == NULL || listed->state->pid <= 0)
        return lxc_configuration_find(config, "lxc.idmap") != NULL;
    (void)snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)listed->state->pid);
    return stat("/proc/self/ns/user", &own) == 0 && stat(path, &other) == 0 &&
           own.st_ino != other.st_ino;
}

static void fill_configured(struct lxc_row *row, unsigned columns, const struct thole_log *log) {
    const unsigned configured =
        BIT(LXC_COLUMN_AUTOSTART) | BIT(LXC_COLUMN_GROUPS) | BIT(LXC_COLUMN_UNPRIVILEGED);
    const struct lxc_listed *listed = row->listed;
    cleanup_lxc_configuration struct lxc_configuration config = {0};
    struct thole_error failure = {0};
    char line[sizeof(failure.where) + sizeof(failure.text) + 128];
    if ((columns & configured) == 0)
        return;
    if (listed->config_file != NULL &&
        lxc_configuration_read(&config, listed->config_file, &failure) < 0)
        log_warning(log, "%s: %s", listed->name, error_format(&failure, line, sizeof(line)));
    const char *automatic = listed->config_file != NULL || listed->state == NULL
                                ? lxc_configuration_value(&config, "lxc.start.auto")
                                : lxc_state_annotation(listed->state, "org.thole.lxc.start.auto");
    struct text groups = {0};
    append_groups(&groups, listed, &config);
    row->cells[LXC_COLUMN_AUTOSTART] = copy(text_equal(automatic, "1") ? "1" : "0");
    row->cells[LXC_COLUMN_GROUPS] = text_take(&groups);
    row->cells[LXC_COLUMN_UNPRIVILEGED] = copy(is_unprivileged(listed, &config) ? "true" : "false");
}

/* ---- what runs ---- */

/* Between two looks it may have ended. */
static int gone(struct thole_error *err) {
    if (err->kind != THOLE_ERROR_NOT_FOUND && err->kind != THOLE_ERROR_STATE)
        return -1;
    *err = (struct thole_error){0};
    return 0;
}

static char *megabytes(uint64_t bytes) {
    char text[32];
    (void)snprintf(text, sizeof(text), "%.2fMB",
                   bytes == THOLE_USAGE_UNKNOWN ? 0.0 : (double)bytes / (1 << 20));
    return copy(text);
}

static int fill_usage(struct lxc_row *row, struct thole_error *err) {
    const struct thole_context context = {.root = row->listed->root};
    struct thole_usage usage = {0};
    if (thole_usage(&context, row->listed->state->id, &usage, err) < 0 && gone(err) < 0)
        return -1;
    row->bytes[LXC_COLUMN_RAM] = usage.memory;
    row->bytes[LXC_COLUMN_SWAP] = usage.swap;
    row->cells[LXC_COLUMN_RAM] = megabytes(usage.memory);
    row->cells[LXC_COLUMN_SWAP] = megabytes(usage.swap);
    return 0;
}

static int fill_addresses(struct lxc_row *row, struct thole_error *err) {
    cleanup_nic_addresses struct nic_addresses addresses = {0};
    struct text texts[2] = {{0}, {0}};
    if (nic_network_addresses(row->listed->state->pid, &addresses, err) < 0 && gone(err) < 0)
        return -1;
    for (size_t i = 0; i < addresses.count; i++) {
        struct text *text = &texts[addresses.items[i].family == AF_INET ? 0 : 1];
        text_appendf(text, "%s%s", text->length > 0 ? ", " : "", addresses.items[i].text);
    }
    row->cells[LXC_COLUMN_IPV4] = text_take(&texts[0]);
    row->cells[LXC_COLUMN_IPV6] = text_take(&texts[1]);
    return 0;
}

/* The loopback device is in every network namespace, and last in the list. */
static int fill_interfaces(struct lxc_row *row, struct thole_error *err) {
    cleanup_nic_links struct nic_links links = {0};
    struct text text = {0};
    if (nic_network_links(row->listed->state->pid, &links, err) < 0 && gone(err) < 0)
        return -1;
    for (size_t i = 0; i < links.count; i++)
        text_appendf(&text, "%s, ", links.items[i].name);
    text_append(&text, "lo");
    row->cells[LXC_COLUMN_INTERFACE] = text_take(&text);
    return 0;
}

static int fill_running(struct lxc_row *row, unsigned columns, struct thole_error *err) {
    char pid[16];
    if (row->listed->state == NULL || row->listed->state->pid <= 0)
        return 0;
    (void)snprintf(pid, sizeof(pid), "%d", (int)row->listed->state->pid);
    row->cells[LXC_COLUMN_PID] = copy(pid);
    if ((columns & (BIT(LXC_COLUMN_RAM) | BIT(LXC_COLUMN_SWAP))) != 0 && fill_usage(row, err) < 0)
        return -1;
    if ((columns & (BIT(LXC_COLUMN_IPV4) | BIT(LXC_COLUMN_IPV6))) != 0 &&
        fill_addresses(row, err) < 0)
        return -1;
    return (columns & BIT(LXC_COLUMN_INTERFACE)) != 0 ? fill_interfaces(row, err) : 0;
}

int lxc_row_fill(struct lxc_row *row, unsigned columns, const struct thole_log *log,
                 struct thole_error *err) {
    const struct lxc_listed *listed = row->listed;
    row->cells[LXC_COLUMN_NAME] = copy(listed->name);
    row->cells[LXC_COLUMN_STATE] = copy(lxc_state_name(lxc_state_of(listed->state)));
    row->cells[LXC_COLUMN_TYPE] = copy(listed->type);
    fill_configured(row, columns, log);
    return fill_running(row, columns, err);
}

/* "a, b" -> ["a","b"] */
static void append_json_list(struct text *text, const char *list) {
    const char *separator = "";
    const char *word = NULL;
    size_t length = 0;
    text_append(text, "[");
    while (words_next(&list, &word, &length)) {
        cleanup_free char *one = strndup(word, length);
        text_append(text, separator);
        text_append_json(text, one);
        separator = ",";
    }
    text_append(text, "]");
}

void lxc_row_append_json(const struct lxc_row *row, enum lxc_column column, struct text *text) {
    const char *cell = row->cells[column] != NULL ? row->cells[column] : "";
    enum kind kind = columns_known[column].kind;
    text_appendf(text, "\"%s\":", columns_known[column].member);
    if (kind == LIST)
        append_json_list(text, cell);
    else if (cell[0] == '\0' || (kind == BYTES && row->bytes[column] == THOLE_USAGE_UNKNOWN))
        text_append(text, "null");
    else if (kind == WORD)
        text_append_json(text, cell);
    else if (kind == NUMBER)
        text_append(text, cell);
    else if (kind == BYTES)
        text_appendf(text, "%llu", (unsigned long long)row->bytes[column]);
    else
        text_append(text, text_equal(cell, "1") || text_equal(cell, "true") ? "true" : "false");
}

void lxc_row_done(struct lxc_row *row) {
    for (size_t i = 0; i < LXC_COLUMN_COUNT; i++)
        free(row->cells[i]);
    *row = (struct lxc_row){0};
}
