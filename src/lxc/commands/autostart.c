/* SPDX-License-Identifier: Apache-2.0 */
/* lxc-autostart: all containers of some groups, in their order. */
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "cli/output.h"
#include "lxc/commands/commands.h"
#include "lxc/config/configuration.h"
#include "lxc/lifecycle/halt.h"
#include "lxc/lifecycle/launch.h"
#include "lxc/store/container.h"
#include "lxc/store/listing.h"

enum { STATUS_ALL_FAILED = 1, STATUS_SOME_FAILED = 2 };

struct autostart_options {
    bool kill;
    bool list;
    bool reboot;
    bool shutdown;
    bool all;
    bool ignore_auto;
    struct option_strings groups;
    const char *timeout;
    const char *format;
};

#define MEMBER(name) offsetof(struct autostart_options, name)

static const struct option_row rows[] = {
    {"kill", 'k', OPTION_FLAG, MEMBER(kill), NULL, "kill the containers"},
    {"list", 'L', OPTION_FLAG, MEMBER(list), NULL, "only list them, and the delays after a start"},
    {"reboot", 'r', OPTION_FLAG, MEMBER(reboot), NULL, "reboot the containers"},
    {"shutdown", 's', OPTION_FLAG, MEMBER(shutdown), NULL, "stop the containers"},
    {"all", 'a', OPTION_FLAG, MEMBER(all), NULL, "whatever their groups are"},
    {"ignore-auto", 'A', OPTION_FLAG, MEMBER(ignore_auto), NULL,
     "also those without lxc.start.auto = 1"},
    {"groups", 'g', OPTION_STRINGS, MEMBER(groups), "LIST",
     "these groups, one after the other; an empty word is for containers without a group "
     "(default)"},
    {"timeout", 't', OPTION_STRING, MEMBER(timeout), "SECONDS",
     "how long one may take to stop until it is killed (60)"},
    {"format", 0, OPTION_STRING, MEMBER(format), "FORMAT", "of --list: text (default) or json",
     .choices = "text|json"},
    {0},
};

struct candidate {
    char *name;
    char *groups; /* ",web,onboot,"; ",," for none */
    int64_t order;
    int64_t delay;
    bool done;
};

struct candidates {
    struct candidate *items;
    size_t count;
};

static void candidates_done(struct candidates *candidates) {
    for (size_t i = 0; i < candidates->count; i++) {
        free(candidates->items[i].name);
        free(candidates->items[i].groups);
    }
    free(candidates->items);
}

static bool is_start(const struct autostart_options *options) {
    return !options->kill && !options->reboot && !options->shutdown;
}

/* ---- which ------------------------------------------------------------------------------------
 */

static int read_number(const struct lxc_configuration *config, const char *key, int64_t *ret_number,
                       struct thole_error *err) {
    const struct lxc_item *item = lxc_configuration_find(config, key);
    *ret_number = 0;
    if (item == NULL || text_parse_int(item->value, INT_MIN, INT_MAX, ret_number))
        return 0;
    return error_config(err, item->where, "\"%s\" is not a number", item->value);
}

static char *group_words(const struct lxc_configuration *config) {
    struct text text = {0};
    const struct lxc_item *item = NULL;
    while ((item = lxc_configuration_next(config, "lxc.group", item)) != NULL)
        text_appendf(&text, ",%s", item->value);
    text_append(&text, text.length > 0 ? "," : ",,");
    for (char *at = text.data; *at != '\0'; at++)
        *at = *at == ' ' || *at == '\t' ? ',' : *at;
    return text_take(&text);
}

