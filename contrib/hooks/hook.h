/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the hooks share: their options, the container's state from standard input, and the way into
 * its root file system, which nothing in there can bend. A hook is a short program: what fails ends
 * it, with one line.
 */
#pragma once

#include <stdbool.h>
#include <stdnoreturn.h>
#include <sys/types.h>

/* "--name VALUE"; without a placeholder for the value it is a flag, and *target the name itself. */
struct hook_option {
    const char *name;
    const char *placeholder;
    const char *help;
    const char **target;
};

/* What --help prints. */
struct hook_program {
    const char *name;
    const char *summary;
    const char *stages;                /* where in config.json's hooks it belongs */
    const struct hook_option *options; /* ends with a row without a name */
};

/* The state that runtimes give to hooks (runtime.md, "State"). */
struct hook_state {
    const char *id;
    const char *status;
    const char *bundle;
    const char *root; /* absolute; NULL where the bundle cannot be read and the state has no root */
    pid_t pid;
    void *document;
};

/** Parses the arguments; prints --help and --version. Ends the program for what it does not know.
 */
void hook_parse_arguments(const struct hook_program *program, int argc, char **argv);

/** Reads the state from standard input. What is missing in it ends the program. */
struct hook_state hook_read_state(void);

/** The value of an annotation, NULL without it. */
const char *hook_annotation(const struct hook_state *state, const char *key);

/** Opens the root file system; the hook runs where the runtime sees its path. */
int hook_open_root(const struct hook_state *state);

/**
 * Opens @path as the container would see it, without following a single link (openat2(2)). -1 with
 * errno set.
 */
int hook_open_in_root(int root, const char *path, int flags);

/**
 * A copy of the mount that the host's file @path is on, with this one file: read-only, nosuid,
 * nodev, noexec. -1 with errno set: it cannot be opened.
 */
int hook_clone_file(const char *path);

/**
 * Puts @source, a mount that is attached nowhere, on @target in the container, which is called
 * @path in errors. Ends the program where that would be seen outside of the container as well.
 */
void hook_attach(int source, int target, const char *path);

/**
 * Covers the file @path of the container with @source. A link in its place is covered itself; what
 * is missing is made as an empty file. Its directory must be there and be reached without a link.
 */
void hook_cover(int root, const char *path, int source);

/** The file @path of the host, malloc'ed and terminated; what cannot be read ends the program. */
char *hook_read_file(const char *path);

/** Prints "hook: WORDS" and ends the program with status 1. */
noreturn void hook_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
