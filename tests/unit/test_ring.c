/* SPDX-License-Identifier: Apache-2.0 */
/* The ring buffer of a console: what a late reader gets is the end of the stream, in order. */
#include "terminal/ring.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cmocka_range.h"

enum { SIZE = 64, TOTAL = 5000 };

static char byte_at(uint64_t position) {
    return (char)(position * 31 + position / 251);
}

static void add(struct ring *ring, size_t wanted) {
    while (wanted > 0) {
        char *bytes = NULL;
        size_t room = ring_space(ring, wanted, &bytes);
        assert_uint_in_range(room, 1, wanted);
        for (size_t i = 0; i < room; i++)
            bytes[i] = byte_at(ring->end + i);
        ring_added(ring, room);
        wanted -= room;
    }
}

static void check_from(const struct ring *ring, uint64_t position) {
    const char *bytes = NULL;
    while (position < ring->end) {
        size_t length = ring_bytes(ring, position, 1 + (size_t)(rand() % SIZE), &bytes);
        assert_uint_in_range(length, 1, SIZE);
        for (size_t i = 0; i < length; i++)
            assert_int_equal(bytes[i], byte_at(position + i));
        position += length;
    }
    assert_int_equal(position, ring->end);
    assert_int_equal(ring_bytes(ring, position, SIZE, &bytes), 0);
}

static void test_ring(void **state) {
    (void)state;
    struct ring ring;
    struct thole_error err = {0};
    assert_int_equal(ring_init(&ring, SIZE, &err), 0);
    assert_int_equal(ring_start(&ring), 0);
    while (ring.end < TOTAL) {
        add(&ring, 1 + (size_t)(rand() % SIZE));
        assert_int_equal(ring.end - ring_start(&ring), ring.end < SIZE ? ring.end : SIZE);
        for (uint64_t at = ring_start(&ring); at <= ring.end; at++)
            check_from(&ring, at);
    }
    free(ring.bytes);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ring),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