/* 1: it is one. */
static int read_candidate(const struct lxc_call *call, const char *name,
                          struct candidate *candidate, struct thole_error *err) {
    const struct autostart_options *options = call->options;
    cleanup_lxc_container struct lxc_container container = {0};
    cleanup_lxc_configuration struct lxc_configuration config = {0};
    bool automatic = false;
    if (lxc_container_find(name, call->lxcpath, &call->log, &container, err) < 0 ||
        lxc_container_read_config(&container, NULL, &config, err) < 0 ||
        lxc_configuration_flag(&config, "lxc.start.auto", false, &automatic, err) < 0 ||
        read_number(&config, "lxc.start.order", &candidate->order, err) < 0 ||
        read_number(&config, "lxc.start.delay", &candidate->delay, err) < 0)
        return -1;
    if (!automatic && !options->ignore_auto)
        return 0;
    candidate->name = strdup(name);
    candidate->groups = group_words(&config);
    return 1;
}

static void tell(const struct lxc_call *call, const char *name, const struct thole_error *err) {
    char line[sizeof(err->where) + sizeof(err->text) + 512];
    char text[sizeof(err->where) + sizeof(err->text) + 128];
    (void)snprintf(line, sizeof(line), "%s: %s", name, thole_error_format(err, text, sizeof(text)));
    call->log.write(call->log.userdata, THOLE_LOG_ERROR, line);
}

static int compare(const void *a, const void *b) {
    const struct candidate *one = a;
    const struct candidate *other = b;
    if (one->order != other->order)
        return one->order < other->order ? -1 : 1;
    return strcmp(one->name, other->name);
}

static int compare_backwards(const void *a, const void *b) {
    return compare(b, a);
}

/* One whose configuration cannot be read is told of and counts as failed. */
static int collect(const struct lxc_call *call, struct candidates *candidates, size_t *ret_failed,
                   struct thole_error *err) {
    const struct autostart_options *options = call->options;
    cleanup_lxc_listing struct lxc_listing listing = {0};
    if (lxc_listing_read(call->lxcpath, false, &call->log, &listing, err) < 0)
        return -1;
    candidates->items = calloc(listing.count + 1, sizeof(*candidates->items));
    if (candidates->items == NULL)
        abort();
    for (size_t i = 0; i < listing.count; i++) {
        const struct thole_state *state = listing.items[i].state;
        bool runs = state != NULL && state->status != THOLE_STATUS_STOPPED;
        struct thole_error failure = {0};
        if (listing.items[i].config_file == NULL || runs == is_start(options))
            continue;
        struct candidate *candidate = &candidates->items[candidates->count];
        int result = read_candidate(call, listing.items[i].name, candidate, &failure);
        if (result < 0)
            tell(call, listing.items[i].name, &failure);
        *ret_failed += result < 0;
        candidates->count += result > 0;
    }
    const bool forwards = is_start(options) || options->reboot;
    qsort(candidates->items, candidates->count, sizeof(*candidates->items),
          forwards ? compare : compare_backwards);
    return 0;
}

/* ---- what -------------------------------------------------------------------------------------
 */

struct work {
    const struct lxc_call *call;
    struct lxc_halt halt;
    struct text listed;
    size_t tried;
    size_t failed;
};

static int act(const struct work *work, const struct candidate *candidate,
               struct thole_error *err) {
    static const struct lxc_launch launch = {0};
    const struct lxc_call *call = work->call;
    cleanup_lxc_container struct lxc_container container = {0};
    int status = 0;
    bool running = false;
    if (lxc_container_find(candidate->name, call->lxcpath, &call->log, &container, err) < 0)
        return -1;
    if (!is_start(call->options))
        return lxc_halt(&container, &work->halt, &running, err);
    if (lxc_launch(&container, &launch, &status, err) < 0)
        return -1;
    if (candidate->delay > 0)
        (void)sleep((unsigned)candidate->delay);
    return 0;
}

static void list(struct work *work, const struct candidate *candidate) {
    const struct autostart_options *options = work->call->options;
    const bool delays = is_start(options) || options->reboot;
    if (text_equal(options->format, "json")) {
        text_append(&work->listed, work->listed.length > 0 ? ",{\"name\":" : "[{\"name\":");
        text_append_json(&work->listed, candidate->name);
        text_appendf(&work->listed, ",\"order\":%" PRId64 ",\"delay\":%" PRId64 "}",
                     candidate->order, candidate->delay);
    } else if (delays) {
        text_appendf(&work->listed, "%s %" PRId64 "\n", candidate->name, candidate->delay);
    } else {
        text_appendf(&work->listed, "%s\n", candidate->name);
    }
}

