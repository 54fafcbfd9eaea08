/* SPDX-License-Identifier: Apache-2.0 */
#include "base/restart_words.h"

#include <stdint.h>
#include <string.h>

#include "base/text.h"

const struct name_value restart_names[] = {
    {"reboot", THOLE_RESTART_REBOOT},
    {"halt", THOLE_RESTART_HALT},
    {"success", THOLE_RESTART_SUCCESS},
    {"failure", THOLE_RESTART_FAILURE},
    {0},
};

/* As Podman and Docker have them. */
static const struct name_value policies[] = {
    {"no", THOLE_RESTART_NEVER},
    {"never", THOLE_RESTART_NEVER},
    {"on-failure", THOLE_RESTART_REBOOT | THOLE_RESTART_FAILURE},
    {"always", THOLE_RESTART_ALWAYS},
    {0},
};

static const struct name_value *find(const struct name_value *names, const char *word,
                                     size_t length) {
    for (; names->name != NULL; names++) {
        if (strlen(names->name) == length && strncmp(names->name, word, length) == 0)
            return names;
    }
    return NULL;
}

/* ":3" behind a word for failures alone. */
static bool parse_limit(const char *text, size_t length, uint64_t bits, unsigned *ret_limit) {
    const uint64_t of_failures = THOLE_RESTART_REBOOT | THOLE_RESTART_FAILURE;
    char digits[11] = "";
    uint64_t limit = 0;
    if (length == 0)
        return true;
    if ((bits & THOLE_RESTART_FAILURE) == 0 || (bits & ~of_failures) != 0 ||
        length > sizeof(digits))
        return false;
    memcpy(digits, text + 1, length - 1);
    if (!text_parse_uint(digits, UINT32_MAX, &limit))
        return false;
    *ret_limit = (unsigned)limit;
    return true;
}

bool restart_parse(const char *text, unsigned *ret_restart, unsigned *ret_limit) {
    unsigned count = 0;
    *ret_restart = *ret_limit = 0;
    do {
        const size_t length = strcspn(text, ",");
        const size_t word = strcspn(text, ",:");
        const struct name_value *found = find(policies, text, word);
        if (found == NULL)
            found = find(restart_names, text, word);
        if (found == NULL || !parse_limit(text + word, length - word, found->value, ret_limit))
            return false;
        *ret_restart |= (unsigned)found->value;
        count++;
        text += length;
    } while (*text++ == ',');
    return (*ret_restart & THOLE_RESTART_NEVER) == 0 || count == 1;
}

bool restart_delay_parse(const char *text, unsigned *ret_milliseconds) {
    static const struct name_value units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {0}};
    enum { LONGEST = 3600000 };
    const size_t length = strspn(text, "0123456789");
    const struct name_value *unit = find(units, text + length, strlen(text + length));
    char digits[8] = "";
    uint64_t number = 0;
    if (unit == NULL || length >= sizeof(digits))
        return false;
    memcpy(digits, text, length);
    if (!text_parse_uint(digits, LONGEST / unit->value, &number) || number == 0)
        return false;
    *ret_milliseconds = (unsigned)(number * unit->value);
    return true;
}
