/* SPDX-License-Identifier: Apache-2.0 */
/* The memory of a process that has become small. */
#pragma once

/**
 * Gives back what the process has in memory and can get again: free memory of the C library, and
 * pages of the program and its libraries, which are read from their files when they are needed
 * (madvise(2), MADV_DONTNEED).
 */
void sys_give_memory_back(void);
