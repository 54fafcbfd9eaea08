/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reading config.json never crashes, a refusal names a place in one line, and
 * what was accepted reads the same again after writing; findings have a position in the text.
 */
#include <string.h>

#include "base/cleanup.h"
#include "oci-spec/document.h"
#include "oci-spec/writer.h"
#include "targets.h"

static void check_written(const struct oci_config *config) {
    cleanup_arena struct arena arena = {0};
    struct thole_error err = {0};
    struct oci_config *again = NULL;
    cleanup_free char *written = oci_write(&oci_config_type, config, 0);
    require(oci_read_config(written, strlen(written), &arena, NULL, &again, &err) == 0);
    cleanup_free char *rewritten = oci_write(&oci_config_type, again, 0);
    require(strcmp(written, rewritten) == 0);
}

/* Not of all of them: each is a walk through the text. */
static void check_positions(const char *json, size_t size, const struct oci_report *report) {
    enum { MOST = 8 };
    const struct oci_finding *finding = report->first;
    for (int i = 0; i < MOST && finding != NULL; i++, finding = finding->next) {
        const struct oci_position at = oci_position_find(json, size, finding->where);
        size_t lines = 1;
        for (size_t byte = 0; byte < size; byte++)
            lines += json[byte] == '\n';
        require(at.line >= 1 && at.line <= lines && at.column >= 1 && at.column <= size + 1);
    }
}

void fuzz_config(const uint8_t *data, size_t size) {
    cleanup_arena struct arena arena = {0};
    struct oci_report report = {.arena = &arena};
    struct thole_error err = {0};
    struct thole_error same = {0};
    struct oci_config *config = NULL;
    const char *json = (const char *)data;

    int result = oci_read_config(json, size, &arena, NULL, &config, &err);
    require(oci_read_config(json, size, &arena, &report, &config, &same) == result);
    require((result == 0) == (report.errors == 0));
    check_positions(json, size, &report);
    if (result == 0) {
        check_written(config);
    } else {
        require(err.kind == THOLE_ERROR_CONFIG && err.where[0] == '/' && err.text[0] != '\0');
        require(strpbrk(err.text, "\n\r\033") == NULL && strpbrk(err.where, "\n\r\033") == NULL);
        require(strcmp(err.where, same.where) == 0 && strcmp(err.text, same.text) == 0);
    }
}
