/* SPDX-License-Identifier: Apache-2.0 */
/* lxc-info: what a container is, does and uses. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "base/words.h"
#include "cli/output.h"
#include "cli/sizes.h"
#include "lxc/commands/commands.h"
#include "lxc/config/configuration.h"
#include "lxc/config/keys.h"
#include "lxc/store/container.h"
#include "lxc/store/states.h"
#include "nic/links.h"

struct info_options {
    struct option_strings keys;
    bool ips;
    bool pid;
    bool state;
    bool stats;
    bool raw;
    const char *format;
};

static const struct option_row rows[] = {
    {"config", 'c', OPTION_STRINGS, offsetof(struct info_options, keys), "KEY",
     "show the value of KEY in the container's configuration"},
    {"ips", 'i', OPTION_FLAG, offsetof(struct info_options, ips), NULL, "show the IP addresses"},
    {"pid", 'p', OPTION_FLAG, offsetof(struct info_options, pid), NULL,
     "show the process id of the container's init"},
    {"stats", 'S', OPTION_FLAG, offsetof(struct info_options, stats), NULL,
     "show what the container uses"},
    {"no-humanize", 'H', OPTION_FLAG, offsetof(struct info_options, raw), NULL,
     "show numbers as they are, and one value alone without its label"},
    {"state", 's', OPTION_FLAG, offsetof(struct info_options, state), NULL,
     "show the state of the container"},
    {"format", 0, OPTION_STRING, offsetof(struct info_options, format), "FORMAT",
     "text (default) or json", .choices = "text|json"},
    {0},
};

/* What is to be shown, and what is known of it. */
struct info {
    struct info_options show; /* with everything that no option leaves out */
    bool bare;                /* one value without its label */
    const struct lxc_container *container;
    const struct thole_state *state; /* NULL: it does not run */
    struct nic_addresses addresses;
    struct nic_links links;
    struct thole_usage usage;
    bool has_usage;
    struct text text;
};

static void info_done(struct info *info) {
    nic_addresses_done(&info->addresses);
    nic_links_done(&info->links);
    text_done(&info->text);
}

/* As LXC counts: -S alone is several values. */
static void choose(const struct info_options *options, struct info *info) {
    const size_t asked = options->ips + options->pid + options->state + (options->stats ? 5U : 0U) +
                         options->keys.count;
    info->show = *options;
    info->bare = options->raw && asked == 1;
    if (asked == 0)
        info->show.ips = info->show.pid = info->show.state = info->show.stats = true;
}

/* ---- what is known ---- */

static int gone(struct thole_error *err) {
    if (err->kind != THOLE_ERROR_NOT_FOUND && err->kind != THOLE_ERROR_STATE)
        return -1;
    *err = (struct thole_error){0};
    return 0;
}

/* It may end while it is asked: then there is less to say. */
static int gather(struct info *info, struct thole_error *err) {
    const pid_t pid = info->state != NULL ? info->state->pid : 0;
    if (pid <= 0)
        return 0;
    if (info->show.ips && nic_network_addresses(pid, &info->addresses, err) < 0 && gone(err) < 0)
        return -1;
    if (!info->show.stats)
        return 0;
    if (nic_network_links(pid, &info->links, err) < 0 && gone(err) < 0)
        return -1;
    info->has_usage =
        thole_usage(&info->container->context, info->container->id, &info->usage, err) == 0;
    return info->has_usage ? 0 : gone(err);
}

/* ---- as text ---- */

static void append(struct info *info, const char *label, const char *value) {
    if (info->bare)
        text_appendf(&info->text, "%s\n", value);
    else
        text_appendf(&info->text, "%-15s %s\n", label, value);
}

static void append_size(struct info *info, const char *label, uint64_t bytes) {
    char size[32];
    if (bytes == THOLE_USAGE_UNKNOWN)
        return;
    append(info, label, size_format(bytes, info->show.raw, size, sizeof(size)));
}

static void append_usage(struct info *info) {
    const struct thole_usage *usage = &info->usage;
    char seconds[48];
    if (usage->cpu != THOLE_USAGE_UNKNOWN) {
        if (info->show.raw)
            (void)snprintf(seconds, sizeof(seconds), "%" PRIu64, usage->cpu);
        else
            (void)snprintf(seconds, sizeof(seconds), "%.2f seconds", (double)usage->cpu / 1e9);
        append(info, "CPU use:", seconds);
    }
    if (usage->io_read != THOLE_USAGE_UNKNOWN)
        append_size(info, "BlkIO use:", usage->io_read + usage->io_written);
    append_size(info, "Memory use:", usage->memory);
    append_size(info, "KMem use:", usage->kernel_memory);
}

