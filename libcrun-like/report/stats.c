/* SPDX-License-Identifier: Apache-2.0 */
/* Statistics: which number of which file is which member of runc's "stats" event. */
#include "report/stats.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_gen.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "cgroup/reader.h"
#include "report/rdt_stats.h"

enum { TICK = 10 * 1000 * 1000, MICROSECOND = 1000 /* nanoseconds; USER_HZ is 100 */ };

/* What is written to and read from. */
struct stats {
    yajl_gen json;
    struct cgroup_reader reader;
};

static void put_key(struct stats *stats, const char *key) {
    (void)yajl_gen_string(stats->json, (const unsigned char *)key, strlen(key));
}

static void put_number(struct stats *stats, uint64_t number) {
    char text[24];
    int length = snprintf(text, sizeof(text), "%" PRIu64, number);
    (void)yajl_gen_number(stats->json, text, (size_t)length);
}

static void open_object(struct stats *stats, const char *key) {
    put_key(stats, key);
    (void)yajl_gen_map_open(stats->json);
}

static void open_array(struct stats *stats, const char *key) {
    put_key(stats, key);
    (void)yajl_gen_array_open(stats->json);
}

static void close_object(struct stats *stats) {
    (void)yajl_gen_map_close(stats->json);
}

static void close_array(struct stats *stats) {
    (void)yajl_gen_array_close(stats->json);
}

/* ---- members that are one number ------------------------------------------------------------- */

/* A file and a key in it (NULL: the file is the number); the number is multiplied by scale. */
struct source {
    const char *file;
    const char *key;
    uint64_t scale;
};

struct member {
    const char *name;
    const char *controller;
    struct source v1;
    struct source v2;
};

static const struct member cpu_usage[] = {
    {"total", "cpuacct", {"cpuacct.usage", NULL, 1}, {"cpu.stat", "usage_usec", MICROSECOND}},
    {"kernel",
     "cpuacct",
     {"cpuacct.stat", "system", TICK},
     {"cpu.stat", "system_usec", MICROSECOND}},
    {"user", "cpuacct", {"cpuacct.stat", "user", TICK}, {"cpu.stat", "user_usec", MICROSECOND}},
};
static const struct member cpu_throttling[] = {
    {"periods", "cpu", {"cpu.stat", "nr_periods", 1}, {"cpu.stat", "nr_periods", 1}},
    {"throttledPeriods", "cpu", {"cpu.stat", "nr_throttled", 1}, {"cpu.stat", "nr_throttled", 1}},
    {"throttledTime",
     "cpu",
     {"cpu.stat", "throttled_time", 1},
     {"cpu.stat", "throttled_usec", MICROSECOND}},
};
static const struct member memory_cache[] = {
    {"cache", "memory", {"memory.stat", "cache", 1}, {"memory.stat", "file", 1}},
};
static const struct member memory_usage[] = {
    {"limit", "memory", {"memory.limit_in_bytes", NULL, 1}, {"memory.max", NULL, 1}},
    {"usage", "memory", {"memory.usage_in_bytes", NULL, 1}, {"memory.current", NULL, 1}},
    {"max", "memory", {"memory.max_usage_in_bytes", NULL, 1}, {"memory.peak", NULL, 1}},
    {"failcnt", "memory", {"memory.failcnt", NULL, 1}, {"memory.events", "max", 1}},
};
/* v1 counts memory and swap together here, v2 swap alone. */
static const struct member memory_swap[] = {
    {"limit", "memory", {"memory.memsw.limit_in_bytes", NULL, 1}, {"memory.swap.max", NULL, 1}},
    {"usage", "memory", {"memory.memsw.usage_in_bytes", NULL, 1}, {"memory.swap.current", NULL, 1}},
    {"max", "memory", {"memory.memsw.max_usage_in_bytes", NULL, 1}, {"memory.swap.peak", NULL, 1}},
    {"failcnt", "memory", {"memory.memsw.failcnt", NULL, 1}, {"memory.swap.events", "max", 1}},
};
static const struct member memory_kernel[] = {
    {"limit", "memory", {"memory.kmem.limit_in_bytes", NULL, 1}, {0}},
    {"usage", "memory", {"memory.kmem.usage_in_bytes", NULL, 1}, {"memory.stat", "kernel", 1}},
    {"max", "memory", {"memory.kmem.max_usage_in_bytes", NULL, 1}, {0}},
    {"failcnt", "memory", {"memory.kmem.failcnt", NULL, 1}, {0}},
};
static const struct member memory_kernel_tcp[] = {
    {"limit", "memory", {"memory.kmem.tcp.limit_in_bytes", NULL, 1}, {0}},
    {"usage", "memory", {"memory.kmem.tcp.usage_in_bytes", NULL, 1}, {"memory.stat", "sock", 1}},
    {"max", "memory", {"memory.kmem.tcp.max_usage_in_bytes", NULL, 1}, {0}},
    {"failcnt", "memory", {"memory.kmem.tcp.failcnt", NULL, 1}, {0}},
};
static const struct member pids[] = {
    {"current", "pids", {"pids.current", NULL, 1}, {"pids.current", NULL, 1}},
    {"limit", "pids", {"pids.max", NULL, 1}, {"pids.max", NULL, 1}},
};
static const struct member cpuset_numbers[] = {
    {"cpu_exclusive", "cpuset", {"cpuset.cpu_exclusive", NULL, 1}, {0}},
    {"mem_hardwall", "cpuset", {"cpuset.mem_hardwall", NULL, 1}, {0}},
    {"mem_exclusive", "cpuset", {"cpuset.mem_exclusive", NULL, 1}, {0}},
    {"memory_migrate", "cpuset", {"cpuset.memory_migrate", NULL, 1}, {0}},
    {"memory_spread_page", "cpuset", {"cpuset.memory_spread_page", NULL, 1}, {0}},
    {"memory_spread_slab", "cpuset", {"cpuset.memory_spread_slab", NULL, 1}, {0}},
    {"memory_pressure", "cpuset", {"cpuset.memory_pressure", NULL, 1}, {0}},
    {"sched_load_balance", "cpuset", {"cpuset.sched_load_balance", NULL, 1}, {0}},
};

