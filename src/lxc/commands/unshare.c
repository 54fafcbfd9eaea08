/* SPDX-License-Identifier: Apache-2.0 */
/* lxc-unshare: a command in new namespaces, without a container around it. */
#include <fcntl.h>
#include <grp.h>
#include <linux/sched.h>
#include <pwd.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "lxc/commands/commands.h"
#include "lxc/process/child.h"
#include "lxc/process/id_maps.h"
#include "sys/mount_calls.h"

struct unshare_options {
    const char *namespaces;
    const char *user;
    const char *hostname;
    struct option_strings interfaces;
    bool daemon;
    bool remount;
};

#define MEMBER(name) offsetof(struct unshare_options, name)

static const struct option_row rows[] = {
    {"namespaces", 's', OPTION_STRING, MEMBER(namespaces), "LIST",
     "new namespaces: MOUNT, PID, UTSNAME, IPC, USER, NETWORK, CGROUP, TIME, or the names of "
     "/proc/PID/ns, joined by a bar"},
    {"user", 'u', OPTION_STRING, MEMBER(user), "USER",
     "with USER: the id, or name, that the caller's has inside"},
    {"hostname", 'H', OPTION_STRING, MEMBER(hostname), "NAME",
     "with UTSNAME: the host name inside"},
    {"ifname", 'i', OPTION_STRINGS, MEMBER(interfaces), "NAME",
     "with NETWORK: move this interface inside; may be repeated"},
    {"daemon", 'd', OPTION_FLAG, MEMBER(daemon), NULL, "do not wait for the command"},
    {"remount", 'M', OPTION_FLAG, MEMBER(remount), NULL,
     "with MOUNT: mount /proc, /dev/shm and /dev/mqueue anew"},
    {0},
};

/* An option without the namespace that it is about. */
static int check_options(const struct unshare_options *options, unsigned long namespaces,
                         struct thole_error *err) {
    const struct {
        bool given;
        unsigned long needs;
        const char *option;
        const char *word;
    } needs[] = {
        {options->interfaces.count > 0, CLONE_NEWNET, "-i", "NETWORK"},
        {options->hostname != NULL, CLONE_NEWUTS, "-H", "UTSNAME"},
        {options->remount, CLONE_NEWNS, "-M", "MOUNT"},
        {options->user != NULL, CLONE_NEWUSER, "-u", "USER"},
    };
    for (size_t i = 0; i < sizeof(needs) / sizeof(needs[0]); i++) {
        if (needs[i].given && (namespaces & needs[i].needs) == 0)
            return error_usage(err, "%s needs -s %s", needs[i].option, needs[i].word);
    }
    return 0;
}

/* The caller's user and group are mapped to this one; without -u nothing is mapped. */
static int map_user(const char *user, struct lxc_id_maps *maps, struct thole_error *err) {
    uint64_t uid = 0;
    uint64_t gid = 0;
    if (text_parse_uint(user, UINT32_MAX - 1, &uid)) {
        gid = uid;
    } else {
        const struct passwd *entry = getpwnam(user);
        if (entry == NULL)
            return error_usage(err, "there is no user %s", user);
        uid = entry->pw_uid;
        gid = entry->pw_gid;
    }
    text_appendf(&maps->uids, "%u %u 1\n", (unsigned)uid, (unsigned)geteuid());
    text_appendf(&maps->gids, "%u %u 1\n", (unsigned)gid, (unsigned)getegid());
    return 0;
}

static int mount_anew(unsigned long namespaces, struct thole_error *err) {
    const struct {
        const char *path;
        const char *type;
        unsigned long needs;
        const char *data;
    } mounts[] = {
        {"/proc", "proc", CLONE_NEWPID, NULL},
        {"/dev/shm", "tmpfs", 0, "mode=1777"},
        {"/dev/mqueue", "mqueue", CLONE_NEWIPC, NULL},
    };
    for (size_t i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++) {
        if (mounts[i].needs != 0 && (namespaces & mounts[i].needs) == 0)
            continue;
        if (access(mounts[i].path, F_OK) < 0 && errno == ENOENT)
            continue;
        if (mount(mounts[i].type, mounts[i].path, mounts[i].type, MS_NOSUID | MS_NODEV | MS_NOEXEC,
                  mounts[i].data) < 0)
            return error_errno(err, NULL, "mount %s", mounts[i].path);
    }
    return 0;
}

