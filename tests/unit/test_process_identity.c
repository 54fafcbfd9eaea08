/* SPDX-License-Identifier: Apache-2.0 */
/* A process is told by its number and when it began: another one with the number is another one. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "state/process.h"

static void test_another_with_the_number_is_another(void **state) {
    (void)state;
    struct thole_error err = {0};
    uint64_t start = 0;
    assert_int_equal(process_start_time(getpid(), &start, &err), 1);
    assert_int_equal(process_lives(getpid(), start, &err), 1);
    cleanup_close int own = process_open(getpid(), start, &err);
    assert_true(own >= 0);
    const uint64_t others[] = {0, start - 1, start + 1, UINT64_MAX};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        assert_int_equal(process_lives(getpid(), others[i], &err), 0);
        assert_int_equal(process_open(getpid(), others[i], &err), -1);
        assert_int_equal(err.kind, THOLE_ERROR_STATE);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_another_with_the_number_is_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
