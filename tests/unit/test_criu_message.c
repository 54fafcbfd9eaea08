/* SPDX-License-Identifier: Apache-2.0 */
/* Protocol buffers byte by byte: what is written, what is read, and what is made of damaged ones.
 */
#include "checkpoint/message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A varint of ten bytes holds 64 bits. */
enum { DIGITS_MAX = 10 };

static struct message of(const struct text *text) {
    return (struct message){(const uint8_t *)text->data, text->length};
}

/* The only field of bytes that lie at the very end of their memory: who reads on is found out. */
static int read_one(const uint8_t *bytes, size_t length, struct message_field *ret_field) {
    uint8_t *copy = malloc(length + (length == 0));
    assert_non_null(copy);
    memcpy(copy, bytes, length);
    struct message message = {copy, length};
    int taken = message_next(&message, ret_field);
    if (taken > 0)
        assert_int_equal(message_next(&message, &(struct message_field){0}), 0);
    ret_field->bytes.at = NULL;
    free(copy);
    return taken;
}

/* ---- round trips ---------------------------------------------------------------------------- */

static void test_the_bytes_of_the_specification(void **state) {
    static const uint8_t wanted[] = {
        0x08, 0x96, 0x01,                                 /* 1: 150 */
        0x12, 0x07, 't',  'e',  's',  't', 'i', 'n', 'g', /* 2: "testing" */
        0x1a, 0x03, 0x08, 0x96, 0x01,                     /* 3: {1: 150} */
        0x82, 0x04, 0x00,                                 /* 64: "" */
    };
    struct text text = {0};
    struct text inner = {0};
    (void)state;
    message_put_number(&inner, 1, 150);
    message_put_number(&text, 1, 150);
    message_put_string(&text, 2, "testing");
    message_put_string(&text, 9, NULL);
    message_put_message(&text, 3, &inner);
    message_put_message(&text, 64, &(struct text){0});
    assert_int_equal(text.length, sizeof(wanted));
    assert_memory_equal(text.data, wanted, sizeof(wanted));
    text_done(&text);
    text_done(&inner);
}

/* The least and the greatest number of each count of bits. */
static void test_numbers_of_every_length(void **state) {
    (void)state;
    for (unsigned bits = 0; bits <= 64; bits++) {
        uint64_t greatest = bits == 64 ? UINT64_MAX : ((uint64_t)1 << bits) - 1;
        uint64_t least = bits == 0 ? 0 : (uint64_t)1 << (bits - 1);
        for (unsigned i = 0; i < 2; i++) {
            uint64_t number = i == 0 ? least : greatest;
            struct text text = {0};
            struct message_field field;
            message_put_number(&text, 15, (int64_t)number);
            assert_int_equal(text.length, 1 + (bits <= 7 ? 1 : (bits + 6) / 7));
            assert_int_equal(read_one((const uint8_t *)text.data, text.length, &field), 1);
            assert_int_equal(field.number, 15);
            assert_true(field.value == number);
            text_done(&text);
        }
    }
}

static void test_field_numbers_of_every_length(void **state) {
    static const unsigned numbers[] = {1,      15,     16,        2047,      2048,
                                       262143, 262144, 536870911, UINT32_MAX};
    (void)state;
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        struct text text = {0};
        struct message_field field;
        message_put_string(&text, numbers[i], "x");
        assert_int_equal(read_one((const uint8_t *)text.data, text.length, &field), 1);
        assert_true(field.number == numbers[i]);
        assert_int_equal(field.bytes.length, 1);
        text_done(&text);
    }
}

static void test_strings_of_every_length_of_their_length(void **state) {
    static const size_t lengths[] = {0, 1, 127, 128, 16383, 16384};
    (void)state;
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        struct text text = {0};
        struct message_field field;
        char *string = calloc(1, lengths[i] + 1);
        assert_non_null(string);
        memset(string, 'x', lengths[i]);
        message_put_string(&text, 2, string);
        assert_true(message_find(of(&text), 2, &field));
        assert_int_equal(field.bytes.length, lengths[i]);
        assert_memory_equal(field.bytes.at, string, lengths[i]);
        free(string);
        text_done(&text);
    }
}

static void test_the_last_of_a_number_counts(void **state) {
    struct text text = {0};
    struct message_field field;
    (void)state;
    message_put_number(&text, 1, 5);
    message_put_string(&text, 2, "between");
    message_put_number(&text, 1, 6);
    assert_true(message_find(of(&text), 1, &field));
    assert_int_equal(field.value, 6);
    assert_false(message_find(of(&text), 3, &field));
    text_done(&text);
}

/* ---- damage --------------------------------------------------------------------------------- */

/* One field of each kind; a newer CRIU may say what is unknown here, and it is passed over. */
static const uint8_t kinds[] = {
    0x80, 0x01, 0xac, 0x02,                /* 16: 300 */
    0x11, 1,    2,    3,    4, 5, 6, 7, 8, /* 2: eight bytes */
    0x1a, 0x02, 'o',  'k',                 /* 3: "ok" */
    0x25, 1,    2,    3,    4,             /* 4: four bytes */
    0x28, 0x07,                            /* 5: 7 */
};
static const size_t ends[] = {4, 13, 17, 22, 24}; /* of the fields */
enum { FIELDS = sizeof(ends) / sizeof(ends[0]) };

