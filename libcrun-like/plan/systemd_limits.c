/* SPDX-License-Identifier: Apache-2.0 */
/* The same limits once more, as systemd's resource control knows them
 * (systemd.resource-control(5)).
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "plan/systemd.h"

enum { USEC_PER_SEC = 1000000, QUOTA_GRAIN = 10000, SET_BYTES = 1024 };
enum { ALL_ACCESS = 7 };

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

static bool parse_limit(const char *text, uint64_t *ret_number) {
    if (strcmp(text, "max") == 0 || strcmp(text, "-1") == 0) {
        *ret_number = UINT64_MAX;
        return true;
    }
    return text_parse_uint(text, UINT64_MAX, ret_number);
}

static void add_number(struct arena *arena, struct plan_cgroup *cgroup,
                       const struct plan_cgroup_write *write) {
    uint64_t number = 0;
    for (size_t i = 0; i < PLAN_COUNT(numbers); i++) {
        if (strcmp(write->file, numbers[i].file) == 0 && parse_limit(write->value, &number))
            add(arena, cgroup, numbers[i].property, "t", write->where)->number =
                number < numbers[i].least ? numbers[i].least : number;
    }
    if (strcmp(write->file, "cpu.idle") == 0 && strcmp(write->value, "1") == 0)
        add(arena, cgroup, "CPUWeight", "t", write->where)->number = 0; /* systemd 252: idle */
    if (write->fallback_file != NULL && strcmp(write->fallback_file, "io.weight") == 0 &&
        text_starts_with(write->fallback_value, "default ") &&
        text_parse_uint(write->fallback_value + strlen("default "), UINT64_MAX, &number))
        add(arena, cgroup, "IOWeight", "t", write->where)->number = number;
}

/* ---- bandwidth --------------------------------------------------------------------------------
 */

struct bandwidth {
    const char *quota; /* NULL: not written */
    const char *period;
    const char *where;
};

static void find_bandwidth(struct arena *arena, const struct plan_cgroup_write *write,
                           struct bandwidth *bandwidth) {
    if (strcmp(write->file, "cpu.max") == 0) {
        char *value = arena_strdup(arena, write->value);
        bandwidth->quota = strsep(&value, " ");
        bandwidth->period = value;
    } else if (strcmp(write->file, "cpu.cfs_quota_us") == 0) {
        bandwidth->quota = write->value;
    } else if (strcmp(write->file, "cpu.cfs_period_us") == 0) {
        bandwidth->period = write->value;
    } else {
        return;
    }
    bandwidth->where = write->where;
}

/* systemd counts per second, and rounds to 10 milliseconds by itself: better up than down. */
static void add_bandwidth(struct arena *arena, struct plan_cgroup *cgroup,
                          const struct bandwidth *bandwidth) {
    uint64_t quota = 0;
    uint64_t period = 100000;
    if (bandwidth->period != NULL &&
        (!text_parse_uint(bandwidth->period, UINT64_MAX, &period) || period == 0))
        period = 100000;
    else if (bandwidth->period != NULL)
        add(arena, cgroup, "CPUQuotaPeriodUSec", "t", bandwidth->where)->number = period;
    if (bandwidth->quota == NULL || !parse_limit(bandwidth->quota, &quota))
        return;
    uint64_t per_second = UINT64_MAX;
    if (quota != UINT64_MAX && quota < UINT64_MAX / USEC_PER_SEC) {
        per_second = quota * USEC_PER_SEC / period;
        per_second = (per_second + QUOTA_GRAIN - 1) / QUOTA_GRAIN * QUOTA_GRAIN;
    }
    add(arena, cgroup, "CPUQuotaPerSecUSec", "t", bandwidth->where)->number = per_second;
}

/* ---- CPU and node lists -----------------------------------------------------------------------
 */

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

/* ---- devices ----------------------------------------------------------------------------------
 */

struct device_list {
    struct arena *arena;
    struct plan_strings strings;
};

static void add_string(struct device_list *list, char *string) {
    char **items = arena_new_array(list->arena, list->strings.count + 2, char *);
    for (size_t i = 0; i < list->strings.count; i++)
        items[i] = list->strings.items[i];
    items[list->strings.count] = string;
    list->strings.items = items;
    list->strings.count++;
}

static void add_device(struct device_list *list, const struct plan_device_rule *rule) {
    const char *kind = rule->type == 'b' ? "block" : "char";
    char *name = arena_printf(list->arena, "%s-*", kind);
    if (rule->major >= 0 && rule->minor >= 0)
        name = arena_printf(list->arena, "/dev/%s/%" PRId64 ":%" PRId64, kind, rule->major,
                            rule->minor);
    else if (rule->major >= 0)
        name = arena_printf(list->arena, "%s-%" PRId64, kind, rule->major);
    add_string(list, name);
    add_string(list, arena_printf(list->arena, "%s%s%s", (rule->access & 2) != 0 ? "r" : "",
                                  (rule->access & 4) != 0 ? "w" : "",
                                  (rule->access & 1) != 0 ? "m" : ""));
}

/* systemd has no exceptions from what it allows: it gets a list that allows no less than the rules,
 * and the rules themselves are in force beside it. */
static void add_devices(struct arena *arena, struct plan_cgroup *cgroup) {
    struct device_list list = {.arena = arena};
    bool everything = false;
    if (cgroup->device_rule_count == 0)
        return;
    for (size_t i = 0; i < cgroup->device_rule_count; i++) {
        const struct plan_device_rule *rule = &cgroup->device_rules[i];
        const bool all = rule->type == 'a' && rule->access == ALL_ACCESS;
        if (all) {
            everything = rule->allow;
            list.strings = (struct plan_strings){0};
        } else if (rule->allow && rule->type != 'a') {
            add_device(&list, rule);
        }
    }
    struct plan_systemd_property *policy = add(arena, cgroup, "DevicePolicy", "s", "");
    struct device_list word = {.arena = arena};
    add_string(&word, arena_strdup(arena, everything ? "auto" : "strict"));
    policy->strings = word.strings;
    /* An empty list takes back what was there. */
    (void)add(arena, cgroup, "DeviceAllow", "a(ss)", "");
    if (!everything)
        add(arena, cgroup, "DeviceAllow", "a(ss)", "")->strings = list.strings;
}

void plan_systemd_limits(struct arena *arena, struct plan_cgroup *cgroup) {
    struct bandwidth bandwidth = {0};
    for (size_t i = 0; i < cgroup->write_count; i++) {
        const struct plan_cgroup_write *write = &cgroup->writes[i];
        add_number(arena, cgroup, write);
        find_bandwidth(arena, write, &bandwidth);
        if (strcmp(write->file, "cpuset.cpus") == 0)
            add_set(arena, cgroup, "AllowedCPUs", write);
        if (strcmp(write->file, "cpuset.mems") == 0)
            add_set(arena, cgroup, "AllowedMemoryNodes", write);
    }
    add_bandwidth(arena, cgroup, &bandwidth);
    add_devices(arena, cgroup);
}
