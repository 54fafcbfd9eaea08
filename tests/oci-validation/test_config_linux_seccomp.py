# SPDX-License-Identifier: Apache-2.0
"""config-linux.md: seccomp by what a process can do inside, the flags by the system call of the runtime."""
import errno
import os
import platform
import shutil

import pytest

from harness.programs import compiled
from sentences import sentence

SECCOMP = ("config-linux.md", "Seccomp")
MACHINE = platform.machine()
ARCHITECTURE = {"x86_64": "SCMP_ARCH_X86_64", "aarch64": "SCMP_ARCH_AARCH64"}[MACHINE]
GETPGID = {"x86_64": 121, "aarch64": 155}[MACHINE]  # its arguments may be anything
GETPGID_COMPAT = 132
REFUSED = errno.ENOMEDIUM  # what only the filter says

IS_FIELD = sentence(*SECCOMP, "seccomp (object, OPTIONAL)")
DEFAULT_ACTION = sentence(*SECCOMP, "defaultAction (string, REQUIRED) - the default action for seccomp")
DEFAULT_ERRNO = sentence(*SECCOMP, "defaultErrnoRet (uint, OPTIONAL) - the errno return code to use")
ERRNO = sentence(*SECCOMP, "errnoRet (uint, OPTIONAL) - the errno return code to use")
NO_ERRNO = sentence(*SECCOMP, "When the action doesn't support an errno, the runtime MUST print and error and fail")
IS_EPERM = sentence(*SECCOMP, "The default is EPERM")
ARCHITECTURES = sentence(*SECCOMP, "architectures (array of strings, OPTIONAL) - the architecture used")
FLAGS = sentence(*SECCOMP, "flags (array of strings, OPTIONAL) - list of flags to use with seccomp(2)")
SYSCALLS = sentence(*SECCOMP, "syscalls (array of objects, OPTIONAL) - match a syscall in seccomp")
NAMES = sentence(*SECCOMP, "names (array of strings, REQUIRED) - the names of the syscalls")
ACTION = sentence(*SECCOMP, "action (string, REQUIRED) - the action for seccomp rules")
ARGS = sentence(*SECCOMP, "args (array of objects, OPTIONAL) - the specific syscall in seccomp")
INDEX = sentence(*SECCOMP, "index (uint, REQUIRED) - the index for syscall arguments in seccomp")
VALUE = sentence(*SECCOMP, "value (uint64, REQUIRED) - the value for syscall arguments in seccomp")
VALUE_TWO = sentence(*SECCOMP, "valueTwo (uint64, OPTIONAL) - the value for syscall arguments in seccomp")
OPERATOR = sentence(*SECCOMP, "op (string, REQUIRED) - the operator for syscall arguments in seccomp")

# What a small static program and a runtime that is about to start it call.
NEEDED = """
    access arch_prctl brk capget capset chdir clock_gettime close close_range dup dup2 dup3 epoll_ctl
    epoll_pwait execve execveat exit exit_group fchdir fcntl fstat fstatfs futex getcwd getdents64 getpid
    getppid getrandom gettid getuid ioctl lseek madvise mmap mprotect munmap nanosleep newfstatat open
    openat personality poll ppoll prctl pread64 prlimit64 pwrite64 read readlink readlinkat recvfrom
    recvmsg rseq rt_sigaction rt_sigprocmask rt_sigreturn sched_getaffinity sched_yield sendmsg sendto
    set_robust_list set_tid_address setgid setgroups setresgid setresuid setuid setpgid sigaltstack stat
    statfs statx tgkill umask uname write writev""".split()


def rule(action, *names, **more):
    return {"names": list(names), "action": action, **more}


def filtered(made, *rules, default="SCMP_ACT_ALLOW", **more):
    made.linux["seccomp"] = {"defaultAction": default, "architectures": [ARCHITECTURE],
                             "syscalls": list(rules), **more}
    return made


@pytest.fixture(scope="session")
def inside_template(session_folder):
    return compiled(os.path.join(os.path.dirname(__file__), "inside.c"), session_folder)


@pytest.fixture
def calling(bundle, inside_template):
    """calling(arguments...): a bundle whose program calls getpgid(2) with them and says how it ended."""

    def make(*arguments, words=("call", GETPGID)):
        made = bundle("/bin/inside", *map(str, words), *map(str, arguments))
        shutil.copy(inside_template, os.path.join(made.rootfs, "bin/inside"))
        return made

    return make


