/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a hostile program inside a container can do to whoever enters it: one trick per word of its
 * command line. Everything it gets hold of goes to /work/report, a line "trick: what".
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

static const char injected[] = "touch /tmp/thole-injected\n";

static void report(const char *trick, const char *format, unsigned long a, unsigned long b) {
    char line[512];
    int fd = open("/work/report", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    int length = snprintf(line, sizeof(line), "%.400s: ", trick);
    length += snprintf(line + length, sizeof(line) - 1 - (size_t)length, format, a, b);
    line[length++] = '\n';
    if (fd >= 0) {
        (void)!write(fd, line, (size_t)length); /* at once: others report at the same time */
        (void)close(fd);
    }
}

/* ---- terminals ---- */

static void abuse_terminal(const char *where, int fd) {
    struct stat status;
    struct termios modes;
    if (fstat(fd, &status) < 0 || !S_ISCHR(status.st_mode) || tcgetattr(fd, &modes) < 0)
        return;
    report(where, "terminal %lu %lu", status.st_dev, status.st_rdev);
    (void)ioctl(fd, TIOCSCTTY, 1); /* steals it from its session, with CAP_SYS_ADMIN */
    size_t count = 0;
    for (const char *at = injected; *at != '\0'; at++)
        count += ioctl(fd, TIOCSTI, at) == 0;
    if (count > 0)
        report(where, "injected %lu", count, 0);
    const char select[] = {2, 1, 0, 1, 0, 20, 0, 1, 0, 0, 0};
    const char paste[] = {3};
    if (ioctl(fd, TIOCLINUX, select) == 0 && ioctl(fd, TIOCLINUX, paste) == 0)
        report(where, "pasted %lu", 1, 0);
    (void)ioctl(fd, TIOCNOTTY);
}

static void try_path(const char *path) {
    int fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return;
    abuse_terminal(path, fd);
    (void)close(fd);
}

static void try_directory(const char *directory) {
    char path[PATH_MAX];
    DIR *list = opendir(directory);
    for (struct dirent *entry; list != NULL && (entry = readdir(list)) != NULL;) {
        if (entry->d_name[0] == '.')
            continue;
        (void)snprintf(path, sizeof(path), "%s/%s", directory, entry->d_name);
        try_path(path);
    }
    if (list != NULL)
        (void)closedir(list);
}

static void abuse_all_terminals(void) {
    char path[64];
    for (int fd = 0; fd < 64; fd++) {
        (void)snprintf(path, sizeof(path), "fd%d", fd);
        abuse_terminal(path, fd);
    }
    try_path("/dev/tty");
    try_path("/dev/console");
    try_directory("/dev/pts");
    DIR *list = opendir("/proc");
    for (struct dirent *entry; list != NULL && (entry = readdir(list)) != NULL;) {
        if (atoi(entry->d_name) <= 0)
            continue;
        (void)snprintf(path, sizeof(path), "/proc/%.20s/fd", entry->d_name);
        try_directory(path);
    }
    if (list != NULL)
        (void)closedir(list);
}

static void trick_terminals(void) {
    abuse_all_terminals();
}

/* Once more as the leader of a new session, which may get a controlling terminal. */
static void trick_steal(void) {
    pid_t pid = fork();
    if (pid == 0) {
        (void)setsid();
        abuse_all_terminals();
        _exit(0);
    }
    (void)waitpid(pid, NULL, 0);
}

/* Keeps at it after its parent has ended, with everything it has open. */
static void trick_linger(void) {
    if (fork() != 0)
        return;
    (void)signal(SIGHUP, SIG_IGN);
    (void)signal(SIGTTOU, SIG_IGN);
    for (int i = 0; i < 20; i++) {
        abuse_all_terminals();
        const struct timespec nap = {.tv_nsec = 25000000};
        (void)nanosleep(&nap, NULL);
    }
    _exit(0);
}

static void trick_keep(void) {
    if (fork() != 0)
        return;
    (void)signal(SIGHUP, SIG_IGN);
    (void)setsid();
    for (int i = 0; i < 3000; i++) {
        (void)!write(1, "still here\n", 11);
        const struct timespec nap = {.tv_nsec = 10000000};
        (void)nanosleep(&nap, NULL);
    }
    _exit(0);
}

static void trick_flood(void) {
    static const char flood[] = "\033[6n\033[c\033[21t\033]0;title\007\033[?1049h\033[2J\033c"
                                "\033P$q\"p\033\\\033[?1000h\033[5i\033[4i\016\017\033[8;5;5t";
    for (int i = 0; i < 2000; i++) {
        (void)!write(1, flood, sizeof(flood) - 1);
        (void)!write(2, flood, sizeof(flood) - 1);
    }
}

static void trick_stop(void) {
    pid_t pid = fork();
    if (pid == 0) {
        (void)raise(SIGSTOP);
        _exit(0);
    }
    (void)kill(0, SIGTSTP);
}

static void trick_stop_itself(void) {
    (void)raise(SIGSTOP);
}

static void trick_close(void) {
    (void)syscall(SYS_close_range, 0, ~0U, 0);
}

static void trick_modes(void) {
    struct termios modes;
    for (int fd = 0; fd < 3; fd++) {
        if (tcgetattr(fd, &modes) < 0)
            continue;
        cfmakeraw(&modes);
        modes.c_cflag = 0;
        (void)tcsetattr(fd, TCSANOW, &modes);
        const struct winsize size = {1, 1, 1, 1};
        (void)ioctl(fd, TIOCSWINSZ, &size);
        (void)tcflow(fd, TCOOFF);
    }
}

/* ---- watching for processes that enter ---- */

static void look_into_fds(pid_t pid) {
    char path[64];
    char target[PATH_MAX];
    for (int fd = 0; fd < 64; fd++) {
        (void)snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, fd);
        ssize_t length = readlink(path, target, sizeof(target) - 1);
        if (length < 0)
            continue;
        target[length] = '\0';
        struct stat status;
        char line[PATH_MAX + 32];
        if (stat(path, &status) == 0 && S_ISDIR(status.st_mode)) {
            (void)snprintf(line, sizeof(line), "directory %s", target);
            report(line, "%lu %lu", (unsigned long)status.st_dev, (unsigned long)status.st_ino);
        }
        try_path(path);
    }
}

