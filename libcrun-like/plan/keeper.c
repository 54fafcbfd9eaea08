/* SPDX-License-Identifier: Apache-2.0 */
/* What annotations ask of the container's keeper: terminals, and further starts. */

#include <string.h>

#include "base/restart_words.h"
#include "base/text.h"
#include "plan/builder.h"

static bool take_consoles(struct plan_keeper *keeper, const char *value) {
    uint64_t count = 0;
    if (!text_parse_uint(value, PLAN_TERMINALS_MAX, &count))
        return false;
    keeper->consoles = (uint32_t)count;
    return true;
}

static bool take_tty1(struct plan_keeper *keeper, const char *value) {
    keeper->console_is_tty1 = strcmp(value, "true") == 0;
    return true; /* or false: looked at with all booleans */
}

static bool take_directory(struct plan_keeper *keeper, const char *value) {
    keeper->console_directory = value;
    return plan_is_terminal_directory(value);
}

static bool take_restart(struct plan_keeper *keeper, const char *value) {
    unsigned restart = 0, limit = 0;
    bool good = restart_parse(value, &restart, &limit);
    keeper->restart = restart & ~(unsigned)THOLE_RESTART_NEVER;
    keeper->restart_limit = limit;
    return good;
}

static bool take_delay(struct plan_keeper *keeper, const char *value) {
    unsigned milliseconds = 0;
    bool good = restart_delay_parse(value, &milliseconds);
    keeper->restart_delay = milliseconds;
    return good;
}

/* A link, which any console can have: the keeper only counts from there. */
#define CONSOLE_IS_TTY1 "org.thole.console.tty1"

static const struct {
    const char *annotation;
    bool (*take)(struct plan_keeper *keeper, const char *value);
    const char *wanted;
} wishes[] = {
    {"org.thole.consoles", take_consoles, "a number of terminals up to 255"},
    {CONSOLE_IS_TTY1, take_tty1, "true or false"},
    {"org.thole.consoles.directory", take_directory, "a directory beneath /dev"},
    {"org.thole.restart", take_restart, RESTART_WORDS},
    {"org.thole.restart.delay", take_delay, RESTART_DELAY_WORDS},
};

int plan_build_keeper(struct plan_builder *builder, struct thole_error *err) {
    struct plan_keeper *keeper = &builder->plan->keeper;
    for (size_t i = 0; i < PLAN_COUNT(wishes); i++) {
        const char *value = plan_annotation(builder->config, wishes[i].annotation);
        if (value == NULL)
            continue;
        const char *where = plan_where_key(builder->arena, "/annotations", wishes[i].annotation);
        if (strcmp(wishes[i].annotation, CONSOLE_IS_TTY1) != 0)
            keeper->where = where;
        if (!wishes[i].take(keeper, value) &&
            error_config(err, where, "\"%s\" is not %s", value, wishes[i].wanted) < 0 &&
            plan_ends(builder, err))
            return -1;
    }
    return 0;
}
