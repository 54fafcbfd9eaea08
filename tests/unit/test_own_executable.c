/* SPDX-License-Identifier: Apache-2.0 */
/* The sealed executable: this program starts itself and tries to write to the copy that runs. */
#include "security/own_executable.h"

#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <linux/capability.h>

#include "base/cleanup.h"

#define SKIP_WITHOUT_ROOT()                                     \
    do {                                                        \
        if (geteuid() != 0) {                                   \
            print_message("skipped: needs root for a mount\n"); \
            skip();                                             \
        }                                                       \
    } while (0)

struct subject {
    pid_t pid;
    int control; /* closed: the process ends */
    char name[32];
    char environment[32];
};

/* ---- the process under test ---- */

static void drop_sys_admin(void) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
    (void)prctl(PR_CAPBSET_DROP, CAP_SYS_ADMIN, 0, 0, 0);
    if (syscall(SYS_capget, &header, data) < 0)
        _exit(90);
    data[0].effective &= ~(1U << CAP_SYS_ADMIN);
    data[0].permitted &= ~(1U << CAP_SYS_ADMIN);
    data[0].inheritable &= ~(1U << CAP_SYS_ADMIN);
    if (syscall(SYS_capset, &header, data) < 0)
        _exit(91);
}

/* Tells its name and whether the guard is still in the environment; ends with its input. */
static int subject_main(char *argv[]) {
    struct thole_error err = {0};
    char name[32] = "";
    char byte;
    if (strcmp(argv[1], "memfd") == 0)
        drop_sys_admin();
    if (strcmp(argv[1], "plain") != 0 && own_executable_reexecute(argv, &err) < 0) {
        printf("error %s\n", err.text);
        return 1;
    }
    (void)prctl(PR_GET_NAME, name, 0, 0, 0);
    printf("%s %s\n", name, getenv("THOLE_REEXECUTED") != NULL ? "guarded" : "clean");
    (void)fflush(stdout);
    while (read(STDIN_FILENO, &byte, 1) > 0)
        continue;
    return strcmp(argv[2], "two words") == 0 ? 0 : 2;
}

/* ---- the test ---- */

static struct subject start(const char *program, const char *how) {
    int input[2];
    int output[2];
    struct subject subject = {0};
    assert_int_equal(pipe2(input, O_CLOEXEC), 0);
    assert_int_equal(pipe2(output, O_CLOEXEC), 0);
    subject.pid = fork();
    assert_true(subject.pid >= 0);
    if (subject.pid == 0) {
        if (dup2(input[0], STDIN_FILENO) < 0 || dup2(output[1], STDOUT_FILENO) < 0)
            _exit(92);
        (void)execl(program, "sealed-subject", how, "two words", (char *)NULL);
        _exit(93);
    }
    (void)close(input[0]);
    (void)close(output[1]);
    subject.control = input[1];
    FILE *answer = fdopen(output[0], "r");
    assert_non_null(answer);
    assert_int_equal(fscanf(answer, "%31s %31s", subject.name, subject.environment), 2);
    (void)fclose(answer);
    return subject;
}

