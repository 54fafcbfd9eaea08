/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The floor: what the kernel itself takes for a container with the default configuration. Bare
 * system calls in one straight line, nothing read, nothing decided, no error handled but by exit.
 *
 *     floor KIND DEVICES ROOTFS CGROUP PROGRAM
 *
 * KIND: "default", or "host-cgroup" without a cgroup namespace of its own; DEVICES: "device-rules"
 * or "no-device-rules"; CGROUP: a new directory beneath /sys/fs/cgroup, a cgroup2 mount. Built
 * statically; PROGRAM should be static too.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/sched.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

static void must(long result, const char *what) {
    if (result >= 0)
        return;
    dprintf(2, "floor: %s: %s\n", what, strerror(errno));
    _exit(1);
}

static void mount_on(const char *source, const char *target, const char *type, unsigned long flags,
                     const char *data) {
    (void)mkdir(target, 0755);
    must(mount(source, target, type, flags, data), target);
}

/* Allows mknod of any device and the use of those of the default configuration: see bpf(2). */
static void limit_devices(int cgroup) {
#define OP(code_, dst_, src_, off_, imm_) \
    { .code = (code_), .dst_reg = (dst_), .src_reg = (src_), .off = (off_), .imm = (imm_) }
#define LOAD(register_, offset_) OP(BPF_LDX | BPF_MEM | BPF_W, register_, BPF_REG_1, offset_, 0)
#define SKIP_UNLESS(register_, value_, count_) \
    OP(BPF_JMP | BPF_JNE | BPF_K, register_, 0, count_, value_)
#define RETURN(value_) \
    OP(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, value_), OP(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)
#define ALLOW(major_, minor_) \
    SKIP_UNLESS(BPF_REG_4, major_, 3), SKIP_UNLESS(BPF_REG_5, minor_, 2), RETURN(1)
    const struct bpf_insn program[] = {
        LOAD(BPF_REG_2, 0), /* access << 16 | type */
        LOAD(BPF_REG_4, 4), /* major */
        LOAD(BPF_REG_5, 8), /* minor */
        OP(BPF_ALU64 | BPF_RSH | BPF_K, BPF_REG_2, 0, 0, 16),
        SKIP_UNLESS(BPF_REG_2, BPF_DEVCG_ACC_MKNOD, 2),
        RETURN(1),
        SKIP_UNLESS(BPF_REG_4, 136, 2),
        RETURN(1),
        ALLOW(1, 3),
        ALLOW(1, 5),
        ALLOW(1, 7),
        ALLOW(1, 8),
        ALLOW(1, 9),
        ALLOW(5, 0),
        ALLOW(5, 2),
        RETURN(0),
    };
    union bpf_attr load = {
        .prog_type = BPF_PROG_TYPE_CGROUP_DEVICE,
        .insn_cnt = sizeof(program) / sizeof(program[0]),
        .insns = (uintptr_t)program,
        .license = (uintptr_t) "GPL",
    };
    long fd = syscall(SYS_bpf, BPF_PROG_LOAD, &load, sizeof(load));
    must(fd, "device program");
    union bpf_attr attach = {
        .target_fd = (uint32_t)cgroup,
        .attach_bpf_fd = (uint32_t)fd,
        .attach_type = BPF_CGROUP_DEVICE,
        .attach_flags = BPF_F_ALLOW_MULTI,
    };
    must(syscall(SYS_bpf, BPF_PROG_ATTACH, &attach, sizeof(attach)), "device program");
    (void)close((int)fd);
}

static void mount_cgroup(int own_namespace) {
    const unsigned long flags = MS_NOSUID | MS_NOEXEC | MS_NODEV | MS_RELATIME | MS_RDONLY;
    const char *target = "sys/fs/cgroup";
    if (own_namespace) {
        mount_on("cgroup", target, "cgroup2", flags, NULL);
        return;
    }
    must(mount("/sys/fs/cgroup", target, NULL, MS_BIND, NULL), target);
    must(mount(NULL, target, NULL, MS_BIND | MS_REMOUNT | flags, NULL), target);
}

static void mount_all(int own_cgroup_namespace) {
    const unsigned long safe = MS_NOSUID | MS_NOEXEC | MS_NODEV;
    mount_on("proc", "proc", "proc", 0, NULL);
    mount_on("tmpfs", "dev", "tmpfs", MS_NOSUID | MS_STRICTATIME, "mode=755,size=65536k");
    mount_on("devpts", "dev/pts", "devpts", MS_NOSUID | MS_NOEXEC,
             "newinstance,ptmxmode=0666,mode=0620,gid=5");
    mount_on("shm", "dev/shm", "tmpfs", safe, "mode=1777,size=65536k");
    mount_on("mqueue", "dev/mqueue", "mqueue", safe, NULL);
    mount_on("sysfs", "sys", "sysfs", safe | MS_RDONLY, NULL);
    mount_cgroup(own_cgroup_namespace);
}

