/* SPDX-License-Identifier: Apache-2.0 */
/* Runs inside test containers: makes one system call with the arguments given, and says how it
 * ended. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int say(long result) {
    printf("%s\n", result < 0 ? strerror((int)-result) : "ok");
    return 0;
}

#ifdef __x86_64__
/* As a 32-bit program makes it: seccomp sees the architecture i386. */
static long call_compat(long number) {
    long result;
    __asm__ volatile("int $0x80"
                     : "=a"(result)
                     : "a"(number), "b"(0L), "c"(0L), "d"(0L)
                     : "memory");
    return (int)result;
}
#endif

/* call NUMBER [ARGUMENT...], or compat NUMBER. */
int main(int argc, char **argv) {
    unsigned long long values[6] = {0};
    for (int i = 3; i < argc && i < 9; i++)
        values[i - 3] = strtoull(argv[i], NULL, 0);
    if (argc >= 3 && strcmp(argv[1], "call") == 0) {
        long result = syscall(strtol(argv[2], NULL, 10), values[0], values[1], values[2], values[3],
                              values[4], values[5]);
        return say(result < 0 ? -errno : result);
    }
#ifdef __x86_64__
    if (argc == 3 && strcmp(argv[1], "compat") == 0)
        return say(call_compat(strtol(argv[2], NULL, 10)));
#endif
    fprintf(stderr, "inside: unknown command\n");
    return 2;
}
