/* SPDX-License-Identifier: Apache-2.0 */
/* A child that is root of a user namespace, for one function. */
#include "lxc/store/mapped.h"

#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "lxc/process/child.h"
#include "lxc/process/id_maps.h"
#include "lxc/store/id_map.h"
#include "sys/mount_calls.h"

/* What the child says at its end. */
struct answer {
    int result;
    struct thole_error err;
};

/* Supplementary groups stay: by them the way to the files may be open. */
static int become_root(struct thole_error *err) {
    if (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
        return error_errno(err, NULL, "become root of the container's user namespace");
    return 0;
}

static void run_child(struct lxc_child *child, int writer, lxc_mapped_work *work, void *userdata) {
    struct answer answer = {.result = -1};
    if (!lxc_child_await(child))
        _exit(EXIT_FAILURE);
    if (become_root(&answer.err) == 0)
        answer.result = work(userdata, &answer.err);
    _exit(file_write_all(writer, &answer, sizeof(answer)) < 0);
}

/* End of file before the whole answer: the child is gone. */
static int read_answer(int reader, struct answer *answer) {
    size_t length = 0;
    while (length < sizeof(*answer)) {
        ssize_t count =
            uninterrupted(read(reader, (char *)answer + length, sizeof(*answer) - length));
        if (count <= 0)
            return -1;
        length += (size_t)count;
    }
    return 0;
}

static int call_with(const struct lxc_id_maps *maps, lxc_mapped_work *work, void *userdata,
                     struct thole_error *err) {
    cleanup_lxc_child struct lxc_child child = LXC_CHILD_INIT;
    struct answer answer;
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return error_errno(err, NULL, "make a pipe");
    cleanup_close int reader = ends[0];
    cleanup_close int writer = ends[1];
    int inside = lxc_child_start(CLONE_NEWUSER, &child, err);
    if (inside < 0)
        return -1;
    if (inside == 1)
        run_child(&child, writer, work, userdata);
    (void)close(take_fd(&writer));
    if (lxc_id_maps_write(maps, child.pid, err) < 0)
        return -1;
    lxc_child_release(&child);
    int answered = read_answer(reader, &answer);
    int status = lxc_child_wait(&child, err);
    if (status < 0)
        return -1;
    if (answered < 0)
        return error_set(err, THOLE_ERROR_HOST, 0, NULL,
                         "the process that works on mapped files ended with status %d", status);
    return answer.result < 0 ? error_copy(err, &answer.err) : answer.result;
}

int lxc_mapped_call(const struct lxc_configuration *config, lxc_mapped_work *work, void *userdata,
                    struct thole_error *err) {
    struct lxc_id_map map;
    cleanup_lxc_id_maps struct lxc_id_maps maps = {0};
    if (lxc_id_map_read(config, &map, err) < 0)
        return -1;
    if (geteuid() == 0 || !map.mapped)
        return work(userdata, err);
    if (lxc_id_map_add(config, &maps, err) < 0)
        return -1;
    return call_with(&maps, work, userdata, err);
}

int lxc_granted_call(lxc_mapped_work *work, void *userdata, struct thole_error *err) {
    cleanup_lxc_id_maps struct lxc_id_maps maps = {0};
    if (lxc_id_maps_add_granted(&maps, err) < 0)
        return -1;
    lxc_id_maps_add_own(&maps);
    return call_with(&maps, work, userdata, err);
}
