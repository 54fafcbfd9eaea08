/* SPDX-License-Identifier: Apache-2.0 */
/* lxc-checkconfig: what a kernel's configuration has for containers. */
#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "lxc/commands/commands.h"

enum { CONFIG_LIMIT = 16 << 20, MODULES_LIMIT = 1 << 20 };

/* 4.7 as one number that can be compared. */
#define RELEASE(major, minor) ((major)*1000 + (minor))
enum { LATEST = RELEASE(9999, 0) };

enum need { OPTIONAL, REQUIRED };

/* What LXC asks about, in its order and words. */
static const struct {
    const char *section; /* which it begins, or NULL */
    const char *label;
    const char *option; /* without CONFIG_ */
    const char *module; /* NULL: the option cannot be a module */
    enum need need;
    int first;           /* release of the kernel that had it first; 0: all have it */
    int removed;         /* the first one without it; 0: there is none */
    const char *besides; /* it is asked about only if this option is there */
} checks[] = {
    {"Namespaces", "Namespaces", "NAMESPACES", NULL, REQUIRED},
    {NULL, "Utsname namespace", "UTS_NS"},
    {NULL, "Ipc namespace", "IPC_NS", NULL, REQUIRED},
    {NULL, "Pid namespace", "PID_NS", NULL, REQUIRED},
    {NULL, "User namespace", "USER_NS"},
    {NULL, "Network namespace", "NET_NS"},
    {NULL, "Multiple /dev/pts instances", "DEVPTS_MULTIPLE_INSTANCES", .removed = RELEASE(4, 7)},
    {"Control groups", "Cgroups", "CGROUPS"},
    {NULL, "Cgroup device", "CGROUP_DEVICE"},
    {NULL, "Cgroup sched", "CGROUP_SCHED"},
    {NULL, "Cgroup cpu account", "CGROUP_CPUACCT"},
    {NULL, "Cgroup memory controller", "MEMCG"},
    {NULL, "Cgroup cpuset", "CPUSETS", .besides = "SMP"},
    {"Misc", "Veth pair device", "VETH", "veth"},
    {NULL, "Macvlan", "MACVLAN", "macvlan"},
    {NULL, "Vlan", "VLAN_8021Q", "8021q"},
    {NULL, "Bridges", "BRIDGE", "bridge"},
    {NULL, "Advanced netfilter", "NETFILTER_ADVANCED"},
    {NULL, "CONFIG_NF_NAT_IPV4", "NF_NAT_IPV4", "nf_nat_ipv4", OPTIONAL, RELEASE(4, 7),
     RELEASE(5, 0)},
    {NULL, "CONFIG_NF_NAT_IPV6", "NF_NAT_IPV6", "nf_nat_ipv6", OPTIONAL, RELEASE(4, 7),
     RELEASE(5, 0)},
    {NULL, "CONFIG_IP_NF_TARGET_MASQUERADE", "IP_NF_TARGET_MASQUERADE", "ipt_MASQUERADE"},
    {NULL, "CONFIG_IP6_NF_TARGET_MASQUERADE", "IP6_NF_TARGET_MASQUERADE", "ip6t_MASQUERADE"},
    {NULL, "CONFIG_NETFILTER_XT_TARGET_CHECKSUM", "NETFILTER_XT_TARGET_CHECKSUM", "xt_CHECKSUM"},
    {NULL, "CONFIG_NETFILTER_XT_MATCH_COMMENT", "NETFILTER_XT_MATCH_COMMENT", "xt_comment"},
    {NULL, "FUSE (for use with lxcfs)", "FUSE_FS", "fuse"},
    {"Checkpoint/Restore", "checkpoint restore", "CHECKPOINT_RESTORE"},
    {NULL, "CONFIG_FHANDLE", "FHANDLE"},
    {NULL, "CONFIG_EVENTFD", "EVENTFD"},
    {NULL, "CONFIG_EPOLL", "EPOLL"},
    {NULL, "CONFIG_UNIX_DIAG", "UNIX_DIAG", "unix_diag"},
    {NULL, "CONFIG_INET_DIAG", "INET_DIAG", "inet_diag"},
    {NULL, "CONFIG_PACKET_DIAG", "PACKET_DIAG", "af_packet_diag"},
    {NULL, "CONFIG_NETLINK_DIAG", "NETLINK_DIAG", "netlink_diag"},
};

/* The kernel that is asked about. */
struct kernel {
    char *config;  /* its configuration, beginning with a line break */
    char *modules; /* /proc/modules, the same, or NULL */
    int release;
};

