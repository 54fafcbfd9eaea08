/* SPDX-License-Identifier: Apache-2.0 */
/* Reading facts from the running kernel. */
#include "host/probe.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "base/user_name.h"
#include "base/words.h"
#include "host/security_modules.h"

#define CGROUP_ROOT "/sys/fs/cgroup"

enum { SMALL_FILE = 64 * 1024, SUBID_FILE = 16 * 1024 * 1024 };

/* True if the look at @path has found something. One that fails is no answer: only ENOENT (or
 * ENOTDIR, on the way) is, and the first other one is kept in @failure. */
static bool found(int result, const char *path, struct thole_error *failure) {
    if (result < 0 && errno != ENOENT && errno != ENOTDIR && failure->kind == THOLE_ERROR_NONE)
        error_errno(failure, NULL, "look at %s", path);
    return result >= 0;
}

/* One fact file; NULL if there is none. */
static char *read_file(const char *path, size_t limit, struct thole_error *failure) {
    char *text = NULL;
    struct thole_error reason = {0};
    int result = file_read_at(AT_FDCWD, path, limit, &text, NULL, &reason);
    errno = reason.code;
    (void)found(result, path, failure);
    return text;
}

static bool is_filesystem(const char *path, long magic, struct thole_error *failure) {
    struct statfs status;
    return found(statfs(path, &status), path, failure) && (long)status.f_type == magic;
}

static bool exists(const char *path, struct thole_error *failure) {
    return found(access(path, F_OK), path, failure);
}

/* ---- identity ------------------------------------------------------------------------------ */

int host_in_user_namespace(struct thole_error *err) {
    /* The initial namespace maps every id to itself, and no other one does so by itself. */
    static const unsigned long initial[] = {0, 0, UINT32_MAX};
    char map[128];
    if (file_read_kernel(AT_FDCWD, "/proc/self/uid_map", map, sizeof(map)) < 0)
        return error_errno(err, NULL, "read /proc/self/uid_map");
    const char *at = map;
    for (size_t i = 0; i < sizeof(initial) / sizeof(initial[0]); i++) {
        char *end = NULL;
        if (strtoul(at, &end, 10) != initial[i] || end == at)
            return 1;
        at = end;
    }
    return 0;
}

/* One of the lines "NAME:\tBITS" of proc_pid_status(5), the bits in hexadecimal. */
static int read_mask(const char *status, const char *name, uint64_t *ret_mask,
                     struct thole_error *err) {
    const char *line = strstr(status, name);
    char *end = NULL;
    if (line != NULL)
        *ret_mask = strtoull(line + strlen(name), &end, 16);
    if (end == NULL || *end != '\n')
        return error_set(err, THOLE_ERROR_HOST, 0, NULL, "/proc/self/status has no%.*s",
                         (int)strlen(name) - 2, name + 1);
    return 0;
}

/* Not cap_max_bits(), which takes any failure of prctl(2) for the end of what the kernel knows. */
static int ask_last_capability(struct host_facts *facts, struct thole_error *err) {
    int last = -1;
    while (last < 63 && prctl(PR_CAPBSET_READ, last + 1, 0, 0, 0) >= 0)
        last++;
    if (last < 63 && errno != EINVAL)
        return error_errno(err, NULL, "ask for capability %d", last + 1);
    facts->last_capability = last;
    return 0;
}

/* A procfs of processes alone (subset=pid, ProcSubset=pid of units) has no /proc/sys. */
static int probe_last_capability(struct host_facts *facts, struct thole_error *err) {
    static const char path[] = "/proc/sys/kernel/cap_last_cap";
    char text[16];
    uint64_t last = 0;
    if (file_read_kernel(AT_FDCWD, path, text, sizeof(text)) < 0)
        return errno == ENOENT ? ask_last_capability(facts, err)
                               : error_errno(err, NULL, "read %s", path);
    if (!text_parse_uint(text, 63, &last))
        return error_set(err, THOLE_ERROR_HOST, 0, NULL, "%s has no number", path);
    facts->last_capability = (int)last;
    return 0;
}