def said(number):
    return os.strerror(number) + "\n"


@IS_FIELD
@SYSCALLS
@NAMES
@ACTION
def test_a_call_by_its_name(runtime, calling):
    made = filtered(calling(), rule("SCMP_ACT_ERRNO", "no_such_call", "getpgid", errnoRet=REFUSED))
    assert runtime.run(made).ok().out == said(REFUSED)
    del made.linux["seccomp"]["syscalls"]
    assert runtime.run(made).ok().out == "ok\n"
    assert "Seccomp:\t2" in runtime.shell(made, "grep ^Seccomp: /proc/self/status")
    del made.linux["seccomp"]
    assert "Seccomp:\t0" in runtime.shell(made, "grep ^Seccomp: /proc/self/status")


@pytest.mark.parametrize("broken", [
    pytest.param({"defaultAction": None}, id="no default action", marks=DEFAULT_ACTION),
    pytest.param({"defaultAction": "SCMP_ACT_NOTHING"}, id="another default action", marks=DEFAULT_ACTION),
    pytest.param({"architectures": ["SCMP_ARCH_NOTHING"]}, id="another architecture", marks=ARCHITECTURES),
    pytest.param({"flags": ["SECCOMP_FILTER_FLAG_NOTHING"]}, id="another flag", marks=FLAGS),
    pytest.param({"syscalls": [rule("SCMP_ACT_NOTHING", "getpgid")]}, id="another action", marks=ACTION),
    pytest.param({"syscalls": [{"names": ["getpgid"]}]}, id="no action", marks=ACTION),
    pytest.param({"syscalls": [{"action": "SCMP_ACT_ERRNO"}]}, id="no names", marks=NAMES),
    pytest.param({"syscalls": [rule("SCMP_ACT_ERRNO")]}, id="empty names",
                 marks=sentence(*SECCOMP, "names MUST contain at least one entry")),
    pytest.param({"listenerMetadata": "alone"}, id="metadata for nobody",
                 marks=sentence(*SECCOMP, "This field MUST NOT be set if listenerPath is not set"))])
def test_refused(runtime, calling, broken):
    made = filtered(calling())
    for key, value in broken.items():
        made.linux["seccomp"][key] = value
        if value is None:
            del made.linux["seccomp"][key]
    runtime.refuses(made)


COMPARISON = {"index": 0, "value": 1, "op": "SCMP_CMP_EQ"}


@pytest.mark.parametrize("member", [pytest.param("index", marks=INDEX), pytest.param("value", marks=VALUE),
                                    pytest.param("op", marks=OPERATOR)])
@pytest.mark.parametrize("other", ["missing", "wrong"])
def test_a_comparison_without_a_member_is_refused(runtime, calling, member, other):
    compared = dict(COMPARISON)
    del compared[member]
    if other == "wrong":
        compared[member] = {"index": 6, "value": -1, "op": "SCMP_CMP_NOTHING"}[member]
    runtime.refuses(filtered(calling(), rule("SCMP_ACT_ERRNO", "getpgid", args=[compared])))


# ---- actions -----------------------------------------------------------------------------------


@DEFAULT_ACTION
@pytest.mark.parametrize("action, answer", [
    ("SCMP_ACT_ALLOW", "ok\n"), ("SCMP_ACT_LOG", "ok\n"), ("SCMP_ACT_ERRNO", said(errno.EPERM)),
    ("SCMP_ACT_TRACE", said(errno.ENOSYS))])
def test_default_action(runtime, calling, action, answer):
    made = filtered(calling(), rule("SCMP_ACT_ALLOW", *NEEDED), default=action)
    assert runtime.run(made).ok().out == answer


@DEFAULT_ACTION
@pytest.mark.parametrize("action", ["SCMP_ACT_KILL", "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_KILL_THREAD",
                                    "SCMP_ACT_TRAP"])
def test_default_action_that_ends_the_process(runtime, calling, action):
    made = filtered(calling(), rule("SCMP_ACT_ALLOW", *NEEDED), default=action)
    result = runtime.run(made)
    assert result.code != 0 and result.out == "", result
    made.process["args"][1:] = ["call", "39"] if MACHINE == "x86_64" else ["call", "172"]
    assert runtime.run(made).ok().out == "ok\n", "getpid is allowed by name"


