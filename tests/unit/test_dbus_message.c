/* SPDX-License-Identifier: Apache-2.0 */
/* D-Bus messages byte by byte: what is written, and what is made of damaged ones. */
#include "cgroup/dbus_message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* An answer as dbus-daemon 1.14 sends it to Hello: ":1.1". */
static const char answer[] = "l\2\1\1\x09\0\0\0\1\0\0\0\x3d\0\0\0"
                             "\6\1s\0\4\0\0\0:1.1\0\0\0\0"
                             "\5\1u\0\1\0\0\0"
                             "\x08\1g\0\1s\0\0"
                             "\7\1s\0\x14\0\0\0org.freedesktop.DBus\0\0\0\0"
                             "\4\0\0\0:1.1";

enum { ANSWER = sizeof(answer) };

static void skip_on_big_endian(void) {
    if (__BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__) {
        print_message("skipped: the bytes here are those of a little-endian machine\n");
        skip();
    }
}

static void test_call(void **state) {
    static const char wanted[] = "l\1\1\1\x09\0\0\0\7\0\0\0\x2a\0\0\0"
                                 "\1\1o\0\2\0\0\0/a\0\0\0\0\0\0"
                                 "\3\1s\0\1\0\0\0M\0\0\0\0\0\0\0"
                                 "\x08\1g\0\4a(y)\0\0\0\0\0\0\0"
                                 "\1\0\0\0\0\0\0\0\5";
    const struct dbus_call call = {.destination = "",
                                   .path = "/a",
                                   .interface = "",
                                   .member = "M",
                                   .signature = "a(y)",
                                   .no_reply = true};
    struct text body = {0};
    struct text stream = {0};
    (void)state;
    skip_on_big_endian();
    struct dbus_array array = dbus_open_array(&body, '(');
    dbus_put_struct(&body);
    dbus_put_number(&body, 'y', 5);
    dbus_close_array(&body, array);
    dbus_put_call(&stream, &call, 7, &body);
    assert_int_equal(stream.length, sizeof(wanted) - 1);
    assert_memory_equal(stream.data, wanted, stream.length);
    text_done(&body);
    text_done(&stream);
}

static void test_answer(void **state) {
    struct dbus_message message;
    size_t at = 0;
    (void)state;
    skip_on_big_endian();
    assert_int_equal(dbus_read_message(answer, ANSWER, &message), 1);
    assert_int_equal(message.size, ANSWER);
    assert_int_equal(message.type, DBUS_RETURN);
    assert_int_equal(message.reply_serial, 1);
    assert_string_equal(message.signature, "s");
    assert_string_equal(dbus_next_string(&message, &at), ":1.1");
    assert_null(dbus_next_string(&message, &at));
    assert_int_equal(dbus_next_number(&message, &at), 0);
}

static void test_a_part_is_not_yet_a_message(void **state) {
    struct dbus_message message;
    (void)state;
    skip_on_big_endian();
    for (size_t length = 0; length < ANSWER; length++)
        assert_int_equal(dbus_read_message(answer, length, &message), 0);
}

/* Whatever a byte is changed to: nothing beyond the message is read (AddressSanitizer, valgrind).
 */
static void test_damage_stays_within(void **state) {
    (void)state;
    skip_on_big_endian();
    for (size_t i = 0; i < ANSWER; i++) {
        for (unsigned value = 0; value < 256; value++) {
            char *copy = malloc(ANSWER);
            struct dbus_message message;
            size_t at = 0;
            assert_non_null(copy);
            memcpy(copy, answer, ANSWER);
            copy[i] = (char)value;
            if (dbus_read_message(copy, ANSWER, &message) > 0) {
                assert_true(message.size <= ANSWER);
                assert_true(strlen(message.member) + strlen(message.error_name) +
                                strlen(message.signature) <
                            ANSWER);
                const char *text = dbus_next_string(&message, &at);
                assert_true(text == NULL || strlen(text) < ANSWER);
            }
            free(copy);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_call),
        cmocka_unit_test(test_answer),
        cmocka_unit_test(test_a_part_is_not_yet_a_message),
        cmocka_unit_test(test_damage_stays_within),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