static void append_links(struct info *info) {
    for (size_t i = 0; i < info->links.count; i++) {
        const struct nic_link *link = &info->links.items[i];
        if (link->host_name == NULL)
            continue;
        append(info, "Link:", link->host_name);
        append_size(info, " TX bytes:", link->sent);
        append_size(info, " RX bytes:", link->received);
        append_size(info, " Total bytes:", link->sent + link->received);
    }
}

static void append_all(struct info *info, bool everything) {
    if (everything)
        append(info, "Name:", info->container->name);
    if (info->show.state)
        append(info, "State:", lxc_state_name(lxc_state_of(info->state)));
    if (info->state == NULL || info->state->pid <= 0)
        return;
    if (info->show.pid) {
        char pid[16];
        (void)snprintf(pid, sizeof(pid), "%d", (int)info->state->pid);
        append(info, "PID:", pid);
    }
    for (size_t i = 0; info->show.ips && i < info->addresses.count; i++)
        append(info, "IP:", info->addresses.items[i].text);
    if (info->has_usage)
        append_usage(info);
    append_links(info);
}

/* ---- configuration ---- */

/* The configuration the container runs with, else the stored one. */
static int read_configuration(const struct lxc_call *call, const struct info *info,
                              struct lxc_configuration *config, struct thole_error *err) {
    const char *running =
        info->state != NULL ? lxc_state_annotation(info->state, "org.thole.lxc.config") : NULL;
    const char *file = call->settings->rcfile != NULL ? call->settings->rcfile
                       : running != NULL              ? running
                       : info->container->defined     ? info->container->config_file
                                                      : NULL;
    return file == NULL ? 0 : lxc_configuration_read(config, file, err);
}

/* Prints a value that is a list with the line break of its last item and one more, as LXC. */
static void append_key(struct info *info, const struct lxc_configuration *config, const char *key) {
    cleanup_text struct text value = {0};
    if (lxc_configuration_print(config, key, &value) != 0) {
        (void)fprintf(stderr, "%s invalid\n", key);
        return;
    }
    const char *words = value.data != NULL ? value.data : "";
    if (info->bare)
        text_appendf(&info->text, "%s\n", words);
    else if (words[0] != '\0')
        text_appendf(&info->text, "%s = %s\n", key, words);
    else
        text_appendf(&info->text, "%s =\n", key);
}

/* The values of a list as ["a","b"]: a line each, or in a line by blanks or commas. */
static void append_json_list(struct text *text, const struct lxc_key *key, const char *values) {
    bool by_words = key != NULL && (key->list == LXC_KEY_BLANKS || key->list == LXC_KEY_COMMAS);
    const char *separator = "";
    const char *value = NULL;
    size_t length = 0;
    text_append(text, "[");
    while (by_words ? words_next(&values, &value, &length)
                    : text_next_line(&values, &value, &length)) {
        cleanup_free char *one = strndup(value, length);
        text_append(text, separator);
        text_append_json(text, one);
        separator = ",";
    }
    text_append(text, "]");
}

/* A key that is not set is null, a list then is empty. */
static void append_json_key(struct info *info, const struct lxc_configuration *config,
                            const char *name) {
    cleanup_text struct text value = {0};
    struct lxc_key_match match = {0};
    if (lxc_configuration_print(config, name, &value) != 0) {
        (void)fprintf(stderr, "%s invalid\n", name);
        return;
    }
    bool known = lxc_key_find(name, &match);
    bool single = known && match.key->list == LXC_KEY_SINGLE &&
                  (match.detail[0] != '\0' || !text_ends_with(match.key->name, "*"));
    const char *words = value.data != NULL ? value.data : "";
    text_append(&info->text, text_ends_with(info->text.data, "{") ? "" : ",");
    text_append_json(&info->text, name);
    text_append(&info->text, ":");
    if (!single)
        append_json_list(&info->text, match.key, words);
    else if (words[0] == '\0')
        text_append(&info->text, "null");
    else
        text_append_json(&info->text, words);
}

