/* SPDX-License-Identifier: Apache-2.0 */
/* Definitions and running containers, seen as one list of domains. */
#include "virsh/store/domains.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "virsh/store/definition.h"

const char *virsh_domain_annotation(const struct virsh_domain *domain, const char *key) {
    const struct thole_state *state = domain->state;
    for (size_t i = 0; state != NULL && i < state->annotation_count; i++) {
        if (strcmp(state->annotations[i].key, key) == 0)
            return state->annotations[i].value;
    }
    return NULL;
}

static struct virsh_domain begin(const struct virsh_place *place, const char *name,
                                 const struct thole_log *log) {
    return (struct virsh_domain){
        .place = place,
        .context = {.root = place->root, .log = *log},
        .name = strdup(name),
    };
}

/* Containers of other origin share the state root, but are no domains. */
static void drop_foreign(struct virsh_domain *domain) {
    if (domain->state == NULL || virsh_domain_annotation(domain, VIRSH_ANNOTATION_UUID) != NULL)
        return;
    thole_state_free(domain->state);
    domain->state = NULL;
}

int virsh_domain_look(const struct virsh_place *place, const char *name,
                      const struct thole_log *log, struct virsh_domain *ret_domain,
                      struct thole_error *err) {
    struct thole_error failure = {0};
    *ret_domain = begin(place, name, log);
    if (!domain_name_valid(name))
        return 0;
    const int exists = virsh_definition_exists(place, name, err);
    if (exists < 0)
        return -1;
    ret_domain->persistent = exists > 0;
    if (thole_state(&ret_domain->context, name, &ret_domain->state, &failure) < 0 &&
        failure.kind != THOLE_ERROR_NOT_FOUND)
        return error_copy(err, &failure);
    drop_foreign(ret_domain);
    return 0;
}

/* ---- by id and uuid ---- */

static int matches(const struct virsh_domain *domain, int64_t id, const char *uuid,
                   struct thole_error *err) {
    char own[DOMAIN_UUID_LENGTH + 1];
    if (uuid == NULL)
        return virsh_domain_active(domain) && virsh_domain_id(domain) == id;
    if (virsh_domain_uuid(domain, own, err) < 0)
        return -1;
    return strcmp(own, uuid) == 0;
}

/* @uuid NULL: by id. The domain found is taken out of the list. */
static int search(const struct virsh_place *place, int64_t id, const char *uuid,
                  const struct thole_log *log, struct virsh_domain *ret_domain,
                  struct thole_error *err) {
    cleanup_virsh_domain_list struct virsh_domain_list list = {0};
    if (virsh_domain_list(place, log, &list, err) < 0)
        return -1;
    for (size_t i = 0; i < list.count; i++) {
        const int found = matches(&list.items[i], id, uuid, err);
        if (found < 0)
            return -1;
        if (found == 0)
            continue;
        *ret_domain = list.items[i];
        list.items[i] = (struct virsh_domain){0};
        return 1;
    }
    return 0;
}

int virsh_domain_find(const struct virsh_place *place, const char *word,
                      const struct thole_log *log, struct virsh_domain *ret_domain,
                      struct thole_error *err) {
    char uuid[DOMAIN_UUID_LENGTH + 1];
    int64_t id = 0;
    int found = 0;
    *ret_domain = (struct virsh_domain){0};
    if (text_parse_int(word, 0, INT32_MAX, &id))
        found = search(place, id, NULL, log, ret_domain, err);
    else if (domain_uuid_parse(word, uuid))
        found = search(place, 0, uuid, log, ret_domain, err);
    if (found != 0)
        return found < 0 ? -1 : 0;
    if (virsh_domain_look(place, word, log, ret_domain, err) < 0)
        return -1;
    if (ret_domain->persistent || ret_domain->state != NULL)
        return 0;
    virsh_domain_done(ret_domain);
    return error_set(err, THOLE_ERROR_NOT_FOUND, 0, NULL, "failed to get domain '%s'", word);
}

/* ---- all ---- */

static struct virsh_domain *add(struct virsh_domain_list *list) {
    list->items = realloc(list->items, (list->count + 1) * sizeof(*list->items));
    if (list->items == NULL)
        abort();
    return &list->items[list->count++];
}

