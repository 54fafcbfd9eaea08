/* SPDX-License-Identifier: Apache-2.0 */
/* Conversions of v1 values to v2, and mount options as a table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cmocka_range.h"
#include "plan/mount.h"
#include "plan/resources.h"

/* ceil(10^((l*l + 125*l)/612 - 7/34)), l = log2(shares), computed with arbitrary precision. */
static void shares_become_weights(void **state) {
    (void)state;
    static const struct {
        uint64_t shares;
        uint64_t weight;
    } cases[] = {
        {0, 1},          {1, 1},          {2, 1},          {3, 2},         {4, 2},
        {5, 2},          {10, 4},         {20, 6},         {64, 12},       {100, 17},
        {128, 21},       {256, 35},       {500, 58},       {512, 59},      {1000, 99},
        {1023, 100},     {1024, 100},     {1025, 101},     {2048, 174},    {4096, 303},
        {10000, 627},    {65536, 3023},   {100000, 4340},  {131072, 5478}, {200000, 7899},
        {262143, 10000}, {262144, 10000}, {262145, 10000},
    };
    for (size_t i = 0; i < PLAN_COUNT(cases); i++)
        assert_int_equal(plan_cpu_weight(cases[i].shares), cases[i].weight);
}

static void weights_grow_with_shares(void **state) {
    (void)state;
    uint64_t last = 0;
    for (uint64_t shares = 0; shares <= 263000; shares++) {
        const uint64_t weight = plan_cpu_weight(shares);
        assert_uint_in_range(weight, 1, 10000);
        assert_true(weight >= last);
        last = weight;
    }
    assert_int_equal(plan_cpu_weight(UINT64_MAX), 10000);
}

static void block_weights_become_io_weights(void **state) {
    (void)state;
    assert_int_equal(plan_io_weight(10), 1);
    assert_int_equal(plan_io_weight(100), 910);
    assert_int_equal(plan_io_weight(500), 4950);
    assert_int_equal(plan_io_weight(1000), 10000);
    assert_int_equal(plan_io_weight(1), 1);
}

/* What runtime-spec config.md requires or recommends has to be announced, each once. */
static void every_option_of_the_specification_is_known(void **state) {
    (void)state;
    static const char *const specified[] = {
        "async",          "atime",      "bind",         "defaults",    "dev",
        "diratime",       "dirsync",    "exec",         "iversion",    "lazytime",
        "loud",           "mand",       "noatime",      "nodev",       "nodiratime",
        "noexec",         "noiversion", "nolazytime",   "nomand",      "norelatime",
        "nostrictatime",  "nosuid",     "nosymfollow",  "private",     "ratime",
        "rbind",          "rdev",       "rdiratime",    "relatime",    "remount",
        "rexec",          "rnoatime",   "rnodiratime",  "rnoexec",     "rnorelatime",
        "rnostrictatime", "rnosuid",    "rnosymfollow", "ro",          "rprivate",
        "rrelatime",      "rro",        "rrw",          "rshared",     "rslave",
        "rstrictatime",   "rsuid",      "rsymfollow",   "runbindable", "rw",
        "shared",         "silent",     "slave",        "strictatime", "suid",
        "symfollow",      "sync",       "tmpcopyup",    "unbindable",  "idmap",
        "ridmap",
    };
    for (size_t i = 0; i < PLAN_COUNT(specified); i++) {
        size_t found = 0;
        for (size_t j = 0; plan_mount_option_name(j) != NULL; j++)
            found += strcmp(plan_mount_option_name(j), specified[i]) == 0;
        if (found != 1)
            fail_msg("option %s is listed %zu times", specified[i], found);
    }
    for (size_t j = 0; plan_mount_option_name(j) != NULL; j++)
        assert_string_not_equal(plan_mount_option_name(j), "auto");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shares_become_weights),
        cmocka_unit_test(weights_grow_with_shares),
        cmocka_unit_test(block_weights_become_io_weights),
        cmocka_unit_test(every_option_of_the_specification_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
