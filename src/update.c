/* SPDX-License-Identifier: Apache-2.0 */
/* update: new resource limits for a container. */
#include <inttypes.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "commands.h"
#include "input.h"
#include "thole.h"

struct update_settings {
    const char *resources;
    const char *blkio_weight;
    const char *cpu_period;
    const char *cpu_quota;
    const char *cpu_burst;
    const char *cpu_share;
    const char *cpu_rt_period;
    const char *cpu_rt_runtime;
    const char *cpu_idle;
    const char *cpuset_cpus;
    const char *cpuset_mems;
    const char *kernel_memory;
    const char *kernel_memory_tcp;
    const char *memory;
    const char *memory_reservation;
    const char *memory_swap;
    const char *pids_limit;
    const char *l3_cache_schema;
    const char *mem_bw_schema;
};

#define MEMBER(name) offsetof(struct update_settings, name)

static const struct option_row update_options[] = {
    {"resources", 'r', OPTION_STRING, MEMBER(resources), "FILE",
     "linux.resources as JSON (-: standard input); other options are ignored"},
    {"blkio-weight", 0, OPTION_STRING, MEMBER(blkio_weight), "N", "block I/O weight, 10 to 1000"},
    {"cpu-period", 0, OPTION_STRING, MEMBER(cpu_period), "MICROSECONDS", "period of the CPU quota"},
    {"cpu-quota", 0, OPTION_STRING, MEMBER(cpu_quota), "MICROSECONDS",
     "CPU time in each period, -1: no limit"},
    {"cpu-burst", 0, OPTION_STRING, MEMBER(cpu_burst), "MICROSECONDS",
     "unused quota that may be saved up"},
    {"cpu-share", 0, OPTION_STRING, MEMBER(cpu_share), "N",
     "CPU weight against other containers, 2 to 262144"},
    {"cpu-rt-period", 0, OPTION_STRING, MEMBER(cpu_rt_period), "MICROSECONDS",
     "period of the realtime quota"},
    {"cpu-rt-runtime", 0, OPTION_STRING, MEMBER(cpu_rt_runtime), "MICROSECONDS",
     "realtime CPU time in each period"},
    {"cpu-idle", 0, OPTION_STRING, MEMBER(cpu_idle), "0|1",
     "1: run only when nothing else wants the CPU"},
    {"cpuset-cpus", 0, OPTION_STRING, MEMBER(cpuset_cpus), "LIST", "CPUs to use: 0-3,7"},
    {"cpuset-mems", 0, OPTION_STRING, MEMBER(cpuset_mems), "LIST", "memory nodes to use: 0,1"},
    {"memory", 0, OPTION_STRING, MEMBER(memory), "SIZE",
     "memory limit, bytes or with b, k, m, g, t; -1: none"},
    {"memory-reservation", 0, OPTION_STRING, MEMBER(memory_reservation), "SIZE",
     "memory that is kept when the host runs short"},
    {"memory-swap", 0, OPTION_STRING, MEMBER(memory_swap), "SIZE",
     "limit of memory and swap together, -1: no limit"},
    {"kernel-memory", 0, OPTION_STRING, MEMBER(kernel_memory), "SIZE",
     "limit of kernel memory (cgroup v1)"},
    {"kernel-memory-tcp", 0, OPTION_STRING, MEMBER(kernel_memory_tcp), "SIZE",
     "limit of TCP buffers (cgroup v1)"},
    {"pids-limit", 0, OPTION_STRING, MEMBER(pids_limit), "N", "number of processes, -1: no limit"},
    {"l3-cache-schema", 0, OPTION_STRING, MEMBER(l3_cache_schema), "SCHEMA",
     "Intel RDT: share of the L3 cache, a line like L3:0=f;1=f0"},
    {"mem-bw-schema", 0, OPTION_STRING, MEMBER(mem_bw_schema), "SCHEMA",
     "Intel RDT: memory bandwidth, a line like MB:0=20;1=70"},
    {0},
};

enum value_kind {
    VALUE_INTEGER,
    VALUE_SIZE, /* an integer with a suffix for powers of 1024 */
    VALUE_TEXT,
};

