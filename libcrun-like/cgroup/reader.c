/* SPDX-License-Identifier: Apache-2.0 */
/* Opening a container's directories for reading, and the numbers in their files. */
#include "cgroup/reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "cgroup/directory.h"

enum { TEXT_MAX = 1024 * 1024, WORD_MAX = 24 };

int cgroup_reader_check(struct cgroup_reader *reader, struct thole_error *err) {
    if (reader->failure.kind == THOLE_ERROR_NONE)
        return 0;
    cgroup_reader_done(reader);
    return error_copy(err, &reader->failure);
}

int cgroup_reader_open(const struct plan_cgroup *cgroup, struct cgroup_reader *ret_reader,
                       struct thole_error *err) {
    int *fds = calloc(cgroup->directory_count + 1, sizeof(*fds));
    if (fds == NULL)
        return error_errno(err, NULL, "open cgroups");
    *ret_reader = (struct cgroup_reader){.cgroup = cgroup, .fds = fds};
    for (size_t i = 0; i < cgroup->directory_count; i++) {
        const struct plan_cgroup_directory *directory = &cgroup->directories[i];
        fds[i] = cgroup_open_directory(directory, "");
        if (fds[i] < 0 && !cgroup_is_gone(errno) && ret_reader->failure.kind == THOLE_ERROR_NONE)
            error_errno(&ret_reader->failure, NULL, "open cgroup %s in %s", directory->path,
                        directory->mountpoint);
    }
    return cgroup_reader_check(ret_reader, err);
}

void cgroup_reader_done(struct cgroup_reader *reader) {
    for (size_t i = 0; reader->fds != NULL && i < reader->cgroup->directory_count; i++) {
        cleanup_close_fd(&reader->fds[i]);
    }
    free(reader->fds);
    reader->fds = NULL;
}

bool cgroup_reader_is_v1(const struct cgroup_reader *reader, const char *controller) {
    return cgroup_find_v1(reader->cgroup, controller) != NULL;
}

char *cgroup_reader_text(struct cgroup_reader *reader, const char *controller, const char *v1_file,
                         const char *v2_file) {
    const struct plan_cgroup *cgroup = reader->cgroup;
    const struct plan_cgroup_directory *directory = cgroup_find_v1(cgroup, controller);
    const char *file = v1_file;
    if (directory == NULL) {
        directory = cgroup_find_unified(cgroup);
        file = v2_file;
    }
    if (directory == NULL || file == NULL)
        return NULL;
    int fd = reader->fds[directory - cgroup->directories];
    char *text = NULL;
    struct thole_error failure = {0};
    /* Some files are there for controllers that are not: reading them says so. */
    if (fd >= 0 && file_read_at(fd, file, TEXT_MAX, &text, NULL, &failure) < 0 &&
        !cgroup_is_gone(failure.code) && failure.code != EOPNOTSUPP &&
        reader->failure.kind == THOLE_ERROR_NONE)
        reader->failure = failure;
    return text;
}

bool cgroup_number_find(const char *text, const char *key, uint64_t *ret_number) {
    size_t key_length = key != NULL ? strlen(key) : 0;
    const char *line = text;
    while (line != NULL && key != NULL &&
           !(strncmp(line, key, key_length) == 0 && line[key_length] == ' ')) {
        line = strchr(line, '\n');
        if (line != NULL)
            line++;
    }
    if (line == NULL)
        return false;
    line += key != NULL ? key_length + 1 : 0;
    char word[WORD_MAX];
    size_t length = strcspn(line, " \t\n");
    if (length >= sizeof(word))
        return false;
    memcpy(word, line, length);
    word[length] = '\0';
    if (strcmp(word, "max") == 0 || strcmp(word, "-1") == 0) {
        *ret_number = UINT64_MAX;
        return true;
    }
    return text_parse_uint(word, UINT64_MAX, ret_number);
}
