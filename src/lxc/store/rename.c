/* SPDX-License-Identifier: Apache-2.0 */
/* Renaming a container: its directory, and what its configuration says of it. */
#include "lxc/store/rename.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "lxc/config/configuration.h"
#include "lxc/config/file_text.h"
#include "lxc/config/rootfs_path.h"
#include "lxc/store/clones.h"
#include "lxc/store/config_copy.h"
#include "lxc/store/config_file.h"
#include "lxc/store/copy.h"
#include "lxc/store/destroy.h"
#include "lxc/store/host_name.h"
#include "lxc/store/lock.h"
#include "lxc/store/making.h"
#include "lxc/store/mapped.h"

struct renaming {
    const struct lxc_container *container;
    const struct lxc_rename_request *request;
    char *directory;                 /* the new one */
    struct lxc_configuration config; /* as it is before */
    struct text before;              /* its text */
    struct text after;
};

static void renaming_done(struct renaming *renaming) {
    free(renaming->directory);
    lxc_configuration_done(&renaming->config);
    text_done(&renaming->before);
    text_done(&renaming->after);
}
#define cleanup_renaming __attribute__((cleanup(renaming_done)))

static int check(const struct renaming *renaming, struct thole_error *err) {
    const struct lxc_container *container = renaming->container;
    if (lxc_container_check_name(renaming->request->name, err) < 0 ||
        lxc_check_stopped(container, err) < 0)
        return -1;
    int clones = lxc_clones_exist(container->directory, err);
    int snapshots = renaming->request->keep_snapshots || clones < 0
                        ? 0
                        : lxc_snapshots_exist(container->directory, err);
    if (clones < 0 || snapshots < 0)
        return -1;
    if (clones > 0 || snapshots > 0)
        return error_state(err, "Renaming %s failed: %s has %s", container->name, container->name,
                           clones > 0 ? "clones" : "snapshots");
    return 0;
}

/* A layer, or a directory, that lies in the container's own one moves with it. */
static void append_moved(struct text *value, const struct lxc_config_copy *moves,
                         const char *path) {
    cleanup_free char *moved = lxc_config_moved_path(moves, path);
    text_append(value, moved != NULL ? moved : path);
}

static int move_rootfs(struct text *config, const struct lxc_config_copy *moves,
                       const struct lxc_item *item, struct thole_error *err) {
    cleanup_lxc_rootfs_path struct lxc_rootfs_path rootfs = {.kind = LXC_ROOTFS_NONE};
    cleanup_text struct text value = {0};
    if (item == NULL)
        return 0;
    if (lxc_rootfs_path_parse(item->value, item->where, &rootfs, err) < 0)
        return -1;
    if (rootfs.kind == LXC_ROOTFS_DIRECTORY) {
        text_append(&value, "dir:");
        append_moved(&value, moves, rootfs.directory);
    } else if (rootfs.kind == LXC_ROOTFS_LOOP) {
        text_append(&value, "loop:");
        append_moved(&value, moves, rootfs.image);
    } else {
        text_append(&value, "overlay:");
        append_moved(&value, moves, rootfs.lower);
        text_append(&value, ":");
        append_moved(&value, moves, rootfs.upper);
    }
    lxc_configuration_text_replace(config, "lxc.rootfs.path", value.data);
    return 0;
}

static struct lxc_config_copy moves_of(const struct renaming *renaming) {
    return (struct lxc_config_copy){
        .old_directory = renaming->container->directory,
        .new_directory = renaming->directory,
        .moved = true,
        .keep_addresses = true,
    };
}

/* The fstab that has moved with the directory; @back: it is about to move back. */
static int change_fstab(const struct renaming *renaming, bool back, struct thole_error *err) {
    struct lxc_config_copy moves = moves_of(renaming);
    const char *fstab = lxc_configuration_value(&renaming->config, "lxc.mount.fstab");
    cleanup_free char *file = fstab != NULL ? lxc_config_moved_path(&moves, fstab) : NULL;
    if (file == NULL)
        return 0;
    if (back) {
        moves.old_directory = renaming->directory;
        moves.new_directory = renaming->container->directory;
    }
    return lxc_config_move_fstab(&moves, file, err);
}

