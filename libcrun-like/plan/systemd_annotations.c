/* SPDX-License-Identifier: Apache-2.0 */
/* Annotations org.systemd.property.NAME: values in GVariant notation as unit properties. */
#include <ctype.h>
#include <string.h>

#include "base/text.h"
#include "plan/builder.h"

static const char prefix[] = "org.systemd.property.";

enum { USEC_PER_SEC = 1000000 };

/* What may stand before a number, and what it makes of it. */
static const struct {
    const char *word;
    const char *type;
    int64_t minimum;
    uint64_t maximum;
} number_types[] = {
    {"uint64 ", "t", 0, UINT64_MAX}, {"int64 ", "x", INT64_MIN, INT64_MAX},
    {"uint32 ", "u", 0, UINT32_MAX}, {"int32 ", "i", INT32_MIN, INT32_MAX},
    {"", "i", INT32_MIN, INT32_MAX},
};

static bool read_number(const char *text, struct plan_systemd_property *property) {
    for (size_t i = 0; i < PLAN_COUNT(number_types); i++) {
        if (!text_starts_with(text, number_types[i].word))
            continue;
        const char *digits = text + strlen(number_types[i].word);
        digits += strspn(digits, " ");
        property->type = number_types[i].type;
        if (number_types[i].minimum == 0)
            return text_parse_uint(digits, number_types[i].maximum, &property->number);
        int64_t number = 0;
        if (!text_parse_int(digits, number_types[i].minimum, (int64_t)number_types[i].maximum,
                            &number))
            return false;
        property->number = (uint64_t)number;
        return true;
    }
    return false;
}

/* Takes a string in single or double quotes off @text; NULL if there is none. */
static const char *read_string(struct arena *arena, const char **text) {
    const char quote = **text;
    if (quote != '\'' && quote != '"')
        return NULL;
    char *string = arena_alloc(arena, strlen(*text));
    size_t length = 0;
    for (const char *at = *text + 1; *at != '\0'; at++) {
        if (*at == quote) {
            *text = at + 1;
            return string;
        }
        if (*at == '\\' && at[1] != '\0')
            at++;
        string[length++] = *at;
    }
    return NULL;
}

/* "['a', 'b']" */
static bool read_strings(struct arena *arena, const char *text, struct plan_strings *strings) {
    text += 1 + strspn(text + 1, " ");
    while (*text != ']') {
        const char *string = read_string(arena, &text);
        if (string == NULL)
            return false;
        plan_words_add(arena, strings, string);
        text += strspn(text, " ");
        if (*text != ',' && *text != ']')
            return false;
        text += *text == ',';
        text += strspn(text, " ");
    }
    return text[1] == '\0';
}

static bool read_value(struct arena *arena, const char *text,
                       struct plan_systemd_property *property) {
    if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0) {
        property->type = "b";
        property->number = text[0] == 't';
        return true;
    }
    if (text[0] == '[') {
        property->type = "as";
        return read_strings(arena, text, &property->strings);
    }
    if (text[0] == '\'' || text[0] == '"') {
        property->type = "s";
        const char *string = read_string(arena, &text);
        if (string == NULL || text[0] != '\0')
            return false;
        plan_words_add(arena, &property->strings, string);
        return true;
    }
    return read_number(text, property);
}

/* systemd has its times in microseconds and, over D-Bus, under names that say so. */
static bool convert_seconds(struct arena *arena, struct plan_systemd_property *property) {
    const size_t length = strlen(property->name);
    if (!text_ends_with(property->name, "Sec") || text_ends_with(property->name, "USec"))
        return true;
    if (strchr("iuxt", property->type[0]) == NULL || property->type[1] != '\0' ||
        property->number > UINT64_MAX / USEC_PER_SEC)
        return false;
    property->name = arena_printf(arena, "%.*sUSec", (int)(length - strlen("Sec")), property->name);
    property->type = "t";
    property->number *= USEC_PER_SEC;
    return true;
}

static bool is_property_name(const char *name) {
    size_t length = 0;
    while (isalpha((unsigned char)name[length]))
        length++;
    return name[length] == '\0' && length >= 3;
}

int plan_systemd_annotations(const struct plan_builder *builder, struct plan_cgroup *cgroup,
                             struct thole_error *err) {
    const struct oci_pairs *annotations = &builder->config->annotations;
    for (size_t i = 0; i < annotations->count; i++) {
        const char *key = annotations->items[i].key;
        if (!text_starts_with(key, prefix))
            continue;
        const char *where = plan_where_key(builder->arena, "/annotations", key);
        struct plan_systemd_property property = {.name = key + strlen(prefix), .where = where};
        if (!is_property_name(property.name))
            return error_config(err, where, "%s is not the name of a systemd property",
                                property.name);
        if (!read_value(builder->arena, annotations->items[i].value, &property) ||
            !convert_seconds(builder->arena, &property))
            return error_config(err, where,
                                "%s is not a value that thole can give to systemd: true, 'text', "
                                "['a', 'b'], 7 or uint64 7 would be",
                                annotations->items[i].value);
        *plan_list_add(builder->arena, cgroup->systemd_properties, cgroup->systemd_property_count) =
            property;
    }
    return 0;
}
