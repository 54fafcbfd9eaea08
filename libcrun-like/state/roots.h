/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The registry of state roots: where containers of thole are on this machine, whoever made them.
 * What engines choose is a pattern of paths, since its directories come and go.
 */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"

/** Where roots are looked for. */
struct state_root_pattern {
    const char *path;   /* absolute; if not @literal, "*" stands for a part of a component */
    const char *origin; /* who keeps containers there: static storage */
    bool literal;
};

struct state_root_patterns {
    struct state_root_pattern *items; /* in the arena, as the paths */
    size_t count;
    struct arena arena;
};

/** The registry: thole's own root, those of lxcpaths, of /etc/thole/roots, and of engines. */
int state_roots_registered(struct state_root_patterns *ret_patterns, struct thole_error *err);

/** Just these paths, which are borrowed. */
void state_roots_given(char *const *paths, size_t count, struct state_root_patterns *ret_patterns);

void state_roots_done(struct state_root_patterns *patterns);
#define cleanup_state_roots __attribute__((cleanup(state_roots_done)))

/** Who wants to know what of the patterns there is. Negative results end the walk with -1. */
struct state_roots_visitor {
    /** Each directory on the way, before it is looked into; may be NULL. */
    int (*directory)(void *userdata, const char *path, struct thole_error *err);
    int (*root)(void *userdata, const char *path, const char *origin, struct thole_error *err);
    void *userdata;
};

/** Walks along all patterns through the directories that there are, in the order of the patterns. A
 * root that two of them lead to is visited twice. */
int state_roots_walk(const struct state_root_patterns *patterns,
                     const struct state_roots_visitor *visitor, struct thole_error *err);
