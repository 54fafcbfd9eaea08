/* SPDX-License-Identifier: Apache-2.0 */
/* lxc-convert --monitor: what is not in the OCI configuration, as JSON by a table. */
#include "lxc/commands/convert_monitor.h"

#include "oci-spec/writer.h"

struct shown_program {
    struct oci_strings args;
    struct oci_strings env;
};

struct shown {
    uint32_t consoles;
    const char *console_directory;
    uint64_t console_buffer;
    const char *console_log;
    uint64_t console_log_size;
    bool console_log_rotate;
    bool no_new_keyring;
    int32_t death_signal;
    struct {
        struct shown_program *items;
        size_t count;
    } pre_start, stop, end;
};

#define PROGRAMS(name, member) \
    OCI_COUNTED_OBJECTS(shown, name, member.items, member.count, shown_program)

static const struct oci_field shown_program_fields[] = {
    {.name = "args",
     .kind = OCI_KIND_STRINGS,
     .flags = OCI_PLAIN,
     .offset = offsetof(struct shown_program, args)},
    {.name = "env",
     .kind = OCI_KIND_STRINGS,
     .flags = OCI_PLAIN,
     .offset = offsetof(struct shown_program, env)},
};
static OCI_TYPE(shown_program);

static const struct oci_field shown_fields[] = {
    OCI_FIELD(shown, "consoles", consoles),
    OCI_FIELD(shown, "consoleDirectory", console_directory),
    OCI_FIELD(shown, "consoleBuffer", console_buffer),
    OCI_FIELD(shown, "consoleLog", console_log),
    OCI_FIELD(shown, "consoleLogSize", console_log_size),
    OCI_FIELD(shown, "consoleLogRotate", console_log_rotate),
    OCI_FIELD(shown, "noNewKeyring", no_new_keyring),
    OCI_FIELD(shown, "deathSignal", death_signal, .flags = OCI_ALWAYS),
    PROGRAMS("preStart", pre_start),
    PROGRAMS("stop", stop),
    PROGRAMS("end", end),
};
static OCI_TYPE(shown);

static struct oci_strings words_of(struct arena *arena, char *const *list) {
    struct oci_strings words = {0};
    while (list[words.count] != NULL)
        words.count++;
    words.items = arena_new_array(arena, words.count + 1, char *);
    for (size_t i = 0; i < words.count; i++)
        words.items[i] = list[i];
    return words;
}

static struct shown_program *programs_of(struct arena *arena, const struct thole_program *programs,
                                         size_t count) {
    struct shown_program *items = arena_new_array(arena, count + 1, struct shown_program);
    for (size_t i = 0; i < count; i++)
        items[i] = (struct shown_program){words_of(arena, programs[i].args),
                                          words_of(arena, programs[i].env)};
    return items;
}

char *lxc_convert_monitor_json(struct lxc_converted *converted) {
    struct arena *arena = &converted->arena;
    const struct thole_monitor *monitor = &converted->monitor;
    const struct shown shown = {
        .consoles = monitor->consoles,
        .console_directory = monitor->console_directory,
        .console_buffer = monitor->console_buffer,
        .console_log = monitor->console_log,
        .console_log_size = monitor->console_log_size,
        .console_log_rotate = monitor->console_log_rotate,
        .no_new_keyring = converted->no_new_keyring,
        .death_signal = monitor->death_signal,
        .pre_start = {programs_of(arena, converted->pre_start, converted->pre_start_count),
                      converted->pre_start_count},
        .stop = {programs_of(arena, monitor->stop, monitor->stop_count), monitor->stop_count},
        .end = {programs_of(arena, monitor->end, monitor->end_count), monitor->end_count},
    };
    return oci_write(&shown_type, &shown, 4);
}