static int become(const struct lxc_id_maps *maps, struct thole_error *err) {
    uid_t uid = (uid_t)strtoul(maps->uids.data, NULL, 10);
    gid_t gid = (gid_t)strtoul(maps->gids.data, NULL, 10);
    (void)setgroups(0, NULL); /* forbidden where only one's own ids are mapped */
    if (setresgid(gid, gid, gid) < 0 || setresuid(uid, uid, uid) < 0)
        return error_errno(err, NULL, "become user %u and group %u", (unsigned)uid, (unsigned)gid);
    return 0;
}

static int run_inside(const struct lxc_call *call, unsigned long namespaces,
                      const struct lxc_id_maps *maps, struct thole_error *err) {
    const struct unshare_options *options = call->options;
    if (options->hostname != NULL && sethostname(options->hostname, strlen(options->hostname)) < 0)
        return error_errno(err, NULL, "set the host name");
    if ((namespaces & CLONE_NEWNS) != 0 && mount(NULL, "/", NULL, MS_SLAVE | MS_REC, NULL) < 0)
        return error_errno(err, NULL, "keep mounts from the host");
    if (options->remount && mount_anew(namespaces, err) < 0)
        return -1;
    if (maps->uids.length > 0 && become(maps, err) < 0)
        return -1;
    if (options->daemon && setsid() < 0 && errno != EPERM)
        return error_errno(err, NULL, "create a session");
    return lxc_child_execute(call->arguments, err);
}

/* A time namespace holds what is born after it was made: it cannot be had with the others. */
static int start(unsigned long namespaces, struct lxc_child *child, struct thole_error *err) {
    if ((namespaces & CLONE_NEWTIME) != 0 && unshare(CLONE_NEWTIME) < 0)
        return error_errno(err, NULL, "create a time namespace");
    return lxc_child_start(namespaces & ~(unsigned long)CLONE_NEWTIME, child, err);
}

static int run_unshare(const struct lxc_call *call, int *ret_status, struct thole_error *err) {
    const struct unshare_options *options = call->options;
    cleanup_lxc_id_maps struct lxc_id_maps maps = {0};
    cleanup_lxc_child struct lxc_child child = LXC_CHILD_INIT;
    unsigned long namespaces = 0;
    if (call->argument_count == 0)
        return error_usage(err, "A command to execute in the new namespace is required");
    if (options->namespaces == NULL)
        return error_usage(err, "A namespace to execute command is required");
    if (thole_namespaces_parse(options->namespaces, &namespaces, err) < 0 ||
        check_options(options, namespaces, err) < 0 ||
        (options->user != NULL && map_user(options->user, &maps, err) < 0))
        return -1;
    int inside = start(namespaces, &child, err);
    if (inside < 0)
        return -1;
    if (inside == 1) {
        if (!lxc_child_await(&child))
            _exit(EXIT_FAILURE);
        return run_inside(call, namespaces, &maps, err);
    }
    if (lxc_id_maps_write(&maps, child.pid, err) < 0)
        return -1;
    lxc_child_release(&child);
    int status = options->daemon ? 0 : lxc_child_wait(&child, err);
    if (status < 0)
        return -1;
    *ret_status = status;
    return 0;
}

const struct lxc_command lxc_command_unshare = {
    .name = "unshare",
    .arguments = "-- COMMAND [ARGUMENT]...",
    .summary = "run a command in new namespaces",
    .description = "The exit status is the command's, or 128 + N if signal N ended it.",
    .options = rows,
    .options_size = sizeof(struct unshare_options),
    .naming = LXC_NAME_OPTION,
    .run = run_unshare,
};
