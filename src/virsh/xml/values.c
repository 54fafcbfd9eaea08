/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers, sizes and words. */
#include "virsh/xml/values.h"

#include <string.h>
#include <strings.h>

#include "base/text.h"

static const char blanks[] = " \t\r\n";

static const struct {
    const char *name; /* of 1000s; with i in between, or as one letter, of 1024s */
    unsigned power;
} prefixes[] = {{"k", 1}, {"M", 2}, {"G", 3}, {"T", 4}, {"P", 5}, {"E", 6}};

static uint64_t power_of(uint64_t base, unsigned power) {
    uint64_t result = 1;
    for (unsigned i = 0; i < power; i++)
        result *= base;
    return result;
}

uint64_t virsh_value_unit(const char *unit) {
    if (unit == NULL)
        return 1024;
    if (strcasecmp(unit, "b") == 0 || strcasecmp(unit, "bytes") == 0)
        return 1;
    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
        if (strncasecmp(unit, prefixes[i].name, 1) != 0)
            continue;
        if (unit[1] == '\0' || strcasecmp(unit + 1, "iB") == 0)
            return power_of(1024, prefixes[i].power);
        if (strcasecmp(unit + 1, "B") == 0)
            return power_of(1000, prefixes[i].power);
    }
    return 0;
}

static char *trimmed(struct arena *arena, const char *text) {
    text += strspn(text, blanks);
    size_t length = strlen(text);
    while (length > 0 && strchr(blanks, text[length - 1]) != NULL)
        length--;
    return arena_strndup(arena, text, length);
}

static int read_size(const char *text, const char *unit, struct domain_value *value,
                     struct thole_error *err) {
    const uint64_t factor = virsh_value_unit(unit);
    uint64_t number = 0;
    if (factor == 0)
        return error_config(err, value->where, "there is no unit \"%.64s\"", unit);
    if (!text_parse_uint(text, UINT64_MAX, &number))
        return error_config(err, value->where, "\"%.64s\" is not a number", text);
    if (number > INT64_MAX / factor)
        return error_config(err, value->where, "%.64s is too much", text);
    value->number = number * factor;
    return 0;
}

static int read_word(const struct virsh_row *row, const char *text, struct domain_value *value,
                     struct thole_error *err) {
    cleanup_text struct text known = {0};
    for (const struct name_value *word = row->words; word->name != NULL; word++) {
        if (strcmp(word->name, text) == 0) {
            value->number = (uint64_t)word->value;
            return 0;
        }
        text_appendf(&known, "%s%s", known.length > 0 ? ", " : "", word->name);
    }
    return error_config(err, value->where, "\"%.64s\" is not one of %s", text, known.data);
}

int virsh_value_read(const struct virsh_row *row, const char *text, const char *unit,
                     struct arena *arena, struct domain_value *value, struct thole_error *err) {
    const bool verbatim = row->kind == VIRSH_ROW_TEXT || row->kind == VIRSH_ROW_NAME;
    value->text = verbatim ? arena_strdup(arena, text) : trimmed(arena, text);
    value->number = row->kind == VIRSH_ROW_FLAG;
    if (row->kind == VIRSH_ROW_SIZE)
        return read_size(value->text, unit, value, err);
    if (row->kind == VIRSH_ROW_WORD)
        return read_word(row, value->text, value, err);
    if (row->kind == VIRSH_ROW_NUMBER && !text_parse_uint(value->text, INT64_MAX, &value->number))
        return error_config(err, value->where, "\"%.64s\" is not a number", value->text);
    return 0;
}
