/* SPDX-License-Identifier: Apache-2.0 */
/* The same limits once more, as systemd's resource control knows them
 * (systemd.resource-control(5)).
 */
#include <inttypes.h>
#include <string.h>

#include "base/names.h"
#include "base/text.h"
#include "plan/builder.h"

enum { USEC_PER_SEC = 1000000, QUOTA_GRAIN = 10000, PERIOD_DEFAULT = 100000, SET_BYTES = 1024 };
/* Files whose value is one number of one property. @least is what systemd takes at least. */
static const struct {
    const char *file;
    const char *property;
    uint64_t least;
} numbers[] = {
    {"memory.max", "MemoryMax", 1},
    {"memory.high", "MemoryHigh", 1},
    {"memory.low", "MemoryLow", 0},
    {"memory.min", "MemoryMin", 0},
    {"memory.swap.max", "MemorySwapMax", 0},
    {"memory.limit_in_bytes", "MemoryLimit", 1},
    {"pids.max", "TasksMax", 1},
    {"cpu.weight", "CPUWeight", 1},
    {"cpu.shares", "CPUShares", 2},
    {"blkio.weight", "BlockIOWeight", 10},
    {"blkio.bfq.weight", "BlockIOWeight", 10},
};

static struct plan_systemd_property *add(struct arena *arena, struct plan_cgroup *cgroup,
                                         const char *name, const char *type, const char *where) {
    struct plan_systemd_property *property =
        plan_list_add(arena, cgroup->systemd_properties, cgroup->systemd_property_count);
    *property = (struct plan_systemd_property){
        .name = name,
        .type = type,
        .optional = true,
        .where = where,
    };
    return property;
}

static void add_number(struct arena *arena, struct plan_cgroup *cgroup,
                       const struct plan_cgroup_write *write) {
    if (!write->is_number)
        return;
    for (size_t i = 0; i < PLAN_COUNT(numbers); i++) {
        if (strcmp(write->file, numbers[i].file) == 0)
            add(arena, cgroup, numbers[i].property, "t", write->where)->number =
                write->number < numbers[i].least ? numbers[i].least : write->number;
    }
    if (strcmp(write->file, "cpu.idle") == 0 && write->number == 1)
        add(arena, cgroup, "CPUWeight", "t", write->where)->number = 0; /* systemd 252: idle */
    if (write->fallback_file != NULL && strcmp(write->fallback_file, "io.weight") == 0)
        add(arena, cgroup, "IOWeight", "t", write->where)->number = write->number;
}

/* Which file has the quota, and which the period. systemd counts per second, and rounds to 10
 * milliseconds by itself: better up than down. */
static void add_bandwidth(struct arena *arena, struct plan_cgroup *cgroup) {
    const struct plan_cgroup_write *quota = plan_find_limit(cgroup, "cpu.max");
    const struct plan_cgroup_write *own_period = plan_find_limit(cgroup, "cpu.cfs_period_us");
    if (quota == NULL)
        quota = plan_find_limit(cgroup, "cpu.cfs_quota_us");
    const uint64_t given = own_period != NULL ? own_period->number
                           : quota != NULL    ? quota->period
                                              : 0;
    const uint64_t period = given != 0 ? given : PERIOD_DEFAULT;
    const char *where = quota != NULL ? quota->where : own_period != NULL ? own_period->where : "";
    if (given != 0)
        add(arena, cgroup, "CPUQuotaPeriodUSec", "t", where)->number = given;
    if (quota == NULL)
        return;
    uint64_t per_second = PLAN_UNLIMITED;
    if (quota->number < UINT64_MAX / USEC_PER_SEC) {
        per_second = quota->number * USEC_PER_SEC / period;
        per_second = (per_second + QUOTA_GRAIN - 1) / QUOTA_GRAIN * QUOTA_GRAIN;
    }
    add(arena, cgroup, "CPUQuotaPerSecUSec", "t", where)->number = per_second;
}

/* ---- CPU and node lists ---------------------------------------------------------------------- */

/* "0-2,7" as a bit mask of bytes, the lowest first. */
static void add_set(struct arena *arena, struct plan_cgroup *cgroup, const char *name,
                    const struct plan_cgroup_write *write) {
    uint8_t *mask = arena_alloc(arena, SET_BYTES);
    size_t used = 0;
    for (char *rest = arena_strdup(arena, write->value); rest != NULL;) {
        char *last_text = strsep(&rest, ",");
        const char *first_text = strsep(&last_text, "-");
        uint64_t first = 0;
        uint64_t last = 0;
        const uint64_t largest = (uint64_t)SET_BYTES * 8 - 1;
        if (!text_parse_uint(first_text, largest, &first) ||
            !text_parse_uint(last_text != NULL ? last_text : first_text, largest, &last))
            return;
        for (uint64_t i = first; i <= last; i++)
            mask[i / 8] |= (uint8_t)(1U << (i % 8));
        used = last / 8 + 1 > used ? last / 8 + 1 : used;
    }
    struct plan_systemd_property *property = add(arena, cgroup, name, "ay", write->where);
    property->bytes = mask;
    property->byte_count = used;
}

/* ---- devices --------------------------------------------------------------------------------- */

static void add_device(struct arena *arena, struct plan_strings *list,
                       const struct plan_device_rule *rule) {
    const char *kind = rule->type == 'b' ? "block" : "char";
    char *name = arena_printf(arena, "%s-*", kind);
    if (rule->major >= 0 && rule->minor >= 0)
        name = arena_printf(arena, "/dev/%s/%" PRId64 ":%" PRId64, kind, rule->major, rule->minor);
    else if (rule->major >= 0)
        name = arena_printf(arena, "%s-%" PRId64, kind, rule->major);
    plan_words_add(arena, list, name);
    plan_words_add(arena, list, names_of(names_device_access, rule->access));
}

/* systemd has no exceptions from what it allows: it gets a list that allows no less than the rules,
 * and the rules themselves are in force beside it. */
static void add_devices(struct arena *arena, struct plan_cgroup *cgroup) {
    struct plan_strings list = {0};
    bool everything = false;
    if (cgroup->device_rule_count == 0)
        return;
    for (size_t i = 0; i < cgroup->device_rule_count; i++) {
        const struct plan_device_rule *rule = &cgroup->device_rules[i];
        const bool all = rule->type == 'a' && rule->access == NAMES_ALL_ACCESS;
        if (all) {
            everything = rule->allow;
            list = (struct plan_strings){0};
        } else if (rule->allow && rule->type != 'a') {
            add_device(arena, &list, rule);
        }
    }
    struct plan_systemd_property *policy = add(arena, cgroup, "DevicePolicy", "s", "");
    plan_words_add(arena, &policy->strings, everything ? "auto" : "strict");
    /* An empty list takes back what was there. */
    (void)add(arena, cgroup, "DeviceAllow", "a(ss)", "");
    if (!everything)
        add(arena, cgroup, "DeviceAllow", "a(ss)", "")->strings = list;
}

void plan_systemd_limits(struct arena *arena, struct plan_cgroup *cgroup) {
    for (size_t i = 0; i < cgroup->write_count; i++) {
        const struct plan_cgroup_write *write = &cgroup->writes[i];
        add_number(arena, cgroup, write);
        if (strcmp(write->file, "cpuset.cpus") == 0)
            add_set(arena, cgroup, "AllowedCPUs", write);
        if (strcmp(write->file, "cpuset.mems") == 0)
            add_set(arena, cgroup, "AllowedMemoryNodes", write);
    }
    add_bandwidth(arena, cgroup);
    add_devices(arena, cgroup);
}