#define PUT_MEMBERS(stats, members) \
    put_members((stats), (members), sizeof(members) / sizeof((members)[0]))

static void put_members(struct stats *stats, const struct member *members, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const struct member *member = &members[i];
        const struct source *source =
            cgroup_reader_is_v1(&stats->reader, member->controller) ? &member->v1 : &member->v2;
        cleanup_free char *text =
            cgroup_reader_text(&stats->reader, member->controller, source->file, source->file);
        uint64_t number = 0;
        if (!cgroup_number_find(text, source->key, &number))
            continue;
        put_key(stats, member->name);
        put_number(stats, number == UINT64_MAX ? number : number * source->scale);
    }
}

/* ---- lists ----------------------------------------------------------------------------------- */

/* Takes the next line of @rest, cut off in place; NULL at the end. */
static char *next_line(char **rest) {
    char *line = *rest;
    if (line == NULL || line[0] == '\0')
        return NULL;
    char *end = strchr(line, '\n');
    *rest = end != NULL ? end + 1 : NULL;
    if (end != NULL)
        *end = '\0';
    return line;
}

static void put_word(struct stats *stats, const char *word) {
    size_t length = strlen(word);
    if (length > 0 && strspn(word, "0123456789.") == length)
        (void)yajl_gen_number(stats->json, word, length);
    else
        (void)yajl_gen_integer(stats->json, 0);
}

/* One array per column of cpuacct.usage_all: "cpu user system" and a line per CPU. */
static void put_cpu_column(struct stats *stats, const char *key, int column) {
    cleanup_free char *text =
        cgroup_reader_text(&stats->reader, "cpuacct", "cpuacct.usage_all", NULL);
    char *rest = text;
    if (next_line(&rest) == NULL)
        return;
    open_array(stats, key);
    for (char *line = next_line(&rest); line != NULL; line = next_line(&rest)) {
        for (int i = 0; i < column && line != NULL; i++)
            (void)strsep(&line, " ");
        put_word(stats, line != NULL ? strsep(&line, " ") : "");
    }
    close_array(stats);
}

