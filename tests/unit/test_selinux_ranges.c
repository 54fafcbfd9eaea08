/* SPDX-License-Identifier: Apache-2.0 */
/* No two living processes get the same pair of categories, and the dead have none. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <dirent.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "state/selinux_ranges.h"

enum { FEW = 4, PAIRS_OF_FEW = 6, CHILDREN = 8, EACH = 12 };

struct registry {
    char path[64];
    int fd;
};

static int make_registry(void **state) {
    struct registry *registry = calloc(1, sizeof(*registry));
    (void)snprintf(registry->path, sizeof(registry->path), "/tmp/selinux-ranges-XXXXXX");
    if (registry == NULL || mkdtemp(registry->path) == NULL)
        return -1;
    registry->fd = open(registry->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    *state = registry;
    return registry->fd < 0;
}

static int remove_registry(void **state) {
    struct registry *registry = *state;
    DIR *directory = fdopendir(registry->fd);
    const struct dirent *entry = NULL;
    while ((entry = readdir(directory)) != NULL)
        (void)unlinkat(dirfd(directory), entry->d_name, 0);
    (void)closedir(directory);
    const int failed = rmdir(registry->path);
    free(registry);
    return failed;
}

static int registry_of(void **state) {
    return ((const struct registry *)*state)->fd;
}

static void allocate(int registry, unsigned categories, char range[SELINUX_RANGE_SIZE]) {
    struct thole_error err = {0};
    char line[512];
    if (selinux_range_allocate(registry, categories, range, &err) < 0)
        fail_msg("%s", error_format(&err, line, sizeof(line)));
}

/* A process that runs @work until it is killed, or this program ends. */
static pid_t started(void (*work)(int registry), int registry) {
    const pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;)
            work(registry);
    }
    return pid;
}

static void sleep_on(int registry) {
    (void)registry;
    (void)pause();
}

static pid_t sleeper(void) {
    return started(sleep_on, -1);
}

static void end(pid_t pid) {
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void test_words(void **state) {
    static const char *const valid[] = {"c0,c1", "c0,c1023", "c1022,c1023", "c9,c10"};
    static const char *const invalid[] = {
        "",        "c1",       "c1,c1",    "c2,c1", "c0,c1024", "c01,c2",
        "c1,c+2",  "c1,c2,c3", "s0:c1,c2", "c1.c2", "../c1,c2", " c1,c2",
        "c1,c2\n", "C1,C2",    "c-1,c2",   "c1,2",  "dynamic",  "c1,c20000000000"};
    (void)state;
    for (size_t i = 0; i < sizeof(valid) / sizeof(valid[0]); i++)
        assert_true(selinux_range_valid(valid[i]));
    for (size_t i = 0; i < sizeof(invalid) / sizeof(invalid[0]); i++)
        assert_false(selinux_range_valid(invalid[i]));
}

static void test_each_pair_once(void **state) {
    const int registry = registry_of(state);
    struct thole_error err = {0};
    char ranges[PAIRS_OF_FEW + 1][SELINUX_RANGE_SIZE];
    for (int i = 0; i < PAIRS_OF_FEW; i++) {
        allocate(registry, FEW, ranges[i]);
        assert_true(selinux_range_valid(ranges[i]));
        for (int k = 0; k < i; k++)
            assert_string_not_equal(ranges[i], ranges[k]);
    }
    assert_int_equal(selinux_range_allocate(registry, FEW, ranges[PAIRS_OF_FEW], &err), -1);
    assert_string_equal(err.text, "containers have all 6 SELinux ranges of two categories");
    assert_int_equal(selinux_range_release(registry, ranges[3], &err), 0);
    allocate(registry, FEW, ranges[PAIRS_OF_FEW]);
    assert_string_equal(ranges[PAIRS_OF_FEW], ranges[3]);
}

static void test_all_categories(void **state) {
    char range[SELINUX_RANGE_SIZE];
    for (int i = 0; i < 200; i++) {
        allocate(registry_of(state), SELINUX_CATEGORIES, range);
        assert_true(selinux_range_valid(range));
    }
}

static void test_a_range_is_kept_for_whoever_lives(void **state) {
    const int registry = registry_of(state);
    struct thole_error err = {0};
    char range[SELINUX_RANGE_SIZE];
    char other[SELINUX_RANGE_SIZE];
    const pid_t init = sleeper();
    allocate(registry, 2, range);
    assert_int_equal(selinux_range_hold(registry, range, init, &err), 0);
    assert_int_equal(selinux_range_release(registry, range, &err), 0);
    assert_int_equal(selinux_range_allocate(registry, 2, other, &err), -1);
    end(init);
    allocate(registry, 2, other);
    assert_string_equal(range, other);
}

static void test_nobody_can_hold_it_who_is_gone(void **state) {
    struct thole_error err = {0};
    const pid_t gone = sleeper();
    end(gone);
    assert_int_equal(selinux_range_hold(registry_of(state), "c1,c2", gone, &err), -1);
    assert_int_equal(err.kind, THOLE_ERROR_STATE);
}

static void test_what_is_no_list_of_processes_is_an_error(void **state) {
    static const char *const texts[] = {"1", "x 1", "0 1", "99999999999 1", "-1 5"};
    const int registry = registry_of(state);
    char range[SELINUX_RANGE_SIZE];
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct thole_error err = {0};
        cleanup_close int file = openat(registry, "c0,c1", O_WRONLY | O_CREAT | O_TRUNC, 0600);
        assert_int_equal(write(file, texts[i], strlen(texts[i])), strlen(texts[i]));
        assert_int_equal(selinux_range_allocate(registry, 2, range, &err), -1);
        assert_int_equal(err.kind, THOLE_ERROR_BUG);
    }
}

