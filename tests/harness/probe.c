/* SPDX-License-Identifier: Apache-2.0 */
/* Runs inside test containers: the few things that cannot be seen or done with busybox. */
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

static int fail(const char *what) {
    printf("%s: %s\n", what, strerror(errno));
    return 1;
}

/* notify SOCKET TEXT: one datagram, as sd_notify(3) sends it. */
static int send_notification(char **arguments) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", arguments[0]);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return fail("socket");
    if (sendto(fd, arguments[1], strlen(arguments[1]), 0, (struct sockaddr *)&address,
               sizeof(address)) < 0)
        return fail("sendto");
    return 0;
}

/* type TEXT: pushes the text into the input of the controlling terminal (TIOCSTI). */
static int push_input(char **arguments) {
    int fd = open("/dev/tty", O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return fail("/dev/tty");
    for (const char *at = arguments[0]; *at != '\0'; at++)
        if (ioctl(fd, TIOCSTI, at) < 0)
            return fail("TIOCSTI");
    return 0;
}

/* fds: every open descriptor with its target, one a line, without opening a directory. */
static int list_descriptors(char **arguments) {
    (void)arguments;
    for (int fd = 0; fd < 1024; fd++) {
        char link[64], target[4096];
        if (fcntl(fd, F_GETFD) < 0)
            continue;
        snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
        ssize_t length = readlink(link, target, sizeof(target) - 1);
        target[length < 0 ? 0 : length] = '\0';
        printf("%d %s\n", fd, target);
    }
    return 0;
}

/* overwrite PATH TRIES: opens the file for writing again and again; prints how it ended. */
static int overwrite(char **arguments) {
    int last = 0;
    for (long tries = strtol(arguments[1], NULL, 10); tries > 0; tries--) {
        int fd = open(arguments[0], O_WRONLY | O_CLOEXEC);
        if (fd >= 0) {
            printf("opened for writing\n");
            return 1;
        }
        last = errno;
    }
    printf("%s\n", strerror(last));
    return 0;
}

/* mknod PATH TYPE MAJOR MINOR ACCESS: makes a node, opens it; prints the errno name of each. */
static int use_device(char **arguments) {
    mode_t type = arguments[1][0] == 'b' ? S_IFBLK : S_IFCHR;
    unsigned major_number = (unsigned)strtoul(arguments[2], NULL, 10);
    unsigned minor_number = (unsigned)strtoul(arguments[3], NULL, 10);
    dev_t device = (dev_t)major_number << 8 | minor_number;
    int made = mknod(arguments[0], type | 0666, device);
    printf("mknod %s\n", made < 0 ? strerror(errno) : "ok");
    int fd = open(arguments[0], (arguments[4][0] == 'w' ? O_WRONLY : O_RDONLY) | O_CLOEXEC);
    printf("open %s\n", fd < 0 ? strerror(errno) : "ok");
    return 0;
}

/* syscall NUMBER: calls it with no arguments and prints the outcome. */
static int call(char **arguments) {
    long number = strtol(arguments[0], NULL, 10);
    long result = syscall(number, 0, 0, 0, 0, 0, 0);
    printf("%s\n", result < 0 ? strerror(errno) : "ok");
    return 0;
}

/* stay: prints the description of its session keyring and waits for ever. */
static int stay(char **arguments) {
    (void)arguments;
    char text[512] = "";
    if (syscall(SYS_keyctl, KEYCTL_DESCRIBE, KEY_SPEC_SESSION_KEYRING, text, sizeof(text)) < 0)
        snprintf(text, sizeof(text), "%s", strerror(errno));
    printf("staying in keyring %s\n", text);
    fflush(stdout);
    while (1)
        pause();
}

/* accept FD TEXT: answers one connection of a socket that listens with a line. */
static int answer(char **arguments) {
    int fd = accept(atoi(arguments[0]), NULL, NULL);
    if (fd < 0)
        return fail("accept");
    dprintf(fd, "%s\n", arguments[1]);
    return 0;
}

static const struct {
    const char *name;
    int arguments;
    int (*function)(char **arguments);
} commands[] = {
    {"notify", 2, send_notification},
    {"type", 1, push_input},
    {"fds", 0, list_descriptors},
    {"overwrite", 2, overwrite},
    {"mknod", 5, use_device},
    {"syscall", 1, call},
    {"stay", 0, stay},
    {"accept", 2, answer},
};

int main(int argc, char **argv) {
    for (size_t i = 0; argc > 1 && i < sizeof(commands) / sizeof(commands[0]); i++)
        if (strcmp(argv[1], commands[i].name) == 0 && argc - 2 == commands[i].arguments)
            return commands[i].function(argv + 2);
    fprintf(stderr, "probe: unknown command\n");
    return 2;
}
