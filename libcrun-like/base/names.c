/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of signals, capabilities, limits and namespaces, and the searches. */
#include "base/names.h"

#include <linux/capability.h>
#include <linux/sched.h>
#include <signal.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>

#include "base/text.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

const struct name_value names_rlimits[] = {
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
    {0},
};

const struct name_value names_signals[] = {
    {"HUP", SIGHUP},
    {"INT", SIGINT},
    {"QUIT", SIGQUIT},
    {"ILL", SIGILL},
    {"TRAP", SIGTRAP},
    {"ABRT", SIGABRT},
    {"IOT", SIGABRT},
    {"BUS", SIGBUS},
    {"FPE", SIGFPE},
    {"KILL", SIGKILL},
    {"USR1", SIGUSR1},
    {"SEGV", SIGSEGV},
    {"USR2", SIGUSR2},
    {"PIPE", SIGPIPE},
    {"ALRM", SIGALRM},
    {"TERM", SIGTERM},
    {"CHLD", SIGCHLD},
    {"CLD", SIGCHLD},
    {"CONT", SIGCONT},
    {"STOP", SIGSTOP},
    {"TSTP", SIGTSTP},
    {"TTIN", SIGTTIN},
    {"TTOU", SIGTTOU},
    {"URG", SIGURG},
    {"XCPU", SIGXCPU},
    {"XFSZ", SIGXFSZ},
    {"VTALRM", SIGVTALRM},
    {"PROF", SIGPROF},
    {"WINCH", SIGWINCH},
    {"IO", SIGIO},
    {"POLL", SIGIO},
    {"PWR", SIGPWR},
    {"SYS", SIGSYS},
    {"UNUSED", SIGSYS},
#ifdef SIGSTKFLT
    {"STKFLT", SIGSTKFLT},
#endif
    {0},
};

#define CAPABILITY(name) \
    { #name, INT64_C(1) << (name) }
const struct name_value names_capabilities[] = {
    CAPABILITY(CAP_CHOWN),
    CAPABILITY(CAP_DAC_OVERRIDE),
    CAPABILITY(CAP_DAC_READ_SEARCH),
    CAPABILITY(CAP_FOWNER),
    CAPABILITY(CAP_FSETID),
    CAPABILITY(CAP_KILL),
    CAPABILITY(CAP_SETGID),
    CAPABILITY(CAP_SETUID),
    CAPABILITY(CAP_SETPCAP),
    CAPABILITY(CAP_LINUX_IMMUTABLE),
    CAPABILITY(CAP_NET_BIND_SERVICE),
    CAPABILITY(CAP_NET_BROADCAST),
    CAPABILITY(CAP_NET_ADMIN),
    CAPABILITY(CAP_NET_RAW),
    CAPABILITY(CAP_IPC_LOCK),
    CAPABILITY(CAP_IPC_OWNER),
    CAPABILITY(CAP_SYS_MODULE),
    CAPABILITY(CAP_SYS_RAWIO),
    CAPABILITY(CAP_SYS_CHROOT),
    CAPABILITY(CAP_SYS_PTRACE),
    CAPABILITY(CAP_SYS_PACCT),
    CAPABILITY(CAP_SYS_ADMIN),
    CAPABILITY(CAP_SYS_BOOT),
    CAPABILITY(CAP_SYS_NICE),
    CAPABILITY(CAP_SYS_RESOURCE),
    CAPABILITY(CAP_SYS_TIME),
    CAPABILITY(CAP_SYS_TTY_CONFIG),
    CAPABILITY(CAP_MKNOD),
    CAPABILITY(CAP_LEASE),
    CAPABILITY(CAP_AUDIT_WRITE),
    CAPABILITY(CAP_AUDIT_CONTROL),
    CAPABILITY(CAP_SETFCAP),
    CAPABILITY(CAP_MAC_OVERRIDE),
    CAPABILITY(CAP_MAC_ADMIN),
    CAPABILITY(CAP_SYSLOG),
    CAPABILITY(CAP_WAKE_ALARM),
    CAPABILITY(CAP_BLOCK_SUSPEND),
    CAPABILITY(CAP_AUDIT_READ),
    CAPABILITY(CAP_PERFMON),
    CAPABILITY(CAP_BPF),
    CAPABILITY(CAP_CHECKPOINT_RESTORE),
    {0},
};
_Static_assert(COUNT(names_capabilities) == CAP_CHECKPOINT_RESTORE + 2, "one name per capability");

const struct name_value names_namespaces[] = {
    {"mnt", CLONE_NEWNS},    {"uts", CLONE_NEWUTS},       {"ipc", CLONE_NEWIPC},
    {"pid", CLONE_NEWPID},   {"net", CLONE_NEWNET},       {"user", CLONE_NEWUSER},
    {"time", CLONE_NEWTIME}, {"cgroup", CLONE_NEWCGROUP}, {0},
};

const struct name_value names_device_access[] = {
    {"", 0}, {"m", 1}, {"r", 2}, {"rm", 3}, {"w", 4}, {"wm", 5}, {"rw", 6}, {"rwm", 7}, {0},
};

const struct name_value *names_find(const struct name_value *names, const char *word) {
    for (; names->name != NULL; names++) {
        if (strcmp(names->name, word) == 0)
            return names;
    }
    return NULL;
}

const char *names_of(const struct name_value *names, int64_t value) {
    while (names->name != NULL && names->value != value)
        names++;
    return names->name;
}

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
    for (const struct name_value *signal = names_signals; signal->name != NULL; signal++) {
        if (strcasecmp(signal->name, name) == 0)
            return (int)signal->value;
    }
    return realtime_signal(name);
}

unsigned names_device_access_parse(const char *letters) {
    unsigned access = 0;
    for (; *letters != '\0' && strchr("rwm", *letters) != NULL; letters++)
        access |= *letters == 'm' ? NAMES_MKNOD : *letters == 'r' ? NAMES_READ : NAMES_WRITE;
    return access;
}

uint64_t names_capability_parse(const char *name) {
    for (const struct name_value *known = names_capabilities; known->name != NULL; known++) {
        if (strcasecmp(known->name, name) == 0 || strcasecmp(known->name + 4, name) == 0)
            return (uint64_t)known->value;
    }
    return 0;
}

const char *names_capability(int capability) {
    return capability < 0 || capability > 62
               ? NULL
               : names_of(names_capabilities, INT64_C(1) << capability);
}
