/* SPDX-License-Identifier: Apache-2.0 */
/* A line of a note is written before there is anything that would be left without it. */
#include "virsh/lifecycle/images.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "sys/loop.h"
#include "virsh/lifecycle/nbd.h"

enum { NOTE_MAX = 65536 };

static const char document[] = ".xml";

/* One element that names an image. */
struct image {
    const struct domain_value *file;
    const struct domain_value *format;
    const char *where;
    bool nbd;
    bool readonly;
};

/* A start at work. */
struct attaching {
    struct domain *domain;
    const char *path; /* of the note */
    int note;         /* -1: nothing is attached yet */
};

char *virsh_images_note(const char *live) {
    struct text path = {0};
    const int length =
        (int)(strlen(live) - (text_ends_with(live, document) ? strlen(document) : 0));
    text_appendf(&path, "%.*s" VIRSH_IMAGES_SUFFIX, length, live);
    return text_take(&path);
}

/* ---- the note ---- */

static int add_line(struct attaching *attaching, const char *line, struct thole_error *err) {
    if (attaching->note < 0) {
        attaching->note = open(attaching->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (attaching->note < 0 || flock(attaching->note, LOCK_EX) < 0)
            return error_errno(err, NULL, "make %s", attaching->path);
    }
    return file_write_all(attaching->note, line, strlen(line)) < 0
               ? error_errno(err, NULL, "write %s", attaching->path)
               : 0;
}

/* What the server of @device writes its pid to. */
static char *pid_file_of(const char *note, const char *device) {
    struct text path = {0};
    text_appendf(&path, "%s.%s", note, device + strlen("/dev/"));
    return text_take(&path);
}

/* ---- attaching ---- */

static int attach_loop(struct attaching *attaching, const struct image *image, char *device,
                       size_t size, struct thole_error *err) {
    struct sys_loop_image attached = {0};
    cleanup_text struct text line = {0};
    cleanup_close int loop = sys_loop_attach(image->file->text, device, size);
    if (loop < 0 || sys_loop_look(loop, &attached) < 0)
        return error_errno(err, image->file->where,
                           "attach %s to a loop device (/dev/loop-control)", image->file->text);
    text_appendf(&line, "loop %s %" PRIu64 " %" PRIu64 "\n", device, attached.device,
                 attached.inode);
    if (add_line(attaching, line.data, err) < 0)
        return -1;
    return sys_loop_keep(loop) < 0 ? error_errno(err, image->file->where, "keep %s", device) : 0;
}

static int attach_nbd(struct attaching *attaching, const struct image *image, char *device,
                      struct thole_error *err) {
    const struct virsh_nbd_image served = {
        .path = image->file->text,
        .format = image->format->text != NULL ? image->format->text : "raw",
        .readonly = image->readonly,
        .where = image->file->where,
    };
    unsigned number = 0;
    for (int attached = 0; attached == 0; number++) {
        cleanup_text struct text line = {0};
        cleanup_close int lock = -1;
        if (virsh_nbd_find(number, image->where, &number, &lock, err) < 0)
            return -1;
        virsh_nbd_name(number, device);
        text_appendf(&line, "nbd %s\n", device);
        cleanup_free char *pid_file = pid_file_of(attaching->path, device);
        attached = add_line(attaching, line.data, err) < 0
                       ? -1
                       : virsh_nbd_attach(number, &served, pid_file, err);
        if (attached < 0)
            return -1;
    }
    return 0;
}

static int check(const struct image *image, struct thole_error *err) {
    if (image->file->text == NULL || image->file->text[0] != '/')
        return error_config(err, image->file->text != NULL ? image->file->where : image->where,
                            "the source is the absolute path of an image");
    if (!image->nbd && image->format->text != NULL && strcmp(image->format->text, "raw") != 0)
        return error_config(err, image->format->where,
                            "a loop device has no other format than raw: use the driver nbd");
    return 0;
}

/* @ret_device is where the document would have a block device. */
static int attach(struct attaching *attaching, const struct image *image,
                  struct domain_value *ret_device, struct thole_error *err) {
    char device[VIRSH_NBD_DEVICE];
    if (check(image, err) < 0 ||
        (image->nbd ? attach_nbd(attaching, image, device, err)
                    : attach_loop(attaching, image, device, sizeof(device), err)) < 0)
        return -1;
    ret_device->text = arena_strdup(&attaching->domain->arena, device);
    ret_device->where = image->file->where;
    return 0;
}

static int attach_filesystem(struct attaching *attaching, struct domain_filesystem *filesystem,
                             struct thole_error *err) {
    const struct image image = {&filesystem->source_file, &filesystem->format, filesystem->where,
                                true, filesystem->readonly.number != 0};
    if (filesystem->type.number != DOMAIN_FILESYSTEM_FILE || filesystem->driver.text == NULL ||
        filesystem->driver.number != DOMAIN_DRIVER_NBD)
        return 0;
    filesystem->type.number = DOMAIN_FILESYSTEM_BLOCK;
    return attach(attaching, &image, &filesystem->source_dev, err);
}

static int attach_disk(struct attaching *attaching, struct domain_disk *disk,
                       struct thole_error *err) {
    const struct image image = {&disk->source_file, &disk->format, disk->where,
                                text_equal(disk->driver.text, "nbd"), disk->readonly.number != 0};
    if (disk->type.text == NULL || disk->type.number != DOMAIN_SOURCE_FILE)
        return 0;
    disk->type.number = DOMAIN_SOURCE_BLOCK;
    return attach(attaching, &image, &disk->source_dev, err);
}

int virsh_images_attach(struct domain *domain, const char *note, int *ret_note,
                        struct thole_error *err) {
    struct attaching attaching = {.domain = domain, .path = note, .note = -1};
    int result = 0;
    for (size_t i = 0; result == 0 && i < domain->filesystems.count; i++)
        result = attach_filesystem(&attaching, &domain->filesystems.items[i], err);
    for (size_t i = 0; result == 0 && i < domain->disks.count; i++)
        result = attach_disk(&attaching, &domain->disks.items[i], err);
    *ret_note = attaching.note;
    return result;
}

/* ---- detaching ---- */

static int detach_loop(char *line, struct thole_error *err) {
    struct sys_loop_image image = {0};
    char *rest = line;
    const char *kind = strsep(&rest, " ");
    const char *path = strsep(&rest, " ");
    const char *device = strsep(&rest, " ");
    if (rest == NULL || strcmp(kind, "loop") != 0 ||
        !text_parse_uint(device, UINT64_MAX, &image.device) ||
        !text_parse_uint(rest, UINT64_MAX, &image.inode))
        return error_set(err, THOLE_ERROR_STATE, 0, NULL, "a note of images has the line \"%s\"",
                         line);
    return sys_loop_detach(path, &image) < 0 ? error_errno(err, NULL, "detach %s", path) : 0;
}

static int detach_nbd(const char *note, const char *device, struct thole_error *err) {
    cleanup_free char *pid_file = pid_file_of(note, device);
    return virsh_nbd_detach(device, pid_file, err);
}

/* All of them, and the first error. */
static int detach_all(int note, const char *path, struct thole_error *err) {
    cleanup_free char *text = NULL;
    int result = file_read_fd(note, path, NOTE_MAX, &text, NULL, err);
    for (char *rest = text, *line = NULL; (line = strsep(&rest, "\n")) != NULL;) {
        struct thole_error failure = {0};
        int detached = 0;
        if (text_starts_with(line, "nbd /dev/"))
            detached = detach_nbd(path, line + strlen("nbd "), &failure);
        else if (line[0] != '\0')
            detached = detach_loop(line, &failure);
        if (detached < 0 && result == 0)
            result = error_copy(err, &failure);
    }
    return result;
}

int virsh_images_lock(const char *path, int *ret_note, struct thole_error *err) {
    struct stat status;
    cleanup_close int note = open(path, O_RDONLY | O_CLOEXEC);
    if (note < 0)
        return errno == ENOENT ? 0 : error_errno(err, NULL, "open %s", path);
    if (uninterrupted(flock(note, LOCK_EX)) < 0 || fstat(note, &status) < 0)
        return error_errno(err, NULL, "lock %s", path);
    if (status.st_nlink == 0) /* somebody has dealt with it meanwhile */
        return 0;
    *ret_note = take_fd(&note);
    return 1;
}

int virsh_images_detach_locked(int note, const char *path, struct thole_error *err) {
    if (detach_all(note, path, err) < 0)
        return -1;
    return unlink(path) < 0 ? error_errno(err, NULL, "remove %s", path) : 0;
}

int virsh_images_detach(const char *path, struct thole_error *err) {
    cleanup_close int note = -1;
    const int locked = virsh_images_lock(path, &note, err);
    return locked > 0 ? virsh_images_detach_locked(note, path, err) : locked;
}