static void put_cpu_list(struct stats *stats) {
    cleanup_free char *text =
        cgroup_reader_text(&stats->reader, "cpuacct", "cpuacct.usage_percpu", NULL);
    if (text == NULL)
        return;
    open_array(stats, "percpu");
    for (char *rest = text; rest != NULL;) {
        const char *word = strsep(&rest, " \n");
        if (word[0] != '\0')
            put_word(stats, word);
    }
    close_array(stats);
}

/* "0-2,7" as [0,1,2,7]. */
static void put_set(struct stats *stats, const char *key, const char *v1, const char *v2) {
    cleanup_free char *text = cgroup_reader_text(&stats->reader, "cpuset", v1, v2);
    if (text == NULL)
        return;
    open_array(stats, key);
    for (char *rest = text; rest != NULL;) {
        const char *range = strsep(&rest, ",\n");
        if (!isdigit((unsigned char)range[0]))
            continue;
        char *end = NULL;
        unsigned long first = strtoul(range, &end, 10);
        unsigned long last = *end == '-' ? strtoul(end + 1, NULL, 10) : first;
        for (; first <= last; first++)
            put_number(stats, first);
    }
    close_array(stats);
}

/* All of a flat keyed file: {"anon":1,...}. */
static void put_flat(struct stats *stats, const char *key, const char *controller,
                     const char *file) {
    cleanup_free char *text = cgroup_reader_text(&stats->reader, controller, file, file);
    open_object(stats, key);
    for (char *rest = text, *line = next_line(&rest); line != NULL; line = next_line(&rest)) {
        char *value = line;
        const char *name = strsep(&value, " ");
        if (value == NULL)
            continue;
        put_key(stats, name);
        put_word(stats, value);
    }
    close_object(stats);
}

/* "some avg10=0.00 avg60=0.00 avg300=0.00 total=0", and a line for "full". */
static void put_pressure(struct stats *stats, const char *controller, const char *file) {
    cleanup_free char *text = cgroup_reader_text(&stats->reader, controller, NULL, file);
    if (text == NULL || text[0] == '\0')
        return;
    open_object(stats, "psi");
    for (char *rest = text, *line = next_line(&rest); line != NULL; line = next_line(&rest)) {
        open_object(stats, strsep(&line, " "));
        while (line != NULL) {
            char *value = strsep(&line, " ");
            put_key(stats, strsep(&value, "="));
            put_word(stats, value != NULL ? value : "");
        }
        close_object(stats);
    }
    close_object(stats);
}

/* ---- block I/O ------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    const char *v1_files[3]; /* the first that has lines: BFQ's, CFQ's, the throttle's */
    const char *v2_keys[2];  /* in io.stat, for "Read" and "Write" */
} block_io[] = {
    {"ioServiceBytesRecursive",
     {"blkio.bfq.io_service_bytes_recursive", "blkio.io_service_bytes_recursive",
      "blkio.throttle.io_service_bytes_recursive"},
     {"rbytes", "wbytes"}},
    {"ioServicedRecursive",
     {"blkio.bfq.io_serviced_recursive", "blkio.io_serviced_recursive",
      "blkio.throttle.io_serviced_recursive"},
     {"rios", "wios"}},
    {"ioQueueRecursive",
     {"blkio.bfq.io_queued_recursive", "blkio.io_queued_recursive", NULL},
     {NULL, NULL}},
    {"ioServiceTimeRecursive",
     {"blkio.bfq.io_service_time_recursive", "blkio.io_service_time_recursive", NULL},
     {NULL, NULL}},
    {"ioWaitTimeRecursive",
     {"blkio.bfq.io_wait_time_recursive", "blkio.io_wait_time_recursive", NULL},
     {NULL, NULL}},
    {"ioMergedRecursive",
     {"blkio.bfq.io_merged_recursive", "blkio.io_merged_recursive", NULL},
     {NULL, NULL}},
    {"ioTimeRecursive", {"blkio.bfq.time_recursive", "blkio.time_recursive", NULL}, {NULL, NULL}},
    {"sectorsRecursive",
     {"blkio.bfq.sectors_recursive", "blkio.sectors_recursive", NULL},
     {NULL, NULL}},
};

