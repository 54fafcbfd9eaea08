/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every file of every corpus through its target, without a fuzzer: what was found once is looked
 * at by each `make check`. The corpora lie beneath FUZZ_CORPUS, or the folder that is given.
 */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "targets.h"

enum { FILE_MAX = 1024 * 1024 };

static char running[512];

/* Which file it was that ends the process. */
static void on_abort(int signal) {
    (void)signal;
    (void)!write(STDERR_FILENO, running, strlen(running));
}

/* A copy without anything behind it, so that a sanitizer sees who reads on. */
static void replay_file(fuzz_target *target, int directory, const char *name) {
    cleanup_free char *text = NULL;
    size_t length = 0;
    struct thole_error err = {0};
    require(file_read_at(directory, name, FILE_MAX, &text, &length, &err) == 0);
    cleanup_free uint8_t *bytes = malloc(length + (length == 0));
    require(bytes != NULL);
    memcpy(bytes, text, length);
    target(bytes, length);
}

/* Returns the number of files. */
static unsigned replay(const char *corpora, const char *name) {
    char path[512];
    unsigned count = 0;
    (void)snprintf(path, sizeof(path), "%s/%s", corpora, name);
    cleanup_closedir DIR *directory = opendir(path);
    for (const struct dirent *entry; directory != NULL && (entry = readdir(directory)) != NULL;) {
        if (entry->d_name[0] == '.')
            continue;
        (void)snprintf(running, sizeof(running), "%s/%s\n", path, entry->d_name);
        replay_file(fuzz_find(name), dirfd(directory), entry->d_name);
        count++;
    }
    return count;
}

int main(int argc, char **argv) {
    const char *corpora = argc > 1 ? argv[1] : FUZZ_CORPUS;
    int status = 0;
    (void)signal(SIGABRT, on_abort);
    for (size_t i = 0; fuzz_name(i) != NULL; i++) {
        const unsigned count = replay(corpora, fuzz_name(i));
        printf("%s: %u files\n", fuzz_name(i), count);
        status |= count == 0;
    }
    return status;
}