static void look_into_tracee(pid_t pid) {
    char path[64];
    if (ptrace(PTRACE_SEIZE, pid, 0, 0) == 0) {
        report("traced", "%lu", (unsigned long)pid, 0);
        (void)ptrace(PTRACE_INTERRUPT, pid, 0, 0);
        int status = 0;
        bool stopped = waitpid(pid, &status, __WALL) == pid && WIFSTOPPED(status);
        if (stopped)
            look_into_fds(pid);
        const int signal = stopped && status >> 16 == 0 ? WSTOPSIG(status) : 0;
        (void)ptrace(PTRACE_DETACH, pid, 0, (void *)(long)signal);
    }
    int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    for (int fd = 0; pidfd >= 0 && fd < 32; fd++) {
        int stolen = (int)syscall(SYS_pidfd_getfd, pidfd, fd, 0);
        if (stolen < 0)
            continue;
        abuse_terminal("stolen", stolen);
        struct stat status;
        if (fstat(stolen, &status) == 0 && S_ISDIR(status.st_mode))
            report("stolen directory", "%lu %lu", (unsigned long)status.st_dev,
                   (unsigned long)status.st_ino);
        (void)close(stolen);
    }
    if (pidfd >= 0)
        (void)close(pidfd);
    (void)snprintf(path, sizeof(path), "/proc/%d/exe", pid);
    int exe = open(path, O_WRONLY | O_CLOEXEC);
    if (exe >= 0)
        report("writable executable", "%lu", (unsigned long)pid, 0);
    if (exe >= 0)
        (void)close(exe);
    (void)snprintf(path, sizeof(path), "/proc/%d/mem", pid);
    int memory = open(path, O_RDWR | O_CLOEXEC);
    if (memory >= 0)
        report("writable memory", "%lu", (unsigned long)pid, 0);
    if (memory >= 0)
        (void)close(memory);
}

/* ---- the executable of the runtime ---- */

static bool is_of_the_image(int fd) {
    static const char *const own[] = {"/bin/busybox", "/bin/hostile"};
    struct stat status;
    struct stat other;
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
        if (fstat(fd, &status) == 0 && stat(own[i], &other) == 0 && status.st_ino == other.st_ino &&
            status.st_dev == other.st_dev)
            return true;
    }
    return false;
}

/* A sealed copy in memory can be opened for writing, and not be written (memfd_create(2)). */
static bool is_sealed(int fd) {
    int seals = fcntl(fd, F_GET_SEALS);
    return seals >= 0 && (seals & F_SEAL_WRITE) != 0;
}

