/* SPDX-License-Identifier: Apache-2.0 */
/* What a container uses, from the same files as its statistics. */
#include "report/usage.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"

#define MICROSECOND 1000
#define TICK ((uint64_t)1000000000 / (uint64_t)sysconf(_SC_CLK_TCK))

/* A number in a file, multiplied by @scale; no file, no number. */
struct source {
    const char *file;
    const char *key;
    uint64_t scale;
};

static uint64_t read_number(struct cgroup_reader *reader, const char *controller, struct source v1,
                            struct source v2) {
    const struct source *source = cgroup_reader_is_v1(reader, controller) ? &v1 : &v2;
    cleanup_free char *text = cgroup_reader_text(reader, controller, source->file, source->file);
    uint64_t number = 0;
    if (!cgroup_number_find(text, source->key, &number) || number == UINT64_MAX)
        return THOLE_USAGE_UNKNOWN;
    return number * source->scale;
}

/* ---- block I/O ---- */

static void add(uint64_t *sum, const char *number) {
    *sum = (*sum == THOLE_USAGE_UNKNOWN ? 0 : *sum) + strtoull(number, NULL, 10);
}

/* Lines "8:0 Read 4096"; "Total 4096" without a device ends them. */
static void add_v1(const char *text, uint64_t *reads, uint64_t *writes) {
    const char *line = NULL;
    size_t length = 0;
    while (text != NULL && text_next_line(&text, &line, &length)) {
        const char *operation = memchr(line, ' ', length);
        if (operation != NULL && strncmp(operation, " Read ", 6) == 0)
            add(reads, operation + 6);
        else if (operation != NULL && strncmp(operation, " Write ", 7) == 0)
            add(writes, operation + 7);
    }
}

/* Words "rbytes=0 wbytes=0 rios=0 wios=0" behind a device. */
static void add_v2(const char *text, struct thole_usage *usage) {
    const struct {
        const char *key;
        uint64_t *sum;
    } sums[] = {
        {" rbytes=", &usage->io_read},
        {" wbytes=", &usage->io_written},
        {" rios=", &usage->io_operations},
        {" wios=", &usage->io_operations},
    };
    for (size_t i = 0; i < sizeof(sums) / sizeof(sums[0]); i++) {
        for (const char *at = text; (at = strstr(at, sums[i].key)) != NULL;) {
            at += strlen(sums[i].key);
            add(sums[i].sum, at);
        }
    }
}

static void read_io_v1(struct cgroup_reader *reader, struct thole_usage *usage) {
    cleanup_free char *bytes =
        cgroup_reader_text(reader, "blkio", "blkio.throttle.io_service_bytes_recursive", NULL);
    cleanup_free char *served =
        cgroup_reader_text(reader, "blkio", "blkio.throttle.io_serviced_recursive", NULL);
    if (bytes != NULL)
        usage->io_read = usage->io_written = 0;
    if (served != NULL)
        usage->io_operations = 0;
    add_v1(bytes, &usage->io_read, &usage->io_written);
    add_v1(served, &usage->io_operations, &usage->io_operations);
}

static void read_io(struct cgroup_reader *reader, struct thole_usage *usage) {
    usage->io_read = usage->io_written = usage->io_operations = THOLE_USAGE_UNKNOWN;
    if (cgroup_reader_is_v1(reader, "blkio")) {
        read_io_v1(reader, usage);
        return;
    }
    cleanup_free char *text = cgroup_reader_text(reader, "blkio", NULL, "io.stat");
    if (text == NULL)
        return;
    usage->io_read = usage->io_written = usage->io_operations = 0;
    add_v2(text, usage);
}

void usage_read(struct cgroup_reader *reader, struct thole_usage *ret_usage) {
    const struct source none = {NULL, NULL, 1};
    *ret_usage = (struct thole_usage){
        .cpu = read_number(reader, "cpuacct", (struct source){"cpuacct.usage", NULL, 1},
                           (struct source){"cpu.stat", "usage_usec", MICROSECOND}),
        .cpu_system =
            read_number(reader, "cpuacct", (struct source){"cpuacct.stat", "system", TICK},
                        (struct source){"cpu.stat", "system_usec", MICROSECOND}),
        .cpu_user = read_number(reader, "cpuacct", (struct source){"cpuacct.stat", "user", TICK},
                                (struct source){"cpu.stat", "user_usec", MICROSECOND}),
        .memory = read_number(reader, "memory", (struct source){"memory.usage_in_bytes", NULL, 1},
                              (struct source){"memory.current", NULL, 1}),
        .kernel_memory =
            read_number(reader, "memory", (struct source){"memory.kmem.usage_in_bytes", NULL, 1},
                        (struct source){"memory.stat", "kernel", 1}),
    };
    /* v1 counts memory and swap together, v2 swap alone. */
    uint64_t both = read_number(reader, "memory",
                                (struct source){"memory.memsw.usage_in_bytes", NULL, 1}, none);
    ret_usage->swap =
        cgroup_reader_is_v1(reader, "memory")
            ? both == THOLE_USAGE_UNKNOWN ? both
              : both > ret_usage->memory  ? both - ret_usage->memory
                                          : 0
            : read_number(reader, "memory", none, (struct source){"memory.swap.current", NULL, 1});
    read_io(reader, ret_usage);
}