static int probe_identity(struct host_facts *facts, struct thole_error *err) {
    facts->euid = geteuid();
    facts->egid = getegid();
    int in_user_namespace = host_in_user_namespace(err);
    if (in_user_namespace < 0)
        return -1;
    facts->in_user_namespace = in_user_namespace == 1;
    cleanup_free char *status = NULL;
    uint64_t effective = 0;
    if (file_read_at(AT_FDCWD, "/proc/self/status", SMALL_FILE, &status, NULL, err) < 0 ||
        read_mask(status, "\nCapEff:\t", &effective, err) < 0 ||
        read_mask(status, "\nCapBnd:\t", &facts->capabilities, err) < 0 ||
        read_mask(status, "\nSigIgn:\t", &facts->ignored_signals, err) < 0)
        return -1;
    facts->privileged = (effective >> CAP_SYS_ADMIN & 1) != 0;
    return probe_last_capability(facts, err);
}

static bool has_namespace(const char *name, struct thole_error *failure) {
    char path[64];
    (void)snprintf(path, sizeof(path), "/proc/self/ns/%s", name);
    return exists(path, failure);
}

/* ---- cgroups ------------------------------------------------------------------------------- */

static struct host_hierarchy *add_hierarchy(struct host_facts *facts, struct arena *arena) {
    struct host_hierarchy *larger =
        arena_new_array(arena, facts->hierarchy_count + 1, struct host_hierarchy);
    if (facts->hierarchy_count > 0)
        memcpy(larger, facts->hierarchies, facts->hierarchy_count * sizeof(*larger));
    facts->hierarchies = larger;
    return &larger[facts->hierarchy_count++];
}

static const char *v1_mountpoint(const char *name, struct arena *arena,
                                 struct thole_error *failure) {
    char path[256];
    int length = snprintf(path, sizeof(path), CGROUP_ROOT "/%s", name);
    bool mounted = length > 0 && (size_t)length < sizeof(path) &&
                   is_filesystem(path, CGROUP_SUPER_MAGIC, failure);
    return mounted ? arena_strdup(arena, path) : NULL;
}

/* By custom the directory is called as the line in /proc/self/cgroup says, or has the controllers
 * the other way round, or only one of them. */
static const char *find_v1_mountpoint(const char *controllers, struct arena *arena,
                                      struct thole_error *failure) {
    if (text_starts_with(controllers, "name="))
        return v1_mountpoint(controllers + strlen("name="), arena, failure);
    const char *mountpoint = v1_mountpoint(controllers, arena, failure);
    const char *comma = strchr(controllers, ',');
    if (mountpoint != NULL || comma == NULL)
        return mountpoint;
    mountpoint = v1_mountpoint(
        arena_printf(arena, "%s,%.*s", comma + 1, (int)(comma - controllers), controllers), arena,
        failure);
    for (const char *at = controllers; mountpoint == NULL && *at != '\0';) {
        size_t length = strcspn(at, ",");
        mountpoint = v1_mountpoint(arena_strndup(arena, at, length), arena, failure);
        at += length;
        at += *at == ',';
    }
    return mountpoint;
}

/* "cpu io memory\n" -> "cpu,io,memory" */
static const char *read_controllers(const char *mountpoint, struct arena *arena,
                                    struct thole_error *failure) {
    char path[256];
    (void)snprintf(path, sizeof(path), "%s/cgroup.controllers", mountpoint);
    cleanup_free char *text = read_file(path, SMALL_FILE, failure);
    if (text == NULL)
        return "";
    text[strcspn(text, "\n")] = '\0';
    for (char *at = text; (at = strchr(at, ' ')) != NULL;)
        *at = ',';
    return arena_strdup(arena, text);
}

static void add_unified(struct host_facts *facts, const char *mountpoint, const char *own_path,
                        struct arena *arena, struct thole_error *failure) {
    struct host_hierarchy *hierarchy = add_hierarchy(facts, arena);
    hierarchy->unified = true;
    hierarchy->mountpoint = mountpoint;
    hierarchy->controllers = read_controllers(mountpoint, arena, failure);
    hierarchy->own_path = arena_strdup(arena, own_path);
}

