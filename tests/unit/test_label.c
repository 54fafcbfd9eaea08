/* SPDX-License-Identifier: Apache-2.0 */
/* Labels for the next execve, where no security module is on, and session keyrings. */
#include "security/label.h"

#include <fcntl.h>
#include <linux/keyctl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"

/* What the security module in front says about this process; "" if there is none. */
static void current_label(char label[256]) {
    cleanup_close int fd = open("/proc/thread-self/attr/current", O_RDONLY | O_CLOEXEC);
    ssize_t length = fd >= 0 ? read(fd, label, 255) : -1;
    label[length > 0 ? length : 0] = '\0';
}

static void test_modules_that_are_off(void **state) {
    struct thole_error err = {0};
    char label[256];
    (void)state;
    cleanup_close int procfd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
    current_label(label);
    if (label[0] != '\0') {
        print_message("skipped: a security module is on here (%s)\n", label);
        skip();
    }
    assert_int_equal(label_set_apparmor_exec(procfd, "unconfined", &err), -1);
    assert_int_equal(err.kind, THOLE_ERROR_UNSUPPORTED);
    assert_non_null(strstr(err.text, "AppArmor is not enabled"));
    assert_int_equal(label_set_selinux_exec(procfd, "system_u:system_r:container_t:s0", &err), -1);
    assert_int_equal(err.kind, THOLE_ERROR_UNSUPPORTED);
    assert_non_null(strstr(err.text, "SELinux is not enabled"));
}

/* CVE-2019-16884: a volume in the place of /proc must not swallow the label. */
static void test_forged_procfs(void **state) {
    struct thole_error err = {0};
    char path[] = "/tmp/test_label.XXXXXX";
    (void)state;
    assert_non_null(mkdtemp(path));
    cleanup_close int procfd = open(path, O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(mkdirat(procfd, "thread-self", 0755), 0);
    assert_int_equal(mkdirat(procfd, "thread-self/attr", 0755), 0);
    cleanup_close int file =
        openat(procfd, "thread-self/attr/exec", O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    assert_true(file >= 0);
    assert_int_equal(label_set_apparmor_exec(procfd, "profile", &err), -1);
    assert_int_equal(err.code, EXDEV);
    assert_int_equal(label_set_selinux_exec(procfd, "label", &err), -1);
    assert_int_equal(err.code, EXDEV);
    struct stat status;
    assert_int_equal(fstat(file, &status), 0);
    assert_int_equal(status.st_size, 0);
    assert_int_equal(unlinkat(procfd, "thread-self/attr/exec", 0), 0);
    assert_int_equal(unlinkat(procfd, "thread-self/attr", AT_REMOVEDIR), 0);
    assert_int_equal(unlinkat(procfd, "thread-self", AT_REMOVEDIR), 0);
    assert_int_equal(rmdir(path), 0);
}

static int join_and_describe(void) {
    struct thole_error err = {0};
    char text[256] = "";
    cleanup_close int procfd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (label_new_keyring(procfd, "_ses.web1", NULL, &err) < 0)
        return 1;
    long before = syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0);
    if (before < 0 && errno == ENOSYS)
        return 77;
    if (syscall(SYS_keyctl, KEYCTL_DESCRIBE, KEY_SPEC_SESSION_KEYRING, text, sizeof(text)) < 0)
        return 2;
    /* Searchable by its owner: 0x00080000 (keyctl_setperm(3)). */
    unsigned long permissions = 0;
    char *name = strrchr(text, ';');
    if (name == NULL || strcmp(name, ";_ses.web1") != 0)
        return 3;
    *name = '\0';
    const char *hexadecimal = strrchr(text, ';');
    if (hexadecimal != NULL)
        permissions = strtoul(hexadecimal + 1, NULL, 16);
    return (permissions & 0x00080000) != 0 ? 0 : 4;
}

static void test_keyring(void **state) {
    int status = -1;
    (void)state;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        _exit(join_and_describe());
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77) {
        print_message("skipped: this kernel has no keyrings\n");
        skip();
    }
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_modules_that_are_off),
        cmocka_unit_test(test_forged_procfs),
        cmocka_unit_test(test_keyring),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
