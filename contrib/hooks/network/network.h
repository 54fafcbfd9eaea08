/* SPDX-License-Identifier: Apache-2.0 */
/* What the two ways of the hook network share. */
#pragma once

#include "../hook.h"

/* The hook's options. */
struct network_settings {
    const char *cni;      /* a configuration list, NULL: bridge and veth */
    const char *cni_path; /* folders of plugins */
    const char *state;    /* where results of plugins are kept */
    const char *bridge;
    const char *address;   /* with the length of its prefix, NULL: none */
    const char *gateway;   /* NULL: no default route */
    const char *interface; /* in the container */
};

/** The plugins of the list, each with the result of the one before (CNI specification, "ADD"). */
void cni_up(const struct network_settings *settings, const struct hook_state *state);

/** The same backwards. What cannot be undone is told at the end; the rest is undone all the same.
 */
void cni_down(const struct network_settings *settings, const struct hook_state *state);
