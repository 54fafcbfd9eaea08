/* SPDX-License-Identifier: Apache-2.0 */
/* lxc.namespace.*: which namespaces are the container's own, the host's, or another container's. */
#include <linux/sched.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"
#include "lxc/convert/conversion.h"

static const struct {
    const char *name; /* in lxc.conf and beneath /proc/PID/ns */
    int flag;
} kinds[] = {
    {"user", CLONE_NEWUSER},     {"mnt", CLONE_NEWNS},    {"pid", CLONE_NEWPID},
    {"uts", CLONE_NEWUTS},       {"ipc", CLONE_NEWIPC},   {"net", CLONE_NEWNET},
    {"cgroup", CLONE_NEWCGROUP}, {"time", CLONE_NEWTIME},
};
enum { KIND_COUNT = sizeof(kinds) / sizeof(kinds[0]) };

static int kind_of(const char *name) {
    for (int i = 0; i < KIND_COUNT; i++) {
        if (strcmp(kinds[i].name, name) == 0)
            return i;
    }
    return -1;
}

static int read_flags(struct lxc_conversion *conversion, const struct lxc_item *item,
                      unsigned long *ret_flags, struct thole_error *err) {
    struct oci_strings words;
    if (lxc_words_split(conversion->arena, item->value, item->where, &words, err) < 0)
        return -1;
    *ret_flags = 0;
    for (size_t i = 0; i < words.count; i++) {
        const int kind = kind_of(words.items[i]);
        if (kind < 0)
            return error_config(err, item->where, "there is no namespace \"%s\"", words.items[i]);
        *ret_flags |= (unsigned long)kinds[kind].flag;
    }
    return 0;
}

/* All networks of type none: the container has the host's. */
static bool shares_network(struct lxc_conversion *conversion) {
    bool none = false;
    const struct lxc_item *item = NULL;
    while ((item = lxc_configuration_next(conversion->lxc, "lxc.net.", item)) != NULL) {
        if (!text_ends_with(item->name, ".type"))
            continue;
        if (strcmp(item->value, "none") != 0)
            return false;
        none = true;
    }
    return none;
}

static int default_flags(struct lxc_conversion *conversion, unsigned long *ret_flags,
                         struct thole_error *err) {
    const struct translate_host *host = NULL;
    if (lxc_conversion_host(conversion, &host, err) < 0)
        return -1;
    *ret_flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET;
    if (host->cgroup_namespaces)
        *ret_flags |= CLONE_NEWCGROUP;
    if (lxc_configuration_next(conversion->lxc, "lxc.time.offset.", NULL) != NULL)
        *ret_flags |= CLONE_NEWTIME;
    return 0;
}

static int choose(struct lxc_conversion *conversion, struct thole_error *err) {
    const struct lxc_item *clone = lxc_conversion_item(conversion, "lxc.namespace.clone");
    const struct lxc_item *keep = lxc_conversion_item(conversion, "lxc.namespace.keep");
    unsigned long named = 0;
    if (clone != NULL && keep != NULL)
        return error_config(err, keep->where, "excludes lxc.namespace.clone, which is set, too");
    if (default_flags(conversion, &conversion->namespaces, err) < 0 ||
        (clone != NULL && read_flags(conversion, clone, &named, err) < 0) ||
        (keep != NULL && read_flags(conversion, keep, &named, err) < 0))
        return -1;
    if (clone != NULL)
        conversion->namespaces = named;
    conversion->namespaces &= keep != NULL ? ~named : ~0UL;
    if (shares_network(conversion))
        conversion->namespaces &= ~(unsigned long)CLONE_NEWNET;
    if (lxc_configuration_next(conversion->lxc, "lxc.idmap", NULL) != NULL)
        conversion->namespaces |= CLONE_NEWUSER;
    return 0;
}

/* The process whose namespace is meant: a PID, or init of the container NAME or LXCPATH/NAME. */
static int find_pid(struct lxc_conversion *conversion, const struct lxc_item *item,
                    int64_t *ret_pid, struct thole_error *err) {
    if (text_parse_int(item->value, 1, INT32_MAX, ret_pid))
        return 0;
    const char *slash = strrchr(item->value, '/');
    const char *name = slash != NULL ? slash + 1 : item->value;
    const char *lxcpath = conversion->request->lxcpath;
    if (slash != NULL)
        lxcpath = arena_strndup(conversion->arena, item->value, (size_t)(slash - item->value));
    if (conversion->request->find_pid == NULL)
        return error_config(err, item->where, "containers cannot be looked up here: name a PID");
    pid_t pid = 0;
    if (conversion->request->find_pid(name, lxcpath, &pid, err) < 0)
        return error_prefix(err, "%s", item->where);
    *ret_pid = pid;
    return 0;
}

static void add(struct lxc_conversion *conversion, int kind, const char *path) {
    struct oci_namespace *namespace =
        oci_list_add(conversion->arena, &conversion->oci->linux->namespaces);
    namespace->type = kinds[kind].flag;
    namespace->path = path != NULL ? arena_strdup(conversion->arena, path) : NULL;
}

static int share(struct lxc_conversion *conversion, const struct lxc_item *item,
                 struct thole_error *err) {
    const int kind = kind_of(item->detail);
    int64_t pid = 0;
    if (kind < 0)
        return error_config(err, item->where, "there is no namespace \"%s\"", item->detail);
    if (find_pid(conversion, item, &pid, err) < 0)
        return -1;
    conversion->namespaces &= ~(unsigned long)kinds[kind].flag;
    conversion->shared_namespaces |= (unsigned long)kinds[kind].flag;
    add(conversion, kind,
        arena_printf(conversion->arena, "/proc/%d/ns/%s", (int)pid, kinds[kind].name));
    lxc_conversion_origin(conversion, item->where, "/linux/namespaces/%zu",
                          conversion->oci->linux->namespaces.count - 1);
    return 0;
}

int lxc_convert_namespaces(struct lxc_conversion *conversion, struct thole_error *err) {
    if (choose(conversion, err) < 0)
        return -1;
    const struct lxc_item *item = NULL;
    while ((item = lxc_conversion_next(conversion, "lxc.namespace.share.", item)) != NULL) {
        if (share(conversion, item, err) < 0)
            return -1;
    }
    if ((conversion->namespaces & CLONE_NEWNS) == 0)
        return error_unsupported(err, "lxc.namespace.keep",
                                 "a container without a mount namespace would change the host's "
                                 "mounts");
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        if ((conversion->namespaces & (unsigned long)kinds[kind].flag) != 0)
            add(conversion, kind, NULL);
    }
    item = lxc_conversion_item(conversion, "lxc.uts.name");
    const bool own_uts = (conversion->namespaces & CLONE_NEWUTS) != 0;
    if (item != NULL && !own_uts)
        lxc_conversion_note(conversion, item->where, "no effect: the UTS namespace is not its own");
    else if (item != NULL)
        conversion->oci->hostname = arena_strdup(conversion->arena, item->value);
    return 0;
}
