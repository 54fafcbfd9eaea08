/* SPDX-License-Identifier: Apache-2.0 */
/* Device rules as a BPF_PROG_TYPE_CGROUP_DEVICE program, which is what v2 has for them. */
#pragma once

#include <linux/bpf.h>
#include <stddef.h>

#include "plan/plan.h"

/**
 * Compiles @rules: the last rule that names a device and an access bit decides about that bit, an
 * access is granted if all its bits are; nothing matching means denied. The program gets a struct
 * bpf_cgroup_dev_ctx and returns 1 (granted) or 0. Pure; malloc'ed. NULL with errno set: E2BIG
 * beyond the reach of a jump (some thousand rules), ENOMEM.
 */
struct bpf_insn *cgroup_device_compile(const struct plan_device_rule *rules, size_t count,
                                       size_t *ret_count);
