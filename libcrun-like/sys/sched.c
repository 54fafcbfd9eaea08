/* SPDX-License-Identifier: Apache-2.0 */
/* System calls that shape how and where the calling thread runs. */
#include "sys/sched.h"

#include <errno.h>
#include <linux/ioprio.h>
#include <linux/sched/types.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/text.h"

enum { BITS_MAX = TEXT_RANGE_MAX + 1 };

struct bit_set {
    unsigned long words[BITS_MAX / (8 * sizeof(unsigned long))];
};

int sys_set_scheduler(pid_t pid, uint32_t policy, uint64_t flags, int32_t nice, uint32_t priority,
                      uint64_t runtime, uint64_t deadline, uint64_t period) {
    struct sched_attr attributes = {
        .size = sizeof(attributes),
        .sched_policy = policy,
        .sched_flags = flags,
        .sched_nice = nice,
        .sched_priority = priority,
        .sched_runtime = runtime,
        .sched_deadline = deadline,
        .sched_period = period,
    };
    return (int)syscall(SYS_sched_setattr, pid, &attributes, 0);
}

int sys_set_io_priority(pid_t pid, int priority) {
    return (int)syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, pid, priority);
}

static void set_bit(struct bit_set *set, unsigned long bit) {
    const unsigned long width = 8 * sizeof(unsigned long);
    set->words[bit / width] |= 1UL << (bit % width);
}

static int parse_list(const char *list, struct bit_set *set) {
    uint64_t first = 0;
    uint64_t last = 0;
    memset(set, 0, sizeof(*set));
    while (text_take_range(&list, &first, &last)) {
        while (first <= last)
            set_bit(set, first++);
    }
    if (*list == '\0')
        return 0;
    errno = EINVAL;
    return -1;
}

int sys_set_cpu_list(pid_t pid, const char *list) {
    struct bit_set set;
    if (parse_list(list, &set) < 0)
        return -1;
    return (int)syscall(SYS_sched_setaffinity, pid, sizeof(set), &set);
}

int sys_reset_cpus(pid_t pid) {
    struct bit_set set;
    memset(&set, 0xff, sizeof(set));
    return (int)syscall(SYS_sched_setaffinity, pid, sizeof(set), &set);
}

int sys_set_memory_policy(int mode, const char *nodes) {
    struct bit_set set;
    if (parse_list(nodes, &set) < 0)
        return -1;
    if (nodes[0] == '\0')
        return (int)syscall(SYS_set_mempolicy, mode, NULL, 0);
    return (int)syscall(SYS_set_mempolicy, mode, set.words, BITS_MAX);
}