static void handle(struct work *work, struct candidate *candidate) {
    struct thole_error failure = {0};
    candidate->done = true;
    if (((const struct autostart_options *)work->call->options)->list) {
        list(work, candidate);
        return;
    }
    work->tried++;
    if (act(work, candidate, &failure) == 0)
        return;
    work->failed++;
    tell(work->call, candidate->name, &failure);
}

static void handle_group(struct work *work, const struct candidates *candidates,
                         const char *group) {
    cleanup_text struct text word = {0};
    text_appendf(&word, ",%s,", group);
    for (size_t i = 0; i < candidates->count; i++) {
        struct candidate *candidate = &candidates->items[i];
        if (!candidate->done && strstr(candidate->groups, word.data) != NULL)
            handle(work, candidate);
    }
}

static void handle_groups(struct work *work, const struct candidates *candidates) {
    const struct autostart_options *options = work->call->options;
    for (size_t i = 0; options->all && i < candidates->count; i++)
        handle(work, &candidates->items[i]);
    for (size_t i = 0; !options->all && i < options->groups.count; i++) {
        cleanup_free char *list_of_words = strdup(options->groups.items[i]);
        char *rest = list_of_words;
        for (const char *word = strsep(&rest, ","); word != NULL; word = strsep(&rest, ","))
            handle_group(work, candidates, word);
    }
    if (!options->all && options->groups.count == 0)
        handle_group(work, candidates, "");
}

static int read_halt(const struct autostart_options *options, struct lxc_halt *halt,
                     struct thole_error *err) {
    int64_t seconds = LXC_HALT_SECONDS;
    if (options->timeout != NULL && !text_parse_int(options->timeout, -1, INT_MAX, &seconds))
        return error_usage(err, "option --timeout: \"%s\" is not a number of seconds, or -1",
                           options->timeout);
    if (options->kill + options->reboot + options->shutdown > 1)
        return error_usage(err, "only one of -k, -r and -s can be done");
    halt->timeout = options->kill ? LXC_HALT_FOREVER : (int)seconds;
    halt->kind = options->kill     ? LXC_HALT_KILL
                 : options->reboot ? LXC_HALT_REBOOT
                                   : LXC_HALT_SHUTDOWN;
    return 0;
}

static int run_autostart(const struct lxc_call *call, int *ret_status, struct thole_error *err) {
    const struct autostart_options *options = call->options;
    __attribute__((cleanup(candidates_done))) struct candidates candidates = {0};
    struct work work = {.call = call};
    if (read_halt(options, &work.halt, err) < 0 ||
        collect(call, &candidates, &work.failed, err) < 0)
        return -1;
    work.tried = work.failed;
    handle_groups(&work, &candidates);
    if (work.failed > 0)
        *ret_status = work.failed == work.tried ? STATUS_ALL_FAILED : STATUS_SOME_FAILED;
    if (options->list && text_equal(options->format, "json"))
        text_append(&work.listed, work.listed.length > 0 ? "]\n" : "[]\n");
    cleanup_free char *listed = text_take(&work.listed);
    return options->list && listed != NULL ? output_text(listed, err) : 0;
}

const struct lxc_command lxc_command_autostart = {
    .name = "autostart",
    .arguments = "",
    .summary = "start, stop or list the containers that start with the host",
    .description = "Groups are handled in the order given, containers of a group in that of "
                   "lxc.start.order and\n"
                   "of their names, backwards when they are stopped. The exit status is 2 if it "
                   "failed for some\n"
                   "of them, 1 if for all.",
    .options = rows,
    .options_size = sizeof(struct autostart_options),
    .naming = LXC_NAME_OPTION,
    .seal = true,
    .run = run_autostart,
};
