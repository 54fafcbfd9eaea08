/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Snapshots of a container: copies of it called snap0, snap1 ... in the directory "snaps" of its
 * own, each with the time in the file "ts" and what was said about it in "comment".
 */
#pragma once

#include "base/text.h"
#include "lxc/store/container.h"

/** Takes one of the stopped @container. @comment: a file that is kept with it, or NULL. */
int lxc_snapshot_take(const struct lxc_container *container, const char *rcfile,
                      const char *comment, struct thole_error *err);

/** Lists them as lxc-snapshot -L does, a line each, with @comments their comments below. */
int lxc_snapshot_list(const struct lxc_container *container, bool comments, struct text *text,
                      struct thole_error *err);

/**
 * Makes a container called @name of the snapshot @snapshot. With the name of @container itself that
 * one is replaced, and keeps its snapshots.
 */
int lxc_snapshot_restore(const struct lxc_container *container, const char *snapshot,
                         const char *name, struct thole_error *err);

/** Destroys @snapshot, "ALL" for all of them. */
int lxc_snapshot_destroy(const struct lxc_container *container, const char *snapshot,
                         struct thole_error *err);
