/* SPDX-License-Identifier: Apache-2.0 */
/* Files of cgroup v1 and v2 that a member of linux.resources stands for. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "lxc/convert/cgroups.h"

enum limit_kind {
    LIMIT_INT,     /* struct oci_int; -1 and max: none */
    LIMIT_UINT,    /* struct oci_uint */
    LIMIT_FLAG,    /* struct oci_bool */
    LIMIT_WORD,    /* char * */
    LIMIT_SPECIAL, /* @convert does it */
};

struct limit {
    const char *file; /* of cgroup v1 or v2 */
    enum limit_kind kind;
    const char *name; /* in linux.resources, for errors */
    size_t object;    /* of struct oci_resources */
    size_t size;      /* of that object */
    size_t member;
    bool (*convert)(struct arena *arena, const char *value, void *object);
};

#define MEMBER(section, member)                                            \
    offsetof(struct oci_resources, section), sizeof(struct oci_##section), \
        offsetof(struct oci_##section, member)

/* "QUOTA PERIOD", "max PERIOD" */
static bool convert_cpu_max(struct arena *arena, const char *value, void *object) {
    struct oci_cpu *cpu = object;
    const size_t length = strcspn(value, " \t");
    const char *quota = arena_strndup(arena, value, length);
    const char *period = value + length + strspn(value + length, " \t");
    cpu->quota = (struct oci_int){true, -1};
    if (strcmp(quota, "max") != 0 && !text_parse_int(quota, 1, INT64_MAX, &cpu->quota.value))
        return false;
    cpu->period.set = *period != '\0';
    return !cpu->period.set || text_parse_uint(period, UINT64_MAX, &cpu->period.value);
}

/* "MAJOR:MINOR REST"; NULL: it is not. */
static const char *read_device(const char *value, int64_t *ret_major, int64_t *ret_minor) {
    char *end = NULL;
    *ret_major = strtol(value, &end, 10);
    if (end == value || *end != ':')
        return NULL;
    const char *minor = end + 1;
    *ret_minor = strtol(minor, &end, 10);
    return end != minor ? end + strspn(end, " \t") : NULL;
}

static bool add_throttle(struct arena *arena, oci_throttle_devices *list, const char *value) {
    struct oci_throttle_device device = {0};
    const char *rate = read_device(value, &device.major, &device.minor);
    if (rate == NULL || !text_parse_uint(rate, UINT64_MAX, &device.rate))
        return false;
    *oci_list_add(arena, list) = device;
    return true;
}

static bool convert_read_bps(struct arena *arena, const char *value, void *object) {
    return add_throttle(arena, &((struct oci_block_io *)object)->throttle_read_bps, value);
}
static bool convert_write_bps(struct arena *arena, const char *value, void *object) {
    return add_throttle(arena, &((struct oci_block_io *)object)->throttle_write_bps, value);
}
static bool convert_read_iops(struct arena *arena, const char *value, void *object) {
    return add_throttle(arena, &((struct oci_block_io *)object)->throttle_read_iops, value);
}
static bool convert_write_iops(struct arena *arena, const char *value, void *object) {
    return add_throttle(arena, &((struct oci_block_io *)object)->throttle_write_iops, value);
}

/* "MAJOR:MINOR rbps=N wbps=N riops=N wiops=N" */
static bool convert_io_max(struct arena *arena, const char *value, void *object) {
    struct oci_block_io *block_io = object;
    const struct {
        const char *key;
        oci_throttle_devices *list;
    } lists[] = {
        {"rbps=", &block_io->throttle_read_bps},
        {"wbps=", &block_io->throttle_write_bps},
        {"riops=", &block_io->throttle_read_iops},
        {"wiops=", &block_io->throttle_write_iops},
    };
    struct oci_throttle_device device = {0};
    const char *at = read_device(value, &device.major, &device.minor);
    if (at == NULL)
        return false;
    while (*at != '\0') {
        const size_t length = strcspn(at, " ");
        size_t i = 0;
        while (i < 4 && !text_starts_with(at, lists[i].key))
            i++;
        if (i == 4)
            return false;
        const size_t skip = strlen(lists[i].key);
        const char *rate = arena_strndup(arena, at + skip, length - skip);
        if (strcmp(rate, "max") != 0) {
            if (!text_parse_uint(rate, UINT64_MAX, &device.rate))
                return false;
            *oci_list_add(arena, lists[i].list) = device;
        }
        at += length + strspn(at + length, " ");
    }
    return true;
}

static bool convert_weight_device(struct arena *arena, const char *value, void *object) {
    struct oci_weight_device device = {.weight.set = true};
    const char *weight = read_device(value, &device.major, &device.minor);
    if (weight == NULL || !text_parse_uint(weight, 1000, &device.weight.value))
        return false;
    *oci_list_add(arena, &((struct oci_block_io *)object)->weight_device) = device;
    return true;
}

static bool convert_priority(struct arena *arena, const char *value, void *object) {
    const size_t length = strcspn(value, " ");
    uint64_t priority = 0;
    if (value[length] == '\0' || !text_parse_uint(value + length + 1, UINT32_MAX, &priority))
        return false;
    *oci_list_add(arena, &((struct oci_network *)object)->priorities) =
        (struct oci_interface_priority){arena_strndup(arena, value, length), (uint32_t)priority};
    return true;
}

static const struct limit limits[] = {
    {"memory.limit_in_bytes", LIMIT_INT, "memory/limit", MEMBER(memory, limit)},
    {"memory.max", LIMIT_INT, "memory/limit", MEMBER(memory, limit)},
    {"memory.soft_limit_in_bytes", LIMIT_INT, "memory/reservation", MEMBER(memory, reservation)},
    {"memory.low", LIMIT_INT, "memory/reservation", MEMBER(memory, reservation)},
    {"memory.memsw.limit_in_bytes", LIMIT_INT, "memory/swap", MEMBER(memory, swap)},
    {"memory.kmem.limit_in_bytes", LIMIT_INT, "memory/kernel", MEMBER(memory, kernel)},
    {"memory.kmem.tcp.limit_in_bytes", LIMIT_INT, "memory/kernelTCP", MEMBER(memory, kernel_tcp)},
    {"memory.swappiness", LIMIT_UINT, "memory/swappiness", MEMBER(memory, swappiness)},
    {"memory.oom_control", LIMIT_FLAG, "memory/disableOOMKiller",
     MEMBER(memory, disable_oom_killer)},
    {"memory.use_hierarchy", LIMIT_FLAG, "memory/useHierarchy", MEMBER(memory, use_hierarchy)},
    {"cpu.shares", LIMIT_UINT, "cpu/shares", MEMBER(cpu, shares)},
    {"cpu.cfs_quota_us", LIMIT_INT, "cpu/quota", MEMBER(cpu, quota)},
    {"cpu.cfs_period_us", LIMIT_UINT, "cpu/period", MEMBER(cpu, period)},
    {"cpu.cfs_burst_us", LIMIT_UINT, "cpu/burst", MEMBER(cpu, burst)},
    {"cpu.max.burst", LIMIT_UINT, "cpu/burst", MEMBER(cpu, burst)},
    {"cpu.max", LIMIT_SPECIAL, "cpu", MEMBER(cpu, quota), convert_cpu_max},
    {"cpu.rt_runtime_us", LIMIT_INT, "cpu/realtimeRuntime", MEMBER(cpu, realtime_runtime)},
    {"cpu.rt_period_us", LIMIT_UINT, "cpu/realtimePeriod", MEMBER(cpu, realtime_period)},
    {"cpu.idle", LIMIT_INT, "cpu/idle", MEMBER(cpu, idle)},
    {"cpuset.cpus", LIMIT_WORD, "cpu/cpus", MEMBER(cpu, cpus)},
    {"cpuset.mems", LIMIT_WORD, "cpu/mems", MEMBER(cpu, mems)},
    {"pids.max", LIMIT_INT, "pids/limit", MEMBER(pids, limit)},
    {"blkio.weight", LIMIT_UINT, "blockIO/weight", MEMBER(block_io, weight)},
    {"blkio.bfq.weight", LIMIT_UINT, "blockIO/weight", MEMBER(block_io, weight)},
    {"io.bfq.weight", LIMIT_UINT, "blockIO/weight", MEMBER(block_io, weight)},
    {"blkio.leaf_weight", LIMIT_UINT, "blockIO/leafWeight", MEMBER(block_io, leaf_weight)},
    {"blkio.weight_device", LIMIT_SPECIAL, "blockIO/weightDevice", MEMBER(block_io, weight_device),
     convert_weight_device},
    {"blkio.throttle.read_bps_device", LIMIT_SPECIAL, "blockIO/throttleReadBpsDevice",
     MEMBER(block_io, weight), convert_read_bps},
    {"blkio.throttle.write_bps_device", LIMIT_SPECIAL, "blockIO/throttleWriteBpsDevice",
     MEMBER(block_io, weight), convert_write_bps},
    {"blkio.throttle.read_iops_device", LIMIT_SPECIAL, "blockIO/throttleReadIOPSDevice",
     MEMBER(block_io, weight), convert_read_iops},
    {"blkio.throttle.write_iops_device", LIMIT_SPECIAL, "blockIO/throttleWriteIOPSDevice",
     MEMBER(block_io, weight), convert_write_iops},
    {"io.max", LIMIT_SPECIAL, "blockIO", MEMBER(block_io, weight), convert_io_max},
    {"net_cls.classid", LIMIT_UINT, "network/classID", MEMBER(network, class_id)},
    {"net_prio.ifpriomap", LIMIT_SPECIAL, "network/priorities", MEMBER(network, priorities),
     convert_priority},
};

/* A number with K, M or G behind it, as the kernel's memparse() takes it. */
static bool read_size(const char *value, uint64_t *ret_size) {
    static const char suffixes[] = "KMGTPE";
    char digits[24] = "";
    size_t length = strlen(value);
    unsigned shift = 0;
    const char *suffix = length > 0 && value[length - 1] != '\0'
                             ? strchr(suffixes, toupper((unsigned char)value[length - 1]))
                             : NULL;
    if (suffix != NULL) {
        shift = 10 * (unsigned)(suffix - suffixes + 1);
        length--;
    }
    if (length == 0 || length >= sizeof(digits))
        return false;
    memcpy(digits, value, length);
    if (!text_parse_uint(digits, UINT64_MAX >> shift, ret_size))
        return false;
    *ret_size <<= shift;
    return true;
}

static bool read_int(const char *value, struct oci_int *ret_number) {
    uint64_t size = 0;
    *ret_number = (struct oci_int){true, -1};
    if (strcmp(value, "max") == 0 || strcmp(value, "-1") == 0)
        return true;
    if (!read_size(value, &size))
        return false;
    ret_number->value = size > INT64_MAX ? INT64_MAX : (int64_t)size;
    return true;
}

static bool read_hexadecimal(const char *value, uint64_t *ret_number) {
    char *end = NULL;
    errno = 0;
    *ret_number = strtoull(value, &end, 16);
    return errno == 0 && end != value && *end == '\0';
}

static bool read_uint(const char *value, struct oci_uint *ret_number) {
    ret_number->set = true;
    if (strncmp(value, "0x", 2) == 0) /* net_cls.classid */
        return read_hexadecimal(value, &ret_number->value);
    return read_size(value, &ret_number->value);
}

static bool set_member(struct arena *arena, const struct limit *limit, const char *value,
                       char *object) {
    void *member = object + limit->member;
    switch (limit->kind) {
    case LIMIT_INT:
        return read_int(value, member);
    case LIMIT_UINT:
        return read_uint(value, member);
    case LIMIT_FLAG:
        *(struct oci_bool *)member = (struct oci_bool){true, strcmp(value, "1") == 0};
        return strcmp(value, "1") == 0 || strcmp(value, "0") == 0;
    case LIMIT_WORD:
        *(char **)member = arena_strdup(arena, value);
        return true;
    case LIMIT_SPECIAL:
        break;
    }
    return limit->convert(arena, value, object);
}

/* hugetlb.SIZE.max, hugetlb.SIZE.limit_in_bytes: 0 if it is one, 1 if not, -1 if it is wrong. */
static int convert_hugepages(struct lxc_conversion *conversion,
                             const struct lxc_cgroup_setting *setting) {
    struct oci_hugepage_limit limit = {0};
    if (!text_starts_with(setting->file, "hugetlb."))
        return 1;
    const char *size = setting->file + strlen("hugetlb.");
    const size_t length = strcspn(size, ".");
    if (strcmp(size + length, ".max") != 0 && strcmp(size + length, ".limit_in_bytes") != 0)
        return 1;
    limit.page_size = arena_strndup(conversion->arena, size, length);
    if (!read_size(setting->value, &limit.limit))
        return -1;
    struct oci_resources *resources = conversion->oci->linux->resources;
    *oci_list_add(conversion->arena, &resources->hugepage_limits) = limit;
    lxc_conversion_origin(conversion, setting->where, "/linux/resources/hugepageLimits/%zu",
                          resources->hugepage_limits.count - 1);
    return 0;
}

int lxc_cgroup_limit(struct lxc_conversion *conversion, const struct lxc_cgroup_setting *setting,
                     struct thole_error *err) {
    char *resources = (char *)conversion->oci->linux->resources;
    int result = convert_hugepages(conversion, setting);
    for (size_t i = 0; result > 0 && i < sizeof(limits) / sizeof(limits[0]); i++) {
        if (strcmp(limits[i].file, setting->file) != 0)
            continue;
        void **object = (void **)(resources + limits[i].object);
        if (*object == NULL)
            *object = arena_alloc(conversion->arena, limits[i].size);
        result = set_member(conversion->arena, &limits[i], setting->value, *object) ? 0 : -1;
        lxc_conversion_origin(conversion, setting->where, "/linux/resources/%s", limits[i].name);
    }
    if (result >= 0)
        return result;
    return error_config(err, setting->where, "\"%s\" is no value for %s", setting->value,
                        setting->file);
}
