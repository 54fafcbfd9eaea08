/* SPDX-License-Identifier: Apache-2.0 */
/* The words of LXC for what a container is doing. */
#include "lxc/store/states.h"

#include <string.h>

#include "base/error.h"

static const char *const names[LXC_STATE_COUNT] = {
    [LXC_STOPPED] = "STOPPED",   [LXC_STARTING] = "STARTING", [LXC_RUNNING] = "RUNNING",
    [LXC_STOPPING] = "STOPPING", [LXC_ABORTING] = "ABORTING", [LXC_FREEZING] = "FREEZING",
    [LXC_FROZEN] = "FROZEN",     [LXC_THAWED] = "THAWED",
};

const char *lxc_state_name(enum lxc_state state) {
    return names[state];
}

static int parse_word(const char *word, size_t length, unsigned *states, struct thole_error *err) {
    for (unsigned i = 0; i < LXC_STATE_COUNT; i++) {
        if (strlen(names[i]) == length && strncmp(names[i], word, length) == 0) {
            *states |= 1U << i;
            return 0;
        }
    }
    return error_usage(err,
                       "invalid state '%.*s': it is one of STOPPED STARTING RUNNING STOPPING "
                       "ABORTING FREEZING FROZEN THAWED",
                       (int)length, word);
}

int lxc_states_parse(const char *words, unsigned *ret_states, struct thole_error *err) {
    *ret_states = 0;
    for (const char *at = words;; at++) {
        size_t length = strcspn(at, "|");
        if (parse_word(at, length, ret_states, err) < 0)
            return -1;
        at += length;
        if (*at == '\0')
            return 0;
    }
}

const char *lxc_state_annotation(const struct thole_state *state, const char *key) {
    for (size_t i = 0; i < state->annotation_count; i++) {
        if (strcmp(state->annotations[i].key, key) == 0)
            return state->annotations[i].value;
    }
    return NULL;
}

bool lxc_state_is_own(const struct thole_state *state) {
    return lxc_state_annotation(state, "org.thole.lxc.lxcpath") != NULL;
}

const char *lxc_state_type(const struct thole_state *state, const char *origin) {
    /* What engines write to the containers that they make. */
    static const struct {
        const char *annotation;
        const char *type;
    } of_engines[] = {
        {"io.container.manager", "podman"},
        {"io.kubernetes.cri-o.ContainerID", "cri-o"},
        {"io.kubernetes.cri.sandbox-id", "containerd"},
    };
    if (lxc_state_is_own(state))
        return "lxc";
    for (size_t i = 0; i < sizeof(of_engines) / sizeof(of_engines[0]); i++) {
        if (lxc_state_annotation(state, of_engines[i].annotation) != NULL)
            return of_engines[i].type;
    }
    return strcmp(origin, "docker") == 0 || strcmp(origin, "containerd") == 0 ? origin : "oci";
}

bool lxc_state_of_change(enum thole_change change, enum lxc_state *ret_state) {
    static const enum lxc_state from_change[] = {
        [THOLE_CHANGE_STOPPED] = LXC_STOPPED,   [THOLE_CHANGE_STARTING] = LXC_STARTING,
        [THOLE_CHANGE_RUNNING] = LXC_RUNNING,   [THOLE_CHANGE_STOPPING] = LXC_STOPPING,
        [THOLE_CHANGE_ABORTING] = LXC_ABORTING, [THOLE_CHANGE_FREEZING] = LXC_FREEZING,
        [THOLE_CHANGE_FROZEN] = LXC_FROZEN,     [THOLE_CHANGE_THAWED] = LXC_THAWED,
    };
    if (change == THOLE_CHANGE_EXITED)
        return false;
    *ret_state = from_change[change];
    return true;
}

enum lxc_state lxc_state_of(const struct thole_state *state) {
    static const enum lxc_state from_status[] = {
        [THOLE_STATUS_CREATING] = LXC_STARTING, [THOLE_STATUS_CREATED] = LXC_STARTING,
        [THOLE_STATUS_RUNNING] = LXC_RUNNING,   [THOLE_STATUS_PAUSED] = LXC_FROZEN,
        [THOLE_STATUS_STOPPED] = LXC_STOPPING,  [THOLE_STATUS_UNKNOWN] = LXC_STARTING,
    };
    /* What is only not deleted yet, nobody works on. */
    if (state == NULL || (state->status == THOLE_STATUS_STOPPED && state->keeper == 0))
        return LXC_STOPPED;
    return from_status[state->status];
}
