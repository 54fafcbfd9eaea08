/* SPDX-License-Identifier: Apache-2.0 */
/* Detach keys: spelling, and what is left of typed bytes. */
#include "terminal/detach_keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct terminal_detach_keys keys_of(const char *text) {
    struct terminal_detach_keys keys;
    struct thole_error err = {0};
    assert_int_equal(terminal_detach_keys_parse(text, &keys, &err), 0);
    return keys;
}

static void test_spellings(void **state) {
    (void)state;
    struct terminal_detach_keys keys = keys_of("ctrl-p,CTRL-Q,~,ctrl-[");
    assert_int_equal(keys.count, 4);
    assert_memory_equal(keys.bytes, "\x10\x11~\x1b", 4);
    assert_int_equal(keys_of(NULL).count, 0);
    assert_int_equal(keys_of("none").count, 0);
}

static void test_bad_spellings(void **state) {
    (void)state;
    static const char *const bad[] = {
        "", ",", "a,", "ab", "ctrl-", "ctrl-pp", "ctrl-1", "a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct terminal_detach_keys keys;
        struct thole_error err = {0};
        assert_int_equal(terminal_detach_keys_parse(bad[i], &keys, &err), -1);
        assert_int_equal(err.kind, THOLE_ERROR_USAGE);
    }
}

/* Types @typed in pieces of @piece bytes; @left is what comes through, @leaves whether it ends. */
static void check_as(bool doubled, const char *spelling, const char *typed, size_t piece,
                     const char *left, bool leaves) {
    struct terminal_detach_keys keys = keys_of(spelling);
    keys.doubled = doubled;
    char through[256] = "";
    size_t count = 0;
    bool left_now = false;
    for (size_t at = 0; at < strlen(typed) && !left_now; at += piece) {
        char bytes[64 + DETACH_KEYS_MAX];
        size_t length = strlen(typed + at) < piece ? strlen(typed + at) : piece;
        memcpy(bytes, typed + at, length);
        left_now = terminal_detach_keys_filter(&keys, bytes, &length);
        memcpy(through + count, bytes, length);
        count += length;
    }
    assert_int_equal(left_now, leaves);
    assert_int_equal(count, strlen(left));
    assert_memory_equal(through, left, count);
}

static void check(const char *spelling, const char *typed, size_t piece, const char *left,
                  bool leaves) {
    check_as(false, spelling, typed, piece, left, leaves);
}

static void test_doubled(void **state) {
    (void)state;
    for (size_t piece = 1; piece < 8; piece++) {
        check_as(true, "ctrl-a,q", "x\x01\x01y", piece, "x\x01y", false);
        check_as(true, "ctrl-a,q", "\x01\x01\x01\x01", piece, "\x01\x01", false);
        check_as(true, "ctrl-a,q", "\x01\x01\x01q", piece, "\x01", true);
        check_as(true, "ctrl-a,q", "\x01x", piece, "\x01x", false);
        check_as(false, "ctrl-a,q", "\x01\x01x", piece, "\x01\x01x", false);
    }
}

static void test_filter(void **state) {
    (void)state;
    for (size_t piece = 1; piece < 8; piece++) {
        check("~,.", "hello~.", piece, "hello", true);
        check("~,.", "~~~.", piece, "~~", true);
        check("~,.", "~x~,", piece, "~x~,", false);
        check("a,a,b", "aaaab", piece, "aa", true);
        check("a,b,a,c", "ababac", piece, "ab", true);
        check("none", "~.", piece, "~.", false);
        check("ctrl-p,ctrl-q", "ls\x10", piece, "ls", false);
        check("ctrl-p,ctrl-q", "ls\x10 x", piece, "ls\x10 x", false);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spellings),
        cmocka_unit_test(test_bad_spellings),
        cmocka_unit_test(test_filter),
        cmocka_unit_test(test_doubled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
