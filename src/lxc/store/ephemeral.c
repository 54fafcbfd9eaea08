/* SPDX-License-Identifier: Apache-2.0 */
/* Mounts and layers of copies for one use. */
#include "lxc/store/ephemeral.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "lxc/config/file_text.h"
#include "lxc/store/file_copy.h"
#include "lxc/store/making.h"
#include "thole.h"

/* One word of --mount; strings are malloc'ed. */
struct mount_word {
    bool overlay;
    char *source;
    char *target;
    bool readonly;
};

static void mount_word_done(struct mount_word *word) {
    free(word->source);
    free(word->target);
}
#define cleanup_mount_word __attribute__((cleanup(mount_word_done)))

static char *clean(const char *path, size_t length) {
    cleanup_free char *whole = strndup(path, length);
    char *result = malloc(length + 2);
    if (whole == NULL || result == NULL)
        abort();
    return path_clean(result, whole);
}

static bool equals(const char *text, size_t length, const char *word) {
    return strlen(word) == length && strncmp(text, word, length) == 0;
}

/* "SOURCE", "SOURCE:ro", "SOURCE:TARGET", "SOURCE:TARGET:ro" */
static bool parse_parts(const char *parts, size_t length, struct mount_word *word) {
    const char *end = parts + length;
    const char *field[3] = {parts, NULL, NULL};
    size_t lengths[3] = {0};
    size_t count = 0;
    for (const char *at = parts; count < 3;) {
        const char *colon = memchr(at, ':', (size_t)(end - at));
        field[count] = at;
        lengths[count] = (size_t)((colon != NULL ? colon : end) - at);
        count++;
        if (colon == NULL)
            break;
        if (count == 3)
            return false;
        at = colon + 1;
    }
    const char *last = field[count - 1];
    size_t last_length = lengths[count - 1];
    if (count > 1 && (equals(last, last_length, "ro") || equals(last, last_length, "rw"))) {
        word->readonly = last[1] == 'o';
        count--;
    }
    if (count > 2 || field[0][0] != '/' || (count == 2 && field[1][0] != '/'))
        return false;
    word->source = clean(field[0], lengths[0]);
    word->target = clean(field[count - 1], lengths[count - 1]);
    return strcmp(word->target, "/") != 0;
}

static int parse_word(const char *text, size_t length, struct mount_word *word,
                      struct thole_error *err) {
    const char *equal = memchr(text, '=', length);
    size_t kind = equal != NULL ? (size_t)(equal - text) : 0;
    word->overlay = equals(text, kind, "overlay");
    if (!(word->overlay || equals(text, kind, "bind")) ||
        !parse_parts(equal + 1, length - kind - 1, word))
        return error_usage(err,
                           "option --mount: \"%.*s\" is not {bind,overlay}=SOURCE[:TARGET][:ro|rw] "
                           "with absolute paths",
                           (int)length, text);
    return 0;
}

/* In an fstab blanks and backslashes of a path are octal. */
static void append_path(struct text *text, const char *path) {
    for (const char *at = path; *at != '\0'; at++) {
        if (strchr(" \t\n\\", *at) != NULL)
            text_appendf(text, "\\%03o", (unsigned)*at);
        else
            text_append_bytes(text, at, 1);
    }
}

static int make_layer(const char *model, const char *directory, const char *kind, size_t number,
                      char **ret_path, struct thole_error *err) {
    struct stat status;
    const char *what = NULL;
    struct text path = {0};
    text_appendf(&path, "%s/%s%zu", directory, kind, number);
    *ret_path = text_take(&path);
    if (stat(model, &status) < 0)
        return error_errno(err, NULL, "look at %s", model);
    if (mkdir(*ret_path, 0755) < 0)
        return error_errno(err, NULL, "make the directory %s", *ret_path);
    if (lxc_file_copy_attributes(AT_FDCWD, model, AT_FDCWD, *ret_path, &status, &what) < 0)
        return error_errno(err, NULL, "%s %s", what, *ret_path);
    return 0;
}