static void test_every_kind_of_field_is_passed_over(void **state) {
    struct message_field field;
    (void)state;
    assert_true(message_find((struct message){kinds, sizeof(kinds)}, 5, &field));
    assert_int_equal(field.value, 7);
}

static void test_a_message_that_is_cut_short(void **state) {
    (void)state;
    for (size_t length = 0; length <= sizeof(kinds); length++) {
        uint8_t *copy = malloc(length + (length == 0));
        assert_non_null(copy);
        memcpy(copy, kinds, length);
        struct message message = {copy, length};
        struct message_field field;
        size_t whole = 0;
        bool between = length == 0;
        while (whole < FIELDS && ends[whole] <= length) {
            between = ends[whole] == length;
            assert_int_equal(message_next(&message, &field), 1);
            whole++;
        }
        assert_int_equal(message_next(&message, &field), between ? 0 : -1);
        free(copy);
    }
}

static void test_numbers_that_never_end(void **state) {
    (void)state;
    for (size_t digits = 1; digits <= 2 * DIGITS_MAX; digits++) {
        uint8_t number[1 + 2 * DIGITS_MAX] = {0x08}; /* 1: 0, written longer than it has to be */
        uint8_t length[1 + 2 * DIGITS_MAX] = {0x12}; /* 2: "", so too */
        uint8_t tag[2 * DIGITS_MAX + 1] = {0x08};    /* the tag of the first, so too */
        struct message_field field;
        memset(number + 1, 0x80, digits - 1);
        memset(length + 1, 0x80, digits - 1);
        memset(tag + 1, 0x80, digits - 1);
        if (digits > 1)
            tag[0] |= 0x80;
        tag[digits - 1] &= 0x7f;
        int wanted = digits <= DIGITS_MAX ? 1 : -1;
        assert_int_equal(read_one(number, digits + 1, &field), wanted);
        assert_int_equal(field.value, 0);
        assert_int_equal(read_one(length, digits + 1, &field), wanted);
        assert_int_equal(read_one(tag, digits + 1, &field), wanted);
        if (wanted > 0)
            assert_int_equal(field.number, 1);
    }
}

static void test_lengths_beyond_the_message(void **state) {
    static const uint64_t lengths[] = {4, 127, 128, SIZE_MAX - 1, SIZE_MAX, INT64_MAX, UINT64_MAX};
    (void)state;
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        struct text text = {0};
        struct message_field field;
        message_put_number(&text, 2, (int64_t)lengths[i]);
        text.data[0] = 0x12; /* that is the length of a string now */
        text_append(&text, "abc");
        assert_int_equal(read_one((const uint8_t *)text.data, text.length, &field), -1);
        text_done(&text);
    }
}

static void test_kinds_that_nobody_knows(void **state) {
    (void)state;
    for (unsigned kind = 0; kind < 8; kind++) {
        const uint8_t bytes[] = {(uint8_t)(1 << 3 | kind), 0, 0, 0, 0, 0, 0, 0, 0};
        bool known = kind <= 2 || kind == 5;
        struct message message = {bytes, sizeof(bytes)};
        struct message_field field;
        assert_int_equal(message_next(&message, &field), known ? 1 : -1);
    }
}

static void test_field_numbers_beyond_32_bits(void **state) {
    static const uint8_t least[] = {0x80, 0x80, 0x80, 0x80, 0x80, 0x01, 0x00}; /* 2 ** 32: 0 */
    struct message_field field;
    (void)state;
    assert_int_equal(read_one(least, sizeof(least), &field), -1);
}

/* Whatever a byte is changed to: nothing beyond the message is read (AddressSanitizer, valgrind).
 */
static void test_damage_stays_within(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof(kinds); i++) {
        for (unsigned value = 0; value < 256; value++) {
            uint8_t *copy = malloc(sizeof(kinds));
            struct message_field field;
            assert_non_null(copy);
            memcpy(copy, kinds, sizeof(kinds));
            copy[i] = (uint8_t)value;
            struct message message = {copy, sizeof(kinds)};
            while (message_next(&message, &field) > 0) {
                assert_true(message.at + message.length == copy + sizeof(kinds));
                if (field.bytes.at != NULL)
                    assert_true(field.bytes.at + field.bytes.length == message.at);
            }
            free(copy);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_bytes_of_the_specification),
        cmocka_unit_test(test_numbers_of_every_length),
        cmocka_unit_test(test_field_numbers_of_every_length),
        cmocka_unit_test(test_strings_of_every_length_of_their_length),
        cmocka_unit_test(test_the_last_of_a_number_counts),
        cmocka_unit_test(test_every_kind_of_field_is_passed_over),
        cmocka_unit_test(test_a_message_that_is_cut_short),
        cmocka_unit_test(test_numbers_that_never_end),
        cmocka_unit_test(test_lengths_beyond_the_message),
        cmocka_unit_test(test_kinds_that_nobody_knows),
        cmocka_unit_test(test_field_numbers_beyond_32_bits),
        cmocka_unit_test(test_damage_stays_within),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
