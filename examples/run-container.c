/* SPDX-License-Identifier: Apache-2.0 */
/* Checks a bundle and runs it: cc run-container.c $(pkg-config --cflags --libs libthole) */
#include <stdio.h>
#include <stdlib.h>
#include <thole.h>

static void print_line(void *userdata, enum thole_log_level level, const char *line) {
    (void)userdata;
    (void)level;
    fprintf(stderr, "run-container: %s\n", line);
}

static int fail(const struct thole_error *err) {
    char line[2048];
    fprintf(stderr, "run-container: %s\n", thole_error_format(err, line, sizeof(line)));
    if (err->hint[0] != '\0')
        fprintf(stderr, "run-container: hint: %s\n", err->hint);
    return EXIT_FAILURE;
}

/* Prints what is wrong with the configuration; the number of errors, or -1. */
static int check(const struct thole_context *context, const struct thole_create_request *create,
                 struct thole_error *err) {
    struct thole_finding *findings = NULL;
    size_t count = 0;
    int errors = 0;
    if (thole_validate(context, create, &findings, &count, err) < 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        printf("%s: %s\n", findings[i].where, findings[i].text);
        errors += findings[i].error;
        free(findings[i].where);
        free(findings[i].text);
    }
    free(findings);
    return errors;
}

int main(int argc, char *argv[]) {
    if (argc != 4) {
        fprintf(stderr, "usage: run-container STATE-DIRECTORY BUNDLE ID\n");
        return EXIT_FAILURE;
    }
    const struct thole_context context = {
        .root = argv[1],
        .log = {.level = THOLE_LOG_WARNING, .write = print_line},
    };
    const struct thole_run_request request = {.create = {.id = argv[3], .bundle = argv[2]}};
    struct thole_error err = {0};
    int errors = check(&context, &request.create, &err);
    if (errors != 0)
        return errors < 0 ? fail(&err) : EXIT_FAILURE;

    int status = 0;
    if (thole_run(&context, &request, &status, &err) < 0)
        return fail(&err);
    printf("the container ended with status %d\n", status);
    return status;
}
