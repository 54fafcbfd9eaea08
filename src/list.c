/* SPDX-License-Identifier: Apache-2.0 */
/* list: all containers, as a table or JSON. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "base/user_name.h"
#include "cli/output.h"
#include "commands.h"
#include "oci-spec/document.h"
#include "thole.h"

struct list_settings {
    const char *format;
    bool quiet;
};

static const struct option_row list_options[] = {
    {"format", 'f', OPTION_STRING, offsetof(struct list_settings, format), "FORMAT",
     "table (default) or json", .choices = "table|json"},
    {"quiet", 'q', OPTION_FLAG, offsetof(struct list_settings, quiet), NULL, "print only the ids"},
    {0},
};

enum { COLUMNS = 6, COLUMN_MINIMUM = 12, COLUMN_GAP = 3 };

struct owner {
    uint32_t uid;
    char name[64];
};

/* One line of the table; texts that are not in the state are held here. */
struct row {
    const char *cells[COLUMNS];
    char pid[16];
    struct owner owner;
};

/* The user's name, or "#UID" for one without a name. Most containers belong to the same user, who
 * is looked up once. */
static int find_owner(struct owner *owner, uint32_t uid, struct thole_error *err) {
    bool known = false;
    if (owner->name[0] != '\0' && owner->uid == uid)
        return 0;
    owner->uid = uid;
    if (user_name(uid, owner->name, sizeof(owner->name), &known, err) < 0)
        return -1;
    if (!known)
        (void)snprintf(owner->name, sizeof(owner->name), "#%u", uid);
    return 0;
}

static void fill_row(struct row *row, const struct thole_state *state, const struct owner *owner) {
    (void)snprintf(row->pid, sizeof(row->pid), "%d", (int)state->pid);
    row->owner = *owner;
    const char *cells[COLUMNS] = {
        state->id,     row->pid,       thole_status_name(state->status),
        state->bundle, state->created, row->owner.name,
    };
    memcpy(row->cells, cells, sizeof(cells));
}

static void append_row(struct text *text, const struct row *row, const size_t *widths) {
    for (size_t column = 0; column + 1 < COLUMNS; column++)
        text_appendf(text, "%-*s", (int)widths[column], row->cells[column]);
    text_appendf(text, "%s\n", row->cells[COLUMNS - 1]);
}

static int append_table(struct text *text, struct thole_state *const *states, size_t count,
                        struct thole_error *err) {
    static const struct row heading = {
        .cells = {"ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"},
    };
    cleanup_free struct row *rows = calloc(count + 1, sizeof(*rows));
    if (rows == NULL)
        abort();
    struct owner owner = {0};
    size_t widths[COLUMNS];
    for (size_t column = 0; column < COLUMNS; column++)
        widths[column] = COLUMN_MINIMUM;
    for (size_t i = 0; i < count; i++) {
        if (find_owner(&owner, states[i]->owner, err) < 0)
            return -1;
        fill_row(&rows[i], states[i], &owner);
        for (size_t column = 0; column < COLUMNS; column++) {
            size_t width = strlen(rows[i].cells[column]) + COLUMN_GAP;
            if (width > widths[column])
                widths[column] = width;
        }
    }
    append_row(text, &heading, widths);
    for (size_t i = 0; i < count; i++)
        append_row(text, &rows[i], widths);
    return 0;
}

static int append_json(struct text *text, const struct thole_state *state, struct owner *owner,
                       struct thole_error *err) {
    if (find_owner(owner, state->owner, err) < 0)
        return -1;
    struct oci_pair *annotations = calloc(state->annotation_count + 1, sizeof(*annotations));
    if (annotations == NULL)
        abort();
    for (size_t i = 0; i < state->annotation_count; i++)
        annotations[i] = (struct oci_pair){state->annotations[i].key, state->annotations[i].value};

    char status[16];
    (void)snprintf(status, sizeof(status), "%s", thole_status_name(state->status));
    const struct oci_state document = {
        .oci_version = state->oci_version,
        .id = state->id,
        .status = status,
        .pid = {.set = true, .value = state->pid},
        .bundle = state->bundle,
        .rootfs = state->rootfs,
        .created = state->created,
        .owner = owner->name,
        .annotations = {.items = annotations, .count = state->annotation_count},
        .systemd_scope = state->systemd_scope,
    };
    cleanup_free char *json = oci_write_state(&document, 0);
    text_append_bytes(text, json, strcspn(json, "\n"));
    free(annotations);
    return 0;
}

static int append_states(struct text *text, const struct list_settings *settings,
                         struct thole_state *const *states, size_t count, struct thole_error *err) {
    if (settings->quiet) {
        for (size_t i = 0; i < count; i++)
            text_appendf(text, "%s\n", states[i]->id);
    } else if (text_equal(settings->format, "json")) {
        struct owner owner = {0};
        text_append(text, "[");
        for (size_t i = 0; i < count; i++) {
            text_append(text, i > 0 ? "," : "");
            if (append_json(text, states[i], &owner, err) < 0)
                return -1;
        }
        text_append(text, "]\n");
    } else {
        return append_table(text, states, count, err);
    }
    return 0;
}

static int run_list(const struct invocation *invocation, int *ret_status, struct thole_error *err) {
    (void)ret_status;
    /* The default directory appears with the first container; one that was named has to exist. */
    const char *root = invocation->context->root;
    if (root != NULL && access(root, F_OK) < 0)
        return error_errno(err, NULL, "open %s", root);

    struct thole_state **states = NULL;
    size_t count = 0;
    if (thole_list(invocation->context, &states, &count, err) < 0)
        return -1;
    cleanup_text struct text text = {0};
    int result = append_states(&text, invocation->options, states, count, err);
    for (size_t i = 0; i < count; i++)
        thole_state_free(states[i]);
    free(states);
    if (result < 0)
        return -1;
    cleanup_free char *output = text_take(&text);
    return output_text(output, err);
}

const struct command command_list = {
    .name = "list",
    .arguments = "",
    .summary = "list the containers",
    .description =
        "A container whose record or process cannot be read has the status unknown, and a "
        "warning says why.",
    .options = list_options,
    .options_size = sizeof(struct list_settings),
    .run = run_list,
};
