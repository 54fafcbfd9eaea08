/* SPDX-License-Identifier: Apache-2.0 */
/* The phase clock. */
#include "base/phases.h"

#include <stdatomic.h>
#include <stdint.h>
#include <sys/mman.h>

#include "base/clock.h"
#include "base/text.h"

enum { MARKS_MAX = 128, PROCESSES = PHASES_INSIDE + 1 };

struct mark {
    const char *name; /* the child is a fork: the address means the same there */
    int64_t time;     /* nanoseconds of CLOCK_MONOTONIC; 0: not written yet */
    enum phases_process process;
};

struct phases {
    int64_t begin;
    atomic_uint count;
    struct mark marks[MARKS_MAX];
};

static const char *const process_names[PROCESSES] = {"thole", "container"};

struct phases *phases_new(void) {
    struct phases *phases =
        mmap(NULL, sizeof(*phases), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (phases == MAP_FAILED)
        return NULL;
    phases->begin = clock_nanoseconds(CLOCK_MONOTONIC);
    return phases;
}

void phases_free(struct phases *phases) {
    if (phases != NULL)
        (void)munmap(phases, sizeof(*phases));
}

void phases_add(struct phases *phases, enum phases_process process, const char *name) {
    unsigned index = atomic_fetch_add(&phases->count, 1);
    if (index >= MARKS_MAX)
        return;
    phases->marks[index] =
        (struct mark){.name = name, .process = process, .time = clock_nanoseconds(CLOCK_MONOTONIC)};
}

/* One phase as it is printed: microseconds since the clock was started. */
struct span {
    const struct mark *mark;
    double begin;
    double duration;
};

/* The spans of all processes, in the order of their ends. */
static size_t collect(const struct phases *phases, struct span spans[MARKS_MAX]) {
    int64_t begins[PROCESSES] = {phases->begin};
    size_t used = 0;
    unsigned count = atomic_load(&phases->count);
    for (unsigned i = 0; i < count && i < MARKS_MAX; i++) {
        const struct mark *mark = &phases->marks[i];
        int64_t *begin = &begins[mark->process];
        if (mark->time == 0)
            continue;
        if (*begin != 0)
            spans[used++] = (struct span){
                .mark = mark,
                .begin = (double)(*begin - phases->begin) / 1000,
                .duration = (double)(mark->time - *begin) / 1000,
            };
        *begin = mark->time;
    }
    return used;
}

char *phases_table(const struct phases *phases) {
    struct span spans[MARKS_MAX];
    size_t count = collect(phases, spans);
    struct text text = {0};
    text_appendf(&text, "%10s %10s  %-10s %s\n", "ends at", "took us", "process", "phase");
    for (size_t i = 0; i < count; i++)
        text_appendf(&text, "%10.0f %10.0f  %-10s %s\n", spans[i].begin + spans[i].duration,
                     spans[i].duration, process_names[spans[i].mark->process], spans[i].mark->name);
    return text_take(&text);
}

char *phases_trace(const struct phases *phases) {
    struct span spans[MARKS_MAX];
    size_t count = collect(phases, spans);
    struct text text = {0};
    text_append(&text, "{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n");
    for (int process = 0; process < PROCESSES; process++)
        text_appendf(&text,
                     "{\"ph\":\"M\",\"pid\":%d,\"tid\":%d,\"name\":\"process_name\","
                     "\"args\":{\"name\":\"%s\"}}%s\n",
                     process + 1, process + 1, process_names[process],
                     count > 0 || process + 1 < PROCESSES ? "," : "");
    for (size_t i = 0; i < count; i++)
        text_appendf(&text,
                     "{\"ph\":\"X\",\"pid\":%d,\"tid\":%d,\"ts\":%.3f,\"dur\":%.3f,"
                     "\"name\":\"%s\"}%s\n",
                     (int)spans[i].mark->process + 1, (int)spans[i].mark->process + 1,
                     spans[i].begin, spans[i].duration, spans[i].mark->name,
                     i + 1 < count ? "," : "");
    text_append(&text, "]}\n");
    return text_take(&text);
}