/* While a file runs, opening it for writing is ETXTBSY: so it is kept, and asked for afterwards. */
static void try_to_overwrite(pid_t pid) {
    char path[64];
    (void)snprintf(path, sizeof(path), "/proc/%d/exe", pid);
    int kept = open(path, O_PATH | O_CLOEXEC);
    if (kept >= 0 && !is_of_the_image(kept)) {
        report("looked at", "%lu", (unsigned long)pid, 0);
        (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", kept);
        for (int i = 0; i < 200; i++) {
            int fd = open(path, O_WRONLY | O_CLOEXEC);
            if (fd < 0 && errno != ETXTBSY)
                break;
            if (fd >= 0 && !is_sealed(fd))
                report("writable executable", "%lu", (unsigned long)pid, 0);
            if (fd >= 0) {
                (void)close(fd);
                break;
            }
            const struct timespec nap = {.tv_nsec = 1000000};
            (void)nanosleep(&nap, NULL);
        }
    }
    if (kept >= 0)
        (void)close(kept);
}

static void trick_overwrite(void) {
    report("watching", "%lu", 1, 0);
    for (;;) {
        DIR *list = opendir("/proc");
        for (struct dirent *entry; list != NULL && (entry = readdir(list)) != NULL;) {
            if (atoi(entry->d_name) > 0 && atoi(entry->d_name) != getpid())
                try_to_overwrite(atoi(entry->d_name));
        }
        if (list != NULL)
            (void)closedir(list);
    }
}

/* Looks at the one process whose number is in PEEK. */
static void trick_peek(void) {
    char path[64];
    char target[PATH_MAX];
    const char *number = getenv("PEEK");
    pid_t pid = number != NULL ? atoi(number) : 0;
    for (int fd = 0; fd < 64; fd++) {
        (void)snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, fd);
        if (readlink(path, target, sizeof(target)) >= 0)
            report("descriptor", "%lu", (unsigned long)fd, 0);
    }
    look_into_fds(pid);
    look_into_tracee(pid);
}

/* Watches every new process of the pid namespace from birth on, until /work/enough exists. */
static void trick_watch(void) {
    pid_t last = getpid();
    report("watching", "%lu", (unsigned long)last, 0);
    while (access("/work/enough", F_OK) < 0) {
        for (pid_t pid = last + 1; pid < last + 20; pid++) {
            if (kill(pid, 0) < 0 && errno == ESRCH)
                continue;
            report("seen", "%lu", (unsigned long)pid, 0);
            for (int i = 0; i < 200 && (kill(pid, 0) == 0 || errno == EPERM); i++) {
                look_into_tracee(pid);
                look_into_fds(pid);
            }
            last = pid;
        }
    }
}

/* Of the file of a process in /proc: what is not zero. */
static void report_text(pid_t pid, const char *name) {
    char path[64];
    char text[400];
    size_t length = (size_t)snprintf(text, sizeof(text), "caught %s ", name);
    (void)snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    for (char byte; fd >= 0 && length < sizeof(text) - 1 && read(fd, &byte, 1) == 1;) {
        if (byte != '\0')
            text[length++] = byte;
    }
    text[length] = '\0';
    if (fd >= 0)
        (void)close(fd);
    report(text, "%lu", (unsigned long)pid, 0);
}

/* Stops each new process of the pid namespace as soon as it is there, and reads what it can. One
 * that came and went unseen is passed by once in a while. */
static void trick_catch(void) {
    pid_t last = getpid();
    report("watching", "%lu", (unsigned long)last, 0);
    for (unsigned round = 0;; round++) {
        const pid_t end = last + (round % 1024 == 0 ? 256 : 3);
        for (pid_t pid = last + 1; pid < end; pid++) {
            if (kill(pid, SIGSTOP) < 0)
                continue;
            report_text(pid, "environ");
            report_text(pid, "cmdline");
            (void)kill(pid, SIGCONT);
            last = pid;
        }
    }
}

/* A mount of which only reading is allowed may be writable when it is new. */
static void trick_write(void) {
    report("watching", "%lu", 1, 0);
    for (;;) {
        int fd = open("/new/file", O_WRONLY | O_CLOEXEC);
        if (fd >= 0) {
            report("writable", "%lu", 1, 0);
            (void)close(fd);
        }
    }
}

static const struct {
    const char *name;
    void (*run)(void);
} tricks[] = {
    {"terminals", trick_terminals},
    {"steal", trick_steal},
    {"linger", trick_linger},
    {"keep", trick_keep},
    {"flood", trick_flood},
    {"stop", trick_stop},
    {"stop-itself", trick_stop_itself},
    {"close", trick_close},
    {"modes", trick_modes},
    {"watch", trick_watch},
    {"overwrite", trick_overwrite},
    {"peek", trick_peek},
    {"catch", trick_catch},
    {"write", trick_write},
};

int main(int argc, char *argv[]) {
    (void)signal(SIGTTOU, SIG_IGN);
    (void)signal(SIGHUP, SIG_IGN);
    for (int i = 1; i < argc; i++) {
        for (size_t j = 0; j < sizeof(tricks) / sizeof(tricks[0]); j++) {
            if (strcmp(tricks[j].name, argv[i]) == 0)
                tricks[j].run();
        }
    }
    report("done", "%lu", 1, 0);
    return 23;
}
