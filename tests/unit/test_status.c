/* SPDX-License-Identifier: Apache-2.0 */
/* What is told of a container whose record changes between the reading and the look. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "state/process.h"
#include "state/record.h"
#include "state/status.h"

enum { NOBODY = INT32_MAX }; /* no process has this number */

static char root[] = "/tmp/thole-status.XXXXXX";

static int make_root(void **state) {
    (void)state;
    return mkdtemp(root) == NULL;
}

static int remove_root(void **state) {
    (void)state;
    return rmdir(root);
}

static void write_record(const struct container *container, pid_t worker, pid_t pid) {
    struct thole_error err = {0};
    struct container_record *record = container->record;
    record->worker = worker;
    record->pid = pid;
    record->start_time = 0;
    if (pid != 0)
        assert_int_equal(process_start_time(pid, &record->start_time, &err), 1);
    assert_int_equal(container_save(container, &err), 0);
}

/* Who read the record before a creator's last word looks for the creator when that has ended. */
static void test_the_last_word_of_a_creator_counts(void **state) {
    (void)state;
    static const struct {
        pid_t worker; /* by what is written meanwhile */
        bool has_init;
        enum thole_status status;
    } cases[] = {
        {0, true, THOLE_STATUS_RUNNING},
        {0, false, THOLE_STATUS_STOPPED},
        {NOBODY, false, THOLE_STATUS_STOPPED},
        {NOBODY, true, THOLE_STATUS_CREATING},
    };
    const struct thole_context context = {.root = root};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct thole_error err = {0};
        cleanup_container struct container creators = CONTAINER_INIT;
        cleanup_container struct container readers = CONTAINER_INIT;
        enum thole_status status;
        char text[] = "made";
        assert_int_equal(container_new(&context, text, &creators, &err), 0);
        creators.record->oci_version = creators.record->id = creators.record->bundle =
            creators.record->rootfs = text;
        creators.record->cgroup_manager = PLAN_CGROUP_DISABLED + 1;
        write_record(&creators, NOBODY, 0);
        assert_int_equal(container_open(&context, text, &readers, &err), 0);
        write_record(&creators, cases[i].worker, cases[i].has_init ? getpid() : 0);
        assert_int_equal(container_status(&readers, &status, &err), 0);
        assert_int_equal(status, cases[i].status);
        assert_int_equal(readers.record->pid, cases[i].has_init ? getpid() : 0);
        assert_int_equal(container_remove(&creators, &err), 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_last_word_of_a_creator_counts),
    };
    return cmocka_run_group_tests(tests, make_root, remove_root);
}
