/* SPDX-License-Identifier: Apache-2.0 */
/* bpf(2) for cgroup device programs. */
#include "sys/bpf.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"

/* The kernel refuses to attach more programs than this to one cgroup (BPF_CGROUP_MAX_PROGS). */
enum { ATTACHED_MAX = 64 };

static int bpf(enum bpf_cmd command, union bpf_attr *attributes) {
    return (int)syscall(SYS_bpf, command, attributes, sizeof(*attributes));
}

int sys_bpf_load_device_program(const struct bpf_insn *instructions, size_t count,
                                const char *name) {
    union bpf_attr attributes;
    memset(&attributes, 0, sizeof(attributes));
    attributes.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
    attributes.insns = (uint64_t)(uintptr_t)instructions;
    attributes.insn_cnt = (uint32_t)count;
    attributes.license = (uint64_t)(uintptr_t) "Apache-2.0";
    (void)snprintf(attributes.prog_name, sizeof(attributes.prog_name), "%s", name);
    return bpf(BPF_PROG_LOAD, &attributes); /* program fds are always close-on-exec */
}

static int program_has_name(int program_fd, const char *name) {
    struct bpf_prog_info info;
    memset(&info, 0, sizeof(info));
    union bpf_attr attributes;
    memset(&attributes, 0, sizeof(attributes));
    attributes.info.bpf_fd = (uint32_t)program_fd;
    attributes.info.info_len = sizeof(info);
    attributes.info.info = (uint64_t)(uintptr_t)&info;
    if (bpf(BPF_OBJ_GET_INFO_BY_FD, &attributes) < 0)
        return -1;
    return strncmp(info.name, name, sizeof(info.name)) == 0;
}

int sys_bpf_find_device_program(int cgroup_fd, const char *name) {
    uint32_t ids[ATTACHED_MAX] = {0};
    union bpf_attr attributes;
    memset(&attributes, 0, sizeof(attributes));
    attributes.query.target_fd = (uint32_t)cgroup_fd;
    attributes.query.attach_type = BPF_CGROUP_DEVICE;
    attributes.query.prog_ids = (uint64_t)(uintptr_t)ids;
    attributes.query.prog_cnt = ATTACHED_MAX;
    if (bpf(BPF_PROG_QUERY, &attributes) < 0)
        return -1;

    uint32_t count = attributes.query.prog_cnt;
    for (uint32_t i = 0; i < count && i < ATTACHED_MAX; i++) {
        memset(&attributes, 0, sizeof(attributes));
        attributes.prog_id = ids[i];
        cleanup_close int program_fd = bpf(BPF_PROG_GET_FD_BY_ID, &attributes);
        if (program_fd < 0 && errno == ENOENT)
            continue; /* detached meanwhile */
        if (program_fd < 0)
            return -1;
        int same = program_has_name(program_fd, name);
        if (same < 0)
            return -1;
        if (same == 1)
            return take_fd(&program_fd);
    }
    errno = ENOENT;
    return -1;
}

int sys_bpf_attach_device_program(int cgroup_fd, int program_fd, int replaced_fd) {
    union bpf_attr attributes;
    memset(&attributes, 0, sizeof(attributes));
    attributes.target_fd = (uint32_t)cgroup_fd;
    attributes.attach_bpf_fd = (uint32_t)program_fd;
    attributes.attach_type = BPF_CGROUP_DEVICE;
    attributes.attach_flags = BPF_F_ALLOW_MULTI;
    if (replaced_fd >= 0) {
        attributes.attach_flags |= BPF_F_REPLACE;
        attributes.replace_bpf_fd = (uint32_t)replaced_fd;
    }
    return bpf(BPF_PROG_ATTACH, &attributes);
}