static int add_defined(const struct virsh_place *place, const struct thole_log *log,
                       struct virsh_domain_list *list, struct thole_error *err) {
    char **names = NULL;
    size_t count = 0;
    int result = virsh_definition_names(place, &names, &count, err);
    for (size_t i = 0; i < count; i++) {
        struct virsh_domain *domain = add(list);
        *domain = begin(place, names[i], log);
        domain->persistent = true;
        free(names[i]);
    }
    free(names);
    return result;
}

static struct virsh_domain *find_named(struct virsh_domain_list *list, const char *name) {
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->items[i].name, name) == 0)
            return &list->items[i];
    }
    return NULL;
}

static int add_running(const struct virsh_place *place, const struct thole_log *log,
                       struct virsh_domain_list *list, struct thole_error *err) {
    const struct thole_context context = {.root = place->root, .log = *log};
    struct thole_state **states = NULL;
    struct thole_error failure = {0};
    size_t count = 0;
    /* A state root is made by the first container in it. */
    if (thole_list(&context, &states, &count, &failure) < 0)
        return failure.code == ENOENT ? 0 : error_copy(err, &failure);
    for (size_t i = 0; i < count; i++) {
        struct virsh_domain running = begin(place, states[i]->id, log);
        running.state = states[i];
        drop_foreign(&running);
        struct virsh_domain *known = find_named(list, running.name);
        if (running.state != NULL && known == NULL) {
            *add(list) = running;
            continue;
        }
        if (running.state != NULL) {
            known->state = running.state;
            running.state = NULL;
        }
        virsh_domain_done(&running);
    }
    free(states);
    return 0;
}

static int by_name(const void *a, const void *b) {
    return strcmp(((const struct virsh_domain *)a)->name, ((const struct virsh_domain *)b)->name);
}

int virsh_domain_list(const struct virsh_place *place, const struct thole_log *log,
                      struct virsh_domain_list *ret_list, struct thole_error *err) {
    *ret_list = (struct virsh_domain_list){0};
    if (add_defined(place, log, ret_list, err) < 0 || add_running(place, log, ret_list, err) < 0)
        return -1;
    if (ret_list->count > 0)
        qsort(ret_list->items, ret_list->count, sizeof(*ret_list->items), by_name);
    return 0;
}

void virsh_domain_list_done(struct virsh_domain_list *list) {
    for (size_t i = 0; i < list->count; i++)
        virsh_domain_done(&list->items[i]);
    free(list->items);
    *list = (struct virsh_domain_list){0};
}

/* ---- one ---- */

bool virsh_domain_active(const struct virsh_domain *domain) {
    return domain->state != NULL && domain->state->status != THOLE_STATUS_STOPPED;
}

pid_t virsh_domain_id(const struct virsh_domain *domain) {
    if (!virsh_domain_active(domain))
        return 0;
    return domain->state->keeper > 0 ? domain->state->keeper : domain->state->pid;
}

int virsh_domain_uuid(const struct virsh_domain *domain, char ret_uuid[DOMAIN_UUID_LENGTH + 1],
                      struct thole_error *err) {
    const char *noted = virsh_domain_annotation(domain, VIRSH_ANNOTATION_UUID);
    cleanup_xml struct xml_document *document = NULL;
    cleanup_free char *stored = NULL;
    if (noted == NULL) {
        if (virsh_domain_document(domain, true, &document, err) < 0)
            return -1;
        noted = stored = virsh_xml_get(document, "uuid");
    }
    if (noted == NULL || !domain_uuid_parse(noted, ret_uuid))
        return error_config(err, domain->name, "its definition has no uuid");
    return 0;
}

int virsh_domain_document(const struct virsh_domain *domain, bool inactive,
                          struct xml_document **ret_document, struct thole_error *err) {
    const char *live = virsh_domain_annotation(domain, VIRSH_ANNOTATION_LIVE);
    if (live == NULL || (inactive && domain->persistent))
        return virsh_definition_read(domain->place, domain->name, ret_document, err);
    return virsh_xml_read(live, ret_document, err);
}

int virsh_domain_set_live(const struct virsh_domain *domain, const struct xml_document *document,
                          struct thole_error *err) {
    const char *live = virsh_domain_annotation(domain, VIRSH_ANNOTATION_LIVE);
    cleanup_free char *text = virsh_xml_write(document);
    if (live == NULL)
        return error_state(err, "domain is not running");
    return file_replace_at(AT_FDCWD, live, text, strlen(text), 0600, err);
}

void virsh_domain_done(struct virsh_domain *domain) {
    free(domain->name);
    thole_state_free(domain->state);
    *domain = (struct virsh_domain){0};
}
