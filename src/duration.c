/* SPDX-License-Identifier: Apache-2.0 */
/* Durations and points in time as command lines have them. */
#include "duration.h"

#include <stdint.h>
#include <string.h>
#include <time.h>

#include "base/text.h"

static const struct {
    const char *name;
    double milliseconds;
} units[] = {
    {"ms", 1}, {"us", 0.001}, {"ns", 0.000001}, {"h", 3600000}, {"m", 60000}, {"s", 1000},
};

/* Reads one "1.5h" at @text; false if that is not what is there. */
static bool read_part(const char **text, double *milliseconds) {
    double number = 0;
    double weight = 1;
    bool fraction = false;
    size_t digits = strspn(*text, "0123456789.");
    for (size_t i = 0; i < digits; i++) {
        if ((*text)[i] == '.' && (fraction || digits == 1))
            return false;
        fraction |= (*text)[i] == '.';
        if ((*text)[i] == '.')
            continue;
        number = number * 10 + ((*text)[i] - '0');
        weight *= fraction ? 10 : 1;
    }
    if (digits == 0)
        return false;
    *text += digits;
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (text_starts_with(*text, units[i].name)) {
            *text += strlen(units[i].name);
            *milliseconds += number / weight * units[i].milliseconds;
            return true;
        }
    }
    return false;
}

bool duration_parse(const char *text, double *ret_milliseconds) {
    *ret_milliseconds = 0;
    bool good = true;
    while (good && text[0] != '\0')
        good = read_part(&text, ret_milliseconds);
    return good;
}

enum { NANOSECONDS = 1000000000 };

/* ".5" */
static const char *parse_fraction(const char *text, long *ret_nanoseconds) {
    long digit = NANOSECONDS / 10;
    *ret_nanoseconds = 0;
    if (text[0] != '.' || text[1] < '0' || text[1] > '9')
        return text;
    for (text++; text[0] >= '0' && text[0] <= '9'; text++, digit /= 10)
        *ret_nanoseconds += (text[0] - '0') * digit;
    return text;
}

/* Begins with a time of this format, as long as @example: strptime(3) wants no leading zeros. */
static bool is_time(const char *text, const char *format, const char *example,
                    struct tm *ret_parts) {
    const size_t length = strlen(example);
    return strspn(text, "0123456789-:T") >= length &&
           strptime(text, format, ret_parts) == text + length;
}

/* "Z", "+01:00" */
static bool parse_zone(const char *text, long *ret_seconds) {
    struct tm parts = {0};
    *ret_seconds = 0;
    if (strcmp(text, "Z") == 0)
        return true;
    if ((text[0] != '+' && text[0] != '-') || strlen(text) != sizeof("+01:00") - 1 ||
        !is_time(text + 1, "%H:%M", "01:00", &parts))
        return false;
    *ret_seconds = (parts.tm_hour * 3600L + parts.tm_min * 60L) * (text[0] == '-' ? -1 : 1);
    return true;
}

static bool parse_rfc3339(const char *text, struct timespec *ret_time) {
    struct tm parts = {0};
    static const char example[] = "2026-01-31T12:00:00";
    long zone = 0;
    if (!is_time(text, "%Y-%m-%dT%H:%M:%S", example, &parts))
        return false;
    const struct tm asked = parts;
    ret_time->tv_sec = timegm(&parts);
    /* A 31st of February would have become another day. */
    if (asked.tm_mon != parts.tm_mon || asked.tm_mday != parts.tm_mday ||
        asked.tm_hour != parts.tm_hour || asked.tm_min != parts.tm_min)
        return false;
    if (!parse_zone(parse_fraction(text + strlen(example), &ret_time->tv_nsec), &zone))
        return false;
    ret_time->tv_sec -= zone;
    return true;
}

static bool parse_time(const char *text, struct timespec *ret_time) {
    double milliseconds = 0;
    uint64_t seconds = 0;
    if (text_parse_uint(text, 253402300799, &seconds)) { /* the end of year 9999 */
        *ret_time = (struct timespec){.tv_sec = (time_t)seconds};
        return true;
    }
    if (text[0] == '\0' || !duration_parse(text, &milliseconds))
        return parse_rfc3339(text, ret_time);
    (void)clock_gettime(CLOCK_REALTIME, ret_time);
    if (milliseconds / 1000 > (double)ret_time->tv_sec)
        return false;
    const int64_t then = (int64_t)ret_time->tv_sec * NANOSECONDS + ret_time->tv_nsec -
                         (int64_t)(milliseconds * 1000000);
    *ret_time = (struct timespec){.tv_sec = then / NANOSECONDS, .tv_nsec = then % NANOSECONDS};
    return then >= 0;
}

bool duration_parse_since(const char *text, char time[CLOCK_TIME]) {
    struct timespec point = {0};
    if (!parse_time(text, &point))
        return false;
    clock_format(&point, time);
    return true;
}
