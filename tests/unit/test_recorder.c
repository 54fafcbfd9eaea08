/* SPDX-License-Identifier: Apache-2.0 */
/* Recordings of a terminal: the raw log, and asciicast v2 with broken UTF-8 in all places. */
#include "terminal/recorder.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/file.h"

#define LOG "test_recorder.log"
#define RECORD "test_recorder.cast"

static char *contents(const char *path) {
    char *text = NULL;
    struct thole_error err = {0};
    assert_int_equal(file_read_at(AT_FDCWD, path, 1 << 20, &text, NULL, &err), 0);
    return text;
}

/* The strings of all output events, one after the other. */
static void spoken(char *text, char ret_spoken[4096]) {
    ret_spoken[0] = '\0';
    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        char *event = strstr(line, ", \"o\", \"");
        if (event == NULL)
            continue;
        event += strlen(", \"o\", \"");
        char *end = strrchr(event, '"');
        assert_non_null(end);
        *end = '\0';
        (void)strcat(ret_spoken, event);
    }
}

static void check(const char *bytes, size_t length, const char *expected) {
    for (size_t piece = 1; piece <= length; piece++) {
        cleanup_terminal_recorder struct terminal_recorder recorder = TERMINAL_RECORDER_INIT;
        struct thole_error err = {0};
        char heard[4096];
        (void)unlink(LOG);
        assert_int_equal(terminal_recorder_open(LOG, RECORD, &recorder, &err), 0);
        for (size_t at = 0; at < length; at += piece)
            terminal_recorder_output(&recorder, bytes + at,
                                     piece < length - at ? piece : length - at);
        assert_int_equal(recorder.failure, 0);
        cleanup_free char *cast = contents(RECORD);
        cleanup_free char *log = contents(LOG);
        assert_memory_equal(log, bytes, length);
        assert_int_equal(strncmp(cast, "{\"version\": 2, \"width\": 80, \"height\": 24,", 40), 0);
        spoken(cast, heard);
        assert_string_equal(heard, expected);
    }
}

static void test_output(void **state) {
    (void)state;
    check("plain", 5, "plain");
    check("a\"\\\n\x1b[1m\x7f", 9, "a\\u0022\\u005c\\u000a\\u001b[1m\\u007f");
    check("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", 9, "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80");
    check("\xff\xc3\xc3\xa4\x80", 5, "\\ufffd\\ufffd\xc3\xa4\\ufffd");
    check("\xe2\x82x", 3, "\\ufffdx");
    check("\xed\xa0\x80y", 4, "\\ufffd\\ufffd\\ufffdy");
    check("\xc0\xaf\xf5", 3, "\\ufffd\\ufffd\\ufffd");
}

static void test_sizes(void **state) {
    (void)state;
    cleanup_terminal_recorder struct terminal_recorder recorder = TERMINAL_RECORDER_INIT;
    struct thole_error err = {0};
    assert_int_equal(terminal_recorder_open(NULL, RECORD, &recorder, &err), 0);
    terminal_recorder_size(&recorder, 0, 0);
    terminal_recorder_size(&recorder, 30, 90);
    terminal_recorder_size(&recorder, 30, 90);
    terminal_recorder_output(&recorder, "x", 1);
    terminal_recorder_size(&recorder, 40, 100);
    cleanup_free char *cast = contents(RECORD);
    assert_non_null(strstr(cast, "\"width\": 90, \"height\": 30"));
    assert_non_null(strstr(cast, ", \"r\", \"100x40\"]\n"));
    assert_null(strstr(cast, "90x30"));
}

static void test_modes_and_errors(void **state) {
    (void)state;
    struct terminal_recorder recorder = TERMINAL_RECORDER_INIT;
    struct thole_error err = {0};
    struct stat status;
    (void)unlink(RECORD);
    assert_int_equal(terminal_recorder_open("/no/such/log", NULL, &recorder, &err), -1);
    assert_non_null(strstr(err.text, "/no/such/log"));
    assert_int_equal(terminal_recorder_open(NULL, "/dev/full", &recorder, &err), 0);
    terminal_recorder_output(&recorder, "x", 1);
    assert_int_equal(recorder.failure, ENOSPC);
    terminal_recorder_done(&recorder);
    assert_int_equal(terminal_recorder_open(NULL, RECORD, &recorder, &err), 0);
    terminal_recorder_done(&recorder);
    assert_int_equal(stat(RECORD, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
}

static int in_folder(void **state) {
    static char folder[] = "/tmp/test_recorder.XXXXXX";
    *state = mkdtemp(folder);
    return *state == NULL ? -1 : chdir(folder);
}

static int remove_folder(void **state) {
    (void)unlink(LOG);
    (void)unlink(RECORD);
    return rmdir(*state);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_output),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_modes_and_errors),
    };
    return cmocka_run_group_tests(tests, in_folder, remove_folder);
}