static int append_overlay(struct text *line, const struct mount_word *word, const char *directory,
                          struct thole_error *err) {
    cleanup_free char *upper = NULL;
    cleanup_free char *work = NULL;
    struct stat status;
    size_t number = 0;
    for (;; number++) { /* one pair for each of them */
        cleanup_text struct text path = {0};
        text_appendf(&path, "%s/delta%zu", directory, number);
        if (stat(path.data, &status) < 0)
            break;
    }
    if (make_layer(word->source, directory, "delta", number, &upper, err) < 0 ||
        make_layer(word->source, directory, "work", number, &work, err) < 0)
        return -1;
    text_append(line, " overlay ");
    text_append(line, word->readonly ? "ro," : "");
    text_append(line, "lowerdir=");
    append_path(line, word->source);
    text_append(line, ",upperdir=");
    append_path(line, upper);
    text_append(line, ",workdir=");
    append_path(line, work);
    text_append(line, ",create=dir");
    return 0;
}

static int add_mount(struct text *config, const struct mount_word *word, const char *directory,
                     struct thole_error *err) {
    struct stat status;
    cleanup_text struct text line = {0};
    if (stat(word->source, &status) < 0)
        return error_errno(err, NULL, "option --mount: look at %s", word->source);
    append_path(&line, word->source);
    text_append(&line, " ");
    append_path(&line, word->target + 1);
    if (!word->overlay)
        text_appendf(&line, " none bind,optional,%s,create=%s 0 0", word->readonly ? "ro" : "rw",
                     S_ISDIR(status.st_mode) ? "dir" : "file");
    else if (append_overlay(&line, word, directory, err) < 0)
        return -1;
    lxc_configuration_text_append(config, "lxc.mount.entry", line.data);
    return 0;
}

static int for_each_word(struct text *config, const char *words, const char *directory,
                         struct thole_error *err) {
    for (const char *at = words;; at++) {
        size_t length = strcspn(at, ",");
        cleanup_mount_word struct mount_word word = {0};
        if (parse_word(at, length, &word, err) < 0 ||
            (config != NULL && add_mount(config, &word, directory, err) < 0))
            return -1;
        at += length;
        if (*at == '\0')
            return 0;
    }
}

int lxc_ephemeral_add_mounts(struct text *config, const char *words, const char *directory,
                             struct thole_error *err) {
    return for_each_word(config, words, directory, err);
}

int lxc_ephemeral_check_mounts(const char *words, struct thole_error *err) {
    return for_each_word(NULL, words, NULL, err);
}

/* A directory of one's own on a tmpfs, through which others only pass. 0: it is none. */
static int is_usable(const char *path, struct thole_error *err) {
    struct statfs filesystem;
    struct stat status;
    if (mkdir(path, 0711) < 0 && errno != EEXIST)
        return errno == ENOENT || errno == EACCES
                   ? 0
                   : error_errno(err, NULL, "make the directory %s", path);
    if (lstat(path, &status) < 0 || statfs(path, &filesystem) < 0)
        return error_errno(err, NULL, "look at %s", path);
    if (filesystem.f_type == TMPFS_MAGIC && S_ISDIR(status.st_mode) && status.st_uid == geteuid() &&
        (status.st_mode & 022) == 0)
        return 1;
    (void)rmdir(path);
    return 0;
}

int lxc_ephemeral_layers(const char *lxcpath, const char *name, char **ret_layers,
                         struct thole_error *err) {
    cleanup_free char *root = thole_default_root();
    struct text path = {0};
    const char *const places[] = {root, "/dev/shm/thole"};
    for (size_t i = 0; i < 2; i++) {
        if (places[i] == NULL)
            continue;
        text_appendf(&path, "%s-layers-%d", places[i], (int)geteuid());
        cleanup_free char *place = text_take(&path);
        int usable = is_usable(place, err);
        if (usable < 0)
            return -1;
        if (usable == 0)
            continue;
        text_appendf(&path, "%s/", place);
        for (const char *at = lxcpath + 1; *at != '\0'; at++)
            text_append(&path, *at == '/' ? "+" : *at == '+' ? "++" : (char[]){*at, '\0'});
        text_appendf(&path, "+%s", name);
        *ret_layers = text_take(&path);
        return 0;
    }
    return error_unsupported(err, NULL, "option --tmpfs: neither %s nor /dev/shm is on a tmpfs",
                             root != NULL ? root : "XDG_RUNTIME_DIR");
}

char *lxc_ephemeral_name(const char *name) {
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    unsigned char bytes[6];
    struct text text = {0};
    if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
        abort();
    text_appendf(&text, "%s_", name);
    for (size_t i = 0; i < sizeof(bytes); i++)
        text_append_bytes(&text, &letters[bytes[i] % (sizeof(letters) - 1)], 1);
    return text_take(&text);
}
