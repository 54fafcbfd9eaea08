/* SPDX-License-Identifier: Apache-2.0 */
/* The record of a container's network. */
#include "nic/record.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "sys/mount_calls.h"

enum { RECORD_LIMIT = 1 << 20, MADE_LINE_MAX = 128 };

static const char file_settings[] = "settings";
static const char file_made[] = "made";
static const char file_namespace[] = "namespace";

/* ---- the directory ---- */

char *nic_record_path(const char *records, const char *lxcpath, const char *name) {
    struct text path = {0};
    text_appendf(&path, "%s/", records);
    for (const char *at = lxcpath + strspn(lxcpath, "/"); *at != '\0'; at++)
        text_append(&path, *at == '/' ? ":" : *at == ':' ? "::" : (char[]){*at, '\0'});
    text_appendf(&path, ":%s", name);
    return text_take(&path);
}

int nic_record_open(const char *path, int *ret_directory, struct thole_error *err) {
    *ret_directory = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (*ret_directory >= 0)
        return 1;
    return errno == ENOENT ? 0 : error_errno(err, NULL, "open %s", path);
}

int nic_record_create(const char *path, const char *settings, int *ret_directory,
                      struct thole_error *err) {
    cleanup_free char *records = strndup(path, (size_t)(strrchr(path, '/') - path));
    if (mkdir(records, 0700) < 0 && errno != EEXIST)
        return error_errno(err, NULL, "make %s", records);
    if (mkdir(path, 0700) < 0)
        return error_errno(err, NULL, "make %s", path);
    cleanup_close int directory = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (directory < 0)
        return error_errno(err, NULL, "open %s", path);
    if (file_create_at(directory, file_settings, settings, strlen(settings), 0600, err) < 0 ||
        file_create_at(directory, file_made, "", 0, 0600, err) < 0)
        return -1;
    *ret_directory = take_fd(&directory);
    return 0;
}

int nic_record_remove(const char *path, struct thole_error *err) {
    cleanup_close int directory = -1;
    int found = nic_record_open(path, &directory, err);
    if (found <= 0)
        return found;
    cleanup_text struct text mounted = {0};
    text_appendf(&mounted, "%s/%s", path, file_namespace);
    if (umount2(mounted.data, MNT_DETACH | UMOUNT_NOFOLLOW) < 0 && errno != EINVAL &&
        errno != ENOENT)
        return error_errno(err, NULL, "unmount %s", mounted.data);
    (void)unlinkat(directory, file_namespace, 0);
    (void)unlinkat(directory, file_made, 0);
    (void)unlinkat(directory, file_settings, 0);
    return rmdir(path) < 0 ? error_errno(err, NULL, "remove %s", path) : 0;
}

/* ---- the namespace ---- */

int nic_record_keep_namespace(int directory, pid_t pid, struct thole_error *err) {
    char from[64];
    char to[64];
    cleanup_close int file =
        openat(directory, file_namespace, O_CREAT | O_RDONLY | O_NOFOLLOW | O_CLOEXEC, 0600);
    (void)snprintf(from, sizeof(from), "/proc/%d/ns/net", pid);
    (void)snprintf(to, sizeof(to), "/proc/self/fd/%d", file);
    if (file < 0 || mount(from, to, NULL, MS_BIND, NULL) < 0)
        return error_errno(err, NULL, "keep the network namespace of process %d", pid);
    return 0;
}

int nic_record_namespace(int directory, struct thole_error *err) {
    int fd = openat(directory, file_namespace, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    return fd >= 0 ? fd : error_errno(err, NULL, "open the network namespace that was kept");
}

/* ---- what was made ---- */

int nic_record_add(int directory, const struct nic_made *made, struct thole_error *err) {
    char line[MADE_LINE_MAX];
    const uint8_t *h = made->hwaddr;
    int length =
        snprintf(line, sizeof(line), "%u %d %u %02x%02x%02x%02x%02x%02x %s\n", made->index,
                 made->number, made->mtu, h[0], h[1], h[2], h[3], h[4], h[5], made->device);
    cleanup_close int fd = openat(directory, file_made, O_WRONLY | O_APPEND | O_CLOEXEC);
    if (fd < 0 || file_write_all(fd, line, (size_t)length) < 0)
        return error_errno(err, NULL, "note what was made of the network");
    return 0;
}

/* One number of the line, and its end. */
static unsigned long take_number(char **at, int base) {
    return strtoul(*at, at, base);
}

static struct nic_made parse_made(char *line) {
    struct nic_made made = {0};
    made.index = (unsigned)take_number(&line, 10);
    made.number = (int)take_number(&line, 10);
    made.mtu = (unsigned)take_number(&line, 10);
    uint64_t hwaddr = strtoull(line, &line, 16);
    for (size_t i = sizeof(made.hwaddr); i > 0; i--, hwaddr >>= 8)
        made.hwaddr[i - 1] = (uint8_t)hwaddr;
    (void)snprintf(made.device, sizeof(made.device), "%s", line + strspn(line, " "));
    return made;
}

int nic_record_read(int directory, struct nic_networks *ret_networks,
                    struct nic_made_list *ret_list, struct thole_error *err) {
    cleanup_free char *settings = NULL;
    cleanup_free char *made = NULL;
    const char *line = NULL;
    size_t length = 0;
    if (file_read_regular_at(directory, file_settings, RECORD_LIMIT, &settings, NULL, err) < 0 ||
        file_read_regular_at(directory, file_made, RECORD_LIMIT, &made, NULL, err) < 0 ||
        nic_networks_parse(settings, ret_networks, err) < 0)
        return -1;
    const char *rest = made;
    while (text_next_line(&rest, &line, &length)) {
        char words[MADE_LINE_MAX];
        (void)snprintf(words, sizeof(words), "%.*s", (int)length, line);
        struct nic_made *grown =
            reallocarray(ret_list->items, ret_list->count + 1, sizeof(*ret_list->items));
        if (grown == NULL)
            abort();
        ret_list->items = grown;
        ret_list->items[ret_list->count++] = parse_made(words);
    }
    return 0;
}