static void end(struct subject *subject) {
    int status = -1;
    (void)close(subject->control);
    assert_int_equal(waitpid(subject->pid, &status, 0), subject->pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static int open_executable(const struct subject *subject, int flags) {
    char path[64];
    (void)snprintf(path, sizeof(path), "/proc/%d/exe", (int)subject->pid);
    return open(path, flags | O_CLOEXEC);
}

static int reopen(int fd, int flags) {
    char path[64];
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    return open(path, flags | O_CLOEXEC);
}

/* Running means busy for writers, so only what is possible after the end tells about the seal. */
static void assert_refused(const struct subject *subject) {
    assert_int_equal(open_executable(subject, O_WRONLY), -1);
    assert_true(errno == EROFS || errno == ETXTBSY);
    assert_int_equal(open_executable(subject, O_RDWR), -1);
    assert_true(errno == EROFS || errno == ETXTBSY);
}

/* A copy of this program that nothing else runs from: its path is the tests' state. */
static int copy_program(void **state) {
    static char path[] = "/tmp/test_own_executable.XXXXXX";
    char buffer[65536];
    cleanup_close int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    cleanup_close int to = mkostemp(path, O_CLOEXEC);
    ssize_t length;
    if (from < 0 || to < 0 || fchmod(to, 0755) < 0)
        return -1;
    while ((length = read(from, buffer, sizeof(buffer))) > 0) {
        if (write(to, buffer, (size_t)length) != length)
            return -1;
    }
    *state = path;
    return length == 0 ? 0 : -1;
}

static int remove_program(void **state) {
    return unlink(*state);
}

/* Shows that the other tests can fail: an unsealed program is writable once it has ended. */
static void test_unsealed_is_writable(void **state) {
    const char *path = *state;
    struct subject subject = start(path, "plain");
    cleanup_close int handle = open_executable(&subject, O_PATH);
    assert_true(handle >= 0);
    end(&subject);
    cleanup_close int fd = reopen(handle, O_WRONLY);
    assert_true(fd >= 0);
}

static void test_clone_is_readonly(void **state) {
    const char *path = *state;
    SKIP_WITHOUT_ROOT();
    struct subject subject = start(path, "sealed");
    assert_string_equal(subject.name, "sealed-subject");
    assert_string_equal(subject.environment, "clean");
    assert_refused(&subject);
    cleanup_close int handle = open_executable(&subject, O_PATH);
    cleanup_close int readable = open_executable(&subject, O_RDONLY);
    assert_true(handle >= 0 && readable >= 0);
    end(&subject);
    assert_int_equal(reopen(handle, O_WRONLY), -1);
    assert_int_equal(errno, EROFS);
    assert_int_equal(reopen(readable, O_RDWR), -1);
    assert_int_equal(errno, EROFS);
}

static void test_memory_copy_is_sealed(void **state) {
    const char *path = *state;
    char byte = 0;
    SKIP_WITHOUT_ROOT();
    struct subject subject = start(path, "memfd");
    assert_string_equal(subject.name, "sealed-subject");
    assert_string_equal(subject.environment, "clean");
    assert_refused(&subject);
    cleanup_close int handle = open_executable(&subject, O_PATH);
    assert_true(handle >= 0);
    end(&subject);
    cleanup_close int fd = reopen(handle, O_RDWR);
    if (fd >= 0) {
        assert_int_equal(write(fd, &byte, 1), -1);
        assert_int_equal(errno, EPERM);
        assert_int_equal(ftruncate(fd, 0), -1);
    }
}

/* A mount that is read-only now may turn writable: the file is sealed all the same. */
static void test_readonly_mount_is_not_trusted(void **state) {
    const char *path = *state;
    SKIP_WITHOUT_ROOT();
    cleanup_close int before = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
    char directory[PATH_MAX];
    assert_non_null(getcwd(directory, sizeof(directory)));
    assert_int_equal(unshare(CLONE_NEWNS), 0);
    assert_int_equal(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
    assert_int_equal(mount(path, path, NULL, MS_BIND, NULL), 0);
    assert_int_equal(mount(NULL, path, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL), 0);

    struct subject subject = start(path, "sealed");
    assert_string_equal(subject.environment, "clean");
    cleanup_close int handle = open_executable(&subject, O_PATH);
    assert_true(handle >= 0);
    end(&subject);
    assert_int_equal(mount(NULL, path, NULL, MS_REMOUNT | MS_BIND, NULL), 0);
    assert_int_equal(reopen(handle, O_WRONLY), -1);
    assert_int_equal(errno, EROFS);
    assert_int_equal(setns(before, CLONE_NEWNS), 0);
    assert_int_equal(chdir(directory), 0);
}

int main(int argc, char *argv[]) {
    if (argc == 3)
        return subject_main(argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unsealed_is_writable),
        cmocka_unit_test(test_clone_is_readonly),
        cmocka_unit_test(test_memory_copy_is_sealed),
        cmocka_unit_test(test_readonly_mount_is_not_trusted),
    };
    return cmocka_run_group_tests(tests, copy_program, remove_program);
}