/* @device is "8:0". */
static void put_io(struct stats *stats, char *device, const char *operation, const char *value) {
    char *minor = device;
    const char *major = strsep(&minor, ":");
    (void)yajl_gen_map_open(stats->json);
    put_key(stats, "major");
    put_word(stats, major);
    put_key(stats, "minor");
    put_word(stats, minor != NULL ? minor : "");
    put_key(stats, "op");
    put_key(stats, operation);
    put_key(stats, "value");
    put_word(stats, value);
    close_object(stats);
    if (minor != NULL)
        minor[-1] = ':';
}

/* Lines "8:0 Read 4096", or "8:0 4096" in files without an operation; "Total N" ends them. */
static void put_io_v1(struct stats *stats, const char *const files[3]) {
    cleanup_free char *text = NULL;
    for (int i = 0; i < 3 && files[i] != NULL && (text == NULL || text[0] == '\0'); i++) {
        free(text);
        text = cgroup_reader_text(&stats->reader, "blkio", files[i], NULL);
    }
    for (char *rest = text, *line = next_line(&rest); line != NULL; line = next_line(&rest)) {
        char *device = strsep(&line, " ");
        const char *operation = line != NULL && strchr(line, ' ') != NULL ? strsep(&line, " ") : "";
        if (line != NULL && strchr(device, ':') != NULL)
            put_io(stats, device, operation, line);
    }
}

/* Lines "8:0 rbytes=0 wbytes=0 rios=0 wios=0 dbytes=0 dios=0". */
static void put_io_v2(struct stats *stats, const char *const keys[2]) {
    static const char *const operations[] = {"Read", "Write"};
    cleanup_free char *text = cgroup_reader_text(&stats->reader, "blkio", NULL, "io.stat");
    for (char *rest = text, *line = next_line(&rest); line != NULL; line = next_line(&rest)) {
        char *device = strsep(&line, " ");
        while (line != NULL) {
            char *value = strsep(&line, " ");
            const char *key = strsep(&value, "=");
            for (int i = 0; i < 2; i++) {
                if (value != NULL && keys[i] != NULL && strcmp(key, keys[i]) == 0)
                    put_io(stats, device, operations[i], value);
            }
        }
    }
}

static void put_block_io(struct stats *stats) {
    bool v1 = cgroup_reader_is_v1(&stats->reader, "blkio");
    open_object(stats, "blkio");
    for (size_t i = 0; i < sizeof(block_io) / sizeof(block_io[0]); i++) {
        open_array(stats, block_io[i].name);
        if (v1)
            put_io_v1(stats, block_io[i].v1_files);
        else
            put_io_v2(stats, block_io[i].v2_keys);
        close_array(stats);
    }
    put_pressure(stats, "blkio", "io.pressure");
    close_object(stats);
}

/* ---- huge pages ------------------------------------------------------------------------------ */

/* The sources' files lack "hugetlb.SIZE." in front. */
static const struct member huge_pages[] = {
    {"usage", "hugetlb", {"usage_in_bytes", NULL, 1}, {"current", NULL, 1}},
    {"max", "hugetlb", {"max_usage_in_bytes", NULL, 1}, {0}},
    {"failcnt", "hugetlb", {"failcnt", NULL, 1}, {"events", "max", 1}},
};

static void put_huge_page(struct stats *stats, const char *size) {
    struct member members[sizeof(huge_pages) / sizeof(huge_pages[0])];
    cleanup_arena struct arena arena = {0};
    memcpy(members, huge_pages, sizeof(huge_pages));
    for (size_t i = 0; i < sizeof(huge_pages) / sizeof(huge_pages[0]); i++) {
        struct source *sources[] = {&members[i].v1, &members[i].v2};
        for (int j = 0; j < 2; j++) {
            if (sources[j]->file != NULL)
                sources[j]->file = arena_printf(&arena, "hugetlb.%s.%s", size, sources[j]->file);
        }
    }
    open_object(stats, size);
    PUT_MEMBERS(stats, members);
    close_object(stats);
}