/* One line of /proc/self/cgroup: "ID:CONTROLLERS:PATH", ID 0 for cgroup2. */
static void add_line(struct host_facts *facts, char *line, bool pure, struct arena *arena,
                     struct thole_error *failure) {
    char *controllers = strchr(line, ':');
    char *path = controllers != NULL ? strchr(controllers + 1, ':') : NULL;
    if (path == NULL)
        return;
    *controllers++ = '\0';
    *path++ = '\0';
    if (controllers[0] == '\0') {
        const char *mountpoint = pure ? CGROUP_ROOT : CGROUP_ROOT "/unified";
        if (strcmp(line, "0") == 0 &&
            (pure || is_filesystem(mountpoint, CGROUP2_SUPER_MAGIC, failure)))
            add_unified(facts, mountpoint, path, arena, failure);
        return;
    }
    const char *mountpoint = pure ? NULL : find_v1_mountpoint(controllers, arena, failure);
    if (mountpoint == NULL)
        return;
    struct host_hierarchy *hierarchy = add_hierarchy(facts, arena);
    hierarchy->mountpoint = mountpoint;
    hierarchy->controllers = arena_strdup(arena, controllers);
    hierarchy->own_path = arena_strdup(arena, path);
}

static bool file_exists(const struct host_hierarchy *hierarchy, const char *path, const char *file,
                        struct thole_error *failure) {
    char full[4096];
    int length = snprintf(full, sizeof(full), "%s%s/%s", hierarchy->mountpoint, path, file);
    return length > 0 && (size_t)length < sizeof(full) && exists(full, failure);
}

/* The v2 root has no memory files: there the kernel's swap support has to answer. */
static bool has_swap_accounting(const struct host_facts *facts, struct thole_error *failure) {
    for (size_t i = 0; i < facts->hierarchy_count; i++) {
        const struct host_hierarchy *hierarchy = &facts->hierarchies[i];
        if (!words_have(hierarchy->controllers, "memory", strlen("memory")))
            continue;
        if (!hierarchy->unified)
            return file_exists(hierarchy, "", "memory.memsw.limit_in_bytes", failure);
        if (file_exists(hierarchy, hierarchy->own_path, "memory.max", failure))
            return file_exists(hierarchy, hierarchy->own_path, "memory.swap.max", failure);
        return exists("/proc/swaps", failure);
    }
    return false;
}

static int probe_cgroups(struct host_facts *facts, struct arena *arena, struct thole_error *err) {
    struct statfs status;
    if (!found(statfs(CGROUP_ROOT, &status), CGROUP_ROOT, err))
        return 0; /* no cgroups to speak of: the plan tells whether they are needed */
    cleanup_free char *lines = NULL;
    if (file_read_at(AT_FDCWD, "/proc/self/cgroup", SMALL_FILE, &lines, NULL, err) < 0)
        return -1;
    facts->cgroup_namespaces = true; /* since Linux 4.6 they come with the cgroups themselves */
    bool pure = status.f_type == CGROUP2_SUPER_MAGIC;
    char *saved = NULL;
    for (char *line = strtok_r(lines, "\n", &saved); line != NULL;
         line = strtok_r(NULL, "\n", &saved))
        add_line(facts, line, pure, arena, err);
    facts->swap_accounting = has_swap_accounting(facts, err);
    return 0;
}

/* ---- subordinate ids ----------------------------------------------------------------------- */

/* Lines of subuid(5) are "USER:START:COUNT", the user by name or by number. */
static const char *read_subids(const char *path, const char *name, uint32_t uid,
                               struct arena *arena, struct thole_error *failure) {
    cleanup_free char *lines = read_file(path, SUBID_FILE, failure);
    if (lines == NULL)
        return NULL;
    cleanup_text struct text ranges = {0};
    char *saved = NULL;
    for (char *line = strtok_r(lines, "\n", &saved); line != NULL;
         line = strtok_r(NULL, "\n", &saved)) {
        char *range = strchr(line, ':');
        char *count = range != NULL ? strchr(range + 1, ':') : NULL;
        uint64_t number = 0;
        if (count == NULL)
            continue;
        *range++ = '\0';
        *count++ = '\0';
        bool own = (name != NULL && strcmp(line, name) == 0) ||
                   (text_parse_uint(line, UINT32_MAX, &number) && number == uid);
        uint64_t start = 0;
        uint64_t length = 0;
        if (own && text_parse_uint(range, UINT32_MAX, &start) &&
            text_parse_uint(count, UINT32_MAX, &length) && length > 0)
            text_appendf(&ranges, "%s%s:%s", ranges.length > 0 ? "," : "", range, count);
    }
    return ranges.length > 0 ? arena_strdup(arena, ranges.data) : NULL;
}

