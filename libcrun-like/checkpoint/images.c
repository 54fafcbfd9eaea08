/* SPDX-License-Identifier: Apache-2.0 */
/* The directories of a checkpoint. */
#include "checkpoint/images.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <yajl/yajl_tree.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "base/wire.h"

#define STREAMS_FILE "descriptors.json"

enum { STREAMS_MAX = 64 * 1024 };

/* Only root may read the memory of processes. */
static int open_directory(const char *path, bool make, int *ret_fd, struct thole_error *err) {
    if (make && mkdir(path, 0700) < 0 && errno != EEXIST)
        return error_errno(err, NULL, "make the directory %s", path);
    *ret_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return *ret_fd >= 0 ? 0 : error_errno(err, NULL, "open the directory %s", path);
}

int images_open(const struct thole_criu_options *options, bool make, struct images *ret_images,
                struct thole_error *err) {
    ret_images->path = options->image_path != NULL ? options->image_path : "checkpoint";
    ret_images->work_path = options->work_path != NULL ? options->work_path : ret_images->path;
    if (open_directory(ret_images->path, make, &ret_images->directory, err) < 0)
        return -1;
    return open_directory(ret_images->work_path, true, &ret_images->work, err);
}

static int send_reopened(const char *path, int socket, struct thole_error *err) {
    cleanup_close int fd = -1;
    return open_directory(path, false, &fd, err) < 0
               ? -1
               : wire_send(socket, WIRE_DIRECTORY, NULL, 0, fd, err);
}

int images_send_reopened(const struct images *images, int socket, struct thole_error *err) {
    return send_reopened(images->path, socket, err) < 0
               ? -1
               : send_reopened(images->work_path, socket, err);
}

static int receive_reopened(int fd, int socket, struct thole_error *err) {
    struct wire_message message;
    if (wire_expect(socket, WIRE_DIRECTORY, &message, "the process of criu", err) < 0)
        return -1;
    if (message.fd_count != 1)
        return error_bug(err, "the process of criu sent no directory");
    cleanup_close int there = message.fds[0];
    return dup3(there, fd, O_CLOEXEC) >= 0 ? 0 : error_errno(err, NULL, "keep a directory");
}

int images_receive_reopened(const struct images *images, int socket, struct thole_error *err) {
    return receive_reopened(images->directory, socket, err) < 0
               ? -1
               : receive_reopened(images->work, socket, err);
}

void images_clean(const struct images *images) {
    int listed = openat(images->directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    cleanup_closedir DIR *directory = listed >= 0 ? fdopendir(listed) : NULL;
    if (directory == NULL) {
        cleanup_close_fd(&listed);
        return;
    }
    for (const struct dirent *entry = readdir(directory); entry != NULL;
         entry = readdir(directory)) {
        if (text_starts_with(entry->d_name, ".criu."))
            (void)unlinkat(listed, entry->d_name, AT_REMOVEDIR);
    }
}

int images_lend(struct images *images, gid_t gid, struct thole_error *err) {
    struct stat status;
    if (fstat(images->directory, &status) < 0)
        return error_errno(err, NULL, "stat %s", images->path);
    images->former_group = status.st_gid;
    images->former_mode = status.st_mode & 07777;
    images->lent = true;
    if (fchown(images->directory, (uid_t)-1, gid) < 0 ||
        fchmod(images->directory, images->former_mode | S_IXGRP) < 0)
        return error_errno(err, NULL, "let the container's root look into %s", images->path);
    return 0;
}

void images_done(struct images *images) {
    if (images->lent) {
        (void)!fchown(images->directory, (uid_t)-1, images->former_group);
        (void)fchmod(images->directory, images->former_mode);
    }
    cleanup_close_fd(&images->directory);
    cleanup_close_fd(&images->work);
}

int images_write_streams(const struct images *images, const struct images_streams *streams,
                         struct thole_error *err) {
    cleanup_text struct text json = {0};
    text_append(&json, "[");
    for (int fd = 0; fd < 3; fd++) {
        text_append(&json, fd > 0 ? "," : "");
        text_append_json(&json, streams->names[fd] != NULL ? streams->names[fd] : "");
    }
    text_append(&json, "]");
    return file_replace_at(images->directory, STREAMS_FILE, json.data, json.length, 0600, err);
}

static void free_tree(yajl_val *tree) {
    yajl_tree_free(*tree);
}

int images_read_streams(const struct images *images, struct images_streams *ret_streams,
                        struct thole_error *err) {
    cleanup_free char *json = NULL;
    char failure[256];
    if (file_read_regular_at(images->directory, STREAMS_FILE, STREAMS_MAX, &json, NULL, err) < 0)
        return err->code == ENOENT ? error_hint(err, "%s holds no checkpoint", images->path) : -1;
    __attribute__((cleanup(free_tree))) yajl_val tree =
        yajl_tree_parse(json, failure, sizeof(failure));
    if (!YAJL_IS_ARRAY(tree))
        return error_config(err, NULL, "%s of the checkpoint is no list", STREAMS_FILE);
    for (size_t fd = 0; fd < 3 && fd < YAJL_GET_ARRAY(tree)->len; fd++) {
        const char *name = YAJL_GET_STRING(YAJL_GET_ARRAY(tree)->values[fd]);
        ret_streams->names[fd] = name != NULL ? strdup(name) : NULL;
    }
    return 0;
}

void images_streams_done(struct images_streams *streams) {
    for (int fd = 0; fd < 3; fd++)
        free(streams->names[fd]);
}
