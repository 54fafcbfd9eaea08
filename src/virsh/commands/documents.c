/* SPDX-License-Identifier: Apache-2.0 */
/* From a file to a document that can be defined or run. */
#include "virsh/commands/documents.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "virsh/domain/check.h"
#include "virsh/xml/reader.h"

/* The domain of the file that has this uuid, or a new one: it is needed before that is known. */
static int settle_uuid(const struct virsh_call *call, const struct domain *domain,
                       struct virsh_given *given, struct thole_error *err) {
    cleanup_virsh_domain struct virsh_domain known = {0};
    if (domain->uuid.text != NULL) {
        (void)domain_uuid_parse(domain->uuid.text, given->uuid);
        return 0;
    }
    if (virsh_domain_look(call->place, given->name, &call->log, &known, err) < 0)
        return -1;
    const bool exists = known.persistent || known.state != NULL;
    if ((exists ? virsh_domain_uuid(&known, given->uuid, err)
                : domain_uuid_make(given->uuid, err)) < 0)
        return -1;
    virsh_xml_set(given->document, "uuid", given->uuid, NULL, "name");
    return 0;
}

static int settle(const struct virsh_call *call, const char *file, struct virsh_given *given,
                  struct thole_error *err) {
    cleanup_domain struct domain domain = {0};
    virsh_xml_set_attribute(given->document, "id", NULL);
    if (virsh_xml_read_domain(given->document, &domain, err) < 0 ||
        domain_check(&domain, file, err) < 0)
        return -1;
    given->name = strdup(domain.name.text);
    for (size_t i = 0; i < domain.warnings.count; i++)
        log_warning(&call->log, "%s: %s", domain.warnings.items[i].where,
                    domain.warnings.items[i].value.text);
    return settle_uuid(call, &domain, given, err);
}

int virsh_given_read(const struct virsh_call *call, const char *file, struct virsh_given *ret_given,
                     struct thole_error *err) {
    *ret_given = (struct virsh_given){0};
    if (virsh_xml_read(file, &ret_given->document, err) < 0)
        return -1;
    return settle(call, file, ret_given, err);
}

int virsh_given_parse(const struct virsh_call *call, const char *text, const char *name,
                      struct virsh_given *ret_given, struct thole_error *err) {
    *ret_given = (struct virsh_given){0};
    if (virsh_xml_parse(text, strlen(text), name, &ret_given->document, err) < 0)
        return -1;
    return settle(call, name, ret_given, err);
}

int virsh_given_match(const struct virsh_call *call, const struct virsh_given *given,
                      struct virsh_domain *ret_domain, struct thole_error *err) {
    cleanup_virsh_domain struct virsh_domain other = {0};
    struct thole_error failure = {0};
    char uuid[DOMAIN_UUID_LENGTH + 1];
    if (virsh_domain_look(call->place, given->name, &call->log, ret_domain, err) < 0)
        return -1;
    if (ret_domain->persistent || ret_domain->state != NULL) {
        if (virsh_domain_uuid(ret_domain, uuid, err) < 0)
            return -1;
        return strcmp(uuid, given->uuid) == 0
                   ? 0
                   : error_state(err, "operation failed: domain '%s' already exists with uuid %s",
                                 given->name, uuid);
    }
    if (virsh_domain_find(call->place, given->uuid, &call->log, &other, &failure) == 0)
        return error_state(err, "operation failed: domain '%s' is already defined with uuid %s",
                           other.name, given->uuid);
    return failure.kind == THOLE_ERROR_NOT_FOUND ? 0 : error_copy(err, &failure);
}

void virsh_given_done(struct virsh_given *given) {
    virsh_xml_done(&given->document);
    free(given->name);
    *given = (struct virsh_given){0};
}
