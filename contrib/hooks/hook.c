/* SPDX-License-Identifier: Apache-2.0 */
#include "hook.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <yajl/yajl_tree.h>

#ifndef STATX_BASIC_STATS /* musl up to 1.2.4 has no statx(2) */
#include <linux/stat.h>
#endif

/* Built by hand, it is of no release. */
#ifdef HOOK_VERSION
#include "commit.h"
#else
#define HOOK_VERSION "unknown"
#define THOLE_COMMIT "unknown"
#endif

enum { LARGEST_DOCUMENT = 16 << 20 };

static const char *hook_name = "hook";

void hook_fail(const char *format, ...) {
    va_list words;
    va_start(words, format);
    (void)fprintf(stderr, "hook %s: ", hook_name);
    (void)vfprintf(stderr, format, words);
    (void)fputc('\n', stderr);
    va_end(words);
    exit(EXIT_FAILURE);
}

static noreturn void print_version(const char *name) {
    (void)printf("%s %s\ncommit: %s\n", name, HOOK_VERSION, THOLE_COMMIT);
    exit(fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}

static noreturn void print_help(const struct hook_program *program) {
    (void)printf(
        "%s: %s\n\nAn OCI hook: %s. It reads the container's state from standard input.\n\n"
        "Options:\n",
        program->name, program->summary, program->stages);
    for (const struct hook_option *option = program->options; option->name; option++)
        (void)printf("  --%s%s%s\n        %s\n", option->name, option->placeholder ? " " : "",
                     option->placeholder ? option->placeholder : "", option->help);
    (void)printf("  --help\n  --version\n\nManual page: thole-hook-%s(8)\n", program->name);
    exit(fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}

/* Takes the option at argv[0] and tells how many words it has. */
static int take_option(const struct hook_program *program, char **argv) {
    for (const struct hook_option *option = program->options; option->name; option++) {
        size_t length = strlen(option->name);
        if (strncmp(argv[0], "--", 2) != 0 || strncmp(argv[0] + 2, option->name, length) != 0)
            continue;
        const char *rest = argv[0] + 2 + length;
        if (*rest == '=' && option->placeholder) {
            *option->target = rest + 1;
            return 1;
        }
        if (*rest != '\0')
            continue;
        if (option->placeholder && !argv[1])
            hook_fail("%s needs a value: %s", argv[0], option->placeholder);
        *option->target = option->placeholder ? argv[1] : option->name;
        return option->placeholder ? 2 : 1;
    }
    hook_fail("%s: no such option; --help lists them", argv[0]);
}

void hook_parse_arguments(const struct hook_program *program, int argc, char **argv) {
    hook_name = program->name;
    for (int i = 1; i < argc;) {
        if (strcmp(argv[i], "--help") == 0)
            print_help(program);
        if (strcmp(argv[i], "--version") == 0)
            print_version(program->name);
        i += take_option(program, argv + i);
    }
}

/* The whole file as text; what names it stands for itself in an error. */
static char *read_all(int fd, const char *what) {
    size_t size = 0, room = 4096;
    char *text = malloc(room);
    for (;;) {
        if (!text)
            hook_fail("%s: no memory", what);
        ssize_t got = read(fd, text + size, room - size - 1);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            hook_fail("%s: %s", what, strerror(errno));
        size += (size_t)got;
        text[size] = '\0';
        if (got == 0)
            return text;
        if (size > LARGEST_DOCUMENT)
            hook_fail("%s: larger than %d bytes", what, LARGEST_DOCUMENT);
        if (size + 1 == room) {
            char *larger = realloc(text, room *= 2);
            if (!larger)
                free(text);
            text = larger;
        }
    }
}

char *hook_read_file(const char *path) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        hook_fail("%s: %s", path, strerror(errno));
    char *text = read_all(fd, path);
    (void)close(fd);
    return text;
}

static yajl_val parse(char *text, const char *what) {
    char why[160] = "";
    yajl_val document = yajl_tree_parse(text, why, sizeof(why));
    why[strcspn(why, "\n")] = '\0';
    if (!YAJL_IS_OBJECT(document))
        hook_fail("%s: not a JSON object: %s", what, why);
    free(text);
    return document;
}

static const char *text_of(yajl_val object, const char *path[]) {
    return YAJL_GET_STRING(yajl_tree_get(object, path, yajl_t_string));
}

static const char *absolute(const char *folder, const char *path) {
    char *made = NULL;
    if (!path || path[0] == '/')
        return path;
    if (asprintf(&made, "%s/%s", folder, path) < 0)
        hook_fail("no memory");
    return made;
}

/* In a user namespace the bundle may be out of reach; thole and crun have the root in the state. */
static const char *root_of(yajl_val state, const char *bundle) {
    const char *root = text_of(state, (const char *[]){"rootfs", NULL});
    if (!root)
        root = text_of(state, (const char *[]){"root", NULL});
    if (root)
        return absolute(bundle, root);
    const char *path = absolute(bundle, "config.json");
    if (access(path, R_OK) < 0)
        return NULL;
    yajl_val config = parse(hook_read_file(path), path);
    return absolute(bundle, text_of(config, (const char *[]){"root", "path", NULL}));
}

struct hook_state hook_read_state(void) {
    yajl_val document = parse(read_all(STDIN_FILENO, "the state"), "the state");
    yajl_val pid = yajl_tree_get(document, (const char *[]){"pid", NULL}, yajl_t_number);
    struct hook_state state = {
        .id = text_of(document, (const char *[]){"id", NULL}),
        .status = text_of(document, (const char *[]){"status", NULL}),
        .bundle = text_of(document, (const char *[]){"bundle", NULL}),
        .pid = YAJL_IS_INTEGER(pid) ? (pid_t)YAJL_GET_INTEGER(pid) : 0,
        .document = document,
    };
    if (!state.id || !state.id[0] || strchr(state.id, '/') || state.id[0] == '.')
        hook_fail("the state: /id: a name is needed");
    if (!state.bundle || state.bundle[0] != '/')
        hook_fail("the state: /bundle: an absolute path is needed");
    state.root = root_of(document, state.bundle);
    return state;
}

const char *hook_annotation(const struct hook_state *state, const char *key) {
    return text_of(state->document, (const char *[]){"annotations", key, NULL});
}

int hook_open_root(const struct hook_state *state) {
    if (!state->root)
        hook_fail("%s/config.json: /root/path: cannot be read", state->bundle);
    int root = open(state->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root < 0)
        hook_fail("%s: %s", state->root, strerror(errno));
    return root;
}

int hook_open_in_root(int root, const char *path, int flags) {
    struct open_how how = {
        .flags = (unsigned)flags | O_CLOEXEC,
        .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS,
    };
    return (int)syscall(SYS_openat2, root, path, &how, sizeof(how));
}

/* True if a mount there would be seen in other mount namespaces too. Field 1 of a line of mountinfo
 * is the mount's number; "shared:N" stands before the " - ". */
static bool is_shared(int fd) {
    struct statx status;
    if (syscall(SYS_statx, fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_MNT_ID, &status) < 0)
        hook_fail("statx: %s", strerror(errno));
    if (!(status.stx_mask & STATX_MNT_ID))
        hook_fail("statx: the kernel does not tell the number of a mount");
    FILE *mounts = fopen("/proc/self/mountinfo", "re");
    if (!mounts)
        hook_fail("/proc/self/mountinfo: %s", strerror(errno));
    char *line = NULL;
    size_t room = 0;
    bool found = false, shared = false;
    while (!found && getline(&line, &room, mounts) >= 0) {
        if (strtoull(line, NULL, 10) != status.stx_mnt_id)
            continue;
        found = true;
        char *end = strstr(line, " - ");
        if (end)
            *end = '\0';
        shared = strstr(line, " shared:") != NULL;
    }
    free(line);
    (void)fclose(mounts);
    if (!found)
        hook_fail("/proc/self/mountinfo: lacks a mount of the container");
    return shared;
}

int hook_clone_file(const char *path) {
    struct mount_attr attributes = {
        .attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC,
    };
    int fd = (int)syscall(SYS_open_tree, AT_FDCWD, path,
                          OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW);
    if (fd >= 0 &&
        syscall(SYS_mount_setattr, fd, "", AT_EMPTY_PATH, &attributes, sizeof(attributes)) < 0)
        hook_fail("%s: cannot be made read-only: %s", path, strerror(errno));
    return fd;
}

void hook_attach(int source, int target, const char *path) {
    if (is_shared(target))
        hook_fail(
            "/%s of the container: a mount there would be seen outside: its propagation is shared",
            path);
    if (syscall(SYS_move_mount, source, "", target, "",
                MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
        hook_fail("/%s of the container: %s", path, strerror(errno));
}

/* In its directory, since O_CREAT does not go with O_PATH. */
static void make_file(int root, const char *path) {
    const char *name = strrchr(path, '/') + 1;
    char *folder = strndup(path, (size_t)(name - path) - 1);
    int directory = folder ? hook_open_in_root(root, folder, O_PATH | O_DIRECTORY) : -1;
    int made = directory < 0 ? -1
                             : openat(directory, name,
                                      O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_WRONLY, 0644);
    if (made < 0 && errno != EEXIST)
        hook_fail("/%s of the container: %s", path, strerror(errno));
    if (made >= 0)
        (void)close(made);
    if (directory >= 0)
        (void)close(directory);
    free(folder);
}

void hook_cover(int root, const char *path, int source) {
    int target = hook_open_in_root(root, path, O_PATH | O_NOFOLLOW);
    if (target < 0 && errno == ENOENT) {
        make_file(root, path);
        target = hook_open_in_root(root, path, O_PATH | O_NOFOLLOW);
    }
    if (target < 0)
        hook_fail("/%s of the container: %s", path, strerror(errno));
    hook_attach(source, target, path);
    (void)close(target);
}
