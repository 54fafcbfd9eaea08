/* SPDX-License-Identifier: Apache-2.0 */
/* The directories of a checkpoint, and what thole itself writes there. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"
#include "thole.h"

struct images {
    const char *path; /* borrowed of the options */
    const char *work_path;
    int directory;
    int work; /* where CRIU's log goes */
    bool lent;
    gid_t former_group; /* before it was lent */
    mode_t former_mode;
};
#define IMAGES_INIT \
    { .directory = -1, .work = -1 }

/** Opens the directories that @options names; with @make they are made (0700). */
int images_open(const struct thole_criu_options *options, bool make, struct images *ret_images,
                struct thole_error *err);

/** In a process that has changed its mount namespace: the same directories, of that namespace, are
 * sent to the other end of @socket. */
int images_send_reopened(const struct images *images, int socket, struct thole_error *err);

/** There: they take the place of the former ones, under the same descriptors. */
int images_receive_reopened(const struct images *images, int socket, struct thole_error *err);

/** Lets the group @gid, of a container's root that is nobody outside, look into the images until
 * images_done(). */
int images_lend(struct images *images, gid_t gid, struct thole_error *err);

/** Removes the empty directories that a CRIU which was killed has left there. */
void images_clean(const struct images *images);

/** What init's standard streams were: "pipe:[4711]", "/dev/null", ... */
struct images_streams {
    char *names[3];
};

/** Writes descriptors.json, a list of the names, as other runtimes do. */
int images_write_streams(const struct images *images, const struct images_streams *streams,
                         struct thole_error *err);

/** Reads it; names that are not there stay NULL. */
int images_read_streams(const struct images *images, struct images_streams *ret_streams,
                        struct thole_error *err);

void images_streams_done(struct images_streams *streams);
#define cleanup_images_streams __attribute__((cleanup(images_streams_done)))

void images_done(struct images *images);
#define cleanup_images __attribute__((cleanup(images_done)))