static int change_config(struct renaming *renaming, struct thole_error *err) {
    const struct lxc_container *container = renaming->container;
    const struct lxc_config_copy moves = moves_of(renaming);
    if (lxc_configuration_read(&renaming->config, container->config_file, err) < 0 ||
        lxc_configuration_text_read(container->config_file, &renaming->before, err) < 0)
        return -1;
    text_append_bytes(&renaming->after, renaming->before.data, renaming->before.length);
    if (lxc_config_copy(&moves, &renaming->after, err) < 0 ||
        move_rootfs(&renaming->after, &moves,
                    lxc_configuration_find(&renaming->config, "lxc.rootfs.path"), err) < 0)
        return -1;
    if (!renaming->request->keep_name)
        lxc_configuration_text_replace(&renaming->after, "lxc.uts.name", renaming->request->name);
    return 0;
}

static int write_config(const char *directory, const struct text *text, struct thole_error *err) {
    cleanup_text struct text file = {0};
    text_appendf(&file, "%s/config", directory);
    return lxc_config_file_write(file.data, text, err);
}

static int move(const char *from, const char *to, struct thole_error *err) {
    if (syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
        return 0;
    error_errno(err, NULL, "rename %s to %s", from, to);
    if (err->code == EXDEV)
        error_hint(err, "that is another filesystem: copy the container, then destroy it here");
    return -1;
}

/* What looks at the container's files under its new name. */
static int finish_files(void *userdata, struct thole_error *err) {
    const struct renaming *renaming = userdata;
    const struct lxc_rename_request *request = renaming->request;
    cleanup_lxc_configuration struct lxc_configuration config = {0};
    cleanup_lxc_rootfs_path struct lxc_rootfs_path rootfs = {.kind = LXC_ROOTFS_NONE};
    cleanup_text struct text file = {0};
    text_appendf(&file, "%s/config", renaming->directory);
    if (lxc_configuration_read(&config, file.data, err) < 0 ||
        lxc_rootfs_path_parse(lxc_configuration_value(&config, "lxc.rootfs.path"), NULL, &rootfs,
                              err) < 0)
        return -1;
    if (!request->keep_name && lxc_host_name_write(&rootfs, request->name, err) < 0)
        return -1;
    if (request->no_hooks)
        return 0;
    return lxc_run_clone_hooks(&config, renaming->directory, request->name,
                               renaming->container->name, NULL, err);
}

static int finish(struct renaming *renaming, struct thole_error *err) {
    const struct lxc_rename_request *request = renaming->request;
    const struct lxc_clone_name before = {renaming->container->lxcpath, renaming->container->name};
    const struct lxc_clone_name after = {request->lxcpath, request->name};
    if (write_config(renaming->directory, &renaming->after, err) < 0 ||
        change_fstab(renaming, false, err) < 0 ||
        lxc_mapped_call(&renaming->config, finish_files, renaming, err) < 0)
        return -1;
    return lxc_clones_rename(renaming->directory, &before, &after, err);
}

int lxc_rename(const struct lxc_container *container, const struct lxc_rename_request *request,
               struct thole_error *err) {
    cleanup_close int lock = -1;
    cleanup_renaming struct renaming renaming = {.container = container, .request = request};
    struct text directory = {0};
    struct thole_error ignored = {0};
    text_appendf(&directory, "%s/%s", request->lxcpath, request->name);
    renaming.directory = text_take(&directory);
    if (lxc_container_lock(container, LXC_LOCK_CHANGE, &lock, err) < 0 ||
        check(&renaming, err) < 0 || change_config(&renaming, err) < 0 ||
        lxc_make_directories(request->lxcpath, 0755, err) < 0 ||
        move(container->directory, renaming.directory, err) < 0)
        return -1;
    if (finish(&renaming, err) == 0)
        return 0;
    (void)change_fstab(&renaming, true, &ignored);
    (void)write_config(renaming.directory, &renaming.before, &ignored);
    (void)move(renaming.directory, container->directory, &ignored);
    return -1;
}
