/* SPDX-License-Identifier: Apache-2.0 */
/* Reading what the kernel counts for a container, wherever the controller is. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "plan/plan.h"

/** The container's directories, open for reading. */
struct cgroup_reader {
    const struct plan_cgroup *cgroup;
    int *fds;                   /* one per directory of @cgroup, -1 where there is none */
    struct thole_error failure; /* of the first file that is there and cannot be read */
};

/** Opens the directories. Those that are missing are passed over: their numbers do not exist. */
int cgroup_reader_open(const struct plan_cgroup *cgroup, struct cgroup_reader *ret_reader,
                       struct thole_error *err);
/** To be asked behind the last cgroup_reader_text(): -1, and the reader is closed, if one of them
 * returned NULL for another reason than that there is no such file. */
int cgroup_reader_check(struct cgroup_reader *reader, struct thole_error *err);
void cgroup_reader_done(struct cgroup_reader *reader);
#define cleanup_cgroup_reader __attribute__((cleanup(cgroup_reader_done)))

/** True if @controller is in a v1 hierarchy here. */
bool cgroup_reader_is_v1(const struct cgroup_reader *reader, const char *controller);

/**
 * The content of a file, malloc'ed: @v1_file where @controller is in a v1 hierarchy, else @v2_file.
 * NULL where the file name is NULL or there is no such file.
 */
char *cgroup_reader_text(struct cgroup_reader *reader, const char *controller, const char *v1_file,
                         const char *v2_file);

/**
 * A number out of @text: the first word, or with @key the word behind that key at the start of a
 * line. "max" and -1 are UINT64_MAX. False if there is none; @text may be NULL.
 */
bool cgroup_number_find(const char *text, const char *key, uint64_t *ret_number);