static int probe_subids(struct host_facts *facts, struct arena *arena, struct thole_error *err) {
    if (facts->euid == 0)
        return 0;
    char buffer[256];
    bool known = false;
    if (user_name(facts->euid, buffer, sizeof(buffer), &known, err) < 0)
        return -1;
    /* Of a user whom only a name service knows login(1) has left the name; newuidmap(1) checks. */
    const char *name = known ? buffer : getenv("LOGNAME");
    facts->subuid = read_subids("/etc/subuid", name, facts->euid, arena, err);
    facts->subgid = read_subids("/etc/subgid", name, facts->euid, arena, err);
    return 0;
}

/* ---- huge pages ---------------------------------------------------------------------------- */

static int compare_sizes(const void *a, const void *b) {
    uint64_t left = *(const uint64_t *)a;
    uint64_t right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

/* Directories are called "hugepages-2048kB"; hugetlb files name the size as "2MB". */
static const char *read_hugepage_sizes(struct arena *arena, struct thole_error *failure) {
    enum { SIZES_MAX = 16, KILO = 1024 };
    uint64_t sizes[SIZES_MAX];
    size_t count = 0;
    static const char path[] = "/sys/kernel/mm/hugepages";
    cleanup_closedir DIR *directory = opendir(path);
    const struct dirent *entry = NULL;
    (void)found(directory != NULL ? 0 : -1, path, failure);
    while (directory != NULL && count < SIZES_MAX &&
           (errno = 0, entry = readdir(directory)) != NULL) {
        if (text_starts_with(entry->d_name, "hugepages-"))
            sizes[count++] = strtoull(entry->d_name + strlen("hugepages-"), NULL, 10);
    }
    (void)found(directory == NULL || errno == 0 ? 0 : -1, path, failure);
    qsort(sizes, count, sizeof(sizes[0]), compare_sizes);

    cleanup_text struct text list = {0};
    text_append(&list, "");
    for (size_t i = 0; i < count; i++) {
        static const char *const units[] = {"KB", "MB", "GB"};
        uint64_t size = sizes[i];
        size_t unit = 0;
        for (; unit < 2 && size >= KILO; unit++)
            size /= KILO;
        text_appendf(&list, "%s%llu%s", i > 0 ? "," : "", (unsigned long long)size, units[unit]);
    }
    return arena_strdup(arena, list.data);
}

/* -------------------------------------------------------------------------------------------- */

int host_probe(struct arena *arena, unsigned needs, struct host_facts **ret_facts,
               struct thole_error *err) {
    struct thole_error failure = {0};
    struct host_facts *facts = arena_new(arena, struct host_facts);
    facts->hugepage_sizes = "";
    if (probe_identity(facts, &failure) < 0 ||
        ((needs & HOST_NEED_CGROUPS) != 0 && probe_cgroups(facts, arena, &failure) < 0))
        return error_copy(err, &failure);
    if ((needs & HOST_NEED_CGROUP_NAMESPACES) != 0 && !facts->cgroup_namespaces)
        facts->cgroup_namespaces = has_namespace("cgroup", &failure);
    if ((needs & HOST_NEED_TIME_NAMESPACES) != 0)
        facts->time_namespaces = has_namespace("time", &failure);
    if ((needs & HOST_NEED_SECURITY) != 0)
        host_probe_security_modules(facts);
    if ((needs & HOST_NEED_SUBIDS) != 0 && facts->euid != 0 &&
        probe_subids(facts, arena, &failure) < 0)
        return error_copy(err, &failure);
    if ((needs & HOST_NEED_RESCTRL) != 0 &&
        is_filesystem("/sys/fs/resctrl", RDTGROUP_SUPER_MAGIC, &failure))
        facts->resctrl = "/sys/fs/resctrl";
    if ((needs & HOST_NEED_HUGEPAGES) != 0)
        facts->hugepage_sizes = read_hugepage_sizes(arena, &failure);
    *ret_facts = facts;
    return failure.kind == THOLE_ERROR_NONE ? 0 : error_copy(err, &failure);
}
