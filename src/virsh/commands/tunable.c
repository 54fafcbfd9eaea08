/* SPDX-License-Identifier: Apache-2.0 */
/* Parameters by tables: documents on one side, linux.resources and cgroup files on the other. */
#include "virsh/commands/tunable.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "virsh/store/definition.h"
#include "virsh/xml/values.h"

enum { KIB = 1024 };

/* What libvirt calls unlimited, in KiB; the kernel's own greatest number is near. */
#define UNLIMITED_KIB INT64_C(9007199254740991)

static int check_affect(const struct virsh_domain *domain, const struct virsh_affect *affect,
                        struct thole_error *err) {
    if (affect->current && (affect->live || affect->config))
        return error_usage(err, "Options --current and --%s are mutually exclusive",
                           affect->live ? "live" : "config");
    if (affect->live && !virsh_domain_active(domain))
        return error_state(err, "Requested operation is not valid: domain is not running");
    if (affect->config && !domain->persistent)
        return error_state(err, "Requested operation is not valid: transient domains do not have "
                                "any persistent config");
    return 0;
}

static bool affects_live(const struct virsh_domain *domain, const struct virsh_affect *affect) {
    return affect->live || (!affect->config && virsh_domain_active(domain));
}

static bool affects_config(const struct virsh_domain *domain, const struct virsh_affect *affect) {
    return affect->config || (!affect->live && !virsh_domain_active(domain));
}

/* ---- changes ---- */

static bool is_size(const struct virsh_tunable *tunable) {
    return tunable->kind == VIRSH_TUNABLE_KIB;
}

static void append_update(struct text *text, const struct virsh_change *changes, size_t count) {
    const char *object = "";
    text_append(text, "{");
    for (size_t i = 0; i < count; i++) {
        const struct virsh_tunable *tunable = changes[i].tunable;
        const int64_t value =
            changes[i].value > 0 && is_size(tunable) ? changes[i].value * KIB : changes[i].value;
        if (strcmp(object, tunable->object) == 0)
            text_append(text, ",");
        else
            text_appendf(text, "%s\"%s\":{", object[0] != '\0' ? "}," : "", tunable->object);
        text_appendf(text, "\"%s\":%" PRId64, tunable->member, value);
        object = tunable->object;
    }
    text_append(text, "}}");
}

static void set_in_document(struct xml_document *document, const struct virsh_change *change) {
    char number[32];
    const int64_t value = is_size(change->tunable) && change->value == VIRSH_UNLIMITED
                              ? UNLIMITED_KIB
                              : change->value;
    (void)snprintf(number, sizeof(number), "%" PRId64, value);
    virsh_xml_set(document, change->tunable->path, number, is_size(change->tunable) ? "KiB" : NULL,
                  change->tunable->after);
}

static int change_live(const struct virsh_domain *domain, const struct virsh_change *changes,
                       size_t count, struct thole_error *err) {
    cleanup_xml struct xml_document *document = NULL;
    cleanup_text struct text json = {0};
    append_update(&json, changes, count);
    const struct thole_update update = {.resources = json.data};
    if (virsh_domain_document(domain, false, &document, err) < 0 ||
        thole_update(&domain->context, domain->name, &update, err) < 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        set_in_document(document, &changes[i]);
    return virsh_domain_set_live(domain, document, err);
}

static int change_config(const struct virsh_domain *domain, const struct virsh_change *changes,
                         size_t count, struct thole_error *err) {
    cleanup_xml struct xml_document *document = NULL;
    if (virsh_definition_read(domain->place, domain->name, &document, err) < 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        set_in_document(document, &changes[i]);
    return virsh_definition_write(domain->place, domain->name, document, err);
}

int virsh_tunables_change(const struct virsh_domain *domain, const struct virsh_affect *affect,
                          const struct virsh_change *changes, size_t count,
                          struct thole_error *err) {
    if (check_affect(domain, affect, err) < 0)
        return -1;
    if (affects_live(domain, affect) && change_live(domain, changes, count, err) < 0)
        return -1;
    return affects_config(domain, affect) ? change_config(domain, changes, count, err) : 0;
}

/* ---- reading ---- */

/* cpu.weight of cgroup v2 is 1 to 10000 for shares of 2 to 262144. */
static int64_t shares_of_weight(int64_t weight) {
    return 2 + (weight - 1) * 262142 / 9999;
}

static int64_t number_in(const struct virsh_tunable *tunable, const char *text, bool v2) {
    char *end = NULL;
    if (v2 && tunable->kind == VIRSH_TUNABLE_PERIOD)
        text += strcspn(text, " ");
    int64_t value = strtoll(text, &end, 10);
    if (end == text) /* max */
        return VIRSH_UNLIMITED;
    if (v2 && tunable->kind == VIRSH_TUNABLE_SHARES)
        return shares_of_weight(value);
    if (!is_size(tunable))
        return value;
    return value / KIB >= UNLIMITED_KIB - 4 ? VIRSH_UNLIMITED : value / KIB;
}

/* The file of the version that this controller has here; without the controller: the document. */
static int read_live(const struct virsh_domain *domain, const struct virsh_tunable *tunable,
                     int64_t *ret_value) {
    const char *const files[] = {tunable->v1, tunable->v2};
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        cleanup_free char *text = NULL;
        struct thole_error missing = {0};
        if (thole_cgroup_read(&domain->context, domain->name, files[i], &text, &missing) < 0)
            continue;
        *ret_value = number_in(tunable, text, i == 1);
        return 1;
    }
    return 0;
}

static int read_document(const struct virsh_domain *domain, bool inactive,
                         const struct virsh_tunable *tunable, int64_t *ret_value,
                         struct thole_error *err) {
    cleanup_xml struct xml_document *document = NULL;
    if (virsh_domain_document(domain, inactive, &document, err) < 0)
        return -1;
    cleanup_free char *text = virsh_xml_get(document, tunable->path);
    cleanup_free char *unit = virsh_xml_get_attribute(document, tunable->path, "unit");
    const uint64_t factor = is_size(tunable) ? virsh_value_unit(unit) : 1;
    *ret_value = is_size(tunable) ? VIRSH_UNLIMITED : 0;
    if (text == NULL)
        return 0;
    *ret_value = strtoll(text, NULL, 10);
    if (is_size(tunable))
        *ret_value = *ret_value >= UNLIMITED_KIB ? VIRSH_UNLIMITED
                                                 : (int64_t)((uint64_t)*ret_value * factor / KIB);
    return 0;
}

int virsh_tunable_read(const struct virsh_domain *domain, const struct virsh_affect *affect,
                       const struct virsh_tunable *tunable, int64_t *ret_value,
                       struct thole_error *err) {
    if (check_affect(domain, affect, err) < 0)
        return -1;
    const bool live = affects_live(domain, affect);
    if (live && read_live(domain, tunable, ret_value) > 0)
        return 0;
    return read_document(domain, !live, tunable, ret_value, err);
}
