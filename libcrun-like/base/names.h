/* SPDX-License-Identifier: Apache-2.0 */
/* Name tables of the kernel's own vocabulary: signals, capabilities, rlimits, namespaces. */
#pragma once

struct name_value {
    const char *name;
    int value;
};

/** "TERM", "SIGTERM", "sigterm", "15", "RTMIN+1" -> signal number, or -1. */
int names_signal_parse(const char *name);

/** "CAP_CHOWN" (prefix and case as given by the spec; "chown" accepted) -> number, or -1. */
int names_capability_parse(const char *name);
/** 0 -> "CAP_CHOWN"; NULL beyond the last known capability. */
const char *names_capability(int capability);

/** "RLIMIT_NOFILE" -> RLIMIT_NOFILE, or -1. */
int names_rlimit_parse(const char *name);
const char *names_rlimit(int resource);

/** Namespace file name under /proc/PID/ns ("net", "mnt", ...) of one CLONE_NEW* flag, or NULL. */
const char *names_namespace_file(unsigned long clone_flag);
