/* SPDX-License-Identifier: Apache-2.0 */
/* Id maps as text, and who may write them. */
#include "lxc/process/id_maps.h"

#include <fcntl.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/user_name.h"
#include "base/words.h"

enum { RANGES_MAX = 1 << 20, NUMBERS = 3, ARGUMENTS_MAX = 1024 };

/* "0:100000:65536" */
static int parse_numbers(const char *words, uint64_t *ret_numbers) {
    cleanup_free char *copy = strdup(words);
    char *rest = copy;
    for (size_t i = 0; i < NUMBERS; i++) {
        const char *word = strsep(&rest, ":");
        if (word == NULL || !text_parse_uint(word, UINT32_MAX, &ret_numbers[i]))
            return -1;
    }
    return rest == NULL ? 0 : -1;
}

static void append(struct text *map, const uint64_t *numbers) {
    text_appendf(map, "%" PRIu64 " %" PRIu64 " %" PRIu64 "\n", numbers[0], numbers[1], numbers[2]);
}

int lxc_id_maps_add(struct lxc_id_maps *maps, const char *words, struct thole_error *err) {
    uint64_t numbers[NUMBERS];
    char kind = 'b';
    const char *rest = words;
    if (rest[0] != '\0' && rest[1] == ':' && strchr("ugb", rest[0]) != NULL) {
        kind = rest[0];
        rest += 2;
    }
    if (parse_numbers(rest, numbers) < 0 || numbers[2] == 0)
        return error_usage(err,
                           "\"%s\" is no map: u, g or b, the first id inside, the first one "
                           "outside and their number, as in b:0:100000:65536",
                           words);
    if (kind != 'g')
        append(&maps->uids, numbers);
    if (kind != 'u')
        append(&maps->gids, numbers);
    return 0;
}

/* Lines "NAME:FIRST:COUNT" of @file whose name is the caller's, or its id. */
static int add_granted(struct text *map, const char *file, struct thole_error *err) {
    char name[256];
    char number[16];
    bool known = false;
    cleanup_free char *text = NULL;
    uint64_t inside = 0;
    if (user_name(geteuid(), name, sizeof(name), &known, err) < 0 ||
        file_read_at(AT_FDCWD, file, RANGES_MAX, &text, NULL, err) < 0)
        return -1;
    (void)snprintf(number, sizeof(number), "%u", (unsigned)geteuid());
    const char *owner = known ? name : number;
    char *rest = text;
    for (char *line = strsep(&rest, "\n"); line != NULL; line = strsep(&rest, "\n")) {
        const char *word = strsep(&line, ":");
        const char *first = line != NULL ? strsep(&line, ":") : NULL;
        uint64_t numbers[NUMBERS] = {inside};
        if ((strcmp(word, owner) != 0 && strcmp(word, number) != 0) || first == NULL ||
            line == NULL || !text_parse_uint(first, UINT32_MAX, &numbers[1]) ||
            !text_parse_uint(line, UINT32_MAX, &numbers[2]))
            continue;
        append(map, numbers);
        inside += numbers[2];
    }
    if (map->length > 0)
        return 0;
    error_set(err, THOLE_ERROR_HOST, 0, NULL, "%s grants no ids to %s", file, owner);
    return error_hint(err,
                      "\"usermod --add-subuids 100000-165535 --add-subgids 100000-165535 "
                      "%s\" does, or -m names the ids",
                      owner);
}

int lxc_id_maps_add_granted(struct lxc_id_maps *maps, struct thole_error *err) {
    if (add_granted(&maps->uids, "/etc/subuid", err) < 0)
        return -1;
    return add_granted(&maps->gids, "/etc/subgid", err);
}

static void add_own(struct text *map, uint32_t id) {
    uint64_t end = 0;
    for (const char *at = map->data; at != NULL && *at != '\0';) {
        char *next = NULL;
        uint64_t inside = strtoull(at, &next, 10);
        uint64_t outside = strtoull(next, &next, 10);
        uint64_t count = strtoull(next, &next, 10);
        if (id >= outside && id - outside < count)
            return; /* it is mapped already */
        end = inside + count > end ? inside + count : end;
        at = next + strspn(next, "\n");
    }
    append(map, (const uint64_t[]){end, id, 1});
}

void lxc_id_maps_add_own(struct lxc_id_maps *maps) {
    add_own(&maps->uids, geteuid());
    add_own(&maps->gids, getegid());
}

/* newuidmap PID 0 100000 65536 ... */
static int run_program(const char *program, pid_t pid, const char *map, struct thole_error *err) {
    cleanup_free char *words = strdup(map);
    char number[16];
    char *arguments[ARGUMENTS_MAX] = {(char *)(uintptr_t)program, number};
    char *const environment[] = {
        (char[]){"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}, NULL};
    size_t count = 2;
    char *rest = words;
    pid_t child = 0;
    int status = 0;
    (void)snprintf(number, sizeof(number), "%d", (int)pid);
    for (char *word = strsep(&rest, " \n"); word != NULL; word = strsep(&rest, " \n")) {
        if (word[0] != '\0' && count + 1 < ARGUMENTS_MAX)
            arguments[count++] = word;
    }
    int failure = posix_spawnp(&child, program, NULL, NULL, arguments, environment);
    if (failure != 0) {
        error_set(err, THOLE_ERROR_HOST, failure, NULL, "run %s", program);
        return error_hint(err, "install the package uidmap");
    }
    (void)uninterrupted(waitpid(child, &status, 0));
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 0;
    error_set(err, THOLE_ERROR_HOST, 0, NULL, "%s refused the mapping", program);
    return error_hint(err, "its ids must be granted in /etc/subuid and /etc/subgid");
}

static int write_file(pid_t pid, const char *file, const char *map, struct thole_error *err) {
    char path[64];
    (void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
    if (file_write_kernel(AT_FDCWD, path, map, strlen(map)) == 0)
        return 0;
    return error_errno(err, NULL, "write %s of the user namespace", file);
}

/* One's own id alone needs no program with more rights, once groups cannot be dropped any more. */
static bool is_own_id(const char *map, uint32_t id) {
    uint64_t numbers[4] = {0}; /* first id inside and outside, count; more is another line */
    size_t found = 0;
    while (found < 4 && words_next_uint(&map, &numbers[found]))
        found++;
    return found == 3 && numbers[1] == id && numbers[2] == 1;
}

int lxc_id_maps_write(const struct lxc_id_maps *maps, pid_t pid, struct thole_error *err) {
    const char *uids = maps->uids.length > 0 ? maps->uids.data : NULL;
    const char *gids = maps->gids.length > 0 ? maps->gids.data : NULL;
    bool root = geteuid() == 0;
    if (gids != NULL && !root && is_own_id(gids, getegid())) {
        if (write_file(pid, "setgroups", "deny", err) < 0 ||
            write_file(pid, "gid_map", gids, err) < 0)
            return -1;
    } else if (gids != NULL && (root ? write_file(pid, "gid_map", gids, err)
                                     : run_program("newgidmap", pid, gids, err)) < 0) {
        return -1;
    }
    if (uids == NULL)
        return 0;
    return root || is_own_id(uids, geteuid()) ? write_file(pid, "uid_map", uids, err)
                                              : run_program("newuidmap", pid, uids, err);
}

void lxc_id_maps_done(struct lxc_id_maps *maps) {
    text_done(&maps->uids);
    text_done(&maps->gids);
}