/* The letter in "CONFIG_NAME=y", 0 if there is none. */
static char value_of(const struct kernel *kernel, const char *option) {
    cleanup_text struct text line = {0};
    text_appendf(&line, "\nCONFIG_%s=", option);
    const char *found = strstr(kernel->config, line.data);
    return found != NULL ? found[line.length] : '\0';
}

static void print_check(const struct kernel *kernel, size_t i) {
    char value = value_of(kernel, checks[i].option);
    if (value != 'y' && value != 'm') {
        (void)printf("%s: %s\n", checks[i].label,
                     checks[i].need == REQUIRED ? "required" : "missing");
        return;
    }
    const char *loaded = "";
    if (value == 'm' && checks[i].module != NULL && kernel->modules != NULL) {
        cleanup_text struct text line = {0};
        text_appendf(&line, "\n%s ", checks[i].module);
        loaded = strstr(kernel->modules, line.data) != NULL ? ", loaded" : ", not loaded";
    }
    (void)printf("%s: enabled%s\n", checks[i].label, loaded);
}

/* Where file systems of @type are mounted, one a line. */
static void append_mounts(struct text *text, const char *type) {
    FILE *mounts = setmntent("/proc/self/mounts", "re");
    const struct mntent *entry = NULL;
    while (mounts != NULL && (entry = getmntent(mounts)) != NULL) {
        if (strcmp(entry->mnt_type, type) == 0)
            text_appendf(text, " - %s\n", entry->mnt_dir);
    }
    if (mounts != NULL)
        (void)endmntent(mounts);
}

/* Does one of the directories listed in @mounts have @file? */
static bool any_has(const char *mounts, const char *file) {
    const char *line = NULL;
    size_t length = 0;
    while (mounts != NULL && text_next_line(&mounts, &line, &length)) {
        cleanup_text struct text path = {0};
        text_appendf(&path, "%.*s/%s", (int)length - 3, line + 3, file);
        if (access(path.data, F_OK) == 0)
            return true;
    }
    return false;
}

/* What can be seen of cgroups on this host, whatever kernel is asked about. */
static void print_cgroups_here(void) {
    cleanup_text struct text v1 = {0};
    cleanup_text struct text v2 = {0};
    append_mounts(&v1, "cgroup");
    append_mounts(&v2, "cgroup2");
    if (access("/proc/self/ns/cgroup", F_OK) == 0)
        (void)puts("Cgroup namespace: enabled");
    (void)printf("Cgroup v1 mount points: \n%s", v1.data != NULL ? v1.data : "");
    (void)printf("Cgroup v2 mount points: \n%s", v2.data != NULL ? v2.data : "");
    if (v2.length == 0 && (v1.data == NULL || strstr(v1.data, "/systemd\n") == NULL))
        (void)puts("Cgroup v1 systemd controller: missing");
    if (v2.length == 0 && (v1.data == NULL || strstr(v1.data, "/freezer\n") == NULL))
        (void)puts("Cgroup v1 freezer controller: missing");
    if (any_has(v1.data, "cgroup.clone_children"))
        (void)puts("Cgroup v1 clone_children flag: enabled");
}

static void print_checks(const struct kernel *kernel) {
    for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
        bool is_there = kernel->release >= checks[i].first &&
                        (checks[i].removed == 0 || kernel->release < checks[i].removed);
        if (!is_there || (checks[i].besides != NULL && !value_of(kernel, checks[i].besides)))
            continue;
        if (checks[i].section != NULL)
            (void)printf("%s--- %s ---\n", i > 0 ? "\n" : "", checks[i].section);
        print_check(kernel, i);
        if (strcmp(checks[i].option, "CGROUPS") == 0)
            print_cgroups_here();
    }
    (void)puts("File capabilities: enabled");
}

/* "# Linux/x86 6.1.0 Kernel Configuration" at its beginning tells the release. */
static int release_of(const char *config) {
    const char *at = strstr(config, " Kernel Configuration");
    while (at != NULL && at > config && at[-1] != ' ' && at[-1] != '\n')
        at--;
    if (at == NULL)
        return LATEST;
    cleanup_free char *major = strndup(at, strcspn(at, "."));
    at += strcspn(at, ".");
    at += strspn(at, ".");
    cleanup_free char *minor = strndup(at, strspn(at, "0123456789"));
    uint64_t numbers[2];
    return text_parse_uint(major, 999, &numbers[0]) && text_parse_uint(minor, 999, &numbers[1])
               ? RELEASE((int)numbers[0], (int)numbers[1])
               : LATEST;
}

/* With a line break in front, so that every line begins after one. */
static char *with_line_break(const char *data) {
    struct text text = {0};
    text_appendf(&text, "\n%s", data);
    return text_take(&text);
}

