/* SPDX-License-Identifier: Apache-2.0 */
/* hook: what thole runs as a hook of a domain's container. Its state is on standard input
 * (runtime-spec "State"). */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/selinux_range.h"
#include "base/text.h"
#include "nic/hook.h"
#include "translate/hook_state.h"
#include "virsh/commands/commands.h"
#include "virsh/lifecycle/reason.h"
#include "virsh/lifecycle/relabel.h"
#include "virsh/lifecycle/remains.h"
#include "virsh/store/domains.h"

struct hook_options {
    const char *word;
};

static const struct option_row rows[] = {
    {"word", 0, OPTION_STRING, offsetof(struct hook_options, word), "WORD", "which one", NULL,
     true},
    {0},
};
static const char *const operands[] = {"word", NULL};

static int network_up(const struct virsh_call *call, const struct oci_state *state,
                      struct thole_error *err) {
    return nic_hook_up(state, call->place->definitions, err);
}

static int network_down(const struct virsh_call *call, const struct oci_state *state,
                        struct thole_error *err) {
    return nic_hook_down(state, call->place->definitions, err);
}

/* A stop program of the monitor. Where the container is gone already, who destroyed it has noted
 * that. */
static int note_end(const struct virsh_call *call, const struct oci_state *state,
                    struct thole_error *err) {
    const struct thole_context context = {.root = call->place->root, .log = call->log};
    const char *target = getenv("LXC_TARGET");
    struct thole_state *ended = NULL;
    struct thole_error failure = {0};
    if (target != NULL && strcmp(target, "reboot") == 0)
        return 0;
    if (thole_state(&context, state->id, &ended, &failure) < 0)
        return failure.kind == THOLE_ERROR_NOT_FOUND ? 0 : error_copy(err, &failure);
    const char *reason = virsh_reason_word(ended->exit_status);
    const bool known = ended->exited;
    thole_state_free(ended);
    return known ? virsh_reason_note(call->place->live, state->id, reason, err) : 0;
}

/* An end program of the monitor. A container that some ends preserve is there still; one that has
 * been deleted may be another start's by now. */
static int end(const struct virsh_call *call, const struct oci_state *state,
               struct thole_error *err) {
    cleanup_virsh_domain struct virsh_domain domain = {0};
    const char *live = translate_annotation(state, VIRSH_ANNOTATION_LIVE);
    if (live == NULL)
        return 0;
    if (virsh_domain_look(call->place, state->id, &call->log, &domain, err) < 0)
        return -1;
    if (!text_equal(virsh_domain_annotation(&domain, VIRSH_ANNOTATION_LIVE), live))
        return virsh_remains_release(live, err);
    return virsh_remains_preserved(&domain) ? 0 : virsh_remains_delete(&domain, err);
}

/* ---- SELinux: the paths of files are arguments ---- */

/* In the document that the domain runs with. */
static int show_label(const struct oci_state *state, const char *image_label,
                      struct thole_error *err) {
    cleanup_xml struct xml_document *document = NULL;
    const char *label = translate_annotation(state, SELINUX_LABEL_ANNOTATION);
    const char *live = translate_annotation(state, VIRSH_ANNOTATION_LIVE);
    if (label == NULL || live == NULL)
        return 0;
    if (virsh_xml_read(live, &document, err) < 0)
        return -1;
    virsh_xml_set_label(document, label, image_label);
    cleanup_free char *text = virsh_xml_write(document);
    return file_replace_at(AT_FDCWD, live, text, strlen(text), 0600, err);
}

static const char *image_label_of(const struct oci_state *state, struct thole_error *err) {
    const char *label = translate_annotation(state, SELINUX_MOUNT_LABEL_ANNOTATION);
    if (label == NULL)
        error_state(err, "the container has no SELinux label");
    return label;
}

static int label(const struct virsh_call *call, const struct oci_state *state,
                 struct thole_error *err) {
    const char *image_label = image_label_of(state, err);
    if (image_label == NULL)
        return -1;
    for (size_t i = 0; i < call->argument_count; i++) {
        if (virsh_relabel(call->arguments[i], image_label, err) < 0)
            return -1;
    }
    return show_label(state, image_label, err);
}

static int label_back(const struct virsh_call *call, const struct oci_state *state,
                      struct thole_error *err) {
    const char *image_label = image_label_of(state, err);
    if (image_label == NULL)
        return -1;
    for (size_t i = 0; i < call->argument_count; i++) {
        if (virsh_relabel_back(call->arguments[i], image_label, err) < 0)
            return -1;
    }
    return 0;
}

static const struct {
    const char *word;
    int (*run)(const struct virsh_call *call, const struct oci_state *state,
               struct thole_error *err);
} hooks[] = {
    {"ended", end},
    {"label", label},
    {"label-back", label_back},
    {"network-down", network_down},
    {"network-up", network_up},
    {"stopped", note_end},
};

static int run_hook(const struct virsh_call *call, int *ret_status, struct thole_error *err) {
    const struct hook_options *options = call->options;
    cleanup_arena struct arena arena = {0};
    struct oci_state *state = NULL;
    (void)ret_status;
    if (translate_read_state(&arena, &state, err) < 0)
        return -1;
    for (size_t i = 0; i < sizeof(hooks) / sizeof(hooks[0]); i++) {
        if (strcmp(hooks[i].word, options->word) == 0)
            return hooks[i].run(call, state, err);
    }
    return error_usage(err, "there is no hook %s", options->word);
}

const struct virsh_command virsh_command_hook = {
    .name = "hook",
    .summary = "what a container's configuration has thole run",
    .options = rows,
    .options_size = sizeof(struct hook_options),
    .operands = operands,
    .required = 1,
    .rest = "PATH...",
    .hidden = true,
    .run = run_hook,
};
