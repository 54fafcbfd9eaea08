/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A state.json that is broken or was written by somebody else: `state` and `list` tell what it says
 * or why it cannot be told, also where it speaks of a process that lives, as this one does.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "state/container.h"
#include "state/process.h"
#include "targets.h"
#include "thole.h"

static char root[] = "/tmp/thole-fuzz.XXXXXX";
static int directory = -1; /* of the container called "fuzz" */

static void remove_root(void) {
    (void)unlinkat(directory, STATE_FILE, 0);
    (void)chdir(root);
    (void)rmdir("fuzz");
    (void)rmdir(root);
}

static void make_root(void) {
    require(mkdtemp(root) != NULL);
    cleanup_close int fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    require(mkdirat(fd, "fuzz", 0700) == 0);
    directory = openat(fd, "fuzz", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    require(directory >= 0 && atexit(remove_root) == 0);
}

static void ask(bool readable) {
    const struct thole_context context = {.root = root};
    struct thole_state *state = NULL;
    struct thole_state **states = NULL;
    size_t count = 0;
    struct thole_error err = {0};
    int result = thole_state(&context, "fuzz", &state, &err);
    require(readable || result < 0);
    if (result < 0) {
        fuzz_require_line(&err);
    } else {
        free(thole_state_json(state));
        thole_state_free(state);
    }
    err = (struct thole_error){0};
    if (thole_list(&context, &states, &count, &err) < 0)
        fuzz_require_line(&err);
    for (size_t i = 0; i < count; i++)
        thole_state_free(states[i]);
    free(states);
}

static void save(const char *json, size_t length) {
    struct thole_error err = {0};
    require(file_replace_at(directory, STATE_FILE, json, length, 0600, &err) == 0);
}

/* Of a container whose init lives. */
static void ask_living(struct container_record *record) {
    struct thole_error err = {0};
    record->pid = getpid();
    require(process_start_time(getpid(), &record->start_time, &err) == 1);
    cleanup_free char *json = record_write(record);
    save(json, strlen(json));
    ask(true);
}

void fuzz_record(const uint8_t *data, size_t size) {
    cleanup_arena struct arena arena = {0};
    struct thole_error err = {0};
    struct container_record *record = NULL;
    struct container_record *again = NULL;
    char created[CLOCK_TIME];
    if (directory < 0)
        make_root();
    const int result = record_read((const char *)data, size, &arena, &record, &err);
    save((const char *)data, size);
    ask(result == 0);
    if (result < 0) {
        fuzz_require_line(&err);
        require(err.where[0] == '/');
        return;
    }
    cleanup_free char *written = record_write(record);
    require(record_read(written, strlen(written), &arena, &again, &err) == 0);
    cleanup_free char *rewritten = record_write(again);
    require(strcmp(written, rewritten) == 0);
    record_format_created(record, created);
    require(strlen(created) < CLOCK_TIME && strchr(created, 'Z') != NULL);
    ask_living(record);
}