/* What gzip makes of the file at @fd. */
static int unpack(int fd, const char *path, char **ret_data, struct thole_error *err) {
    char program[] = "gzip";
    char options[] = "-dc";
    char *const words[] = {program, options, NULL};
    int ends[2];
    int status = 0;
    pid_t child = 0;
    if (pipe2(ends, O_CLOEXEC) < 0)
        return error_errno(err, NULL, "make a pipe");
    cleanup_close int output = ends[0];
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, fd, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    errno = posix_spawnp(&child, program, &actions, NULL, words, environ);
    posix_spawn_file_actions_destroy(&actions);
    (void)close(ends[1]);
    if (errno != 0)
        return error_errno(err, NULL, "run gzip");
    int read = file_read_fd(output, path, CONFIG_LIMIT, ret_data, NULL, err);
    if (uninterrupted(waitpid(child, &status, 0)) < 0 || status != 0)
        return read < 0 ? -1 : error_set(err, THOLE_ERROR_HOST, 0, path, "gzip cannot read it");
    return read;
}

/* 1: there is no such file. */
static int read_config(const char *path, char **ret_config, struct thole_error *err) {
    cleanup_free char *data = NULL;
    cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0 && errno == ENOENT)
        return 1;
    if (fd < 0)
        return error_errno(err, NULL, "open %s", path);
    int read = text_ends_with(path, ".gz") ? unpack(fd, path, &data, err)
                                           : file_read_fd(fd, path, CONFIG_LIMIT, &data, NULL, err);
    if (read < 0)
        return -1;
    *ret_config = with_line_break(data);
    return 0;
}

/* The places where configurations of the running kernel lie. */
static int search_config(char **ret_config, struct thole_error *err) {
    static const char *const places[] = {"/boot/config-%s", "/lib/modules/%s/config",
                                         "/lib/modules/%s/build/.config",
                                         "/usr/src/linux-headers-%s/.config"};
    struct utsname system;
    int found = read_config("/proc/config.gz", ret_config, err);
    if (uname(&system) < 0)
        return error_errno(err, NULL, "ask for the kernel's release");
    for (size_t i = 0; found == 1 && i < sizeof(places) / sizeof(places[0]); i++) {
        cleanup_text struct text path = {0};
        const char *place = strchr(places[i], '%');
        text_appendf(&path, "%.*s%s%s", (int)(place - places[i]), places[i], system.release,
                     place + 2);
        found = read_config(path.data, ret_config, err);
    }
    return found;
}

static int find_config(char **ret_config, struct thole_error *err) {
    const char *given = getenv("CONFIG");
    if (given == NULL || given[0] == '\0')
        return search_config(ret_config, err);
    int found = read_config(given, ret_config, err);
    return found == 1 ? error_usage(err, "there is no kernel configuration %s", given) : found;
}

static int run_checkconfig(const struct lxc_call *call, int *ret_status, struct thole_error *err) {
    cleanup_free char *config = NULL;
    cleanup_free char *loaded = NULL;
    cleanup_free char *modules = NULL;
    (void)call;
    (void)ret_status;
    (void)puts("LXC version " LXC_LEVEL);
    int found = find_config(&config, err);
    if (found < 0)
        return -1;
    if (found == 1 || config == NULL) {
        error_unsupported(err, NULL, "this kernel's configuration is nowhere to be found");
        return error_hint(err, "CONFIG=PATH lxc-checkconfig names it; a kernel with IKCONFIG_PROC "
                               "has it in /proc/config.gz");
    }
    if (file_read_at(AT_FDCWD, "/proc/modules", MODULES_LIMIT, &loaded, NULL, NULL) == 0)
        modules = with_line_break(loaded);
    const struct kernel kernel = {config, modules, release_of(config)};
    if (kernel.release == LATEST)
        (void)puts("WARNING: Unable to detect version from configuration, assuming latest\n");
    (void)puts("");
    print_checks(&kernel);
    (void)puts("\nNote : Before booting a new kernel, you can check its configuration\n"
               "usage : CONFIG=/path/to/config lxc-checkconfig\n");
    return 0;
}

const struct lxc_command lxc_command_checkconfig = {
    .name = "checkconfig",
    .arguments = "",
    .summary = "tell what the kernel's configuration has for containers",
    .description =
        "The configuration is that of the running kernel, or of the file that CONFIG in\n"
        "the environment names; one that ends with .gz is unpacked.",
    .options = lxc_no_options,
    .naming = LXC_NAME_OPTION,
    .no_common = true,
    .run = run_checkconfig,
};
