/* SPDX-License-Identifier: Apache-2.0 */
/* Starting: convert, note what it is started with, and hand over to the library. */
#include "virsh/lifecycle/launch.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/pass_fds.h"
#include "virsh/convert/convert.h"
#include "virsh/lifecycle/images.h"
#include "virsh/lifecycle/program.h"
#include "virsh/lifecycle/reason.h"
#include "virsh/lifecycle/remains.h"
#include "virsh/xml/reader.h"

/* Each start has a file of its own: the monitor of an earlier one may still remove its. */
static int make_live(const struct virsh_place *place, const char *name,
                     const struct xml_document *document, char **ret_file,
                     struct thole_error *err) {
    char token[DOMAIN_UUID_LENGTH + 1];
    struct text path = {0};
    cleanup_free char *text = virsh_xml_write(document);
    if (domain_uuid_make(token, err) < 0)
        return -1;
    text_appendf(&path, "%s/%s.%.8s.xml", place->live, name, token);
    *ret_file = text_take(&path);
    return file_create_at(AT_FDCWD, *ret_file, text, strlen(text), 0600, err);
}

static int find_pid(const void *userdata, const char *name, pid_t *ret_pid,
                    struct thole_error *err) {
    const struct thole_log silent = {0};
    cleanup_virsh_domain struct virsh_domain other = {0};
    if (virsh_domain_look(userdata, name, &silent, &other, err) < 0)
        return -1;
    if (!virsh_domain_active(&other))
        return error_state(err, "domain %s is not running", name);
    *ret_pid = other.state->pid;
    return 0;
}

static void log_warnings(const struct thole_log *log, const domain_words *warnings) {
    for (size_t i = 0; i < warnings->count; i++)
        log_warning(log, "%s: %s", warnings->items[i].where, warnings->items[i].value.text);
}

/* What a monitor left that was killed, or an earlier start. */
static int remove_remains(const struct virsh_place *place, const char *name,
                          const struct thole_log *log, struct thole_error *err) {
    cleanup_virsh_domain struct virsh_domain domain = {0};
    if (virsh_domain_look(place, name, log, &domain, err) < 0)
        return -1;
    if (virsh_domain_active(&domain))
        return error_state(err, "Requested operation is not valid: domain is already running");
    if (virsh_remains_preserved(&domain))
        return error_state(err, "Requested operation is not valid: the domain is preserved as it "
                                "ended, until it is destroyed");
    if (domain.state != NULL && domain.state->keeper == 0 && virsh_remains_delete(&domain, err) < 0)
        return -1;
    return virsh_remains_clear(place, name, log, err);
}

/* A start at work. */
struct launching {
    const struct virsh_place *place;
    const char *name;
    const struct virsh_launch *launch;
    const struct thole_log *log;
    const char *live; /* file of its document */
};

static int run(const struct launching *launching, const struct virsh_converted *converted,
               struct thole_error *err) {
    const struct virsh_launch *launch = launching->launch;
    const struct thole_context context = {.root = launching->place->root, .log = *launching->log};
    int status = 0;
    unsigned passed = 0;
    cleanup_free char *names = NULL;
    if (launch->pass_fds != NULL && pass_fds(launch->pass_fds, &passed, &names, err) < 0)
        return -1;
    struct thole_monitor monitor = converted->monitor;
    if (passed > 0) /* a second init would find them used up */
        monitor.restart = THOLE_RESTART_NEVER;
    const struct thole_run_request request = {
        .create = {.id = launching->name,
                   .bundle = "/",
                   .config_text = converted->config,
                   .listen_fds = passed,
                   .listen_fdnames = names},
        .detach = true,
        .attachable = true,
        .monitor = &monitor,
    };
    if (thole_run(&context, &request, &status, err) == 0)
        return launch->paused ? thole_pause(&context, launching->name, err) : 0;
    translate_blame(converted->origins, converted->origin_count, err);
    return -1;
}

static int convert_and_run(const struct launching *launching, const struct domain *domain,
                           struct thole_error *err) {
    const struct virsh_place *place = launching->place;
    cleanup_virsh_converted struct virsh_converted converted = {0};
    char uuid[DOMAIN_UUID_LENGTH + 1];
    if (domain->uuid.text == NULL || !domain_uuid_parse(domain->uuid.text, uuid))
        return error_config(err, launching->name, "the domain has no uuid");
    const struct virsh_convert_request request = {
        .uuid = uuid,
        .directory = place->definitions,
        .live = launching->live,
        .uri = place->uri,
        .program = virsh_program(),
        .hooks = virsh_hooks(),
        .networks = virsh_networks(),
        .other_place = place->other,
        .find_pid = find_pid,
        .userdata = place,
    };
    if (virsh_convert(domain, &request, &converted, err) < 0)
        return -1;
    virsh_reason_forget(place, launching->name);
    log_warnings(launching->log, &converted.warnings);
    return run(launching, &converted, err);
}

/* What it has made goes again if it fails. */
static int attach_and_run(const struct launching *launching, struct domain *domain,
                          struct thole_error *err) {
    struct thole_error failure = {0};
    char line[sizeof(failure.where) + sizeof(failure.text) + 128];
    cleanup_free char *images = virsh_images_note(launching->live);
    cleanup_close int note = -1;
    int result = virsh_images_attach(domain, images, &note, err);
    if (result == 0)
        result = convert_and_run(launching, domain, err);
    cleanup_close_fd(&note); /* with its lock, which would keep this process from detaching, too */
    if (result < 0 && virsh_remains_release(launching->live, &failure) < 0)
        log_warning(launching->log, "%s", error_format(&failure, line, sizeof(line)));
    return result;
}

int virsh_launch(const struct virsh_place *place, const char *name,
                 const struct xml_document *document, const struct virsh_launch *launch,
                 const struct thole_log *log, struct thole_error *err) {
    static const struct virsh_launch usual = {0};
    cleanup_domain struct domain domain = {0};
    cleanup_free char *live = NULL;
    if (remove_remains(place, name, log, err) < 0 ||
        virsh_xml_read_domain(document, &domain, err) < 0 || virsh_place_make(place, err) < 0 ||
        make_live(place, name, document, &live, err) < 0)
        return -1;
    const struct launching launching = {place, name, launch != NULL ? launch : &usual, log, live};
    return attach_and_run(&launching, &domain, err);
}
