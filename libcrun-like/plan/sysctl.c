/* SPDX-License-Identifier: Apache-2.0 */
/* Kernel parameters: only those that a namespace of the container confines. */
#include <linux/sched.h>
#include <string.h>

#include "plan/builder.h"

/* Names in file form. One that ends in '*' stands for all that start so. */
static const struct {
    const char *name;
    unsigned long flag;
    const char *kind;
} confined[] = {
    {"kernel/msg*", CLONE_NEWIPC, "ipc"},        {"kernel/sem", CLONE_NEWIPC, "ipc"},
    {"kernel/sem_next_id", CLONE_NEWIPC, "ipc"}, {"kernel/shm*", CLONE_NEWIPC, "ipc"},
    {"fs/mqueue/*", CLONE_NEWIPC, "ipc"},        {"net/*", CLONE_NEWNET, "network"},
    {"kernel/domainname", CLONE_NEWUTS, "uts"},  {"user/*", CLONE_NEWUSER, "user"},
};

/*
 * sysctl(8): the separator that comes first is the separator, the other one is a dot within a
 * name: "net.ipv4.conf.eth0/1.forwarding" and "net/ipv4/conf/eth0.1/forwarding" are the same.
 */
static char *file_form(struct arena *arena, const char *name) {
    char *file = arena_strdup(arena, name);
    char *first = strpbrk(file, "./");
    if (first == NULL || *first == '/')
        return file;
    for (char *c = first; *c != '\0'; c++) {
        if (*c == '.')
            *c = '/';
        else if (*c == '/')
            *c = '.';
    }
    return file;
}

/* No component is empty, "." or "..": the file stays beneath /proc/sys. */
static bool is_plain(const char *file) {
    while (true) {
        size_t length = strcspn(file, "/");
        if (length == 0 || strncmp(file, "..", length) == 0)
            return false;
        if (file[length] == '\0')
            return true;
        file += length + 1;
    }
}

static bool matches(const char *file, const char *pattern) {
    size_t length = strlen(pattern);
    if (pattern[length - 1] == '*')
        return strncmp(file, pattern, length - 1) == 0 && file[length - 1] != '\0';
    return strcmp(file, pattern) == 0;
}

static int check_allowed(const struct plan_builder *builder, const char *file, const char *value,
                         const char *where, struct thole_error *err) {
    const char *domain = builder->config->domainname;
    if (strcmp(file, "kernel/hostname") == 0)
        return error_config(err, where, "the host name is set by the hostname member");
    if (strcmp(file, "kernel/domainname") == 0 && domain != NULL && strcmp(domain, value) != 0)
        return error_config(err, where, "the domainname member sets it to %s", domain);
    for (size_t i = 0; i < PLAN_COUNT(confined); i++) {
        if (!matches(file, confined[i].name))
            continue;
        if (plan_has_namespace(builder->plan, confined[i].flag))
            return 0;
        return error_config(err, where,
                            "would change the host: linux.namespaces lists no %s namespace",
                            confined[i].kind);
    }
    return error_config(err, where, "would change the host: no namespace confines it");
}

static int plan_one(struct plan_builder *builder, const struct oci_pair *wanted,
                    struct thole_error *err) {
    struct plan *plan = builder->plan;
    const char *where = plan_where_key(builder->arena, "/linux/sysctl", wanted->key);
    char *file = file_form(builder->arena, wanted->key);
    if (!is_plain(file))
        return error_config(err, where, "is not the name of a kernel parameter");
    if (check_allowed(builder, file, wanted->value, where, err) < 0)
        return -1;
    *plan_list_add(builder->arena, plan->sysctls, plan->sysctl_count) =
        (struct plan_sysctl){.file = file, .value = wanted->value, .where = where};
    return 0;
}

int plan_build_sysctls(struct plan_builder *builder, struct thole_error *err) {
    const struct oci_pairs *wanted = &builder->linux_section->sysctl;
    for (size_t i = 0; i < wanted->count; i++) {
        if (plan_one(builder, &wanted->items[i], err) < 0 && plan_ends(builder, err))
            return -1;
    }
    return 0;
}