static void put_huge_pages(struct stats *stats, const char *sizes) {
    cleanup_free char *copy = strdup(sizes);
    open_object(stats, "hugetlb");
    for (char *rest = copy; rest != NULL;) {
        const char *size = strsep(&rest, ",");
        if (size[0] != '\0')
            put_huge_page(stats, size);
    }
    close_object(stats);
}

/* ---- the document ---------------------------------------------------------------------------- */

static void put_cpu(struct stats *stats) {
    open_object(stats, "cpu");
    open_object(stats, "usage");
    PUT_MEMBERS(stats, cpu_usage);
    put_cpu_list(stats);
    put_cpu_column(stats, "percpu_kernel", 2);
    put_cpu_column(stats, "percpu_user", 1);
    close_object(stats);
    open_object(stats, "throttling");
    PUT_MEMBERS(stats, cpu_throttling);
    close_object(stats);
    put_pressure(stats, "cpu", "cpu.pressure");
    close_object(stats);

    open_object(stats, "cpuset");
    put_set(stats, "cpus", "cpuset.cpus", "cpuset.cpus.effective");
    put_set(stats, "mems", "cpuset.mems", "cpuset.mems.effective");
    PUT_MEMBERS(stats, cpuset_numbers);
    close_object(stats);
}

static void put_memory(struct stats *stats) {
    static const struct {
        const char *name;
        const struct member *members;
    } parts[] = {
        {"usage", memory_usage},
        {"swap", memory_swap},
        {"kernel", memory_kernel},
        {"kernelTCP", memory_kernel_tcp},
    };
    open_object(stats, "memory");
    PUT_MEMBERS(stats, memory_cache);
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        open_object(stats, parts[i].name);
        put_members(stats, parts[i].members, sizeof(memory_usage) / sizeof(memory_usage[0]));
        close_object(stats);
    }
    put_flat(stats, "raw", "memory", "memory.stat");
    put_pressure(stats, "memory", "memory.pressure");
    close_object(stats);
}

static void put_rdt(struct stats *stats, const struct stats_sources *sources) {
    open_object(stats, "intel_rdt");
    if (sources->resctrl != NULL && sources->rdt_group != NULL)
        rdt_put_stats(stats->json, sources->resctrl, sources->rdt_group, sources->rdt_monitor);
    close_object(stats);
}

static void put_document(struct stats *stats, const char *id, const struct stats_sources *sources) {
    (void)yajl_gen_map_open(stats->json);
    put_key(stats, "type");
    put_key(stats, "stats");
    put_key(stats, "id");
    put_key(stats, id);
    open_object(stats, "data");
    put_cpu(stats);
    put_memory(stats);
    open_object(stats, "pids");
    PUT_MEMBERS(stats, pids);
    close_object(stats);
    put_block_io(stats);
    put_huge_pages(stats, sources->page_sizes);
    put_rdt(stats, sources);
    /* runc counts only interfaces that it made itself: an OCI container has none of those. */
    put_key(stats, "network_interfaces");
    (void)yajl_gen_null(stats->json);
    close_object(stats);
    close_object(stats);
}

int stats_json(const char *id, const struct stats_sources *sources, char **ret_json,
               struct thole_error *err) {
    struct stats stats = {.json = yajl_gen_alloc(NULL)};
    if (stats.json == NULL)
        abort();
    int result = cgroup_reader_open(sources->cgroup, &stats.reader, err);
    if (result == 0) {
        const unsigned char *bytes = NULL;
        size_t length = 0;
        put_document(&stats, id, sources);
        result = cgroup_reader_check(&stats.reader, err);
        (void)yajl_gen_get_buf(stats.json, &bytes, &length);
        if (result == 0)
            *ret_json = strndup((const char *)bytes, length);
        cgroup_reader_done(&stats.reader);
    }
    yajl_gen_free(stats.json);
    return result;
}

char *stats_oom_json(const char *id) {
    struct text json = {0};
    text_appendf(&json, "{\"type\":\"oom\",\"id\":\"%s\"}", id);
    return text_take(&json);
}
