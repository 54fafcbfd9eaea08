/* SPDX-License-Identifier: Apache-2.0 */
/* Limits, and the cgroup they are those of. */
#include <linux/mempolicy.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/text.h"
#include "virsh/convert/conversion.h"

/* As long as a limit may be, for the kernel and in libvirt: more means none. */
#define UNLIMITED (INT64_C(9007199254740991) * 1024)

static void set_limit(struct virsh_conversion *conversion, struct oci_int *member,
                      const struct domain_value *value, const char *name) {
    if (value->text == NULL)
        return;
    member->set = true;
    member->value = value->number >= UNLIMITED ? -1 : (int64_t)value->number;
    virsh_conversion_origin(conversion, value->where, "/linux/resources/memory/%s", name);
}

/* The memory of a domain that holds now: hard_limit, else the least of the others. */
static const struct domain_value *memory_of(const struct domain *domain) {
    if (domain->hard_limit.text != NULL)
        return &domain->hard_limit;
    if (domain->current_memory.text != NULL &&
        domain->current_memory.number < domain->memory.number)
        return &domain->current_memory;
    return &domain->memory;
}

static void convert_memory(struct virsh_conversion *conversion) {
    const struct domain *domain = conversion->domain;
    struct oci_memory *memory = arena_new(conversion->arena, struct oci_memory);
    set_limit(conversion, &memory->limit, memory_of(domain), "limit");
    set_limit(conversion, &memory->reservation, &domain->soft_limit, "reservation");
    set_limit(conversion, &memory->swap, &domain->swap_hard_limit, "swap");
    conversion->oci->linux->resources->memory = memory;
}

static void set_uint(struct virsh_conversion *conversion, struct oci_uint *member,
                     const struct domain_value *value, const char *name) {
    if (value->text == NULL)
        return;
    *member = (struct oci_uint){true, value->number};
    virsh_conversion_origin(conversion, value->where, "/linux/resources/%s", name);
}

static int set_quota(struct virsh_conversion *conversion, struct oci_int *member,
                     const struct domain_value *value, struct thole_error *err) {
    if (value->text == NULL)
        return 0;
    member->set = true;
    if (!text_parse_int(value->text, -1, INT64_MAX, &member->value))
        return error_config(err, value->where, "\"%s\" is not a number of microseconds, or -1",
                            value->text);
    virsh_conversion_origin(conversion, value->where, "/linux/resources/cpu/quota");
    return 0;
}

static char *copied(struct virsh_conversion *conversion, const struct domain_value *value,
                    const char *name) {
    if (value->text == NULL)
        return NULL;
    virsh_conversion_origin(conversion, value->where, "/linux/resources/cpu/%s", name);
    return arena_strdup(conversion->arena, value->text);
}

static int convert_processors(struct virsh_conversion *conversion, struct thole_error *err) {
    const struct domain *domain = conversion->domain;
    struct oci_cpu *cpu = arena_new(conversion->arena, struct oci_cpu);
    set_uint(conversion, &cpu->shares, &domain->shares, "cpu/shares");
    set_uint(conversion, &cpu->period,
             domain->period.text != NULL ? &domain->period : &domain->global_period, "cpu/period");
    if (set_quota(conversion, &cpu->quota,
                  domain->quota.text != NULL ? &domain->quota : &domain->global_quota, err) < 0)
        return -1;
    cpu->cpus = copied(conversion, &domain->cpuset, "cpus");
    cpu->mems = copied(conversion, &domain->memory_nodes, "mems");
    conversion->oci->linux->resources->cpu = cpu;
    return 0;
}

/* strict and restrictive are what cpuset.mems means by itself. */
static void convert_memory_policy(struct virsh_conversion *conversion) {
    const struct domain *domain = conversion->domain;
    const int mode = (int)domain->memory_mode.number;
    if (domain->memory_nodes.text == NULL || domain->memory_mode.text == NULL ||
        mode == MPOL_BIND || mode < 0)
        return;
    struct oci_memory_policy *policy = arena_new(conversion->arena, struct oci_memory_policy);
    policy->mode = mode;
    policy->nodes = arena_strdup(conversion->arena, domain->memory_nodes.text);
    conversion->oci->linux->memory_policy = policy;
    virsh_conversion_origin(conversion, domain->memory_mode.where, "/linux/memoryPolicy");
}

