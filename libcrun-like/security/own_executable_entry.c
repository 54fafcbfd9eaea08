/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the statically linked thole begins: before the C library is set up, so that sealing the
 * executable (security/own_executable.h) costs one small execve and not a second start of the C
 * library.
 *
 * Only a shortcut: own_executable_reexecute() judges what came of it, and does the work where this
 * could not. Nothing of the C library may be used here: no relocation has been applied, there is no
 * thread-local storage and so no stack protector. Linked with -e thole_entry.
 */
#include "config.h"

#include <fcntl.h>
#include <linux/mount.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>

#include "security/own_executable.h"
#include "sys/process_calls.h"

#define WITHOUT_LIBC __attribute__((no_stack_protector, noinline))

/* Keeps the compiler from making a loop into a call of memcpy() or strlen(). */
#define PLAIN_LOOP() __asm__ volatile("" : : : "memory")

/* What the kernel leaves on the stack of a new program: argc, argv, NULL, envp, NULL. */
struct initial_stack {
    long argument_count;
    char *arguments[];
};

void thole_entry(void);
WITHOUT_LIBC __attribute__((used)) void sealed_entry(struct initial_stack *stack);

/* thole_entry calls sealed_entry() with the stack that the kernel left, and goes on where the C
 * library begins, with what is defined there: the stack, and the register that tells what to run at
 * exit. */
#if defined(__x86_64__)

__asm__(".text\n"
        ".globl thole_entry\n"
        ".type thole_entry, @function\n"
        "thole_entry:\n"
        "    xor %ebp, %ebp\n"
        "    mov %rsp, %rbx\n"
        "    mov %rdx, %r12\n"
        "    mov %rsp, %rdi\n"
        "    and $-16, %rsp\n"
        "    call sealed_entry\n"
        "    mov %rbx, %rsp\n"
        "    mov %r12, %rdx\n"
        "    jmp _start\n"
        ".size thole_entry, . - thole_entry\n");

static inline long kernel(long number, long a, const void *b, long c, const void *d, long e) {
    long result;
    register const void *r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
                     : "rcx", "r11", "memory");
    return result;
}

#elif defined(__aarch64__)

__asm__(".text\n"
        ".globl thole_entry\n"
        ".type thole_entry, %function\n"
        "thole_entry:\n"
        "    mov x29, #0\n"
        "    mov x19, x0\n"
        "    mov x0, sp\n"
        "    bl sealed_entry\n"
        "    mov x0, x19\n"
        "    b _start\n"
        ".size thole_entry, . - thole_entry\n");

static inline long kernel(long number, long a, const void *b, long c, const void *d, long e) {
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register const void *x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register const void *x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = e;
    __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4) : "memory");
    return x0;
}

#else
#error "the entry is written for x86-64 and arm64 only"
#endif

static WITHOUT_LIBC bool begins_with(const char *text, const char *prefix) {
    for (; *prefix != '\0'; text++, prefix++) {
        PLAIN_LOOP();
        if (*text != *prefix)
            return false;
    }
    return true;
}

/* The words that commands.h marks with `seal`. An argument that happens to be one is no harm. */
static WITHOUT_LIBC bool runs_a_program(const struct initial_stack *stack) {
    static const char names[][8] = {"create", "exec", "run"};
    for (long i = 1; i < stack->argument_count; i++) {
        for (size_t name = 0; name < sizeof(names) / sizeof(names[0]); name++) {
            const char *end = stack->arguments[i];
            if (begins_with(end, names[name])) {
                while (*end >= 'a' && *end <= 'z')
                    end++;
                if (*end == '\0')
                    return true;
            }
        }
    }
    return false;
}

/* "THOLE_REEXECUTED=PID" */
static WITHOUT_LIBC void write_guard(char *guard) {
    static const char name[] = OWN_EXECUTABLE_GUARD "=";
    char digits[24];
    size_t count = 0;
    size_t length = 0;
    for (; name[length] != '\0'; length++) {
        PLAIN_LOOP();
        guard[length] = name[length];
    }
    for (long pid = kernel(SYS_getpid, 0, NULL, 0, NULL, 0); pid > 0; pid /= 10)
        digits[count++] = (char)('0' + pid % 10);
    while (count > 0)
        guard[length++] = digits[--count];
    guard[length] = '\0';
}

/* This is the copy: its guard is in the environment. */
static WITHOUT_LIBC bool has_reexecuted(char *const *environment, const char *guard) {
    for (; *environment != NULL; environment++) {
        PLAIN_LOOP();
        if (begins_with(*environment, guard) && begins_with(guard, *environment))
            return true;
    }
    return false;
}

static WITHOUT_LIBC bool is_frozen(long fd, bool copy) {
    struct statfs filesystem;
    struct statx status;
    filesystem.f_type = filesystem.f_flags = 0;
    status.stx_attributes = 0;
    if (kernel(SYS_fstatfs, fd, &filesystem, 0, NULL, 0) < 0)
        return false;
    if (own_executable_is_image((uint64_t)filesystem.f_type) ||
        (copy && (filesystem.f_flags & ST_RDONLY) != 0))
        return true;
    return kernel(SYS_statx, fd, "", AT_EMPTY_PATH, NULL, (long)&status) == 0 &&
           (status.stx_attributes & STATX_ATTR_VERITY) != 0;
}

static WITHOUT_LIBC void continue_in(long sealed, const struct initial_stack *stack,
                                     char **environment, char *guard) {
    size_t count = 0;
    for (; environment[count] != NULL; count++) {
        PLAIN_LOOP();
#ifdef THOLE_DEVELOPER
        if (begins_with(environment[count], "THOLE_NO_FASTPATH="))
            return;
#endif
    }
    char **list = __builtin_alloca((count + 2) * sizeof(*list));
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        PLAIN_LOOP();
        if (!begins_with(environment[i], OWN_EXECUTABLE_GUARD "="))
            list[used++] = environment[i];
    }
    list[used++] = guard;
    list[used] = NULL;
    (void)kernel(SYS_execveat, sealed, "", (long)stack->arguments, list, AT_EMPTY_PATH);
}

void sealed_entry(struct initial_stack *stack) {
    if (!runs_a_program(stack))
        return;
    long executable = kernel(SYS_openat, AT_FDCWD, "/proc/self/exe", O_PATH | O_CLOEXEC, NULL, 0);
    if (executable < 0)
        return;
    char guard[sizeof(OWN_EXECUTABLE_GUARD) + 24];
    char **environment = stack->arguments + stack->argument_count + 1;
    write_guard(guard);
    bool copy = has_reexecuted(environment, guard);
    own_executable_found_frozen = is_frozen(executable, copy);
    if (!own_executable_found_frozen && !copy) {
        const struct mount_attr attributes = {.attr_set = MOUNT_ATTR_RDONLY};
        long tree = kernel(SYS_open_tree, executable, "",
                           OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH, NULL, 0);
        if (tree >= 0) {
            if (kernel(SYS_mount_setattr, tree, "", AT_EMPTY_PATH, &attributes,
                       sizeof(attributes)) == 0)
                continue_in(tree, stack, environment, guard);
            (void)kernel(SYS_close, tree, NULL, 0, NULL, 0);
        }
    }
    (void)kernel(SYS_close, executable, NULL, 0, NULL, 0);
}
