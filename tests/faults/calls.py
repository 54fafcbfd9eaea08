# SPDX-License-Identifier: Apache-2.0
"""How each system call can fail, from the manual pages; which cannot; whose failure does no harm.

ENOENT, ESRCH, ECHILD, EEXIST, ENOTTY and ECONNREFUSED are not here: they are answers ("not there"),
and whoever is told them in error cannot know better. EINVAL is one where a call is asked whether
the kernel knows something.
"""
import errno
import os
import re
import subprocess

# A minus sign: the call is made, and only its result is hidden; the descriptor is closed even so.
ERRORS = {
    # files
    "open openat openat2": "EMFILE EIO EACCES ENOMEM",
    "read pread64": "EIO",
    "write pwrite64 writev": "ENOSPC EIO",
    "close": "-EIO -EINTR",
    "stat lstat fstat newfstatat statx": "ENOMEM EIO",
    "statfs fstatfs": "ENOMEM EIO",
    "getdents64": "EIO ENOMEM",
    "access faccessat faccessat2": "EACCES EIO",
    "readlink readlinkat": "EACCES EIO",
    "getcwd": "ENOMEM EACCES",
    "mkdir mkdirat": "ENOSPC EROFS EACCES",
    "mknod mknodat": "ENOSPC EPERM",
    "symlink symlinkat link linkat": "ENOSPC EACCES",
    "unlink unlinkat rmdir": "EIO EBUSY EACCES",
    "rename renameat renameat2": "ENOSPC EIO EACCES",
    "chmod fchmod fchmodat fchmodat2": "EPERM EIO",
    "chown fchown fchownat lchown": "EPERM EIO",
    "utimensat": "EACCES EROFS",
    "ftruncate fallocate": "ENOSPC EIO",
    "sendfile copy_file_range splice": "EIO ENOSPC",
    "fsync fdatasync": "EIO ENOSPC",
    "flock": "ENOLCK EINTR",
    "chdir fchdir": "EACCES EIO",
    "chroot": "EPERM EIO",
    "getxattr fgetxattr lgetxattr setxattr fsetxattr": "EIO",
    "dup": "EMFILE",
    "dup2 dup3": "EMFILE EBUSY",
    "pipe2": "EMFILE ENFILE",
    "memfd_create": "EMFILE ENOMEM",
    "ioctl": "EIO ENOMEM",
    # memory
    "mmap munmap mremap": "ENOMEM",
    "madvise": "EAGAIN",
    "set_mempolicy": "ENOMEM",
    # sockets and waiting
    "socket": "EMFILE ENFILE EACCES",
    "socketpair": "EMFILE ENOMEM",
    "bind": "EACCES EADDRINUSE",
    "connect": "EACCES EAGAIN",
    "listen": "EADDRINUSE",
    "accept4": "EMFILE ENOMEM EINTR",
    "sendmsg sendto": "ENOBUFS ENOMEM EINTR",
    "recvmsg recvfrom": "ENOMEM EINTR",
    "shutdown": "ENOTCONN",
    "setsockopt getsockopt": "ENOMEM",
    "poll ppoll pselect6": "EINTR ENOMEM",
    "epoll_create1 inotify_init1 signalfd4 timerfd_create eventfd2": "EMFILE ENOMEM",
    "epoll_ctl inotify_add_watch": "ENOSPC ENOMEM",
    "epoll_wait epoll_pwait nanosleep clock_nanosleep rt_sigtimedwait": "EINTR",
    # processes
    "clone clone3 fork vfork": "EAGAIN ENOMEM ENOSPC EPERM",
    "execve execveat": "EACCES ENOMEM E2BIG EMFILE",
    "wait4 waitid": "EINTR",
    "kill pidfd_send_signal": "EPERM",
    "pidfd_open pidfd_getfd": "EMFILE ENOMEM",
    "prctl": "EPERM",
    "setsid setpgid": "EPERM",
    "setresuid setresgid": "EAGAIN EPERM",
    "setgroups": "ENOMEM EPERM",
    "capget capset": "EPERM",
    "prlimit64 setrlimit getrlimit": "EPERM",
    "sched_setaffinity sched_setattr setpriority ioprio_set": "EPERM",
    "sched_getaffinity": "EINVAL",
    "seccomp": "ENOMEM EACCES",
    "bpf": "ENOMEM EPERM",
    "keyctl add_key": "EDQUOT ENOMEM",
    "close_range": "ENOMEM",
    "getrandom": "EINTR",
    # namespaces and mounts
    "unshare": "ENOSPC ENOMEM EPERM",
    "setns": "ENOMEM EPERM",
    "mount umount2": "ENOMEM EPERM EBUSY",
    "move_mount mount_setattr fsconfig": "ENOMEM EPERM",
    "open_tree fsopen fsmount fspick": "EMFILE ENOMEM EPERM",
    "statmount listmount": "ENOSYS ENOMEM EPERM",
    "pivot_root": "EPERM EBUSY",
    "sethostname setdomainname": "EPERM",
}

