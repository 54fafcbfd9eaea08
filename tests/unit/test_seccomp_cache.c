/* SPDX-License-Identifier: Apache-2.0 */
/* The cache of compiled seccomp filters. */
#include "security/seccomp_cache.h"
#include "security/seccomp_compile.h"
#include "security/seccomp_filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct thole_log no_log = {.level = THOLE_LOG_ERROR};

/* A filter that refuses getppid with @errno_ret; a @cache of -2 compiles without any cache. */
static void cached(int cache, uint32_t errno_ret, struct seccomp_filter *ret_filter) {
    struct thole_error err = {0};
    char call[] = "getppid";
    char *const calls[] = {call, NULL};
    struct plan_seccomp_argument argument = {.index = 1, .value = 4, .op = 4 /* SCMP_CMP_EQ */};
    struct plan_seccomp_rule rule = {
        .names = {.items = calls, .count = 1},
        .action = SECCOMP_RET_ERRNO,
        .errno_ret = errno_ret,
        .arguments = &argument,
        .argument_count = 1,
    };
    const struct plan_seccomp plan = {
        .default_action = SECCOMP_RET_ALLOW,
        .rules = &rule,
        .rule_count = 1,
        .flags = SECCOMP_FILTER_FLAG_LOG,
        .where = "/linux/seccomp",
    };
    int result = cache == -2 ? seccomp_compile(&plan, &no_log, ret_filter, &err)
                             : seccomp_compile_cached(&plan, &no_log, cache, ret_filter, &err);
    if (result < 0)
        fail_msg("%s", err.text);
}

/* What comes by way of the cache is what is compiled. */
static void assert_same(int cache, uint32_t errno_ret) {
    cleanup_seccomp_filter struct seccomp_filter filter = {0};
    cleanup_seccomp_filter struct seccomp_filter expected = {0};
    cached(cache, errno_ret, &filter);
    cached(-2, errno_ret, &expected);
    assert_int_equal(filter.flags, SECCOMP_FILTER_FLAG_LOG);
    assert_int_equal(filter.count, expected.count);
    assert_memory_equal(filter.instructions, expected.instructions,
                        expected.count * sizeof(struct sock_filter));
}

static void shell(const char *path, const char *command) {
    char text[256];
    (void)snprintf(text, sizeof(text), "cd %s && %s", path, command);
    if (system(text) != 0)
        fail_msg("failed: %s", text);
}

static int make_directory(void **state) {
    static char path[] = "/tmp/test_seccomp.XXXXXX";
    (void)snprintf(path, sizeof(path), "/tmp/test_seccomp.XXXXXX");
    *state = mkdtemp(path);
    return *state != NULL ? 0 : -1;
}

static int remove_directory(void **state) {
    shell(*state, "rm -f *");
    return rmdir(*state);
}

#define SKIP_WITHOUT_LIBSECCOMP()                                    \
    do {                                                             \
        if (seccomp_library_version() == NULL) {                     \
            print_message("skipped: libseccomp.so.2 is not here\n"); \
            skip();                                                  \
        }                                                            \
    } while (0)

/* More rules than places: each is answered with its own filter, cached or not. */
static void test_many_entries(void **state) {
    SKIP_WITHOUT_LIBSECCOMP();
    cleanup_close int cache = open(*state, O_DIRECTORY | O_CLOEXEC);
    for (int round = 0; round < 2; round++) {
        for (uint32_t i = 1; i <= 100; i++)
            assert_same(cache, i);
    }
    shell(*state, "test $(ls | wc -l) -gt 20 -a $(ls | wc -l) -le 64");
}

/* A hit does not compile: a changed entry shows. It is used for its own rules alone, and not when
 * somebody else may write to it or owns it, when its date is odd, or when its length is wrong. */
static void test_trust(void **state) {
    SKIP_WITHOUT_LIBSECCOMP();
    const char *path = *state;
    cleanup_close int cache = open(path, O_DIRECTORY | O_CLOEXEC);
    assert_same(cache, EXDEV);
    static const struct {
        const char *command;
        bool used;
    } cases[] = {
        {"true", true},
        {"chmod g+w", false},
        {"chmod o+w", false},
        {"touch -d '25 hours ago'", false},
        {"touch -d '1 hour'", false},
        {"truncate -s -8", false},
        {"truncate -s +8", false},
        {"truncate -s 10", false},
        {"chown 1", false}, /* last: as root alone */
    };
    const size_t count = COUNT(cases) - (geteuid() == 0 ? 0 : 1);
    const struct sock_filter mark = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EMLINK);
    char command[160];
    struct stat status;
    shell(path, "mv seccomp-* entry");
    cleanup_close int entry = openat(cache, "entry", O_RDWR | O_CLOEXEC);
    assert_int_equal(fstat(entry, &status), 0);
    assert_int_equal(pwrite(entry, &mark, sizeof(mark), status.st_size - (off_t)sizeof(mark)), 8);
    for (size_t i = 0; i < count; i++) {
        cleanup_seccomp_filter struct seccomp_filter own = {0};
        cleanup_seccomp_filter struct seccomp_filter other = {0};
        (void)snprintf(command, sizeof(command),
                       "for i in $(seq 100 163); do cp entry seccomp-${i#1} && "
                       "%s seccomp-${i#1}; done",
                       cases[i].command);
        shell(path, command);
        cached(cache, EXDEV, &own);
        cached(cache, ENOTDIR, &other);
        assert_int_equal(memcmp(&own.instructions[own.count - 1], &mark, sizeof(mark)) == 0,
                         cases[i].used);
        assert_memory_not_equal(&other.instructions[other.count - 1], &mark, sizeof(mark));
    }
}

/* A directory that cannot be written costs nothing but the cache. */
static void test_no_cache(void **state) {
    SKIP_WITHOUT_LIBSECCOMP();
    (void)state;
    cleanup_close int proc = open("/proc/self", O_DIRECTORY | O_CLOEXEC);
    assert_same(proc, EXDEV);
    assert_same(-1, EXDEV);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_many_entries, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(test_trust, make_directory, remove_directory),
        cmocka_unit_test(test_no_cache),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
