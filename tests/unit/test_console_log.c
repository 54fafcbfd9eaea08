/* SPDX-License-Identifier: Apache-2.0 */
/* A console's log never has more bytes than it may, however they come. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "cmocka_range.h"
#include "terminal/console_log.h"

enum { SIZE = 10, TOTAL = 95 };

static char directory[] = "/tmp/test_console_log.XXXXXX";

static char *contents(const char *name, size_t *ret_length) {
    char path[64];
    char *text = NULL;
    (void)snprintf(path, sizeof(path), "%s/%s", directory, name);
    assert_int_equal(file_read_at(AT_FDCWD, path, TOTAL, &text, ret_length, NULL), 0);
    return text;
}

/* In pieces of @piece bytes; what is kept is the end of all that was written. */
static void check_pieces(size_t piece) {
    char path[64];
    char written[TOTAL];
    size_t length = 0;
    size_t former = 0;
    struct thole_error err = {0};
    cleanup_terminal_console_log struct terminal_console_log log = TERMINAL_CONSOLE_LOG_INIT;
    for (size_t i = 0; i < TOTAL; i++)
        written[i] = (char)('0' + i % 75);
    (void)snprintf(path, sizeof(path), "%s/log", directory);
    assert_int_equal(terminal_console_log_open(path, SIZE, true, &log, &err), 0);
    for (size_t at = 0; at < TOTAL; at += piece)
        terminal_console_log_write(&log, 0, written + at, piece < TOTAL - at ? piece : TOTAL - at);
    assert_int_equal(log.failure, 0);
    cleanup_free char *last = contents("log", &length);
    cleanup_free char *before = contents("log.1", &former);
    assert_uint_in_range(length, 1, SIZE);
    assert_int_equal(former, SIZE);
    assert_memory_equal(last, written + TOTAL - length, length);
    assert_memory_equal(before, written + TOTAL - length - former, former);
    assert_int_equal(unlink(path), 0);
}

static void test_size_holds_for_pieces_of_any_length(void **state) {
    (void)state;
    assert_non_null(mkdtemp(directory));
    for (size_t piece = 1; piece <= TOTAL; piece++)
        check_pieces(piece);
    char command[64];
    (void)snprintf(command, sizeof(command), "rm -r %s", directory);
    assert_int_equal(system(command), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_size_holds_for_pieces_of_any_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
