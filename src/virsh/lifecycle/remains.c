/* SPDX-License-Identifier: Apache-2.0 */
/* Each start has a document of its own, NAME.TOKEN.xml, and its images are noted beside it. */
#include "virsh/lifecycle/remains.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "virsh/lifecycle/images.h"
#include "virsh/lifecycle/reason.h"

enum { TOKEN_DIGITS = 8 };

static int remove_document(const char *live, struct thole_error *err) {
    if (unlink(live) < 0 && errno != ENOENT)
        return error_errno(err, NULL, "remove %s", live);
    return 0;
}

int virsh_remains_release(const char *live, struct thole_error *err) {
    cleanup_free char *note = virsh_images_note(live);
    return virsh_images_detach(note, err) < 0 ? -1 : remove_document(live, err);
}

bool virsh_remains_preserved(const struct virsh_domain *domain) {
    const char *ends = virsh_domain_annotation(domain, VIRSH_ANNOTATION_PRESERVE);
    return ends != NULL && !virsh_domain_active(domain) && domain->state->exited &&
           strstr(ends, virsh_reason_of(domain->state->exit_status)) != NULL;
}

int virsh_remains_delete(const struct virsh_domain *domain, struct thole_error *err) {
    const char *live = virsh_domain_annotation(domain, VIRSH_ANNOTATION_LIVE);
    if (thole_delete(&domain->context, domain->name, true, err) < 0)
        return -1;
    return live != NULL ? virsh_remains_release(live, err) : 0;
}

/* ---- starts that were killed ---- */

static bool is_document(const char *file, const char *name) {
    const size_t length = strlen(name);
    return strncmp(file, name, length) == 0 && file[length] == '.' &&
           strspn(file + length + 1, "0123456789abcdef") == TOKEN_DIGITS &&
           strcmp(file + length + 1 + TOKEN_DIGITS, ".xml") == 0;
}

/* The start of this document, if it is under way, has been waited for: it has a container, or will
 * never have one. */
static int clear(const struct virsh_place *place, const char *name, const char *live,
                 const struct thole_log *log, struct thole_error *err) {
    cleanup_virsh_domain struct virsh_domain domain = {0};
    cleanup_free char *path = virsh_images_note(live);
    cleanup_close int note = -1;
    const int locked = virsh_images_lock(path, &note, err);
    if (locked <= 0)
        return locked;
    if (virsh_domain_look(place, name, log, &domain, err) < 0)
        return -1;
    if (text_equal(virsh_domain_annotation(&domain, VIRSH_ANNOTATION_LIVE), live))
        return 0;
    return virsh_images_detach_locked(note, path, err) < 0 ? -1 : remove_document(live, err);
}

int virsh_remains_clear(const struct virsh_place *place, const char *name,
                        const struct thole_log *log, struct thole_error *err) {
    cleanup_closedir DIR *directory = opendir(place->live);
    if (directory == NULL)
        return errno == ENOENT ? 0 : error_errno(err, NULL, "open directory %s", place->live);
    const struct dirent *entry = NULL;
    while (errno = 0, (entry = readdir(directory)) != NULL) {
        cleanup_text struct text live = {0};
        text_appendf(&live, "%s/%s", place->live, entry->d_name);
        if (is_document(entry->d_name, name) && clear(place, name, live.data, log, err) < 0)
            return -1;
    }
    return errno == 0 ? 0 : error_errno(err, NULL, "read directory %s", place->live);
}
