/* SPDX-License-Identifier: Apache-2.0 */
/* The records of a container, field by field. */
#include "plan/audit.h"

#include <inttypes.h>
#include <linux/audit.h>
#include <linux/sched.h>
#include <stdio.h>
#include <string.h>

#include "base/names.h"
#include "base/text.h"
#include "config.h"
#include "plan/builder.h"

/* linux/audit.h has the range of user messages, but only the audit library has names for these. */
enum { VIRT_CONTROL = AUDIT_FIRST_USER_MSG2 + 400, VIRT_RESOURCE, VIRT_MACHINE_ID };

enum { LONGEST_VALUE = 2048 }; /* in hex it has to fit into a message of 8 kB */

int plan_build_audit(struct plan_builder *builder, struct thole_error *err) {
    static const char *const words[] = {NULL, "off", "on", "must"};
    const char *annotation = plan_annotation(builder->config, "org.thole.audit");
    enum thole_audit mode = builder->request->audit, asked = THOLE_AUDIT_DEFAULT;
    if (annotation != NULL) {
        for (asked = THOLE_AUDIT_MUST; asked > THOLE_AUDIT_DEFAULT; asked--) {
            if (strcmp(annotation, words[asked]) == 0)
                break;
        }
        if (asked == THOLE_AUDIT_DEFAULT)
            return error_config(err, "/annotations/org.thole.audit",
                                "\"%s\" is not off, on or must", annotation);
    }
    builder->plan->audit = plan_audit_mode(mode, asked);
    return 0;
}

const char *plan_audit_mode(enum thole_audit wish, enum thole_audit other) {
    enum thole_audit mode = wish == THOLE_AUDIT_DEFAULT ? AUDIT_DEFAULT : wish;
    mode = other > mode ? other : mode;
    if (mode == THOLE_AUDIT_MUST)
        return "must";
    return mode == THOLE_AUDIT_ON ? "on" : NULL;
}

void plan_audit_append(struct text *text, const char *name, const char *value) {
    bool plain = value != NULL && value[0] != '\0';
    for (const char *at = value; plain && *at != '\0'; at++)
        plain = *at > ' ' && *at < 0x7f && *at != '"';
    size_t length = value == NULL ? 0 : strnlen(value, LONGEST_VALUE);
    text_appendf(text, " %s=", name);
    if (value == NULL || length == 0)
        text_append(text, "?");
    else if (plain)
        text_appendf(text, "\"%.*s\"", (int)length, value);
    else
        for (size_t i = 0; i < length; i++)
            text_appendf(text, "%02X", (unsigned char)value[i]);
}

/* Every record begins with the same fields: "virt=oci WORDS vm=ID uuid=UUID". */
static void begin(struct text *text, const struct plan_audit_subject *subject, const char *words) {
    text_appendf(text, "virt=oci%s%s", words[0] == '\0' ? "" : " ", words);
    plan_audit_append(text, "vm", subject->id);
    /* It stands without quotes, and comes from an annotation: nothing else may come in with it. */
    bool known = subject->uuid != NULL && plan_is_uuid(subject->uuid);
    text_appendf(text, " uuid=%s", known ? subject->uuid : "?");
}

static void add(unsigned type, struct text *text, struct arena *arena,
                struct plan_audit_records *records) {
    *plan_list_add(arena, records->items, records->count) =
        (struct plan_audit_record){.type = type, .text = arena_strdup(arena, text->data)};
}

/* ---- VIRT_RESOURCE --------------------------------------------------------------------------- */

/* What the records of one call have in common. */
struct resources {
    const struct plan_audit_subject *subject;
    const char *reason;
    const struct plan_cgroup *former; /* limits before; NULL: there was no container */
    struct arena *arena;
    struct plan_audit_records *records;
};

static void begin_resource(struct text *text, const struct resources *all, const char *kind,
                           const char *reason) {
    cleanup_text struct text words = {0};
    text_appendf(&words, "resrc=%s reason=%s", kind, reason);
    begin(text, all->subject, words.data);
}

/* What the limits of a cgroup come to; false if nothing is said of it. */
typedef bool find_number(const struct plan_cgroup *cgroup, uint64_t *ret_number);

static void append_number(struct text *text, uint64_t number) {
    if (number == PLAN_UNLIMITED)
        text_append(text, "unlimited");
    else
        text_appendf(text, "%" PRIu64, number);
}

static void number_resource(const struct resources *all, const char *kind,
                            const struct plan_cgroup *cgroup, find_number *find) {
    uint64_t number = 0, old = 0;
    if (!find(cgroup, &number))
        return;
    cleanup_text struct text text = {0};
    begin_resource(&text, all, kind, all->reason);
    text_appendf(&text, " old-%s=", kind);
    if (all->former != NULL && !find(all->former, &old))
        text_append(&text, "?");
    else
        append_number(&text, old);
    text_appendf(&text, " new-%s=", kind);
    append_number(&text, number);
    add(VIRT_RESOURCE, &text, all->arena, all->records);
}