static void take_and_release(int registry) {
    struct thole_error err = {0};
    char range[SELINUX_RANGE_SIZE];
    if (selinux_range_allocate(registry, FEW, range, &err) == 0)
        (void)selinux_range_release(registry, range, &err);
}

static void test_killed_anywhere_it_leaves_nothing(void **state) {
    enum { KILLS = 60 };
    const int registry = registry_of(state);
    for (int i = 0; i < KILLS; i++) {
        const pid_t pid = started(take_and_release, registry);
        (void)usleep((useconds_t)(i * 50)); /* somewhere else each time */
        end(pid);
        char range[PAIRS_OF_FEW][SELINUX_RANGE_SIZE];
        for (int k = 0; k < PAIRS_OF_FEW; k++)
            allocate(registry, FEW, range[k]);
        for (int k = 0; k < PAIRS_OF_FEW; k++)
            assert_int_equal(selinux_range_release(registry, range[k], &(struct thole_error){0}),
                             0);
    }
}

/* Says which ranges it has got, and keeps them until it is killed. */
static pid_t claimant(int registry, int start, int answer) {
    const pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid > 0)
        return pid;
    char lines[EACH][SELINUX_RANGE_SIZE] = {0};
    struct thole_error err = {0};
    char go = 0;
    if (read(start, &go, 1) < 0)
        _exit(EXIT_FAILURE);
    for (int i = 0; i < EACH; i++) {
        if (selinux_range_allocate(registry, 15, lines[i], &err) < 0)
            _exit(EXIT_FAILURE);
    }
    if (write(answer, lines, sizeof(lines)) != sizeof(lines))
        _exit(EXIT_FAILURE);
    for (;;)
        (void)pause();
}

/* 96 of 105 pairs: most of the claims meet one that another process has made. */
static void test_many_at_once_get_different_ones(void **state) {
    const int registry = registry_of(state);
    char ranges[CHILDREN][EACH][SELINUX_RANGE_SIZE];
    pid_t children[CHILDREN];
    int start[2];
    int answer[2];
    assert_int_equal(pipe(start) | pipe(answer), 0);
    for (int i = 0; i < CHILDREN; i++)
        children[i] = claimant(registry, start[0], answer[1]);
    (void)close(answer[1]);
    assert_int_equal(write(start[1], "12345678", CHILDREN), CHILDREN);
    for (int i = 0; i < CHILDREN; i++)
        assert_int_equal(read(answer[0], ranges[i], sizeof(ranges[i])), sizeof(ranges[i]));
    for (int i = 0; i < CHILDREN * EACH; i++) {
        for (int k = 0; k < i; k++)
            assert_string_not_equal(ranges[i / EACH][i % EACH], ranges[k / EACH][k % EACH]);
    }
    for (int i = 0; i < CHILDREN; i++)
        end(children[i]);
    (void)close(start[0]);
    (void)close(start[1]);
    (void)close(answer[0]);
}

#define with_registry(test) cmocka_unit_test_setup_teardown(test, make_registry, remove_registry)

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),
        with_registry(test_each_pair_once),
        with_registry(test_all_categories),
        with_registry(test_a_range_is_kept_for_whoever_lives),
        with_registry(test_nobody_can_hold_it_who_is_gone),
        with_registry(test_what_is_no_list_of_processes_is_an_error),
        with_registry(test_killed_anywhere_it_leaves_nothing),
        with_registry(test_many_at_once_get_different_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
