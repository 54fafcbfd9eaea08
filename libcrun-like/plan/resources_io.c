/* SPDX-License-Identifier: Apache-2.0 */
/* Block I/O weights and throttles, and the unified map that names v2 files itself. */
#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "plan/resources.h"

enum { BLKIO_WEIGHT_MIN = 10, BLKIO_WEIGHT_MAX = 1000 };

uint64_t plan_io_weight(uint64_t weight) {
    if (weight < BLKIO_WEIGHT_MIN)
        weight = BLKIO_WEIGHT_MIN;
    return 1 + (weight - BLKIO_WEIGHT_MIN) * 9999 / 990;
}

static int check_weight(const struct plan_resources_target *target, uint64_t weight,
                        const char *member, struct thole_error *err) {
    if (weight >= 1 && weight <= BLKIO_WEIGHT_MAX)
        return 0;
    return error_config(err, arena_printf(target->arena, "%s/%s", target->where, member),
                        "a weight must be from %d to %d, not %" PRIu64, BLKIO_WEIGHT_MIN,
                        BLKIO_WEIGHT_MAX, weight);
}

/*
 * The weight of the group (@device NULL) or of one device of it. Only the BFQ scheduler has files
 * for the old range; what is there instead differs.
 */
static int write_weight(const struct plan_resources_target *target, uint64_t weight,
                        const char *device, const char *member, struct thole_error *err) {
    struct plan_controller controller;
    struct arena *arena = target->arena;
    if (weight == 0)
        return 0;
    if (check_weight(target, weight, member, err) < 0 ||
        plan_need_controller(target, "blkio", "io", member, &controller, err) < 0)
        return -1;
    struct plan_cgroup_write *write =
        plan_add_write(target, controller.directory, member, NULL,
                       device != NULL ? arena_printf(arena, "%s %" PRIu64, device, weight)
                                      : arena_printf(arena, "%" PRIu64, weight));
    write->is_number = device == NULL;
    write->number = controller.unified ? plan_io_weight(weight) : weight;
    if (controller.unified) {
        write->file = "io.bfq.weight";
        write->fallback_file = "io.weight";
        write->fallback_value =
            arena_printf(arena, "%s %" PRIu64, device != NULL ? device : "default", write->number);
    } else {
        write->file = device != NULL ? "blkio.weight_device" : "blkio.weight";
        write->fallback_file = device != NULL ? "blkio.bfq.weight_device" : "blkio.bfq.weight";
        write->fallback_value = write->value;
    }
    return 0;
}

static int write_leaf_weight(const struct plan_resources_target *target, uint64_t weight,
                             const char *device, const char *member, struct thole_error *err) {
    struct plan_controller controller;
    if (weight == 0)
        return 0;
    if (check_weight(target, weight, member, err) < 0 ||
        plan_need_controller(target, "blkio", NULL, member, &controller, err) < 0)
        return -1;
    (void)plan_add_write(target, controller.directory, member,
                         device != NULL ? "blkio.leaf_weight_device" : "blkio.leaf_weight",
                         arena_printf(target->arena, "%s%s%" PRIu64, device != NULL ? device : "",
                                      device != NULL ? " " : "", weight));
    return 0;
}

static const struct {
    const char *member;
    size_t offset;
    const char *v1_file;
    const char *v2_key; /* in io.max */
} throttles[] = {
    {"throttleReadBpsDevice", offsetof(struct oci_block_io, throttle_read_bps),
     "blkio.throttle.read_bps_device", "rbps"},
    {"throttleWriteBpsDevice", offsetof(struct oci_block_io, throttle_write_bps),
     "blkio.throttle.write_bps_device", "wbps"},
    {"throttleReadIOPSDevice", offsetof(struct oci_block_io, throttle_read_iops),
     "blkio.throttle.read_iops_device", "riops"},
    {"throttleWriteIOPSDevice", offsetof(struct oci_block_io, throttle_write_iops),
     "blkio.throttle.write_iops_device", "wiops"},
};

