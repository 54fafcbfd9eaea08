/* SPDX-License-Identifier: Apache-2.0 */
/* lxc-monitor: prints every change of state of containers. */
#include <ctype.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "lxc/commands/commands.h"
#include "lxc/store/container.h"
#include "lxc/store/states.h"
#include "lxc/store/system.h"

struct monitor_options {
    bool quit;
    const char *format;
};

static const struct option_row rows[] = {
    {"quit", 'Q', OPTION_FLAG, offsetof(struct monitor_options, quit), NULL,
     "do nothing: there is no lxc-monitord to be ended"},
    {"format", 0, OPTION_STRING, offsetof(struct monitor_options, format), "FORMAT",
     "text (default) or json: a document a line", .choices = "text|json"},
    {0},
};

struct monitoring {
    regex_t names;
    bool json;
};

static void print_json(const struct thole_watch_event *event) {
    cleanup_text struct text line = {0};
    text_append(&line, "{\"type\":\"state\",\"name\":");
    text_append_json(&line, event->id);
    text_append(&line, ",\"root\":");
    text_append_json(&line, event->root);
    text_append(&line, ",\"state\":\"");
    for (const char *at = thole_change_name(event->change); *at != '\0'; at++)
        text_append(&line, (char[]){(char)toupper((unsigned char)*at), '\0'});
    text_append(&line, "\"");
    if (event->status >= 0)
        text_appendf(&line, ",\"status\":%d", event->status);
    (void)printf("%s}\n", line.data);
}

static void print_words(const struct thole_watch_event *event) {
    enum lxc_state state = LXC_STOPPED;
    if (lxc_state_of_change(event->change, &state))
        (void)printf("'%s' changed state to [%s]\n", event->id, lxc_state_name(state));
    else if (event->status >= 0)
        (void)printf("'%s' exited with status [%d]\n", event->id, event->status);
}

static int take_change(void *userdata, const struct thole_watch_event *event) {
    const struct monitoring *monitoring = userdata;
    if (regexec(&monitoring->names, event->id, 0, NULL, 0) != 0)
        return 0;
    if (monitoring->json)
        print_json(event);
    else
        print_words(event);
    return fflush(stdout) != 0 ? -1 : 0;
}

/* The state roots of all --lxcpath; malloc'ed. */
static int find_roots(const struct option_strings *paths, char ***ret_roots,
                      struct thole_error *err) {
    char **roots = calloc(paths->count + 1, sizeof(*roots));
    if (roots == NULL)
        abort();
    *ret_roots = roots;
    for (size_t i = 0; i < paths->count; i++) {
        cleanup_free char *path = NULL;
        if (lxc_system_path(paths->items[i], &path, err) < 0 ||
            lxc_container_root(path, &roots[i], err) < 0)
            return -1;
    }
    return 0;
}

static int watch(const struct lxc_call *call, struct monitoring *monitoring,
                 struct thole_error *err) {
    const struct option_strings *paths = &call->settings->lxcpaths;
    char **roots = NULL;
    int result = find_roots(paths, &roots, err);
    const struct thole_watch_request request = {
        .roots = paths->count > 0 ? roots : NULL,
        .root_count = paths->count,
        .timeout = -1,
        .changed = take_change,
        .userdata = monitoring,
    };
    if (result == 0)
        result = thole_watch(&request, err);
    for (size_t i = 0; i < paths->count; i++)
        free(roots[i]);
    free(roots);
    return result;
}

static int run_monitor(const struct lxc_call *call, int *ret_status, struct thole_error *err) {
    const struct monitor_options *options = call->options;
    struct monitoring monitoring = {.json = text_equal(options->format, "json")};
    cleanup_text struct text pattern = {0};
    (void)ret_status;
    if (options->quit)
        return 0;
    text_appendf(&pattern, "^%s$", call->name != NULL ? call->name : ".*");
    int code = regcomp(&monitoring.names, pattern.data, REG_NOSUB | REG_EXTENDED);
    if (code != 0) {
        char reason[128];
        (void)regerror(code, &monitoring.names, reason, sizeof(reason));
        return error_usage(err, "failed to compile the regex '%s': %s", pattern.data, reason);
    }
    int result = watch(call, &monitoring, err);
    regfree(&monitoring.names);
    return result;
}

const struct lxc_command lxc_command_monitor = {
    .name = "monitor",
    .arguments = "",
    .summary = "print what happens to containers",
    .description =
        "NAME may be a regular expression. Without --lxcpath the containers of all state\n"
        "roots of this machine are followed, those of engines as well.",
    .options = rows,
    .options_size = sizeof(struct monitor_options),
    .naming = LXC_NAME_ANY,
    .many_paths = true,
    .run = run_monitor,
};
