/* SPDX-License-Identifier: Apache-2.0 */
/* The phase clock. */
#include "base/phases.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

enum { MARKS_MAX = 512, PROCESSES = PHASES_INSIDE + 1 };

/* Written by one process while another one reads: it is there when it has its time. The plan that
 * its texts are from may be gone by then, or be that of another process. */
struct mark {
    atomic_int_least64_t time; /* nanoseconds of CLOCK_MONOTONIC */
    enum phases_process process;
    bool part;
    char where[64];
    char name[112];
};

struct phases {
    int64_t begin;
    const struct thole_log *log; /* of the runtime: the address means the same in its forks */
    unsigned told;
    int64_t told_until[PROCESSES];
    atomic_uint count;
    struct mark marks[MARKS_MAX];
};

static const char *const process_names[PROCESSES] = {"thole", "container"};

struct phases *phases_new(const struct thole_log *log) {
    struct phases *phases =
        mmap(NULL, sizeof(*phases), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (phases == MAP_FAILED)
        return NULL;
    phases->log = log;
    phases->begin = clock_nanoseconds(CLOCK_MONOTONIC);
    phases->told_until[PHASES_RUNTIME] = phases->begin;
    return phases;
}

/* ---- as they come ---- */

static void tell(struct phases *phases, const struct mark *mark, int64_t time) {
    int64_t *former = &phases->told_until[mark->process];
    /* What comes first from inside has begun when nobody looked. */
    const int64_t took = *former != 0 ? time - *former : 0;
    *former = time;
    log_debug(phases->log, "%s%s%s: at %.3f ms, took %.3f ms, %s", mark->where,
              mark->where[0] != '\0' ? ": " : "", mark->name, (double)(time - phases->begin) / 1e6,
              (double)took / 1e6, process_names[mark->process]);
}

static void tell_all(struct phases *phases) {
    const unsigned count = atomic_load(&phases->count);
    for (; phases->told < count && phases->told < MARKS_MAX; phases->told++) {
        const struct mark *mark = &phases->marks[phases->told];
        const int64_t time = atomic_load(&mark->time);
        if (time == 0)
            return;
        tell(phases, mark, time);
    }
}

void phases_free(struct phases *phases) {
    if (phases == NULL)
        return;
    if (phases->log != NULL)
        tell_all(phases);
    (void)munmap(phases, sizeof(*phases));
}

void phases_add(struct phases *phases, const struct phases_step *step) {
    if (step->part && phases->log == NULL)
        return;
    const unsigned index = atomic_fetch_add(&phases->count, 1);
    if (index < MARKS_MAX) {
        struct mark *mark = &phases->marks[index];
        mark->process = step->process;
        mark->part = step->part;
        (void)snprintf(mark->name, sizeof(mark->name), "%s", step->name);
        (void)snprintf(mark->where, sizeof(mark->where), "%s",
                       step->where != NULL ? step->where : "");
        atomic_store(&mark->time, clock_nanoseconds(CLOCK_MONOTONIC));
    }
    if (phases->log != NULL && step->process == PHASES_RUNTIME)
        tell_all(phases);
}

/* ---- as a whole ---- */

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
        const int64_t time = atomic_load(&mark->time);
        int64_t *begin = &begins[mark->process];
        if (time == 0 || mark->part)
            continue;
        if (*begin != 0)
            spans[used++] = (struct span){
                .mark = mark,
                .begin = (double)(*begin - phases->begin) / 1000,
                .duration = (double)(time - *begin) / 1000,
            };
        *begin = time;
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
