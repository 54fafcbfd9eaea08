/* SPDX-License-Identifier: Apache-2.0 */
/* What the members of one object have to do with each other. */
#include <inttypes.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <string.h>

#include "base/names.h"
#include "oci-spec/check.h"
#include "oci-spec/reader.h"
#include "oci-spec/spec.h"

/* runtime-spec config.md, rlimits: duplicates of a type are an error. */
void oci_check_process(const void *object, struct oci_reader *reader) {
    const struct oci_process *process = object;
    uint64_t seen = 0;
    for (size_t i = 0; i < process->rlimits.count; i++) {
        const int type = process->rlimits.items[i].type;
        const uint64_t bit = UINT64_C(1) << type;
        if ((seen & bit) != 0) {
            char where[48];
            (void)snprintf(where, sizeof(where), "rlimits/%zu/type", i);
            oci_complain(reader, where, "%s is listed twice", names_of(names_rlimits, type));
        }
        seen |= bit;
    }
}

void oci_check_rlimit(const void *object, struct oci_reader *reader) {
    const struct oci_rlimit *rlimit = object;
    if (rlimit->soft > rlimit->hard)
        oci_complain(reader, "soft", "%" PRIu64 " is above the hard limit, %" PRIu64, rlimit->soft,
                     rlimit->hard);
}

/* runtime-spec config.md, mounts: each of the two mappings needs the other. */
void oci_check_mount(const void *object, struct oci_reader *reader) {
    const struct oci_mount *mount = object;
    if (mount->uid_mappings.count > 0 && mount->gid_mappings.count == 0)
        oci_complain(reader, "uidMappings", "needs gidMappings as well");
    if (mount->gid_mappings.count > 0 && mount->uid_mappings.count == 0)
        oci_complain(reader, "gidMappings", "needs uidMappings as well");
}

void oci_check_id_mapping(const void *object, struct oci_reader *reader) {
    const struct oci_id_mapping *mapping = object;
    const uint32_t most = UINT32_MAX - mapping->size;
    if (mapping->container_id > most || mapping->host_id > most)
        oci_complain(reader, "size", "%" PRIu32 " ids go beyond the last one, %" PRIu32,
                     mapping->size, UINT32_MAX - 1);
}

/* runtime-spec config-linux.md, namespaces: duplicates of a type are an error. */
void oci_check_linux(const void *object, struct oci_reader *reader) {
    const struct oci_linux *section = object;
    unsigned seen = 0;
    for (size_t i = 0; i < section->namespaces.count; i++) {
        const unsigned flag = (unsigned)section->namespaces.items[i].type;
        if ((seen & flag) != 0) {
            char where[48];
            (void)snprintf(where, sizeof(where), "namespaces/%zu/type", i);
            oci_complain(reader, where, "this type of namespace is listed twice");
        }
        seen |= flag;
    }
}

/* runtime-spec config-linux.md, devices: only a FIFO goes without numbers. */
void oci_check_device(const void *object, struct oci_reader *reader) {
    const struct oci_device *device = object;
    if (strcmp(device->type, "p") == 0)
        return;
    if (!device->major.set)
        oci_complain(reader, "major", "is required for a device of type %s", device->type);
    if (!device->minor.set)
        oci_complain(reader, "minor", "is required for a device of type %s", device->type);
}

/* Of times the kernel takes none below a millisecond; 0 is what engines write for "not set". */
void oci_check_cpu(const void *object, struct oci_reader *reader) {
    enum { SHORTEST = 1000 };
    const struct oci_cpu *cpu = object;
    if (cpu->quota.value > 0 && cpu->quota.value < SHORTEST)
        oci_complain(reader, "quota", "must be at least %d microseconds, not %" PRId64, SHORTEST,
                     cpu->quota.value);
    if (cpu->period.value > 0 && cpu->period.value < SHORTEST)
        oci_complain(reader, "period", "must be at least %d microseconds, not %" PRIu64, SHORTEST,
                     cpu->period.value);
}

/* runtime-spec config-linux.md, seccomp: an errno for an action that returns none is an error. */
static void check_errno(struct oci_reader *reader, const char *where, const struct oci_uint *number,
                        int action) {
    if (number->set && action != SECCOMP_RET_ERRNO && action != SECCOMP_RET_TRACE)
        oci_complain(reader, where, "%s returns no errno", names_of(names_seccomp_actions, action));
}

void oci_check_seccomp(const void *object, struct oci_reader *reader) {
    const struct oci_seccomp *seccomp = object;
    check_errno(reader, "defaultErrnoRet", &seccomp->default_errno_ret, seccomp->default_action);
    if (seccomp->listener_metadata != NULL && seccomp->listener_path == NULL)
        oci_complain(reader, "listenerMetadata", "needs listenerPath as well");
}

void oci_check_seccomp_rule(const void *object, struct oci_reader *reader) {
    const struct oci_seccomp_rule *rule = object;
    check_errno(reader, "errnoRet", &rule->errno_ret, rule->action);
}
