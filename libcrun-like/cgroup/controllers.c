/* SPDX-License-Identifier: Apache-2.0 */
/* Enabling v2 controllers along a path (cgroup-v2: cgroup.subtree_control). */
#include "cgroup/controllers.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/words.h"
#include "cgroup/directory.h"

enum { LIST_SIZE = 256 };

static const char subtree_control[] = "cgroup.subtree_control";
static const char threaded_controllers[] = "cpu cpuset perf_event pids";

size_t cgroup_file_controller(const char *file) {
    size_t length = strcspn(file, ".");
    return length == strlen("cgroup") && memcmp(file, "cgroup", length) == 0 ? 0 : length;
}

bool cgroup_controller_is_threaded(const char *controller, size_t length) {
    return words_have(threaded_controllers, controller, length);
}

void cgroup_wanted_controllers(const struct plan_cgroup *cgroup, size_t index,
                               struct text *wanted) {
    const struct plan_cgroup_directory *directory = &cgroup->directories[index];
    if (cgroup->directory_count == 1) {
        text_append(wanted, directory->controllers);
        return;
    }
    for (size_t i = 0; i < cgroup->write_count; i++) {
        const char *file = cgroup->writes[i].file;
        size_t length = cgroup_file_controller(file);
        if (cgroup->writes[i].directory != index || length == 0 ||
            (wanted->data != NULL && words_have(wanted->data, file, length)))
            continue;
        text_append(wanted, ",");
        text_append_bytes(wanted, file, length);
    }
}

static bool list_has_all(const char *list, const char *wanted) {
    const char *word = NULL;
    size_t length = 0;
    while (words_next(&wanted, &word, &length)) {
        if (!words_have(list, word, length))
            return false;
    }
    return true;
}

static int write_error(const char *words, const char *level, int level_length,
                       struct thole_error *err) {
    return error_errno(err, NULL, "write %s to %s of %.*s", words, subtree_control,
                       level_length > 0 ? level_length : 1, level);
}

/* One controller that cannot be enabled must not keep the others off. The first failure is the one
 * that explains the others. */
static int enable_one_by_one(int fd, const char *words, const char *level, int level_length,
                             struct thole_error *err) {
    bool failed = false;
    const char *word = NULL;
    size_t length = 0;
    while (words_next(&words, &word, &length)) {
        char one[LIST_SIZE];
        if (length >= sizeof(one))
            continue;
        memcpy(one, word, length);
        one[length] = '\0';
        if (file_write_kernel(fd, subtree_control, one, length) < 0)
            failed = write_error(one, level, level_length, failed ? NULL : err) < 0;
    }
    return failed ? -1 : 0;
}

static int enable_at(int fd, const char *wanted, const char *level, int level_length,
                     struct thole_error *err) {
    char available[LIST_SIZE];
    char enabled[LIST_SIZE];
    if (file_read_kernel(fd, "cgroup.controllers", available, sizeof(available)) < 0 ||
        file_read_kernel(fd, subtree_control, enabled, sizeof(enabled)) < 0)
        return error_errno(err, NULL, "read %s of %.*s", subtree_control,
                           level_length > 0 ? level_length : 1, level);

    cleanup_text struct text missing = {0};
    const char *word = NULL;
    size_t length = 0;
    while (words_next(&wanted, &word, &length)) {
        if (!words_have(available, word, length) || words_have(enabled, word, length))
            continue;
        text_append(&missing, missing.length > 0 ? " +" : "+");
        text_append_bytes(&missing, word, length);
    }
    if (missing.length == 0 ||
        file_write_kernel(fd, subtree_control, missing.data, missing.length) == 0)
        return 0;
    return enable_one_by_one(fd, missing.data, level, level_length, err);
}

int cgroup_enable_controllers(const struct plan_cgroup_directory *directory, int leaf_fd,
                              const char *wanted, struct thole_error *err) {
    char present[LIST_SIZE];
    if (file_read_kernel(leaf_fd, "cgroup.controllers", present, sizeof(present)) >= 0 &&
        list_has_all(present, wanted))
        return 0;

    cleanup_close int fd = open(directory->mountpoint, O_PATH | O_DIRECTORY | O_CLOEXEC);
    const char *rest = directory->path;
    char name[NAME_MAX + 1];
    bool failed = false;
    while (fd >= 0 && cgroup_next_component(&rest, name)) {
        int level_length = (int)(rest - directory->path - (ptrdiff_t)strlen(name) - 1);
        if (enable_at(fd, wanted, directory->path, level_length, failed ? NULL : err) < 0)
            failed = true;
        if (rest[strspn(rest, "/")] == '\0')
            break;
        int below = openat(fd, name, O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        (void)close(fd);
        fd = below;
    }
    if (fd < 0)
        return error_errno(failed ? NULL : err, NULL, "open cgroup %s", directory->path);
    return failed ? -1 : 0;
}