# Calls that are never failed, only stopped before.
CANNOT_FAIL = {
    "getpid gettid getppid getuid geteuid getgid getegid getresuid getresgid getpgrp getpgid umask "
    "sched_yield": "has no error",
    "exit exit_group": "does not return",
    "pause": "returns when a signal has a handler",
    "rt_sigaction rt_sigprocmask rt_sigreturn rt_sigpending sigaltstack setitimer timerfd_settime "
    "inotify_rm_watch":
        "only with wrong arguments",
    "clock_gettime uname sysinfo times getrusage personality getsockname getpeername getsid lseek "
    "getgroups getpriority": "only with wrong arguments",
    "set_tid_address set_robust_list rseq arch_prctl mprotect": "part of the C library's start",
    "brk": "tells a failure by its value; malloc() then asks mmap(), which is failed",
    "futex": "used by the C library alone, which tries again",
    "tgkill": "the end of a process that aborts",
    "restart_syscall": "made by the kernel",
}

# fcntl(2) by its second argument: only these can fail.
FCNTL = {0: "EMFILE", 1030: "EMFILE", 1033: "EPERM", 1034: "EPERM"}

# (call, a number among its first two arguments or None): the failure does no harm, and why. The
# command must then end in a right result with exit status 0.
HARMLESS = {
    ("close", None): "the descriptor is closed even so",
    ("madvise", None): "advice",
    ("munmap", None): "memory stays mapped until the end",
    ("wait4", None): "is repeated",
    ("waitid", None): "is repeated",
    ("flock", "EINTR"): "is repeated",
    ("sendmsg", "EINTR"): "is repeated",
    ("recvmsg", "EINTR"): "is repeated",
    ("accept4", "EINTR"): "is repeated",
    ("poll", "EINTR"): "is repeated",
    ("ppoll", "EINTR"): "is repeated",
    ("epoll_wait", None): "is repeated",
    ("statmount", "ENOSYS"): "another way is taken",
}


def _expand(table):
    return {name: value for names, value in table.items() for name in names.split()}


_ERRORS = {name: tuple(value.split()) for name, value in _expand(ERRORS).items()}
_CANNOT_FAIL = _expand(CANNOT_FAIL)


def errors(call, arguments):
    """The errors to try, as words of ERRORS; none for calls that cannot fail."""
    if call == "fcntl":
        return tuple(FCNTL.get(arguments[1], "").split())
    if call in _CANNOT_FAIL:
        return ()
    if call not in _ERRORS:
        raise LookupError(f"{call} has no row in tests/faults/calls.py")
    return _ERRORS[call]


def harmless(call, arguments, error):
    """Why that failure must not be noticed, or None."""
    for what in (None, error.lstrip("-"), *arguments):
        if (call, what) in HARMLESS:
            return HARMLESS[call, what]
    return None


def value(error):
    """The word of ERRORS as the tracer wants it."""
    number = errno.__dict__[error.lstrip("-")]
    return -number if error.startswith("-") else number


# Younger than some C libraries' headers; the numbers are those of every processor.
YOUNG = {"fchmodat2": 452, "statmount": 457, "listmount": 458}


def numbers(compiler="cc"):
    """{name: number} of this processor's system calls; without a compiler as it told them before."""
    if os.environ.get("THOLE_TEST_PROGRAMS"):
        with open(os.environ["THOLE_TEST_PROGRAMS"] + "/system-calls", encoding="ascii") as source:
            text = source.read()
    else:
        text = subprocess.run([compiler, "-E", "-dM", "-xc", "-"], input="#include <sys/syscall.h>\n",
                              capture_output=True, text=True, check=True).stdout
    return YOUNG | {name: int(number) for name, number in
                    re.findall(r"^#define __NR_(\w+) (\d+)$", text, re.MULTILINE)}