static void path_resource(const struct resources *all, const char *kind, const char *path,
                          const char *target) {
    char name[16];
    cleanup_text struct text text = {0};
    begin_resource(&text, all, kind, all->reason);
    text_appendf(&text, " old-%s=?", kind);
    (void)snprintf(name, sizeof(name), "new-%s", kind);
    plan_audit_append(&text, name, path);
    if (target != NULL)
        plan_audit_append(&text, "target", target);
    add(VIRT_RESOURCE, &text, all->arena, all->records);
}

/* The number of processors in a list, or UINT64_MAX: not a list. */
static uint64_t count_processors(const char *list) {
    uint64_t count = 0, first, last;
    while (text_take_range(&list, &first, &last))
        count += last - first + 1;
    return *list == '\0' && count > 0 ? count : PLAN_UNLIMITED;
}

/* What the quota is worth, UINT64_MAX for no limit; false if nothing is said of it. */
static bool quota_of(const struct plan_cgroup *cgroup, uint64_t *ret_processors) {
    enum { KERNELS_PERIOD = 100000 };
    const struct plan_cgroup_write *quota = plan_find_limit(cgroup, "cpu.max");
    const struct plan_cgroup_write *period = plan_find_limit(cgroup, "cpu.cfs_period_us");
    if (quota == NULL)
        quota = plan_find_limit(cgroup, "cpu.cfs_quota_us");
    if (quota == NULL)
        return false;
    uint64_t length = period != NULL ? period->number : quota->period;
    length = length > 0 ? length : KERNELS_PERIOD;
    *ret_processors =
        quota->number == PLAN_UNLIMITED ? PLAN_UNLIMITED : (quota->number + length - 1) / length;
    return true;
}

/* As many as the list has, or as the quota is worth, whichever is less. */
static bool processors(const struct plan_cgroup *cgroup, uint64_t *ret_count) {
    uint64_t worth;
    bool told = false;
    *ret_count = PLAN_UNLIMITED;
    for (size_t i = 0; i < cgroup->write_count; i++) {
        if (strcmp(cgroup->writes[i].file, "cpuset.cpus") != 0)
            continue;
        told = true;
        *ret_count = count_processors(cgroup->writes[i].value);
    }
    if (quota_of(cgroup, &worth)) {
        told = true;
        *ret_count = worth < *ret_count ? worth : *ret_count;
    }
    return told;
}

static bool memory(const struct plan_cgroup *cgroup, uint64_t *ret_bytes) {
    const struct plan_cgroup_write *limit = plan_find_limit(cgroup, "memory.max");
    if (limit == NULL)
        limit = plan_find_limit(cgroup, "memory.limit_in_bytes");
    if (limit != NULL)
        *ret_bytes = limit->number;
    return limit != NULL;
}

bool plan_audit_tells(const char *file) {
    static const char *const files[] = {"memory.max",       "memory.limit_in_bytes", "cpu.max",
                                        "cpu.cfs_quota_us", "cpu.cfs_period_us",     "cpuset.cpus"};
    return text_is_one_of(file, files, PLAN_COUNT(files));
}

/* Where the device rules hold: the directory of that controller, or the unified one. */
static const char *device_cgroup(const struct plan_cgroup *cgroup) {
    const char *found = NULL;
    for (size_t i = 0; i < cgroup->directory_count; i++) {
        const struct plan_cgroup_directory *directory = &cgroup->directories[i];
        if (strstr(directory->controllers, "devices") != NULL)
            return directory->path;
        if (found == NULL || directory->unified)
            found = directory->path;
    }
    return found;
}

static void device_rule(const struct resources *all, const char *cgroup,
                        const struct plan_device_rule *rule) {
    static const struct {
        unsigned bit;
        char letter;
    } rights[] = {{NAMES_READ, 'r'}, {NAMES_WRITE, 'w'}, {NAMES_MKNOD, 'm'}};
    char access[4] = "", *end = access;
    for (size_t i = 0; i < PLAN_COUNT(rights); i++) {
        if ((rule->access & rights[i].bit) != 0)
            *end++ = rights[i].letter;
    }
    cleanup_text struct text text = {0};
    begin_resource(&text, all, "cgroup", rule->allow ? "allow" : "deny");
    plan_audit_append(&text, "cgroup", cgroup);
    if (rule->major < 0)
        text_append(&text, " class=all");
    else if (rule->minor < 0)
        text_appendf(&text, " class=major maj=%02X", (unsigned)rule->major);
    else
        text_appendf(&text, " class=path rdev=%02X:%02X", (unsigned)rule->major,
                     (unsigned)rule->minor);
    if (rule->type != 'a')
        text_appendf(&text, " category=%c", rule->type);
    text_appendf(&text, " acl=%s", access);
    add(VIRT_RESOURCE, &text, all->arena, all->records);
}