@DEFAULT_ERRNO
@IS_EPERM
@pytest.mark.parametrize("more, number", [({}, errno.EPERM), ({"defaultErrnoRet": REFUSED}, REFUSED)])
def test_default_errno(runtime, calling, more, number):
    made = filtered(calling(), rule("SCMP_ACT_ALLOW", *NEEDED), default="SCMP_ACT_ERRNO", **more)
    assert runtime.run(made).ok().out == said(number)


@ACTION
@pytest.mark.parametrize("action, status", [
    ("SCMP_ACT_KILL", 159), ("SCMP_ACT_KILL_PROCESS", 159), ("SCMP_ACT_KILL_THREAD", 159),
    ("SCMP_ACT_TRAP", 159), ("SCMP_ACT_ERRNO", said(errno.EPERM)), ("SCMP_ACT_TRACE", said(errno.ENOSYS)),
    ("SCMP_ACT_ALLOW", "ok\n"), ("SCMP_ACT_LOG", "ok\n")])
def test_action(runtime, calling, action, status):
    """By a default action that says something else about the call."""
    made = calling()
    made.process["args"] = ["/bin/sh", "-c", f"/bin/inside call {GETPGID}; echo $?"]
    if action in ("SCMP_ACT_ALLOW", "SCMP_ACT_LOG"):
        filtered(made, rule(action, "getpgid"), rule("SCMP_ACT_ALLOW", *SHELL), default="SCMP_ACT_ERRNO")
    else:
        filtered(made, rule(action, "getpgid"))
    out = runtime.run(made).ok().out
    assert out == (f"{status}\n" if isinstance(status, int) else status + "0\n"), out


SHELL = NEEDED + ["clone", "clone3", "fork", "getegid", "geteuid", "getgid", "getpgrp", "getsid", "pipe",
                  "pipe2", "set_thread_area", "setsid", "time", "vfork", "wait4", "waitid"]


@ERRNO
@IS_EPERM
@pytest.mark.parametrize("more, number", [({}, errno.EPERM), ({"errnoRet": REFUSED}, REFUSED),
                                          ({"errnoRet": errno.ENOSYS}, errno.ENOSYS)])
def test_errno(runtime, calling, more, number):
    made = filtered(calling(), rule("SCMP_ACT_ERRNO", "getpgid", **more))
    assert runtime.run(made).ok().out == said(number)


NO_NUMBER = ["SCMP_ACT_ALLOW", "SCMP_ACT_LOG", "SCMP_ACT_KILL", "SCMP_ACT_KILL_PROCESS",
             "SCMP_ACT_KILL_THREAD", "SCMP_ACT_TRAP"]


@NO_ERRNO
@pytest.mark.parametrize("action", NO_NUMBER)
@pytest.mark.parametrize("place", ["rule", "default"])
def test_an_action_without_an_errno(runtime, calling, action, place):
    if place == "default":
        made = filtered(calling(), rule("SCMP_ACT_ALLOW", *NEEDED), default=action, defaultErrnoRet=REFUSED)
    else:
        made = filtered(calling(), rule(action, "getpriority", errnoRet=REFUSED))
    runtime.refuses(made)


# ---- architectures -----------------------------------------------------------------------------


@ARCHITECTURES
@pytest.mark.skipif(MACHINE != "x86_64", reason="needs a processor that runs programs of another architecture")
@pytest.mark.parametrize("names, answer", [(["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"], said(REFUSED)),
                                           (["SCMP_ARCH_X86_64"], None)])
def test_rules_hold_for_the_architectures_listed(runtime, calling, names, answer):
    """Calls of an architecture that is not listed end the process."""
    made = calling(words=("compat", GETPGID_COMPAT))
    if runtime.run(made).out != "ok\n":
        pytest.skip("this kernel runs no 32-bit programs")
    filtered(made, rule("SCMP_ACT_ERRNO", "getpgid", errnoRet=REFUSED))
    made.linux["seccomp"]["architectures"] = names
    result = runtime.run(made)
    assert result.out == (answer or "") and (result.code == 0) == (answer is not None), result


# ---- arguments ---------------------------------------------------------------------------------

