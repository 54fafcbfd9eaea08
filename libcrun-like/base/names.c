/* SPDX-License-Identifier: Apache-2.0 */
/* Name tables: signals, capabilities, rlimits, namespaces. */
#include "base/names.h"

#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>

#include "base/text.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const struct name_value rlimits[] = {
    {"RLIMIT_AS", RLIMIT_AS},
    {"RLIMIT_CORE", RLIMIT_CORE},
    {"RLIMIT_CPU", RLIMIT_CPU},
    {"RLIMIT_DATA", RLIMIT_DATA},
    {"RLIMIT_FSIZE", RLIMIT_FSIZE},
    {"RLIMIT_LOCKS", RLIMIT_LOCKS},
    {"RLIMIT_MEMLOCK", RLIMIT_MEMLOCK},
    {"RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE},
    {"RLIMIT_NICE", RLIMIT_NICE},
    {"RLIMIT_NOFILE", RLIMIT_NOFILE},
    {"RLIMIT_NPROC", RLIMIT_NPROC},
    {"RLIMIT_RSS", RLIMIT_RSS},
    {"RLIMIT_RTPRIO", RLIMIT_RTPRIO},
    {"RLIMIT_RTTIME", RLIMIT_RTTIME},
    {"RLIMIT_SIGPENDING", RLIMIT_SIGPENDING},
    {"RLIMIT_STACK", RLIMIT_STACK},
};

static const struct name_value signals[] = {
    {"HUP", SIGHUP},       {"INT", SIGINT},    {"QUIT", SIGQUIT},     {"ILL", SIGILL},
    {"TRAP", SIGTRAP},     {"ABRT", SIGABRT},  {"IOT", SIGABRT},      {"BUS", SIGBUS},
    {"FPE", SIGFPE},       {"KILL", SIGKILL},  {"USR1", SIGUSR1},     {"SEGV", SIGSEGV},
    {"USR2", SIGUSR2},     {"PIPE", SIGPIPE},  {"ALRM", SIGALRM},     {"TERM", SIGTERM},
    {"CHLD", SIGCHLD},     {"CLD", SIGCHLD},   {"CONT", SIGCONT},     {"STOP", SIGSTOP},
    {"TSTP", SIGTSTP},     {"TTIN", SIGTTIN},  {"TTOU", SIGTTOU},     {"URG", SIGURG},
    {"XCPU", SIGXCPU},     {"XFSZ", SIGXFSZ},  {"VTALRM", SIGVTALRM}, {"PROF", SIGPROF},
    {"WINCH", SIGWINCH},   {"IO", SIGIO},      {"POLL", SIGIO},       {"PWR", SIGPWR},
    {"SYS", SIGSYS},       {"UNUSED", SIGSYS},
#ifdef SIGSTKFLT
    {"STKFLT", SIGSTKFLT},
#endif
};

/* In the order of the CAP_* numbers of linux/capability.h. */
static const char *const capabilities[] = {
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_DAC_READ_SEARCH",
    "CAP_FOWNER",
    "CAP_FSETID",
    "CAP_KILL",
    "CAP_SETGID",
    "CAP_SETUID",
    "CAP_SETPCAP",
    "CAP_LINUX_IMMUTABLE",
    "CAP_NET_BIND_SERVICE",
    "CAP_NET_BROADCAST",
    "CAP_NET_ADMIN",
    "CAP_NET_RAW",
    "CAP_IPC_LOCK",
    "CAP_IPC_OWNER",
    "CAP_SYS_MODULE",
    "CAP_SYS_RAWIO",
    "CAP_SYS_CHROOT",
    "CAP_SYS_PTRACE",
    "CAP_SYS_PACCT",
    "CAP_SYS_ADMIN",
    "CAP_SYS_BOOT",
    "CAP_SYS_NICE",
    "CAP_SYS_RESOURCE",
    "CAP_SYS_TIME",
    "CAP_SYS_TTY_CONFIG",
    "CAP_MKNOD",
    "CAP_LEASE",
    "CAP_AUDIT_WRITE",
    "CAP_AUDIT_CONTROL",
    "CAP_SETFCAP",
    "CAP_MAC_OVERRIDE",
    "CAP_MAC_ADMIN",
    "CAP_SYSLOG",
    "CAP_WAKE_ALARM",
    "CAP_BLOCK_SUSPEND",
    "CAP_AUDIT_READ",
    "CAP_PERFMON",
    "CAP_BPF",
    "CAP_CHECKPOINT_RESTORE",
};
_Static_assert(COUNT(capabilities) == CAP_CHECKPOINT_RESTORE + 1, "one name per capability");

static const struct {
    unsigned long flag;
    const char *file;
} namespaces[] = {
    {CLONE_NEWNS, "mnt"},    {CLONE_NEWUTS, "uts"},       {CLONE_NEWIPC, "ipc"},
    {CLONE_NEWPID, "pid"},   {CLONE_NEWNET, "net"},       {CLONE_NEWUSER, "user"},
    {CLONE_NEWTIME, "time"}, {CLONE_NEWCGROUP, "cgroup"},
};

static int realtime_signal(const char *name) {
    int64_t offset = 0;
    if (strncasecmp(name, "RTMIN", 5) == 0) {
        if (name[5] == '\0')
            return SIGRTMIN;
        if (name[5] == '+' && text_parse_int(name + 6, 0, SIGRTMAX - SIGRTMIN, &offset))
            return SIGRTMIN + (int)offset;
    }
    if (strncasecmp(name, "RTMAX", 5) == 0) {
        if (name[5] == '\0')
            return SIGRTMAX;
        if (name[5] == '-' && text_parse_int(name + 6, 0, SIGRTMAX - SIGRTMIN, &offset))
            return SIGRTMAX - (int)offset;
    }
    return -1;
}

int names_signal_parse(const char *name) {
    int64_t number = 0;
    if (text_parse_int(name, 0, SIGRTMAX, &number))
        return (int)number;
    if (strncasecmp(name, "SIG", 3) == 0)
        name += 3;
    for (size_t i = 0; i < COUNT(signals); i++) {
        if (strcasecmp(signals[i].name, name) == 0)
            return signals[i].value;
    }
    return realtime_signal(name);
}

int names_capability_parse(const char *name) {
    for (size_t i = 0; i < COUNT(capabilities); i++) {
        if (strcasecmp(capabilities[i], name) == 0 || strcasecmp(capabilities[i] + 4, name) == 0)
            return (int)i;
    }
    return -1;
}

const char *names_capability(int capability) {
    if (capability < 0 || (size_t)capability >= COUNT(capabilities))
        return NULL;
    return capabilities[capability];
}

int names_rlimit_parse(const char *name) {
    for (size_t i = 0; i < COUNT(rlimits); i++) {
        if (strcmp(rlimits[i].name, name) == 0)
            return rlimits[i].value;
    }
    return -1;
}

const char *names_rlimit(int resource) {
    for (size_t i = 0; i < COUNT(rlimits); i++) {
        if (rlimits[i].value == resource)
            return rlimits[i].name;
    }
    return NULL;
}

const char *names_namespace_file(unsigned long clone_flag) {
    for (size_t i = 0; i < COUNT(namespaces); i++) {
        if (namespaces[i].flag == clone_flag)
            return namespaces[i].file;
    }
    return NULL;
}
