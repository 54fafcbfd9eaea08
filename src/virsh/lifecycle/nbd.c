/* SPDX-License-Identifier: Apache-2.0 */
/* qemu-nbd(8) runs for as long as a device is attached; the kernel tells which ones are. */
#include "virsh/lifecycle/nbd.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <stdnoreturn.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "sys/process_calls.h"

enum { PATIENCE = 60000, PAUSE = 5000000, WORDS_MAX = 8, SYSFS_PATH = 64, COMMAND_MAX = 65536 };

static const char program[] = "qemu-nbd";

void virsh_nbd_name(unsigned number, char ret_device[VIRSH_NBD_DEVICE]) {
    (void)snprintf(ret_device, VIRSH_NBD_DEVICE, "/dev/nbd%u", number);
}

/* ---- what the machine has ---- */

static int check_program(const char *where, struct thole_error *err) {
    const char *path = getenv("PATH");
    for (const char *at = path; at != NULL && *at != '\0';) {
        const size_t length = strcspn(at, ":");
        cleanup_text struct text file = {0};
        text_appendf(&file, "%.*s/%s", (int)length, at, program);
        if (access(file.data, X_OK) == 0)
            return 0;
        at += length + (at[length] == ':');
    }
    return error_set(err, THOLE_ERROR_HOST, 0, where,
                     "the driver nbd needs the program qemu-nbd, which is not installed");
}

static int is_taken(unsigned number, struct thole_error *err) {
    char path[SYSFS_PATH];
    (void)snprintf(path, sizeof(path), "/sys/block/nbd%u/pid", number);
    if (access(path, F_OK) == 0)
        return 1;
    return errno == ENOENT ? 0 : error_errno(err, NULL, "look at %s", path);
}

/* 1 with a lock, 0: somebody else has it, or the device is taken. Two that attach the same one at
 * once would disturb one another. */
static int lock(unsigned number, const char *where, int *ret_lock, struct thole_error *err) {
    char path[SYSFS_PATH];
    (void)snprintf(path, sizeof(path), "/sys/block/nbd%u", number);
    cleanup_close int directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0 && errno == ENOENT)
        return error_set(err, THOLE_ERROR_HOST, 0, where,
                         number == 0 ? "the driver nbd needs /dev/nbd*, which the kernel does not "
                                       "have: \"modprobe nbd\" may help"
                                     : "none of /dev/nbd* is free");
    const bool locked = directory >= 0 && flock(directory, LOCK_EX | LOCK_NB) == 0;
    if (!locked && (directory < 0 || errno != EWOULDBLOCK))
        return error_errno(err, where, "lock %s", path);
    const int taken = locked ? is_taken(number, err) : 1;
    if (taken == 0)
        *ret_lock = take_fd(&directory);
    return taken < 0 ? -1 : taken == 0;
}

int virsh_nbd_find(unsigned first, const char *where, unsigned *ret_number, int *ret_lock,
                   struct thole_error *err) {
    int locked = check_program(where, err);
    for (*ret_number = first; locked == 0; *ret_number += locked == 0)
        locked = lock(*ret_number, where, ret_lock, err);
    return locked < 0 ? -1 : 0;
}

/* ---- the program ---- */

/* Descriptors that are passed to init are not the server's. */
static noreturn void become(const char *const *words, int said) {
    char *arguments[WORDS_MAX + 1] = {0};
    const int null_fd = open("/dev/null", O_RDWR);
    for (size_t i = 0; i < WORDS_MAX && words[i] != NULL; i++)
        arguments[i] = strdup(words[i]);
    if (null_fd >= 0 && dup2(null_fd, STDIN_FILENO) >= 0 && dup2(null_fd, STDOUT_FILENO) >= 0 &&
        dup2(said, STDERR_FILENO) >= 0 && close_range(STDERR_FILENO + 1, ~0U, 0) == 0)
        (void)execvp(arguments[0], arguments);
    _exit(127);
}

/* Returns when the server serves, or has failed; an error is the line that it said. */
static int run(const char *const *words, const char *where, struct thole_error *err) {
    char line[256];
    int status = 0;
    cleanup_close int said = memfd_create(program, MFD_CLOEXEC);
    const pid_t child = said < 0 ? -1 : fork();
    if (child == 0)
        become(words, said);
    if (child < 0 || uninterrupted(waitpid(child, &status, 0)) < 0)
        return error_errno(err, where, "run %s", program);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 0;
    const ssize_t length = pread(said, line, sizeof(line) - 1, 0);
    line[length > 0 ? length : 0] = '\0';
    line[strcspn(line, "\n")] = '\0';
    text_make_plain(line);
    return error_set(err, THOLE_ERROR_HOST, 0, where, "%s",
                     line[0] != '\0' ? line : "qemu-nbd failed without a word");
}

/* ---- attaching ---- */

