/* SPDX-License-Identifier: Apache-2.0 */
/* Vocabularies that more than one part speaks: words and what they stand for. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/** One word. A table ends with a row without a name. */
struct name_value {
    const char *name;
    int64_t value;
};

/** The row called @word, or NULL. */
const struct name_value *names_find(const struct name_value *names, const char *word);

/** The first word for @value, or NULL. */
const char *names_of(const struct name_value *names, int64_t value);

/** RLIMIT_*. */
extern const struct name_value names_rlimits[];
/** A mask with the bit of CAP_*, in the order of their numbers. */
extern const struct name_value names_capabilities[];
/** CLONE_NEW* of the files under /proc/PID/ns. */
extern const struct name_value names_namespaces[];

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5) /* Linux 5.19 */
#endif

/** SECCOMP_RET_* as an int without its data, SECCOMP_FILTER_FLAG_*, and the places in enum
 * scmp_compare. */
extern const struct name_value names_seccomp_actions[];
extern const struct name_value names_seccomp_flags[];
extern const struct name_value names_seccomp_operators[];
/** Their byte order, as in __BYTE_ORDER__. */
extern const struct name_value names_seccomp_architectures[];

/** "rwm" and all that is less, and its bits: 1 mknod, 2 read, 4 write, as in BPF_DEVCG_ACC_*. */
extern const struct name_value names_device_access[];
enum names_access { NAMES_MKNOD = 1, NAMES_READ = 2, NAMES_WRITE = 4, NAMES_ALL_ACCESS = 7 };

/** The bits of the letters r, w and m at the beginning of @letters. */
unsigned names_device_access_parse(const char *letters);

/** Without SIG, and without those of real time. */
extern const struct name_value names_signals[];
/** "TERM", "SIGTERM", "sigterm", "15", "RTMIN+1" -> signal number, or -1. */
int names_signal_parse(const char *name);

/** "CAP_CHOWN" (prefix and case as given by the spec; "chown" accepted) -> its bit, or 0. */
uint64_t names_capability_parse(const char *name);
/** 0 -> "CAP_CHOWN"; NULL beyond the last known capability. */
const char *names_capability(int capability);