static void limits(const struct resources *all, const struct plan_cgroup *cgroup,
                   const struct plan_cgroup *own) {
    number_resource(all, "mem", cgroup, memory);
    number_resource(all, "vcpu", cgroup, processors);
    const char *path = device_cgroup(own);
    for (size_t i = 0; path != NULL && i < cgroup->device_rule_count; i++)
        device_rule(all, path, &cgroup->device_rules[i]);
}

/* What comes from the host: the root, trees that are bound, filesystems on a device or an image. */
static void filesystems(const struct resources *all, const struct plan *plan) {
    path_resource(all, "fs", plan->rootfs.source, "/");
    for (size_t i = 0; i < plan->mount_count; i++) {
        const struct plan_mount *mount = &plan->mounts[i];
        bool of_host =
            mount->kind == PLAN_MOUNT_BIND || (mount->kind == PLAN_MOUNT_FILESYSTEM &&
                                               mount->source != NULL && mount->source[0] == '/');
        if (of_host)
            path_resource(all, "fs", mount->source, mount->target);
    }
}

/* Those that the configuration asks for: every container has the others. */
static void devices(const struct resources *all, const struct plan *plan) {
    for (size_t i = 0; i < plan->device_count; i++) {
        const struct plan_device *device = &plan->devices[i];
        if (device->where[0] == '\0' || device->type == 'p')
            continue;
        cleanup_text struct text text = {0};
        begin_resource(&text, all, "dev", all->reason);
        plan_audit_append(&text, "device", device->path);
        text_appendf(&text, " category=%c rdev=%02X:%02X", device->type, device->major,
                     device->minor);
        add(VIRT_RESOURCE, &text, all->arena, all->records);
    }
}

static void network(const struct resources *all, const struct plan *plan) {
    for (size_t i = 0; i < plan->namespaces.joined_count; i++) {
        if (plan->namespaces.joined[i].flag == CLONE_NEWNET)
            path_resource(all, "net", plan->namespaces.joined[i].path, NULL);
    }
    for (size_t i = 0; i < plan->net_device_count; i++)
        path_resource(all, "net", plan->net_devices[i].host_name, plan->net_devices[i].name);
}

void plan_audit_resources(const struct plan_audit_subject *subject, const struct plan *plan,
                          struct arena *arena, struct plan_audit_records *records) {
    const struct resources all = {subject, "start", NULL, arena, records};
    limits(&all, &plan->cgroup, &plan->cgroup);
    filesystems(&all, plan);
    devices(&all, plan);
    network(&all, plan);
}

void plan_audit_update(const struct plan_audit_subject *subject, const struct plan_cgroup *cgroup,
                       const struct plan_cgroup *former, const struct plan_cgroup *own,
                       struct arena *arena, struct plan_audit_records *records) {
    const struct resources all = {subject, "update", former, arena, records};
    limits(&all, cgroup, own);
}

/* ---- VIRT_MACHINE_ID and VIRT_CONTROL -------------------------------------------------------- */

void plan_audit_machine(const struct plan_audit_subject *subject, const struct plan *plan,
                        struct arena *arena, struct plan_audit_records *records) {
    const struct plan_process *process = plan->process;
    const char *selinux = process != NULL ? process->selinux : NULL;
    const char *apparmor = process != NULL ? process->apparmor : NULL;
    const char *model = apparmor != NULL ? "apparmor" : "none";
    cleanup_text struct text text = {0};
    begin(&text, subject, "");
    plan_audit_append(&text, "vm-ctx", selinux != NULL ? selinux : apparmor);
    plan_audit_append(&text, "img-ctx", plan->mount_label);
    text_appendf(&text, " model=%s", selinux != NULL ? "selinux" : model);
    add(VIRT_MACHINE_ID, &text, arena, records);
}

void plan_audit_control(const struct plan_audit_subject *subject,
                        const struct plan_audit_control *control, struct arena *arena,
                        struct plan_audit_records *records) {
    static const char *const names[] = {"start", "init", "stop"};
    cleanup_text struct text words = {0}, text = {0};
    text_appendf(&words, "op=%s", names[control->operation]);
    if (control->reason != NULL)
        text_appendf(&words, " reason=%s", control->reason);
    begin(&text, subject, words.data);
    if (control->maker != 0)
        text_appendf(&text, " vm-pid=%d", (int)control->maker);
    if (control->init != 0)
        text_appendf(&text, " init-pid=%d", (int)control->init);
    if (control->pid_namespace != 0)
        text_appendf(&text, " pid-ns=%ju", (uintmax_t)control->pid_namespace);
    add(VIRT_CONTROL, &text, arena, records);
}
