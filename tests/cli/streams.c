/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Both ends of a stream test, inside: writes /work/out to standard output in pieces of random size
 * while standard input has to be /work/in, byte for byte. Says R when it is ready, and waits for G.
 * Exit status 0, or what was wrong.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

enum { BROKEN_FILE = 10, BROKEN_WRITE, WRONG_BYTES, TOO_SHORT };

static char *map(const char *path, size_t *ret_size) {
    struct stat status;
    int fd = open(path, O_RDONLY);
    if (fd < 0 || fstat(fd, &status) < 0)
        exit(BROKEN_FILE);
    *ret_size = (size_t)status.st_size;
    char *bytes = mmap(NULL, *ret_size, PROT_READ, MAP_SHARED, fd, 0);
    if (bytes == MAP_FAILED)
        exit(BROKEN_FILE);
    return bytes;
}

static void nap(unsigned one_in, long most) {
    if (rand() % (int)one_in != 0)
        return;
    const struct timespec time = {.tv_nsec = rand() % most};
    (void)nanosleep(&time, NULL);
}

static void write_all(int most) {
    size_t size = 0;
    const char *bytes = map("/work/out", &size);
    for (size_t at = 0; at < size;) {
        size_t length = 1 + (size_t)(rand() % most);
        ssize_t put = write(1, bytes + at, length < size - at ? length : size - at);
        if (put < 0)
            exit(BROKEN_WRITE);
        at += (size_t)put;
        nap(2000, 5000000);
    }
}

static void read_all(int most) {
    size_t size = 0;
    const char *bytes = map("/work/in", &size);
    char buffer[65536];
    for (size_t at = 0; at < size;) {
        size_t wanted = 1 + (size_t)(rand() % (most * 4));
        ssize_t got = read(0, buffer, wanted < size - at ? wanted : size - at);
        if (got <= 0)
            exit(TOO_SHORT);
        if (memcmp(buffer, bytes + at, (size_t)got) != 0)
            exit(WRONG_BYTES);
        at += (size_t)got;
        nap(500, 5000000);
    }
}

int main(int argc, char *argv[]) {
    struct termios modes;
    int most = argc > 1 ? atoi(argv[1]) : 100;
    srand((unsigned)getpid());
    for (int fd = 0; fd < 3; fd++) {
        if (tcgetattr(fd, &modes) < 0)
            continue;
        cfmakeraw(&modes);
        (void)tcsetattr(fd, TCSANOW, &modes);
    }
    char go = 0;
    if (write(1, "R", 1) != 1 || read(0, &go, 1) != 1 || go != 'G')
        return BROKEN_WRITE;
    pid_t reader = fork();
    if (reader == 0) {
        read_all(most);
        return 0;
    }
    write_all(most);
    int status = 0;
    (void)waitpid(reader, &status, 0);
    return WEXITSTATUS(status);
}
