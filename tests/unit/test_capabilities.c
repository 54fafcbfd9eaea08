/* SPDX-License-Identifier: Apache-2.0 */
/* Names, numbers and sets of capabilities are those that libcap has. */
#include "sys/capabilities.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/capability.h>

#include <cmocka.h>

#include "base/names.h"

static void test_names(void **state) {
    int capability = 0;
    (void)state;
    for (; names_capability(capability) != NULL; capability++) {
        cap_value_t value = -1;
        assert_int_equal(cap_from_name(names_capability(capability), &value), 0);
        assert_int_equal(value, capability);
        assert_int_equal(names_capability_parse(names_capability(capability)), UINT64_C(1)
                                                                                   << capability);
    }
    assert_true(capability > CAP_CHECKPOINT_RESTORE);
}

static void test_sets(void **state) {
    struct sys_capabilities sets = {0};
    cap_t known = cap_get_proc();
    (void)state;
    assert_non_null(known);
    assert_int_equal(sys_get_capabilities(&sets), 0);
    for (cap_value_t capability = 0; capability < cap_max_bits(); capability++) {
        const uint64_t bits[] = {sets.effective, sets.permitted, sets.inheritable};
        for (cap_flag_t flag = CAP_EFFECTIVE; flag <= CAP_INHERITABLE; flag++) {
            cap_flag_value_t wanted = CAP_CLEAR;
            assert_int_equal(cap_get_flag(known, capability, flag, &wanted), 0);
            assert_int_equal(bits[flag] >> capability & 1, wanted == CAP_SET);
        }
    }
    /* A capability in the upper half and one in the lower, dropped from one set only. */
    const uint64_t dropped = UINT64_C(1) << CAP_BPF | UINT64_C(1) << CAP_CHOWN;
    const struct sys_capabilities fewer = {sets.effective & ~dropped, sets.permitted,
                                           sets.inheritable};
    struct sys_capabilities now = {0};
    assert_int_equal(sys_set_capabilities(&fewer), 0);
    assert_int_equal(sys_get_capabilities(&now), 0);
    assert_int_equal(now.effective, fewer.effective);
    assert_int_equal(now.permitted, sets.permitted);
    assert_int_equal(now.inheritable, sets.inheritable);
    (void)cap_free(known);
}

static void test_what_is_not_there_is_invalid(void **state) {
    enum { NONE = 63 };
    struct sys_capabilities sets = {0};
    (void)state;
    assert_int_equal(sys_raise_ambient_capability(NONE), -1);
    assert_int_equal(errno, EINVAL);
    assert_int_equal(sys_get_capabilities(&sets), 0);
    assert_int_equal(sys_drop_bounding_capability(NONE), -1);
    assert_int_equal(errno, (sets.effective >> CAP_SETPCAP & 1) != 0 ? EINVAL : EPERM);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_sets),
        cmocka_unit_test(test_what_is_not_there_is_invalid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