static void make_devices(void) {
    static const struct {
        const char *path;
        unsigned major;
        unsigned minor;
    } nodes[] = {{"dev/null", 1, 3},   {"dev/zero", 1, 5},    {"dev/full", 1, 7},
                 {"dev/random", 1, 8}, {"dev/urandom", 1, 9}, {"dev/tty", 5, 0}};
    for (size_t i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++)
        must(mknod(nodes[i].path, S_IFCHR | 0666, makedev(nodes[i].major, nodes[i].minor)),
             nodes[i].path);
    must(symlink("pts/ptmx", "dev/ptmx"), "dev/ptmx");
    must(symlink("/proc/self/fd", "dev/fd"), "dev/fd");
    must(symlink("/proc/self/fd/0", "dev/stdin"), "dev/stdin");
    must(symlink("/proc/self/fd/1", "dev/stdout"), "dev/stdout");
    must(symlink("/proc/self/fd/2", "dev/stderr"), "dev/stderr");
}

static void hide(void) {
    static const char *const files[] = {"proc/kcore", "proc/keys", "proc/timer_list"};
    static const char *const directories[] = {"proc/acpi", "proc/scsi", "sys/firmware"};
    static const char *const fixed[] = {"proc/bus", "proc/fs", "proc/irq", "proc/sys",
                                        "proc/sysrq-trigger"};
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        (void)mount("dev/null", files[i], NULL, MS_BIND, NULL);
    for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]); i++)
        (void)mount("tmpfs", directories[i], "tmpfs", MS_RDONLY, "size=4k");
    for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
        if (mount(fixed[i], fixed[i], NULL, MS_BIND | MS_REC, NULL) < 0)
            continue; /* this kernel does not have the file */
        must(mount(NULL, fixed[i], NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL), fixed[i]);
    }
}

static void loopback_up(void) {
    struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    must(fd, "socket");
    must(ioctl(fd, SIOCSIFFLAGS, &request), "lo");
    (void)close(fd);
}

static void restrict_self(void) {
    const struct rlimit files = {1024, 1024};
    struct {
        uint32_t version;
        int pid;
    } header = {0x20080522, 0};
    const uint32_t kept = 1U << 29 | 1U << 5 | 1U << 10;
    const uint32_t sets[2][3] = {{kept, kept, 0}, {0, 0, 0}};
    must(setrlimit(RLIMIT_NOFILE, &files), "setrlimit");
    for (unsigned long capability = 0; capability < 41; capability++)
        if (capability != 5 && capability != 10 && capability != 29)
            (void)prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
    must(syscall(SYS_capset, &header, sets), "capset");
    must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs");
}

static void become_container(int own_cgroup_namespace, const char *rootfs, const char *program) {
    char *const arguments[] = {(char *)(uintptr_t)program, NULL};
    char *const environment[] = {(char *)(uintptr_t) "PATH=/bin", NULL};
    if (own_cgroup_namespace)
        must(unshare(CLONE_NEWCGROUP), "cgroup namespace");
    must(setsid(), "setsid");
    must(mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL), "/");
    must(mount(rootfs, rootfs, NULL, MS_BIND | MS_REC, NULL), rootfs);
    must(chdir(rootfs), rootfs);
    mount_all(own_cgroup_namespace);
    make_devices();
    must(sethostname("floor", 5), "sethostname");
    must(syscall(SYS_pivot_root, ".", "."), "pivot_root");
    must(umount2(".", MNT_DETACH), "umount");
    hide();
    loopback_up();
    restrict_self();
    must(execve(program, arguments, environment), program);
}

int main(int argc, char **argv) {
    if (argc != 6)
        return 2;
    const int own_cgroup_namespace = strcmp(argv[1], "host-cgroup") != 0;
    const char *rootfs = argv[3];
    const char *path = argv[4];
    must(mkdir(path, 0755), path);
    int cgroup = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    must(cgroup, path);
    if (strcmp(argv[2], "device-rules") == 0)
        limit_devices(cgroup);
    struct clone_args arguments = {
        .flags = CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNS |
                 CLONE_INTO_CGROUP,
        .exit_signal = SIGCHLD,
        .cgroup = (uint64_t)cgroup,
    };
    long child = syscall(SYS_clone3, &arguments, sizeof(arguments));
    must(child, "clone3");
    if (child == 0)
        become_container(own_cgroup_namespace, rootfs, argv[5]);
    int status = 0;
    must(waitpid((pid_t)child, &status, 0), "waitpid");
    must(rmdir(path), "rmdir");
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
