/* SPDX-License-Identifier: Apache-2.0 */
/* A process is told by its number and when it began: another one with the number is another one. */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/file.h"
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

static void *wait_for_signals(void *argument) {
    for (;;)
        (void)pause();
    return argument;
}

/* A process whose first thread ends; with @others another one goes on. */
static pid_t start_process(bool others) {
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    pthread_t thread;
    if (others && pthread_create(&thread, NULL, wait_for_signals, NULL) != 0)
        _exit(EXIT_FAILURE);
    if (others)
        pthread_exit(NULL);
    _exit(EXIT_SUCCESS);
}

static void wait_for_zombie(pid_t pid) {
    char path[48];
    char text[512];
    (void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    do
        assert_true(file_read_kernel(AT_FDCWD, path, text, sizeof(text)) > 0);
    while (strstr(text, ") Z ") == NULL && poll(NULL, 0, 1) == 0);
}

static void test_the_first_thread_alone_is_not_the_process(void **state) {
    (void)state;
    struct thole_error err = {0};
    for (int others = 0; others < 2; others++) {
        pid_t pid = start_process(others == 1);
        assert_true(pid > 0);
        wait_for_zombie(pid);
        uint64_t start = 0;
        assert_int_equal(process_start_time(pid, &start, &err), others);
        assert_int_equal(process_lives(pid, start, &err), others);
        assert_int_equal(kill(pid, SIGKILL), 0);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        assert_int_equal(process_start_time(pid, &start, &err), 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_another_with_the_number_is_another),
        cmocka_unit_test(test_the_first_thread_alone_is_not_the_process),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
