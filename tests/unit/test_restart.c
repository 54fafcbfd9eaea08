/* SPDX-License-Identifier: Apache-2.0 */
/* When a container that has ended is started again: delays and counts over a long life. */
#include "monitor/restart.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/restart_words.h"

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

static void test_each_kind_of_end_has_its_bit(void **state) {
    (void)state;
    const struct {
        unsigned bit;
        struct monitor_end end;
    } kinds[] = {
        {THOLE_RESTART_REBOOT, by_signal(SIGHUP, 20000)},
        {THOLE_RESTART_HALT, by_signal(SIGINT, 20000)},
        {THOLE_RESTART_SUCCESS, by_code(0, 20000)},
        {THOLE_RESTART_FAILURE, by_code(1, 20000)},
        {THOLE_RESTART_FAILURE, by_signal(SIGTERM, 20000)},
    };
    for (unsigned policy = 0; policy < 16; policy++) {
        for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
            struct monitor_restart restart = {.policy = policy};
            assert_int_equal(monitor_restart_decide(&restart, &kinds[i].end) >= 0,
                             (policy & kinds[i].bit) != 0);
        }
    }
}

static void test_a_delay_of_the_callers_does_not_grow(void **state) {
    (void)state;
    struct monitor_restart restart = {.policy = THOLE_RESTART_ALWAYS, .delay = 7000};
    const struct monitor_end failure = by_code(1, 50);
    const struct monitor_end reboot = by_signal(SIGHUP, 20000);
    for (int i = 0; i < 20; i++)
        assert_int_equal(monitor_restart_decide(&restart, &failure), 7000);
    assert_int_equal(monitor_restart_decide(&restart, &reboot), 0);
}

static void test_words(void **state) {
    (void)state;
    enum { REBOOT = 1, HALT = 2, SUCCESS = 4, FAILURE = 8, NEVER = 16, BAD = -1 };
    static const struct {
        const char *text;
        int restart;
        unsigned limit;
    } cases[] = {
        {"no", NEVER, 0},
        {"never", NEVER, 0},
        {"reboot", REBOOT, 0},
        {"on-failure", REBOOT | FAILURE, 0},
        {"on-failure:3", REBOOT | FAILURE, 3},
        {"always", REBOOT | SUCCESS | FAILURE, 0},
        {"halt", HALT, 0},
        {"always,halt", 15, 0},
        {"success,failure:4294967295", SUCCESS | FAILURE, UINT32_MAX},
        {"", BAD, 0},
        {"sometimes", BAD, 0},
        {"no,reboot", BAD, 0},
        {"reboot,", BAD, 0},
        {",reboot", BAD, 0},
        {"always:3", BAD, 0},
        {"reboot:3", BAD, 0},
        {"failure:", BAD, 0},
        {"failure:x", BAD, 0},
        {"failure:-1", BAD, 0},
        {"failure:4294967296", BAD, 0},
        {"failure:3:4", BAD, 0},
        {"reboot halt", BAD, 0},
        {"Reboot", BAD, 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        unsigned restart = 0, limit = 0;
        const bool good = restart_parse(cases[i].text, &restart, &limit);
        assert_int_equal(good, cases[i].restart != BAD);
        if (good) {
            assert_int_equal(restart, cases[i].restart);
            assert_int_equal(limit, cases[i].limit);
        }
    }
}

static void test_delays(void **state) {
    (void)state;
    static const struct {
        const char *text;
        unsigned milliseconds; /* 0: not a delay */
    } cases[] = {
        {"1ms", 1},         {"500ms", 500}, {"5s", 5000},      {"60m", 3600000},
        {"3600s", 3600000}, {"0s", 0},      {"61m", 0},        {"5", 0},
        {"s", 0},           {"", 0},        {"1.5s", 0},       {"-1s", 0},
        {"1h", 0},          {"1s ", 0},     {"99999999ms", 0}, {"3600001ms", 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        unsigned milliseconds = 0;
        assert_int_equal(restart_delay_parse(cases[i].text, &milliseconds),
                         cases[i].milliseconds > 0);
        assert_int_equal(milliseconds, cases[i].milliseconds);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_delay_doubles_up_to_a_minute),
        cmocka_unit_test(test_reboots_are_free_until_they_are_a_loop),
        cmocka_unit_test(test_limit_is_of_failures_in_all),
        cmocka_unit_test(test_an_end_that_is_not_known_is_the_last),
        cmocka_unit_test(test_asked_to_end),
        cmocka_unit_test(test_each_kind_of_end_has_its_bit),
        cmocka_unit_test(test_a_delay_of_the_callers_does_not_grow),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_delays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
