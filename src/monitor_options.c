/* SPDX-License-Identifier: Apache-2.0 */
/* What the keeper of an attachable container is asked for. */
#include "monitor_options.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/restart_words.h"
#include "base/text.h"

/* For each container, in the state directory and so usually in memory. */
enum { USUAL_LOG_SIZE = 1048576 };

/* "64k" */
static int parse_size(const char *option, const char *word, uint64_t *ret_size,
                      struct thole_error *err) {
    static const char units[] = "bkmg";
    const size_t digits = strspn(word, "0123456789");
    const char *unit = word[digits] != '\0' ? strchr(units, word[digits] | 0x20) : units;
    char number[24];
    uint64_t value = 0;
    (void)snprintf(number, sizeof(number), "%.*s", (int)digits, word);
    const unsigned shift = unit != NULL ? (unsigned)(unit - units) * 10 : 0;
    if (unit == NULL || (word[digits] != '\0' && word[digits + 1] != '\0') ||
        !text_parse_uint(number, UINT64_MAX >> shift, &value))
        return error_usage(err, "option --%s: \"%s\" is not a size", option, word);
    *ret_size = value << shift;
    return 0;
}

int monitor_options_complete(const struct monitor_settings *settings, struct thole_monitor *monitor,
                             struct thole_run_request *request, struct thole_error *err) {
    *monitor = settings->wish;
    if (settings->restart != NULL &&
        !restart_parse(settings->restart, &monitor->restart, &monitor->restart_limit))
        return error_usage(err, "option --restart: \"%s\" is not one of " RESTART_WORDS,
                           settings->restart);
    if (settings->restart_delay != NULL &&
        !restart_delay_parse(settings->restart_delay, &monitor->restart_delay))
        return error_usage(err, "option --restart-delay: \"%s\" is not " RESTART_DELAY_WORDS,
                           settings->restart_delay);
    if (settings->console_log_size != NULL &&
        parse_size("console-log-size", settings->console_log_size, &monitor->console_log_size,
                   err) < 0)
        return -1;
    if (settings->log_size != NULL &&
        parse_size("log-size", settings->log_size, &monitor->log_size, err) < 0)
        return -1;
    if (settings->log_size == NULL && request->attachable)
        monitor->log_size = USUAL_LOG_SIZE;
    if (request->attachable || monitor->remove || monitor->restart != THOLE_RESTART_DEFAULT ||
        monitor->restart_delay > 0 || monitor->consoles > 0 || monitor->console_log != NULL ||
        monitor->console_log_size > 0 || monitor->console_log_rotate || monitor->log_size > 0)
        request->monitor = monitor;
    return 0;
}
