/* SPDX-License-Identifier: Apache-2.0 */
/* The option --timing of the commands that start programs. */
#include "timing.h"

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/phases.h"

static int tell(const struct phases *phases, const char *option, struct thole_error *err) {
    cleanup_free char *text = option[0] != '\0' ? phases_trace(phases) : phases_table(phases);
    if (option[0] != '\0')
        return file_write_named(option, text, strlen(text), 0644, err);
    (void)fputs(text, stderr);
    return 0;
}

int timing_run(const struct thole_context *context, const char *option, timing_function *function,
               const void *request, int *ret_status, struct thole_error *err) {
    if (option == NULL)
        return function(context, request, ret_status, err);
    struct thole_context timed = *context;
    if (context->phases == NULL) /* else the log has a clock already */
        timed.phases = phases_new(NULL);
    if (timed.phases == NULL)
        return error_errno(err, NULL, "allocate memory");
    int result = function(&timed, request, ret_status, err);
    int told = tell(timed.phases, option, result < 0 ? NULL : err);
    if (context->phases == NULL)
        phases_free(timed.phases);
    return result < 0 ? result : told;
}
