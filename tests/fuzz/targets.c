/* SPDX-License-Identifier: Apache-2.0 */
/* The targets by their names, and what they share. */
#include "targets.h"

#include <string.h>

static const struct {
    const char *name;
    fuzz_target *run;
} targets[] = {
    {"config", fuzz_config},
    {"console", fuzz_console},
    {"facts", fuzz_facts},
    {"lxc_config", fuzz_lxc_config},
    {"lxc_network", fuzz_lxc_network},
    {"lxc_seccomp", fuzz_lxc_seccomp},
    {"mount", fuzz_mount},
    {"plan", fuzz_plan},
    {"process", fuzz_process},
    {"record", fuzz_record},
    {"resources", fuzz_resources},
    {"seccomp", fuzz_seccomp},
#ifdef FUZZ_VIRSH
    {"virsh_domain", fuzz_virsh_domain},
#endif
    {"wire", fuzz_wire},
};

fuzz_target *fuzz_find(const char *name) {
    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
        if (strcmp(targets[i].name, name) == 0)
            return targets[i].run;
    }
    return NULL;
}

const char *fuzz_name(size_t index) {
    return index < sizeof(targets) / sizeof(targets[0]) ? targets[index].name : NULL;
}

void fuzz_require_line(const struct thole_error *err) {
    require(err->kind != THOLE_ERROR_NONE && err->text[0] != '\0');
    require(strpbrk(err->text, "\n\r\033") == NULL && strpbrk(err->where, "\n\r\033") == NULL);
}

const struct host_facts *fuzz_host(size_t index) {
    static struct host_hierarchy hierarchies[] = {
        {.unified = true,
         .mountpoint = "/sys/fs/cgroup",
         .controllers = "cpuset,cpu,io,memory,hugetlb,pids",
         .own_path = "/"},
        {.mountpoint = "/sys/fs/cgroup/memory", .controllers = "memory", .own_path = "/"},
        {.mountpoint = "/sys/fs/cgroup/cpu", .controllers = "cpu,cpuacct", .own_path = "/"},
        {.mountpoint = "/sys/fs/cgroup/devices", .controllers = "devices", .own_path = "/"},
    };
    static struct host_facts hosts[FUZZ_HOSTS];
    const size_t first = index == 2 ? 1 : 0;
    struct host_facts *facts = &hosts[index];
    *facts = (struct host_facts){
        .privileged = index < 2,
        .euid = index < 2 ? 0 : 1000,
        .capabilities = UINT64_MAX,
        .last_capability = 40,
        .cgroup_namespaces = true,
        .time_namespaces = true,
        .hugepage_sizes = "2MB",
        .subuid = "",
        .subgid = "",
        .hierarchies = hierarchies + first,
        .hierarchy_count = index == 0 ? 1 : sizeof(hierarchies) / sizeof(hierarchies[0]) - first,
    };
    return facts;
}

uint64_t fuzz_take(struct fuzz_bytes *bytes, size_t width) {
    uint64_t number = 0;
    const size_t count = width < bytes->left ? width : bytes->left;
    memcpy(&number, bytes->at, count);
    bytes->at += count;
    bytes->left -= count;
    return number;
}

size_t fuzz_below(struct fuzz_bytes *bytes, size_t limit) {
    return (size_t)fuzz_take(bytes, limit > UINT8_MAX ? 2 : 1) % limit;
}
