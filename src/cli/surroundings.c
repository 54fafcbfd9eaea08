/* SPDX-License-Identifier: Apache-2.0 */
/* What a program inherits without asking for it, made fit to work with. */
#include "cli/surroundings.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <stdnoreturn.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "config.h"

enum { STACK_SIZE = 1024 * 1024 };

/* A program started without one of these would give their numbers to files it opens. */
static void open_standard_descriptors(void) {
    for (int fd = 0; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
            (void)open("/dev/null", O_RDWR); /* the lowest free number */
    }
}

/* Of an ordinary user's program the capabilities are those that it inherits as ambient ones; any
 * other is its file's. */
static bool has_capabilities_of_its_file(void) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3];
    if (syscall(SYS_capget, &header, sets) < 0)
        return true;
    for (unsigned long capability = 0; capability < 64; capability++) {
        if ((sets[capability / 32].permitted >> (capability % 32) & 1) != 0 &&
            prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, capability, 0, 0) != 1)
            return true;
    }
    return false;
}

static noreturn void refuse(const char *reason) {
    (void)!write(STDERR_FILENO, reason, strlen(reason));
    _exit(EXIT_FAILURE);
}

/* Whatever its caller asks for would be done with rights that are not the caller's. */
static void refuse_borrowed_rights(void) {
    if (getauxval(AT_UID) == 0)
        return;
    if (getauxval(AT_UID) != getauxval(AT_EUID))
        refuse("thole must not be setuid: its caller says what is run, and with which rights\n");
    if (has_capabilities_of_its_file())
        refuse("thole must not have file capabilities: its caller says what is run, and with which "
               "rights\n");
}

static void pass_over(int number) {
    (void)number;
}

void surroundings_settle(void) {
    open_standard_descriptors();
    refuse_borrowed_rights();
    /* Ignored, it would have the kernel reap children before anyone knows how they ended. */
    (void)signal(SIGCHLD, SIG_DFL);
    /* Handled, write() says EFBIG; and unlike an ignored one, hooks get the default back. */
    (void)signal(SIGXFSZ, pass_over);
    mode_t mask = umask(0);
    (void)umask(mask & ~(mode_t)S_IRWXU);
}

#ifdef HAVE_MAKECONTEXT
/* makecontext() hands over nothing but int: a pointer travels in halves. */
struct call {
    int (*program)(int, char **);
    int argc;
    char **argv;
    int result;
};

static void on_own_stack(unsigned high, unsigned low) {
    struct call *call = (struct call *)(((uintptr_t)high << 32) | low);
    call->result = call->program(call->argc, call->argv);
}

int surroundings_with_stack(int (*program)(int, char **), int argc, char **argv) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_STACK, &limit) == 0 && limit.rlim_cur >= STACK_SIZE)
        return program(argc, argv);
    void *stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE, -1, 0);
    ucontext_t here;
    ucontext_t there;
    if (stack == MAP_FAILED || getcontext(&there) < 0)
        return program(argc, argv);
    struct call call = {.program = program, .argc = argc, .argv = argv};
    there.uc_stack = (stack_t){.ss_sp = stack, .ss_size = STACK_SIZE};
    there.uc_link = &here;
    uintptr_t address = (uintptr_t)&call;
    makecontext(&there, (void (*)(void))on_own_stack, 2, (unsigned)((uint64_t)address >> 32),
                (unsigned)address);
    return swapcontext(&here, &there) < 0 ? program(argc, argv) : call.result;
}
#else
int surroundings_with_stack(int (*program)(int, char **), int argc, char **argv) {
    return program(argc, argv);
}
#endif
