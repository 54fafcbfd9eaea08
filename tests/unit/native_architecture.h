/* SPDX-License-Identifier: Apache-2.0 */
/* SCMP_ARCH_* that filters of this machine can hold. */
#pragma once

/* The machine's own, and what else it runs: filters of one byte order hold none of the other. */
#if defined(__x86_64__)
#define NATIVE "SCMP_ARCH_X86_64"
#define OTHERS "SCMP_ARCH_X86 SCMP_ARCH_X32"
#elif defined(__aarch64__)
#define NATIVE "SCMP_ARCH_AARCH64"
#define OTHERS "SCMP_ARCH_ARM"
#elif defined(__s390x__)
#define NATIVE "SCMP_ARCH_S390X"
#define OTHERS "SCMP_ARCH_S390"
#else /* its own is always in */
#define NATIVE ""
#define OTHERS ""
#endif