BIG = 0x100000005
# operator: (value, valueTwo, arguments that match, arguments that do not)
OPERATORS = {
    "SCMP_CMP_NE": (BIG, None, [5, BIG + 1, 0], [BIG]),
    "SCMP_CMP_LT": (BIG, None, [5, BIG - 1, 0], [BIG, BIG + 1, 1 << 63]),
    "SCMP_CMP_LE": (BIG, None, [5, BIG, 0], [BIG + 1, 1 << 63]),
    "SCMP_CMP_EQ": (BIG, None, [BIG], [5, BIG + 1, 0]),
    "SCMP_CMP_GE": (BIG, None, [BIG, BIG + 1, 1 << 63], [5, BIG - 1]),
    "SCMP_CMP_GT": (BIG, None, [BIG + 1, 1 << 63], [5, BIG]),
    "SCMP_CMP_MASKED_EQ": (0xFF0000000F, BIG & 0xFF0000000F, [BIG, BIG + 0x10], [5, BIG + 1, 0]),
}


@OPERATOR
@VALUE
@pytest.mark.parametrize("operator", [pytest.param(name, marks=VALUE_TWO if OPERATORS[name][1] else ())
                                      for name in OPERATORS])
def test_operator(runtime, calling, operator):
    """With values of 64 bits."""
    value, second, matching, others = OPERATORS[operator]
    compared = {"index": 0, "value": value, "op": operator}
    if second is not None:
        compared["valueTwo"] = second
    made = filtered(calling(), rule("SCMP_ACT_ERRNO", "getpgid", errnoRet=REFUSED, args=[compared]))
    calls = "".join(f"/bin/inside call {GETPGID} {argument};" for argument in matching + others)
    out = runtime.shell(made, calls).splitlines(keepends=True)
    assert out[:len(matching)] == [said(REFUSED)] * len(matching)
    assert said(REFUSED) not in out[len(matching):] and len(out) == len(matching + others)


@ARGS
@INDEX
@pytest.mark.parametrize("index", range(6))
def test_index(runtime, calling, index):
    made = filtered(calling(), rule("SCMP_ACT_ERRNO", "getpgid", errnoRet=REFUSED,
                                    args=[{"index": index, "value": 99, "op": "SCMP_CMP_EQ"}]))
    calls = "".join("/bin/inside call {} {};".format(
        GETPGID, " ".join("99" if at == place else "0" for at in range(6))) for place in range(6))
    out = runtime.shell(made, calls).splitlines(keepends=True)
    assert [at for at, line in enumerate(out) if line == said(REFUSED)] == [index] and len(out) == 6


@ARGS
def test_all_comparisons_of_a_rule_must_hold(runtime, calling):
    made = filtered(calling(), rule("SCMP_ACT_ERRNO", "getpgid", errnoRet=REFUSED, args=[
        {"index": 0, "value": 1, "op": "SCMP_CMP_EQ"}, {"index": 1, "value": 2, "op": "SCMP_CMP_EQ"}]))
    calls = "".join(f"/bin/inside call {GETPGID} {words};" for words in ("1 2", "1 3", "0 2"))
    out = runtime.shell(made, calls).splitlines(keepends=True)
    assert [line == said(REFUSED) for line in out] == [True, False, False]


# ---- flags -------------------------------------------------------------------------------------


@FLAGS
@pytest.mark.needs(program="strace")
@pytest.mark.parametrize("flag", ["TSYNC", "LOG", "SPEC_ALLOW"])
def test_flag(runtime, calling, folder, flag):
    """Only the runtime's seccomp(2) tells: their effects are in the kernel's log and in the processor."""
    trace = os.path.join(folder, "trace")
    runtime.prefix = ["strace", "-f", "-qq", "-o", trace, "-e", "trace=seccomp"]
    given = filtered(calling(), rule("SCMP_ACT_ERRNO", "getpgid"), flags=["SECCOMP_FILTER_FLAG_" + flag])
    runtime.run(given).ok()
    assert "SECCOMP_FILTER_FLAG_" + flag in filters(trace), filters(trace)
    if flag != "TSYNC":  # which some runtimes, having threads, always need
        runtime.run(filtered(calling(), rule("SCMP_ACT_ERRNO", "getpgid"), flags=[])).ok()
        assert "SECCOMP_FILTER_FLAG_" + flag not in filters(trace), filters(trace)


def filters(trace):
    with open(trace, encoding="utf-8") as source:
        return "".join(line for line in source if "SECCOMP_SET_MODE_FILTER" in line and "NULL" not in line
                       and "= 0" in line)
