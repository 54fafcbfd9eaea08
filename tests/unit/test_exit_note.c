/* SPDX-License-Identifier: Apache-2.0 */
/* What is read of an exit note while it is written, and whose it is. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "state/exit_note.h"

enum { PID = 42, OTHER = 4, STATUS = 137 };

struct place {
    char path[32];
    struct container container;
};

static int make_place(void **state) {
    static struct place place;
    place = (struct place){.path = "/tmp/test_exit_note.XXXXXX", .container = CONTAINER_INIT};
    if (mkdtemp(place.path) == NULL)
        return -1;
    place.container.directory = open(place.path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    *state = &place;
    return place.container.directory < 0 ? -1 : 0;
}

static int remove_place(void **state) {
    struct place *place = *state;
    (void)unlinkat(place->container.directory, STATE_EXIT, 0);
    (void)close(place->container.directory);
    return rmdir(place->path);
}

static void test_who_has_it_open_learns_the_status(void **state) {
    const struct place *place = *state;
    struct thole_error err = {0};
    assert_int_equal(exit_note_open(&place->container), -1);
    assert_int_equal(exit_note_begin(&place->container, PID, &err), 0);
    cleanup_close int fd = exit_note_open(&place->container);
    assert_true(exit_note_is_of(fd, PID));
    assert_int_equal(exit_note_read(fd, PID), -1);
    assert_int_equal(exit_note_write(&place->container, PID, STATUS, &err), 0);
    assert_int_equal(exit_note_read(fd, PID), STATUS);
    assert_int_equal(unlinkat(place->container.directory, STATE_EXIT, 0), 0);
    assert_int_equal(exit_note_read(fd, PID), STATUS);
}

static void test_that_of_another_start_tells_nothing(void **state) {
    const struct place *place = *state;
    struct thole_error err = {0};
    assert_int_equal(exit_note_begin(&place->container, PID, &err), 0);
    assert_int_equal(exit_note_write(&place->container, PID, STATUS, &err), 0);
    cleanup_close int former = exit_note_open(&place->container);
    assert_false(exit_note_is_of(former, OTHER));
    assert_int_equal(exit_note_read(former, OTHER), -1);
    assert_int_equal(exit_note_begin(&place->container, OTHER, &err), 0);
    cleanup_close int fd = exit_note_open(&place->container);
    assert_int_equal(exit_note_read(fd, OTHER), -1);
    assert_int_equal(exit_note_read(former, PID), STATUS);
    assert_false(exit_note_is_of(-1, PID));
    assert_int_equal(exit_note_read(-1, PID), -1);
}

/* A write need not be seen whole. */
static void test_a_half_written_status_is_none(void **state) {
    static const char line[] = "42 137\n";
    const struct place *place = *state;
    struct thole_error err = {0};
    assert_int_equal(exit_note_begin(&place->container, PID, &err), 0);
    cleanup_close int fd =
        openat(place->container.directory, STATE_EXIT, O_RDWR | O_TRUNC | O_CLOEXEC);
    for (size_t i = 0; i + 1 < sizeof(line); i++) {
        assert_int_equal(exit_note_read(fd, PID), -1);
        assert_int_equal(pwrite(fd, &line[i], 1, (off_t)i), 1);
    }
    assert_int_equal(exit_note_read(fd, PID), STATUS);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_who_has_it_open_learns_the_status, make_place,
                                        remove_place),
        cmocka_unit_test_setup_teardown(test_that_of_another_start_tells_nothing, make_place,
                                        remove_place),
        cmocka_unit_test_setup_teardown(test_a_half_written_status_is_none, make_place,
                                        remove_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