/* ---- block devices ---- */

static void add_throttle(struct virsh_conversion *conversion, oci_throttle_devices *list,
                         dev_t number, const struct domain_value *rate) {
    if (rate->text == NULL || rate->number == 0)
        return;
    *oci_list_add(conversion->arena, list) =
        (struct oci_throttle_device){major(number), minor(number), rate->number};
}

static int convert_device(struct virsh_conversion *conversion, struct oci_block_io *io,
                          const struct domain_blkio_device *device, struct thole_error *err) {
    struct stat status;
    if (device->path.text == NULL)
        return error_config(err, device->where, "which device? It has a path");
    if (stat(device->path.text, &status) < 0)
        return error_errno(err, device->path.where, "look at %s", device->path.text);
    if (!S_ISBLK(status.st_mode))
        return error_config(err, device->path.where, "%s is no block device", device->path.text);
    if (device->weight.text != NULL && device->weight.number > 0) {
        struct oci_weight_device *weight = oci_list_add(conversion->arena, &io->weight_device);
        weight->major = major(status.st_rdev);
        weight->minor = minor(status.st_rdev);
        weight->weight = (struct oci_uint){true, device->weight.number};
        virsh_conversion_origin(conversion, device->weight.where,
                                "/linux/resources/blockIO/weightDevice/%zu",
                                io->weight_device.count - 1);
    }
    add_throttle(conversion, &io->throttle_read_bps, status.st_rdev, &device->read_bytes);
    add_throttle(conversion, &io->throttle_write_bps, status.st_rdev, &device->write_bytes);
    add_throttle(conversion, &io->throttle_read_iops, status.st_rdev, &device->read_iops);
    add_throttle(conversion, &io->throttle_write_iops, status.st_rdev, &device->write_iops);
    return 0;
}

static int convert_block_io(struct virsh_conversion *conversion, struct thole_error *err) {
    const struct domain *domain = conversion->domain;
    if (domain->blkio_weight.text == NULL && domain->blkio_devices.count == 0)
        return 0;
    struct oci_block_io *io = arena_new(conversion->arena, struct oci_block_io);
    set_uint(conversion, &io->weight, &domain->blkio_weight, "blockIO/weight");
    conversion->oci->linux->resources->block_io = io;
    for (size_t i = 0; i < domain->blkio_devices.count; i++) {
        if (convert_device(conversion, io, &domain->blkio_devices.items[i], err) < 0)
            return -1;
    }
    return 0;
}

/* ---- the cgroup ---- */

/* Containers of the same name in different places have different cgroups. */
static const char *cgroup_name(const struct virsh_conversion *conversion) {
    const struct virsh_convert_request *request = conversion->request;
    uint32_t hash = 2166136261U; /* FNV-1a */
    const char *name = conversion->domain->name.text;
    if (!request->other_place)
        return arena_printf(conversion->arena, "%s.libvirt-lxc", name);
    for (const char *at = request->directory; *at != '\0'; at++)
        hash = (hash ^ (unsigned char)*at) * 16777619U;
    return arena_printf(conversion->arena, "%s.%08x.libvirt-lxc", name, hash);
}

static int convert_partition(struct virsh_conversion *conversion, struct thole_error *err) {
    const struct domain_value *partition = &conversion->domain->partition;
    const char *name = cgroup_name(conversion);
    if (partition->text != NULL &&
        (partition->text[0] != '/' || strstr(partition->text, "/../") != NULL ||
         text_ends_with(partition->text, "/..")))
        return error_config(err, partition->where, "\"%s\" is not an absolute path without ..",
                            partition->text);
    conversion->oci->linux->cgroups_path = arena_printf(
        conversion->arena, "%s/%s", partition->text != NULL ? partition->text : "", name);
    if (partition->text != NULL)
        virsh_conversion_origin(conversion, partition->where, "/linux/cgroupsPath");
    return 0;
}

int virsh_convert_resources(struct virsh_conversion *conversion, struct thole_error *err) {
    convert_memory(conversion);
    convert_memory_policy(conversion);
    if (convert_processors(conversion, err) < 0 || convert_block_io(conversion, err) < 0)
        return -1;
    return convert_partition(conversion, err);
}