/* The server has been answered, and the kernel is about to ask it for the size. */
static int wait_for_size(unsigned number, const char *where, struct thole_error *err) {
    const struct timespec pause = {.tv_nsec = PAUSE};
    char path[SYSFS_PATH];
    (void)snprintf(path, sizeof(path), "/sys/block/nbd%u/size", number);
    for (const int64_t end = clock_now() + PATIENCE; clock_now() < end;) {
        char digits[32];
        if (file_read_kernel(AT_FDCWD, path, digits, sizeof(digits)) < 0)
            return error_errno(err, where, "read %s", path);
        if (strtoull(digits, NULL, 10) > 0)
            return 0;
        (void)nanosleep(&pause, NULL);
    }
    return error_set(err, THOLE_ERROR_HOST, 0, where, "/dev/nbd%u has no size: is the image empty?",
                     number);
}

int virsh_nbd_attach(unsigned number, const struct virsh_nbd_image *image, const char *pid_file,
                     struct thole_error *err) {
    char device[VIRSH_NBD_DEVICE];
    cleanup_text struct text connect = {0};
    cleanup_text struct text format = {0};
    cleanup_text struct text pid = {0};
    virsh_nbd_name(number, device);
    text_appendf(&connect, "--connect=%s", device);
    text_appendf(&format, "--format=%s", image->format);
    text_appendf(&pid, "--pid-file=%s", pid_file);
    const char *const words[] = {program,  connect.data, format.data,
                                 pid.data, image->path,  image->readonly ? "--read-only" : NULL,
                                 NULL};
    if (run(words, image->where, err) < 0) {
        struct thole_error ignored = {0};
        return is_taken(number, &ignored) > 0 ? 0 : -1;
    }
    return wait_for_size(number, image->where, err) < 0 ? -1 : 1;
}

/* ---- detaching ---- */

/* Its arguments have the name of the file. */
static int wrote(pid_t pid, const char *pid_file, struct thole_error *err) {
    char path[SYSFS_PATH];
    cleanup_free char *words = NULL;
    cleanup_text struct text wanted = {0};
    size_t length = 0;
    (void)snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)pid);
    text_appendf(&wanted, "--pid-file=%s", pid_file);
    if (file_read_at(AT_FDCWD, path, COMMAND_MAX, &words, &length, err) < 0)
        return err->code == ENOENT || err->code == ESRCH ? 0 : -1;
    return memmem(words, length, wanted.data, strlen(wanted.data) + 1) != NULL;
}

/* 1 with a pidfd of the server, 0: there is none. */
static int find_server(const char *pid_file, int *ret_server, struct thole_error *err) {
    cleanup_free char *text = NULL;
    struct thole_error failure = {0};
    int64_t pid = 0;
    if (file_read_at(AT_FDCWD, pid_file, SYSFS_PATH, &text, NULL, &failure) < 0)
        return failure.code == ENOENT ? 0 : error_copy(err, &failure);
    text[strcspn(text, "\n")] = '\0';
    if (!text_parse_int(text, 1, INT32_MAX, &pid))
        return error_set(err, THOLE_ERROR_STATE, 0, pid_file, "\"%s\" is not a pid", text);
    cleanup_close int server = pidfd_open((pid_t)pid, 0);
    if (server < 0)
        return errno == ESRCH ? 0 : error_errno(err, pid_file, "open process %d", (int)pid);
    const int found = wrote((pid_t)pid, pid_file, &failure);
    if (found < 0)
        return error_copy(err, &failure);
    *ret_server = found > 0 ? take_fd(&server) : -1;
    return found;
}

/* A filesystem on it is written when it is unmounted: with the last process of the container, or of
 * whoever holds its namespace, a moment later. */
static int open_unmounted(const char *device, struct thole_error *err) {
    const struct timespec pause = {.tv_nsec = PAUSE};
    for (const int64_t end = clock_now() + PATIENCE; clock_now() < end;) {
        const int opened = open(device, O_RDONLY | O_EXCL | O_CLOEXEC);
        if (opened >= 0)
            return opened;
        if (errno != EBUSY)
            return error_errno(err, device, "open it");
        (void)nanosleep(&pause, NULL);
    }
    return error_set(err, THOLE_ERROR_HOST, 0, device, "it is still mounted");
}

/* The server has the device open itself: no close was the last one, which would have written. */
static int write_back(const char *device, struct thole_error *err) {
    cleanup_close int opened = open_unmounted(device, err);
    if (opened < 0)
        return -1;
    return fsync(opened) < 0 ? error_errno(err, device, "write back what has been written") : 0;
}

static int end(int server, const char *device, struct thole_error *err) {
    struct pollfd ended = {.fd = server, .events = POLLIN};
    if (pidfd_send_signal(server, SIGTERM, NULL, 0) < 0 && errno != ESRCH)
        return error_errno(err, device, "end its qemu-nbd");
    if (uninterrupted(poll(&ended, 1, PATIENCE)) <= 0)
        return error_set(err, THOLE_ERROR_HOST, 0, device, "its qemu-nbd does not end");
    return 0;
}

int virsh_nbd_detach(const char *device, const char *pid_file, struct thole_error *err) {
    cleanup_close int server = -1;
    const int found = find_server(pid_file, &server, err);
    if (found < 0)
        return -1;
    if (found > 0 && (write_back(device, err) < 0 || end(server, device, err) < 0))
        return -1;
    (void)unlink(pid_file);
    return 0;
}
