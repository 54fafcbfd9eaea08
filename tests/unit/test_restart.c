/* SPDX-License-Identifier: Apache-2.0 */
/* When a container that has ended is started again: delays and counts over a long life. */
#include "monitor/restart.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct monitor_end by_code(int code, int64_t lived) {
    return (struct monitor_end){
        .how = {.known = true, .number = code}, .own_pid_namespace = true, .lived = lived};
}

static struct monitor_end by_signal(int signal, int64_t lived) {
    struct monitor_end end = by_code(signal, lived);
    end.how.by_signal = true;
    return end;
}

static void test_delay_doubles_up_to_a_minute(void **state) {
    (void)state;
    static const int64_t expected[] = {100,  200,   400,   800,   1600,  3200,
                                       6400, 12800, 25600, 51200, 60000, 60000};
    struct monitor_restart restart = {.policy = THOLE_RESTART_ALWAYS};
    const struct monitor_end end = by_code(1, 9999);
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
        assert_int_equal(monitor_restart_decide(&restart, &end), expected[i]);
    const struct monitor_end late = by_code(1, 10000);
    assert_int_equal(monitor_restart_decide(&restart, &late), 100);
    assert_int_equal(monitor_restart_decide(&restart, &end), 100);
    assert_int_equal(monitor_restart_decide(&restart, &end), 200);
}

static void test_reboots_are_free_until_they_are_a_loop(void **state) {
    (void)state;
    static const int64_t expected[] = {0, 0, 0, 100, 200, 400};
    struct monitor_restart restart = {.policy = THOLE_RESTART_REBOOT};
    const struct monitor_end quick = by_signal(SIGHUP, 50);
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
        assert_int_equal(monitor_restart_decide(&restart, &quick), expected[i]);
    const struct monitor_end late = by_signal(SIGHUP, 20000);
    assert_int_equal(monitor_restart_decide(&restart, &late), 0);
    assert_int_equal(monitor_restart_decide(&restart, &quick), 0);
}

static void test_limit_is_of_failures_in_all(void **state) {
    (void)state;
    struct monitor_restart restart = {.policy = THOLE_RESTART_ALWAYS, .limit = 2};
    const struct monitor_end failure = by_code(1, 20000);
    const struct monitor_end killed = by_signal(SIGKILL, 20000);
    const struct monitor_end success = by_code(0, 20000);
    const struct monitor_end reboot = by_signal(SIGHUP, 20000);
    assert_true(monitor_restart_decide(&restart, &failure) >= 0);
    assert_true(monitor_restart_decide(&restart, &success) >= 0);
    assert_true(monitor_restart_decide(&restart, &reboot) >= 0);
    assert_true(monitor_restart_decide(&restart, &killed) >= 0);
    assert_true(monitor_restart_decide(&restart, &success) >= 0);
    assert_int_equal(monitor_restart_decide(&restart, &failure), -1);
}

static void test_an_end_that_is_not_known_is_the_last(void **state) {
    (void)state;
    struct monitor_restart restart = {.policy = THOLE_RESTART_ALWAYS};
    const struct monitor_end end = {.lived = 20000};
    assert_int_equal(monitor_restart_decide(&restart, &end), -1);
}

static void test_asked_to_end(void **state) {
    (void)state;
    struct monitor_restart restart = {.policy = THOLE_RESTART_ALWAYS};
    struct monitor_end end = by_signal(SIGKILL, 20000);
    end.asked_to_end = true;
    assert_int_equal(monitor_restart_decide(&restart, &end), -1);
    end = by_signal(SIGHUP, 20000);
    end.asked_to_end = true;
    assert_int_equal(monitor_restart_decide(&restart, &end), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_delay_doubles_up_to_a_minute),
        cmocka_unit_test(test_reboots_are_free_until_they_are_a_loop),
        cmocka_unit_test(test_limit_is_of_failures_in_all),
        cmocka_unit_test(test_an_end_that_is_not_known_is_the_last),
        cmocka_unit_test(test_asked_to_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
