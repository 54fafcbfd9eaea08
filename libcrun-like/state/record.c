/* SPDX-License-Identifier: Apache-2.0 */
/* The table of state.json, read and written by the engine of oci-spec. */
#include "state/record.h"

#include "oci-spec/fields.h"
#include "oci-spec/reader.h"
#include "oci-spec/writer.h"

static const struct name_value managers[] = {
    {"cgroupfs", PLAN_CGROUP_FILES + 1},
    {"systemd", PLAN_CGROUP_SYSTEMD + 1},
    {"disabled", PLAN_CGROUP_DISABLED + 1},
    {NULL, 0},
};

static const struct oci_field plan_cgroup_directory_fields[] = {
    OCI_FIELD(plan_cgroup_directory, "unified", unified),
    OCI_FIELD(plan_cgroup_directory, "controllers", controllers, .flags = OCI_REQUIRED),
    OCI_FIELD(plan_cgroup_directory, "mountpoint", mountpoint, .flags = OCI_REQUIRED),
    OCI_FIELD(plan_cgroup_directory, "path", path, .flags = OCI_REQUIRED),
};
static OCI_TYPE(plan_cgroup_directory);

static const struct oci_field container_record_fields[] = {
    OCI_FIELD(container_record, "ociVersion", oci_version, .flags = OCI_REQUIRED),
    OCI_FIELD(container_record, "id", id, .flags = OCI_REQUIRED),
    OCI_FIELD(container_record, "bundle", bundle, .flags = OCI_REQUIRED),
    OCI_FIELD(container_record, "rootfs", rootfs, .flags = OCI_REQUIRED),
    OCI_NUMBER(container_record, "created", created, 0, UINT64_MAX, .flags = OCI_REQUIRED),
    OCI_NUMBER(container_record, "owner", owner, 0, UINT32_MAX, .flags = OCI_REQUIRED),
    OCI_NUMBER(container_record, "pid", pid, 0, INT32_MAX, .flags = OCI_REQUIRED),
    OCI_NUMBER(container_record, "startTime", start_time, 0, UINT64_MAX, .flags = OCI_REQUIRED),
    OCI_CHOICE(container_record, "cgroupManager", cgroup_manager, managers, .flags = OCI_REQUIRED),
    OCI_FIELD(container_record, "cgroupBestEffort", cgroup_best_effort),
    OCI_OBJECTS(container_record, "cgroups", cgroups, plan_cgroup_directory),
    OCI_FIELD(container_record, "systemdScope", systemd_scope),
    OCI_FIELD(container_record, "systemdUser", systemd_user),
    OCI_NUMBER(container_record, "worker", worker, 0, INT32_MAX),
    OCI_NUMBER(container_record, "workerStartTime", worker_start_time, 0, UINT64_MAX),
    OCI_FIELD(container_record, "deleting", deleting),
    OCI_NUMBER(container_record, "keeper", keeper, 0, INT32_MAX),
    OCI_NUMBER(container_record, "keeperStartTime", keeper_start_time, 0, UINT64_MAX),
    OCI_FIELD(container_record, "restarts", restarts),
    OCI_FIELD(container_record, "noRestart", no_restart),
    OCI_NUMBER(container_record, "exitStatus", exit_status, 0, INT32_MAX),
    OCI_FIELD(container_record, "noProcess", no_process),
    OCI_FIELD(container_record, "ownPidNamespace", own_pid_namespace),
    OCI_FIELD(container_record, "poststart", poststart),
    OCI_FIELD(container_record, "poststop", poststop),
    OCI_FIELD(container_record, "newKeyring", new_keyring),
    OCI_NUMBER(container_record, "filterLength", filter_length, 0, UINT32_MAX),
    OCI_FIELD(container_record, "listenerPath", listener_path),
    OCI_FIELD(container_record, "listenerMetadata", listener_metadata),
    OCI_FIELD(container_record, "notifyDirectory", notify_directory),
    OCI_FIELD(container_record, "rdtClass", rdt_class),
    OCI_FIELD(container_record, "rdtGroup", rdt_group),
    OCI_FIELD(container_record, "rdtMonitor", rdt_monitor),
    OCI_FIELD(container_record, "audit", audit),
    OCI_FIELD(container_record, "annotations", annotations),
    OCI_OBJECTS(container_record, "devices", devices, oci_device_rule),
    OCI_OBJECTS(container_record, "laterDevices", later_devices, oci_device_rule),
};
OCI_TYPE(container_record);

char *record_write(const struct container_record *record) {
    return oci_write(&container_record_type, record, 0);
}

int record_read(const char *json, size_t length, struct arena *arena,
                struct container_record **ret_record, struct thole_error *err) {
    *ret_record = oci_read(&container_record_type, json, length, arena, NULL, err);
    return *ret_record != NULL ? 0 : -1;
}

void record_format_created(const struct container_record *record, char text[CLOCK_TIME]) {
    const struct timespec created = {.tv_sec = (time_t)(record->created / 1000000000),
                                     .tv_nsec = (long)(record->created % 1000000000)};
    clock_format(&created, text);
}

struct plan_cgroup *record_cgroup(const struct container_record *record, struct arena *arena) {
    struct plan_cgroup *cgroup = arena_new(arena, struct plan_cgroup);
    cgroup->manager = (enum plan_cgroup_manager)(record->cgroup_manager - 1);
    cgroup->best_effort = record->cgroup_best_effort;
    cgroup->systemd_scope = record->systemd_scope;
    cgroup->systemd_user = record->systemd_user;
    cgroup->directory_count = record->cgroups.count;
    cgroup->directories = record->cgroups.items;
    return cgroup;
}

void record_set_cgroup(struct container_record *record, const struct plan_cgroup *cgroup,
                       struct arena *arena) {
    record->cgroup_manager = (int)cgroup->manager + 1;
    record->cgroup_best_effort = cgroup->best_effort;
    record->systemd_user = cgroup->systemd_user;
    if (cgroup->systemd_scope != NULL)
        record->systemd_scope = arena_strdup(arena, cgroup->systemd_scope);
    record->cgroups.count = cgroup->directory_count;
    record->cgroups.items =
        arena_new_array(arena, cgroup->directory_count, struct plan_cgroup_directory);
    for (size_t i = 0; i < cgroup->directory_count; i++)
        record->cgroups.items[i] = cgroup->directories[i];
}
