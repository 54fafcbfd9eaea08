/* SPDX-License-Identifier: Apache-2.0 */
/* A file beside the live documents, made once between two starts. */
#include "virsh/lifecycle/reason.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"

enum { REASON_MAX = 64, SIGNALLED = 128 };

static char *file_of(const char *directory, const char *name) {
    struct text path = {0};
    text_appendf(&path, "%s/%s.reason", directory, name);
    return text_take(&path);
}

/* SIGTERM is what shutdown sends; reboot(2) ends an init that halts by SIGINT, and one that reboots
 * by SIGHUP. */
const char *virsh_reason_of(int status) {
    if (status == 0 || status == SIGNALLED + SIGINT || status == SIGNALLED + SIGTERM)
        return "poweroff";
    return status == SIGNALLED + SIGHUP ? "reboot" : "crash";
}

const char *virsh_reason_word(int status) {
    return strcmp(virsh_reason_of(status), "crash") == 0 ? "crashed" : "shutdown";
}

int virsh_reason_note(const char *directory, const char *name, const char *reason,
                      struct thole_error *err) {
    cleanup_free char *path = file_of(directory, name);
    cleanup_close int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0 && errno == EEXIST)
        return 0;
    if (file < 0 || file_write_all(file, reason, strlen(reason)) < 0)
        return error_errno(err, NULL, "write %s", path);
    return 0;
}

char *virsh_reason_read(const struct virsh_place *place, const char *name) {
    struct thole_error ignored = {0};
    cleanup_free char *path = file_of(place->live, name);
    char *reason = NULL;
    return file_read_at(AT_FDCWD, path, REASON_MAX, &reason, NULL, &ignored) == 0 ? reason : NULL;
}

void virsh_reason_forget(const struct virsh_place *place, const char *name) {
    cleanup_free char *path = file_of(place->live, name);
    (void)unlink(path);
}