static int append_keys(const struct lxc_call *call, struct info *info, bool json,
                       struct thole_error *err) {
    cleanup_lxc_configuration struct lxc_configuration config = {0};
    if (info->show.keys.count == 0)
        return 0;
    if (read_configuration(call, info, &config, err) < 0)
        return -1;
    text_append(&info->text, json ? ",\"config\":{" : "");
    for (size_t i = 0; i < info->show.keys.count; i++) {
        if (json)
            append_json_key(info, &config, info->show.keys.items[i]);
        else
            append_key(info, &config, info->show.keys.items[i]);
    }
    text_append(&info->text, json ? "}" : "");
    return 0;
}

/* ---- as JSON ---- */

static void append_number(struct text *text, const char *key, uint64_t number) {
    if (number != THOLE_USAGE_UNKNOWN)
        text_appendf(text, ",\"%s\":%" PRIu64, key, number);
}

static void append_member(struct text *text, const char *key, const char *value) {
    text_appendf(text, ",\"%s\":", key);
    text_append_json(text, value);
}

static void append_json_usage(struct text *text, const struct thole_usage *usage) {
    append_number(text, "cpu_nanoseconds", usage->cpu);
    append_number(text, "memory_bytes", usage->memory);
    append_number(text, "swap_bytes", usage->swap);
    append_number(text, "kernel_memory_bytes", usage->kernel_memory);
    append_number(text, "blkio_read_bytes", usage->io_read);
    append_number(text, "blkio_written_bytes", usage->io_written);
}

static void append_json_links(struct text *text, const struct nic_links *links) {
    text_append(text, ",\"links\":[");
    for (size_t i = 0; i < links->count; i++) {
        const struct nic_link *link = &links->items[i];
        text_append(text, i > 0 ? ",{\"name\":" : "{\"name\":");
        text_append_json(text, link->name);
        if (link->host_name != NULL)
            append_member(text, "host_name", link->host_name);
        append_number(text, "tx_bytes", link->sent);
        append_number(text, "rx_bytes", link->received);
        text_append(text, "}");
    }
    text_append(text, "]");
}

static void append_json(struct info *info) {
    struct text *text = &info->text;
    text_append(text, "{\"name\":");
    text_append_json(text, info->container->name);
    append_member(text, "state", lxc_state_name(lxc_state_of(info->state)));
    if (info->state != NULL && info->state->pid > 0)
        append_number(text, "pid", (uint64_t)info->state->pid);
    text_append(text, ",\"ips\":[");
    for (size_t i = 0; i < info->addresses.count; i++) {
        text_append(text, i > 0 ? "," : "");
        text_append_json(text, info->addresses.items[i].text);
    }
    text_append(text, "]");
    if (info->has_usage)
        append_json_usage(text, &info->usage);
    append_json_links(text, &info->links);
}

/* ---- the command ---- */

static int show(const struct lxc_call *call, const struct lxc_container *container,
                const struct thole_state *state, struct thole_error *err) {
    const struct info_options *options = call->options;
    __attribute__((cleanup(info_done))) struct info info = {.container = container, .state = state};
    const bool json = text_equal(options->format, "json");
    choose(options, &info);
    if (json)
        info.show.ips = info.show.stats = true;
    if (gather(&info, err) < 0)
        return -1;
    if (json)
        append_json(&info);
    else
        append_all(&info, !options->ips && !options->pid && !options->state && !options->stats &&
                              options->keys.count == 0);
    if (append_keys(call, &info, json, err) < 0)
        return -1;
    text_append(&info.text, json ? "}\n" : "");
    cleanup_free char *output = text_take(&info.text);
    return output_text(output, err);
}

static int run_info(const struct lxc_call *call, int *ret_status, struct thole_error *err) {
    cleanup_lxc_container struct lxc_container container = {0};
    cleanup_lxc_state struct thole_state *state = NULL;
    if (lxc_container_find(call->name, call->lxcpath, &call->log, &container, err) < 0 ||
        lxc_container_state(&container, &state, err) < 0)
        return -1;
    if (state == NULL && !container.defined && call->settings->rcfile == NULL) {
        (void)fprintf(stderr, "%s doesn't exist\n", call->name);
        *ret_status = EXIT_FAILURE;
        return 0;
    }
    return show(call, &container, state, err);
}

const struct lxc_command lxc_command_info = {
    .name = "info",
    .arguments = "",
    .summary = "show what a container is, does and uses",
    .options = rows,
    .options_size = sizeof(struct info_options),
    .run = run_info,
};
