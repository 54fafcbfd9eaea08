/* SPDX-License-Identifier: Apache-2.0 */
/* One action on every container whose id matches a regular expression. */
#include "match.h"

#include <regex.h>
#include <stdlib.h>

int match_each(const struct thole_context *context, const char *pattern, match_action *action,
               const void *options, struct thole_error *err) {
    regex_t expression;
    int code = regcomp(&expression, pattern, REG_EXTENDED | REG_NOSUB);
    if (code != 0) {
        char reason[128];
        (void)regerror(code, &expression, reason, sizeof(reason));
        return error_set(err, THOLE_ERROR_USAGE, 0, NULL, "regular expression \"%s\": %s", pattern,
                         reason);
    }

    struct thole_state **states = NULL;
    size_t count = 0;
    int result = thole_list(context, &states, &count, err);
    for (size_t i = 0; i < count; i++) {
        struct thole_error failure = {0};
        if (regexec(&expression, states[i]->id, 0, NULL, 0) == 0 &&
            action(context, states[i]->id, options, &failure) < 0 && result >= 0) {
            *err = failure;
            result = error_prefix(err, "%s", states[i]->id);
        }
        thole_state_free(states[i]);
    }
    free(states);
    regfree(&expression);
    return result;
}
