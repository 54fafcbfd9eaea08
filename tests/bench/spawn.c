/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a command and prints how long it took in microseconds, its peak resident memory in kilobytes
 * and its exit status. Small, so that neither the fork nor the memory of a large caller counts.
 *
 *     spawn COMMAND [ARGUMENT]...
 */
#include <spawn.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
    struct timespec time;
    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

int main(int argc, char **argv) {
    pid_t child = 0;
    int status = 0;
    struct rusage usage;
    if (argc < 2)
        return 2;
    double begin = now();
    if (posix_spawn(&child, argv[1], NULL, NULL, argv + 1, environ) != 0 ||
        wait4(child, &status, 0, &usage) < 0)
        return 1;
    double taken = now() - begin;
    dprintf(3, "%.1f %ld %d\n", taken, usage.ru_maxrss,
            WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    return 0;
}
