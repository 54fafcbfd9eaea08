/* SPDX-License-Identifier: Apache-2.0 */
/* Prints the words of one target's tables as a dictionary of libFuzzer; without one those of
 * all. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "host/facts.h"
#include "lxc/config/keys.h"
#include "lxc/config/old_names.h"
#include "oci-spec/fields.h"
#include "plan/mount.h"
#include "state/record.h"

static void print_quoted(const char *word) {
    printf("\"\\\"%s\\\"\"\n", word);
}

/* Names of members and the words that they take, of the document and all that is in it. */
static void print_type(const struct oci_type *type) {
    for (size_t i = 0; i < type->count; i++) {
        const struct oci_field *field = &type->fields[i];
        const struct oci_type *inner = oci_field_type(field);
        printf("\"\\\"%s\\\":\"\n", field->name);
        if (inner != NULL)
            print_type(inner);
        const bool has_names = inner == NULL && !oci_field_is_number(field);
        const struct name_value *names = has_names ? field->names : NULL;
        for (; names != NULL && names->name != NULL; names++)
            print_quoted(names->name);
    }
}

static void print_mount_options(void) {
    for (size_t i = 0; plan_mount_option_name(i) != NULL; i++)
        printf("\"\\x0a%s\"\n", plan_mount_option_name(i));
}

static void print_lxc_keys(const char *beginning) {
    for (const struct lxc_key *key = lxc_keys; key->name != NULL; key++) {
        if (strncmp(key->name, beginning, strlen(beginning)) == 0)
            printf("\"%s = \"\n", key->name);
    }
}

static void print_old_names(void) {
    for (const struct lxc_old_name *old = lxc_old_names; old->name != NULL; old++)
        printf("\"%s = \"\n", old->name);
}

static void print_words(const struct name_value *names) {
    for (; names->name != NULL; names++)
        printf("\"%s\"\n", names->name);
}

static bool is_wanted(const char *target, const char *name) {
    return target == NULL || strcmp(target, name) == 0;
}

int main(int argc, char **argv) {
    const struct {
        const char *target;
        const struct oci_type *type;
    } documents[] = {
        {"config", &oci_config_type},    {"plan", &oci_config_type},
        {"process", &oci_process_type},  {"process", &oci_state_type},
        {"process", &oci_features_type}, {"resources", &oci_resources_type},
        {"facts", &host_facts_type},     {"record", &container_record_type},
    };
    const char *target = argc > 1 ? argv[1] : NULL;
    for (size_t i = 0; i < sizeof(documents) / sizeof(documents[0]); i++) {
        if (is_wanted(target, documents[i].target))
            print_type(documents[i].type);
    }
    if (is_wanted(target, "mount") || is_wanted(target, "plan"))
        print_mount_options();
    if (is_wanted(target, "lxc_config"))
        print_lxc_keys(""), print_old_names();
    if (is_wanted(target, "lxc_network"))
        print_lxc_keys("lxc.net.");
    if (is_wanted(target, "lxc_seccomp"))
        print_words(names_seccomp_operators), print_words(names_seccomp_architectures);
    return fflush(stdout) == 0 ? 0 : 1;
}
