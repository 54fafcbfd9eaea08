/* SPDX-License-Identifier: Apache-2.0 */
/* Where containers of thole are. */
#include "state/roots.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/path.h"
#include "base/text.h"
#include "state/container.h"

#define ROOTS_FILE "/etc/thole/roots"

enum { ROOTS_FILE_MAX = 1 << 20 };

/* Where engines let their runtimes keep containers. Podman and CRI-O leave it at the runtime's own
 * default, or name a directory in their configuration: that is for ROOTS_FILE. */
static const struct state_root_pattern of_engines[] = {
    {"/run/docker/runtime-*/*", "docker", false},
    {"/run/containerd/*/*", "containerd", false},
};

static void add(struct state_root_patterns *patterns, const char *path, const char *origin,
                bool literal) {
    struct state_root_pattern *larger =
        arena_new_array(&patterns->arena, patterns->count + 1, struct state_root_pattern);
    for (size_t i = 0; i < patterns->count; i++)
        larger[i] = patterns->items[i];
    larger[patterns->count++] = (struct state_root_pattern){path, origin, literal};
    patterns->items = larger;
}

static int add_line(struct state_root_patterns *patterns, const char *line, size_t length,
                    unsigned number, struct thole_error *err) {
    static const char blanks[] = " \t\r";
    while (length > 0 && strchr(blanks, line[length - 1]) != NULL)
        length--;
    if (length == 0 || line[0] == '#')
        return 0;
    if (line[0] != '/')
        return error_config(err, NULL, ROOTS_FILE ":%u: \"%.*s\" is not an absolute path", number,
                            (int)length, line);
    char *given = arena_strndup(&patterns->arena, line, length);
    char *path = arena_strndup(&patterns->arena, line, length + 1);
    add(patterns, path_clean(path, given), "configured", true);
    return 0;
}

static int add_configured(struct state_root_patterns *patterns, struct thole_error *err) {
    cleanup_free char *text = NULL;
    struct thole_error failure = {0};
    if (file_read_at(AT_FDCWD, ROOTS_FILE, ROOTS_FILE_MAX, &text, NULL, &failure) < 0)
        return failure.code == ENOENT || failure.code == ENOTDIR ? 0 : (*err = failure, -1);
    const char *rest = text;
    const char *line = NULL;
    size_t length = 0;
    for (unsigned number = 1; text_next_line(&rest, &line, &length); number++) {
        if (add_line(patterns, line, length, number, err) < 0)
            return -1;
    }
    return 0;
}

int state_roots_registered(struct state_root_patterns *ret_patterns, struct thole_error *err) {
    *ret_patterns = (struct state_root_patterns){0};
    cleanup_free char *own = container_default_root(err);
    if (own == NULL)
        return -1;
    cleanup_text struct text lxcpaths = {0};
    text_appendf(&lxcpaths, "%s-lxc/*", own);
    add(ret_patterns, arena_strdup(&ret_patterns->arena, own), "thole", true);
    add(ret_patterns, arena_strdup(&ret_patterns->arena, lxcpaths.data), "lxc", false);
    if (add_configured(ret_patterns, err) < 0)
        return -1;
    for (size_t i = 0; i < sizeof(of_engines) / sizeof(of_engines[0]); i++)
        add(ret_patterns, of_engines[i].path, of_engines[i].origin, false);
    return 0;
}

void state_roots_given(char *const *paths, size_t count, struct state_root_patterns *ret_patterns) {
    *ret_patterns = (struct state_root_patterns){0};
    for (size_t i = 0; i < count; i++)
        add(ret_patterns, paths[i], "given", true);
}

void state_roots_done(struct state_root_patterns *patterns) {
    arena_done(&patterns->arena);
    *patterns = (struct state_root_patterns){0};
}

/* ---- walking ---- */

/* A directory on the way, and what of the pattern is left below it. */
struct step {
    const struct state_root_pattern *pattern;
    const struct state_roots_visitor *visitor;
    struct text path;
    const char *rest;
};

static int walk(struct step *step, struct thole_error *err);

/* What engines keep from this user is no root of his. */
static int missing(const struct step *step, struct thole_error *err) {
    if (errno == ENOENT || errno == ENOTDIR || (errno == EACCES && !step->pattern->literal))
        return 0;
    return error_errno(err, NULL, "open %s", step->path.length > 0 ? step->path.data : "/");
}

static int walk_into(struct step *step, const char *name, size_t length, struct thole_error *err) {
    const size_t before = step->path.length;
    const char *rest = step->rest;
    text_append(&step->path, "/");
    text_append_bytes(&step->path, name, length);
    step->rest += strcspn(step->rest, "/");
    int result = walk(step, err);
    step->rest = rest;
    step->path.length = before;
    step->path.data[before] = '\0';
    return result;
}

static int walk_matching(struct step *step, const char *component, struct thole_error *err) {
    cleanup_closedir DIR *directory = opendir(step->path.length > 0 ? step->path.data : "/");
    if (directory == NULL)
        return missing(step, err);
    const struct dirent *entry = NULL;
    while (errno = 0, (entry = readdir(directory)) != NULL) {
        if (fnmatch(component, entry->d_name, FNM_PERIOD) == 0 &&
            walk_into(step, entry->d_name, strlen(entry->d_name), err) < 0)
            return -1;
    }
    return errno == 0 ? 0 : error_errno(err, NULL, "read %s", step->path.data);
}

/* 1, or 0 if what is there is kept from this user. */
static int visit_directory(const struct step *step, const char *path, struct thole_error *err) {
    const struct state_roots_visitor *visitor = step->visitor;
    struct thole_error failure = {0};
    if (visitor->directory == NULL || visitor->directory(visitor->userdata, path, &failure) == 0)
        return 1;
    return failure.code == EACCES && !step->pattern->literal ? 0 : error_copy(err, &failure);
}

static int walk(struct step *step, struct thole_error *err) {
    const struct state_roots_visitor *visitor = step->visitor;
    const char *path = step->path.length > 0 ? step->path.data : "/";
    struct stat status;
    if (stat(path, &status) < 0)
        return missing(step, err);
    if (!S_ISDIR(status.st_mode))
        return 0;
    const int seen = visit_directory(step, path, err);
    if (seen <= 0)
        return seen;
    step->rest += strspn(step->rest, "/");
    if (step->rest[0] == '\0')
        return visitor->root(visitor->userdata, path, step->pattern->origin, err);
    size_t length = strcspn(step->rest, "/");
    if (step->pattern->literal || memchr(step->rest, '*', length) == NULL)
        return walk_into(step, step->rest, length, err);
    cleanup_free char *component = strndup(step->rest, length);
    return walk_matching(step, component, err);
}

int state_roots_walk(const struct state_root_patterns *patterns,
                     const struct state_roots_visitor *visitor, struct thole_error *err) {
    for (size_t i = 0; i < patterns->count; i++) {
        struct step step = {
            .pattern = &patterns->items[i], .visitor = visitor, .rest = patterns->items[i].path};
        int result = walk(&step, err);
        text_done(&step.path);
        if (result < 0)
            return -1;
    }
    return 0;
}