static int write_throttles(const struct plan_resources_target *target,
                           const struct oci_block_io *block_io, size_t kind,
                           struct thole_error *err) {
    const oci_throttle_devices *devices =
        (const oci_throttle_devices *)((const char *)block_io + throttles[kind].offset);
    struct arena *arena = target->arena;
    for (size_t i = 0; i < devices->count; i++) {
        const struct oci_throttle_device *device = &devices->items[i];
        const char *member = arena_printf(arena, "blockIO/%s/%zu", throttles[kind].member, i);
        const char *node =
            arena_printf(arena, "%" PRId64 ":%" PRId64, device->major, device->minor);
        struct plan_controller controller;
        if (plan_need_controller(target, "blkio", "io", member, &controller, err) < 0)
            return -1;
        const char *rate = arena_printf(arena, "%" PRIu64, device->rate);
        const char *file = controller.unified ? "io.max" : throttles[kind].v1_file;
        const char *key = controller.unified ? throttles[kind].v2_key : "";
        if (controller.unified && device->rate == 0) /* v1: no limit */
            rate = "max";
        (void)plan_add_write(
            target, controller.directory, member, file,
            arena_printf(arena, "%s %s%s%s", node, key, controller.unified ? "=" : "", rate));
    }
    return 0;
}

int plan_resources_block_io(const struct plan_resources_target *target,
                            const struct oci_resources *resources, struct thole_error *err) {
    const struct oci_block_io *block_io = resources->block_io;
    if (block_io == NULL)
        return 0;
    if (write_weight(target, block_io->weight.value, NULL, "blockIO/weight", err) < 0 ||
        write_leaf_weight(target, block_io->leaf_weight.value, NULL, "blockIO/leafWeight", err) < 0)
        return -1;
    for (size_t i = 0; i < block_io->weight_device.count; i++) {
        const struct oci_weight_device *device = &block_io->weight_device.items[i];
        const char *node =
            arena_printf(target->arena, "%" PRId64 ":%" PRId64, device->major, device->minor);
        const char *member = arena_printf(target->arena, "blockIO/weightDevice/%zu", i);
        if (!device->weight.set && !device->leaf_weight.set)
            return error_config(err, arena_printf(target->arena, "%s/%s", target->where, member),
                                "needs weight or leafWeight");
        if (write_weight(target, device->weight.value, node, member, err) < 0 ||
            write_leaf_weight(target, device->leaf_weight.value, node, member, err) < 0)
            return -1;
    }
    for (size_t kind = 0; kind < PLAN_COUNT(throttles); kind++) {
        if (write_throttles(target, block_io, kind, err) < 0)
            return -1;
    }
    return 0;
}

static size_t find_unified(const struct plan_cgroup *cgroup) {
    size_t index = 0;
    while (index < cgroup->directory_count && !cgroup->directories[index].unified)
        index++;
    return index;
}

/* cgroup.* and pressure files belong to no controller. */
static bool needs_controller(const char *file) {
    return !text_starts_with(file, "cgroup.") && !text_ends_with(file, ".pressure");
}

/* A number or "max", and in cpu.max a period behind it. */
static void read_numbers(struct plan_cgroup_write *write) {
    char word[24] = "";
    const size_t length = strcspn(write->value, " ");
    const char *rest = write->value + length + strspn(write->value + length, " ");
    if (length < sizeof(word))
        memcpy(word, write->value, length);
    write->number = PLAN_UNLIMITED;
    write->is_number =
        (strcmp(word, "max") == 0 || text_parse_uint(word, UINT64_MAX, &write->number)) &&
        (rest[0] == '\0' || (strcmp(write->file, "cpu.max") == 0 &&
                             text_parse_uint(rest, UINT64_MAX, &write->period)));
}

int plan_resources_unified(const struct plan_resources_target *target,
                           const struct oci_resources *resources, struct thole_error *err) {
    const struct oci_pairs *unified = &resources->unified;
    struct arena *arena = target->arena;
    const size_t directory = find_unified(target->cgroup);
    for (size_t i = 0; i < unified->count; i++) {
        const char *file = unified->items[i].key;
        const char *member = plan_where_key(arena, "unified", file);
        const char *where = arena_printf(arena, "%s/%s", target->where, member);
        struct plan_controller controller;
        if (directory == target->cgroup->directory_count)
            return error_unsupported(err, where,
                                     "asked for, but this host has no cgroup v2 hierarchy");
        if (strchr(file, '/') != NULL || file[0] == '.')
            return error_config(err, where, "is not the name of a cgroup file");
        char *name = arena_strndup(arena, file, strcspn(file, "."));
        if (needs_controller(file) && !plan_find_controller(target, NULL, name, &controller))
            return error_unsupported(
                err, where, "asked for, but the %s controller is not available in cgroup v2", name);
        /* The kernel takes one line at a time. */
        for (char *rest = arena_strdup(arena, unified->items[i].value); rest != NULL;) {
            const char *line = strsep(&rest, "\n");
            if (line[0] != '\0')
                read_numbers(plan_add_write(target, directory, member, file, line));
        }
    }
    return 0;
}
