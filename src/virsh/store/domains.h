/* SPDX-License-Identifier: Apache-2.0 */
/* Which domain a word means: one that is defined, one that runs, or both. */
#pragma once

#include <stdbool.h>

#include "thole.h"
#include "virsh/domain/check.h"
#include "virsh/store/place.h"
#include "virsh/xml/document.h"

#define VIRSH_ANNOTATION_UUID "org.thole.virsh.uuid"
#define VIRSH_ANNOTATION_LIVE "org.thole.virsh.live"         /* file of the live XML */
#define VIRSH_ANNOTATION_PRESERVE "org.thole.virsh.preserve" /* ends: "poweroff,crash" */
#define VIRSH_ANNOTATION_DIRECTORY "org.thole.virsh.directory"

struct virsh_domain {
    const struct virsh_place *place;
    struct thole_context context; /* for the library */
    char *name;
    bool persistent;
    struct thole_state *state; /* NULL: it does not run */
};

/**
 * Finds the domain with the id, uuid or name @word; NOT_FOUND if there is none. Release with
 * virsh_domain_done().
 */
int virsh_domain_find(const struct virsh_place *place, const char *word,
                      const struct thole_log *log, struct virsh_domain *ret_domain,
                      struct thole_error *err);

/** The same for a name alone, which need not be any domain's yet. */
int virsh_domain_look(const struct virsh_place *place, const char *name,
                      const struct thole_log *log, struct virsh_domain *ret_domain,
                      struct thole_error *err);

struct virsh_domain_list {
    struct virsh_domain *items; /* malloc'ed */
    size_t count;
};

/** All domains by name. Release with virsh_domain_list_done(). */
int virsh_domain_list(const struct virsh_place *place, const struct thole_log *log,
                      struct virsh_domain_list *ret_list, struct thole_error *err);

/** It runs, or is about to. */
bool virsh_domain_active(const struct virsh_domain *domain);

/** What virsh calls its id: the process that keeps it. */
pid_t virsh_domain_id(const struct virsh_domain *domain);

/** The value of an annotation of one that runs, or NULL. */
const char *virsh_domain_annotation(const struct virsh_domain *domain, const char *key);

/** Its uuid. */
int virsh_domain_uuid(const struct virsh_domain *domain, char ret_uuid[DOMAIN_UUID_LENGTH + 1],
                      struct thole_error *err);

/** The document it runs with, or with @inactive (or if it does not run) the stored one. */
int virsh_domain_document(const struct virsh_domain *domain, bool inactive,
                          struct xml_document **ret_document, struct thole_error *err);

/** Gives one that runs another live document. */
int virsh_domain_set_live(const struct virsh_domain *domain, const struct xml_document *document,
                          struct thole_error *err);

void virsh_domain_done(struct virsh_domain *domain);
#define cleanup_virsh_domain __attribute__((cleanup(virsh_domain_done)))
void virsh_domain_list_done(struct virsh_domain_list *list);
#define cleanup_virsh_domain_list __attribute__((cleanup(virsh_domain_list_done)))
