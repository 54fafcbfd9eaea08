/* SPDX-License-Identifier: Apache-2.0 */
/* What init is told of itself by variables that annotations ask for: those of systemd's container
 * interface (https://systemd.io/CONTAINER_INTERFACE), and those of libvirt's LXC driver. */
#include <ctype.h>
#include <string.h>

#include "plan/builder.h"

static bool is_word(const char *text) {
    enum { WORD_MAX = 64 };
    const size_t length = strlen(text);
    for (size_t i = 0; i < length; i++) {
        if (!isalnum((unsigned char)text[i]) && strchr("._+-", text[i]) == NULL)
            return false;
    }
    return length > 0 && length <= WORD_MAX;
}

static bool is_anything(const char *text) {
    return text[0] != '\0';
}

bool plan_is_uuid(const char *text) {
    static const char shape[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    for (size_t i = 0; i < sizeof(shape) - 1; i++) {
        if (shape[i] == '-' ? text[i] != '-' : isxdigit((unsigned char)text[i]) == 0)
            return false;
    }
    return text[sizeof(shape) - 1] == '\0';
}

static const char a_uuid[] = "a uuid: 36 hexadecimal digits and dashes";
static const char not_empty[] = "a text that is not empty";

static const struct {
    const char *annotation;
    const char *variable;
    bool (*is_valid)(const char *text);
    const char *wanted;
} variables[] = {
    {"org.thole.container", "container", is_word, "a word of letters, digits and ._+-"},
    {"org.thole.uuid", "container_uuid", plan_is_uuid, a_uuid},
    {"org.thole.libvirt.uuid", "LIBVIRT_LXC_UUID", plan_is_uuid, a_uuid},
    {"org.thole.libvirt.name", "LIBVIRT_LXC_NAME", is_anything, not_empty},
    {"org.thole.libvirt.cmdline", "LIBVIRT_LXC_CMDLINE", is_anything, not_empty},
};

int plan_identity_add(const struct plan_builder *builder, struct oci_strings *environment,
                      struct thole_error *err) {
    struct arena *arena = builder->arena;
    struct oci_strings told = {.set = environment->set};
    for (size_t i = 0; i < environment->count; i++)
        plan_environment_put(&told, arena, environment->items[i]);
    for (size_t i = 0; i < PLAN_COUNT(variables); i++) {
        const char *value = plan_annotation(builder->config, variables[i].annotation);
        if (value == NULL)
            continue;
        if (!variables[i].is_valid(value) &&
            error_config(err, plan_where_key(arena, "/annotations", variables[i].annotation),
                         "\"%s\" is not %s", value, variables[i].wanted) < 0 &&
            plan_ends(builder, err))
            return -1;
        plan_environment_put(&told, arena,
                             arena_printf(arena, "%s=%s", variables[i].variable, value));
    }
    *environment = told;
    return 0;
}