/* Where each option goes in linux.resources; rows of one object stand together. */
static const struct {
    size_t offset;
    const char *option;
    const char *object;
    const char *member;
    enum value_kind kind;
} resources[] = {
    {MEMBER(memory), "memory", "memory", "limit", VALUE_SIZE},
    {MEMBER(memory_reservation), "memory-reservation", "memory", "reservation", VALUE_SIZE},
    {MEMBER(memory_swap), "memory-swap", "memory", "swap", VALUE_SIZE},
    {MEMBER(kernel_memory), "kernel-memory", "memory", "kernel", VALUE_SIZE},
    {MEMBER(kernel_memory_tcp), "kernel-memory-tcp", "memory", "kernelTCP", VALUE_SIZE},
    {MEMBER(cpu_share), "cpu-share", "cpu", "shares", VALUE_INTEGER},
    {MEMBER(cpu_quota), "cpu-quota", "cpu", "quota", VALUE_INTEGER},
    {MEMBER(cpu_period), "cpu-period", "cpu", "period", VALUE_INTEGER},
    {MEMBER(cpu_burst), "cpu-burst", "cpu", "burst", VALUE_INTEGER},
    {MEMBER(cpu_rt_runtime), "cpu-rt-runtime", "cpu", "realtimeRuntime", VALUE_INTEGER},
    {MEMBER(cpu_rt_period), "cpu-rt-period", "cpu", "realtimePeriod", VALUE_INTEGER},
    {MEMBER(cpu_idle), "cpu-idle", "cpu", "idle", VALUE_INTEGER},
    {MEMBER(cpuset_cpus), "cpuset-cpus", "cpu", "cpus", VALUE_TEXT},
    {MEMBER(cpuset_mems), "cpuset-mems", "cpu", "mems", VALUE_TEXT},
    {MEMBER(pids_limit), "pids-limit", "pids", "limit", VALUE_INTEGER},
    {MEMBER(blkio_weight), "blkio-weight", "blockIO", "weight", VALUE_INTEGER},
};

/* "512m" -> 536870912: an integer, and b, k, m, g or t of either case behind it. */
static bool parse_size(const char *value, int64_t *ret_size) {
    static const char suffixes[] = "bkmgt";
    char digits[32];
    size_t length = strlen(value);
    if (length == 0 || length >= sizeof(digits))
        return false;
    memcpy(digits, value, length + 1);

    int shift = 0;
    const char *suffix = strchr(suffixes, digits[length - 1] | 0x20);
    if (suffix != NULL && *suffix != '\0') {
        shift = 10 * (int)(suffix - suffixes);
        digits[length - 1] = '\0';
    }
    int64_t number = 0;
    if (!text_parse_int(digits, -1, INT64_MAX >> shift, &number))
        return false;
    *ret_size = number < 0 ? number : (int64_t)((uint64_t)number << shift);
    return true;
}

static int put_value(struct text *json, enum value_kind kind, const char *option, const char *value,
                     struct thole_error *err) {
    int64_t number = 0;
    if (kind == VALUE_TEXT) {
        text_append_json(json, value);
        return 0;
    }
    if (kind == VALUE_SIZE ? !parse_size(value, &number)
                           : !text_parse_int(value, INT64_MIN, INT64_MAX, &number))
        return error_set(err, THOLE_ERROR_USAGE, 0, NULL, "option --%s: \"%s\" is not a %s", option,
                         value, kind == VALUE_SIZE ? "size" : "number");
    text_appendf(json, "%" PRId64, number);
    return 0;
}

/* Writes linux.resources with a member for each option that was given. */
static int put_resources(struct text *json, const struct update_settings *settings,
                         struct thole_error *err) {
    const char *open_object = NULL;
    text_append(json, "{");
    for (size_t i = 0; i < sizeof(resources) / sizeof(resources[0]); i++) {
        const char *value;
        memcpy(&value, (const char *)settings + resources[i].offset, sizeof(value));
        if (value == NULL)
            continue;
        if (text_equal(open_object, resources[i].object))
            text_append(json, ",");
        else
            text_appendf(json, "%s\"%s\":{", open_object != NULL ? "}," : "", resources[i].object);
        open_object = resources[i].object;
        text_appendf(json, "\"%s\":", resources[i].member);
        if (put_value(json, resources[i].kind, resources[i].option, value, err) < 0)
            return -1;
    }
    text_append(json, open_object != NULL ? "}}" : "}");
    return 0;
}

static int run_update(const struct invocation *invocation, int *ret_status,
                      struct thole_error *err) {
    (void)ret_status;
    const struct update_settings *settings = invocation->options;
    cleanup_free char *json = NULL;
    cleanup_text struct text limits = {0};
    int result = settings->resources != NULL ? input_document(settings->resources, &json, err)
                                             : put_resources(&limits, settings, err);
    if (result < 0)
        return -1;
    const struct thole_update update = {
        .resources = json != NULL ? json : limits.data,
        .l3_cache_schema = settings->l3_cache_schema,
        .mem_bw_schema = settings->mem_bw_schema,
    };
    return thole_update(invocation->context, invocation->arguments[0], &update, err);
}

const struct command command_update = {
    .name = "update",
    .arguments = "ID",
    .summary = "change the resource limits of a container",
    .description =
        "What is not given stays as it is. Either all values are applied or, after an error, none.",
    .options = update_options,
    .options_size = sizeof(struct update_settings),
    .run = run_update,
};
