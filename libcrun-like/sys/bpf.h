/* SPDX-License-Identifier: Apache-2.0 */
/* bpf(2) for cgroup device programs: load, find, attach, replace. Nothing of libbpf is needed. */
#pragma once

#include <linux/bpf.h>
#include <stddef.h>

/**
 * Loads @count instructions as a BPF_PROG_TYPE_CGROUP_DEVICE program that bpftool shows as @name
 * (at most BPF_OBJ_NAME_LEN - 1 characters). Returns a close-on-exec fd, -1 with errno set: EPERM
 * without CAP_BPF in the initial user namespace, EACCES, EINVAL or E2BIG from the verifier.
 */
int sys_bpf_load_device_program(const struct bpf_insn *instructions, size_t count,
                                const char *name);

/**
 * Finds the device program called @name among those attached to the cgroup directory @cgroup_fd
 * itself. Returns its close-on-exec fd; -1 with errno ENOENT if there is none, or another errno.
 */
int sys_bpf_find_device_program(int cgroup_fd, const char *name);

/**
 * Attaches @program_fd to the cgroup directory @cgroup_fd beside the programs of others
 * (BPF_F_ALLOW_MULTI), or in the place of @replaced_fd unless that is -1. -1 with errno set.
 */
int sys_bpf_attach_device_program(int cgroup_fd, int program_fd, int replaced_fd);
