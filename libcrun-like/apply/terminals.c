/* SPDX-License-Identifier: Apache-2.0 */
/* Terminals of a container besides its console. */
#include "apply/terminals.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "base/text.h"
#include "base/wire.h"
#include "sys/mount_calls.h"
#include "sys/path.h"
#include "terminal/pty.h"

static const char console_where[] = "/process/terminal";

/* By fd, so that no swapped path can take its place. */
static int bind_peer(int peer, const char *path, int root_fd, const char *where,
                     struct thole_error *err) {
    cleanup_close int tree = mount_clone(peer, 0);
    if (tree < 0)
        return error_errno(err, where, "clone the mount of a terminal");
    cleanup_close int target = sys_make_in_root(root_fd, path, SYS_PATH_FILE, 0755);
    if (target < 0)
        return error_errno(err, where, "create %s", path);
    if (mount_attach(tree, target) < 0)
        return error_errno(err, where, "mount %s", path);
    return 0;
}

/* An image may bring nodes of the host's terminals, and links of another run. */
static int make_link(const char *path, const char *target, int root_fd, const char *where,
                     struct thole_error *err) {
    const char *name = NULL;
    cleanup_close int parent = sys_open_parent_in_root(root_fd, path, &name);
    if (parent >= 0 && (symlinkat(target, parent, name) == 0 ||
                        (errno == EEXIST && unlinkat(parent, name, 0) == 0 &&
                         symlinkat(target, parent, name) == 0)))
        return 0;
    return error_errno(err, where, "create symbolic link %s", path);
}

static int bind_as(const struct apply_terminals *terminals, const char *name, int peer, int root_fd,
                   const char *where, struct thole_error *err) {
    char path[PATH_MAX];
    char target[PATH_MAX];
    (void)snprintf(path, sizeof(path), "/dev/%s", name);
    if (terminals->directory == NULL)
        return bind_peer(peer, path, root_fd, where, err);
    (void)snprintf(target, sizeof(target), "%s/%s", terminals->directory, name);
    if (make_link(path, target, root_fd, where, err) < 0)
        return -1;
    (void)snprintf(path, sizeof(path), "/dev/%s", target);
    return bind_peer(peer, path, root_fd, where, err);
}

static int add_terminal(const struct apply_terminals *terminals, unsigned number, int devpts,
                        int sync, int root_fd, struct text *variable, struct thole_error *err) {
    cleanup_terminal_pty struct terminal_pty pty = TERMINAL_PTY_INIT;
    char name[16];
    unsigned pts = 0;
    (void)snprintf(name, sizeof(name), "tty%u", number + (terminals->after_console ? 1 : 0));
    if (terminal_pty_open(devpts, false, &pty, err) < 0 ||
        bind_as(terminals, name, pty.peer, root_fd, NULL, err) < 0)
        return -1;
    if (ioctl(pty.master, TIOCGPTN, &pts) < 0)
        return error_errno(err, NULL, "ask for the number of a pty");
    text_appendf(variable, "%spts/%u", number > 1 ? " " : "container_ttys=", pts);
    return wire_send(sync, WIRE_TERMINAL, NULL, 0, pty.master, err);
}

int apply_terminals(struct apply_terminals *terminals, int sync, int root_fd,
                    struct thole_error *err) {
    if (terminals == NULL || terminals->count == 0)
        return 0;
    cleanup_text struct text variable = {0};
    cleanup_close int devpts = terminal_devpts_open(root_fd, err);
    if (devpts < 0)
        return -1;
    for (unsigned i = 1; i <= terminals->count; i++) {
        if (add_terminal(terminals, i, devpts, sync, root_fd, &variable, err) < 0)
            return -1;
    }
    terminals->variable = text_take(&variable);
    return 0;
}

int apply_terminals_bind_console(const struct apply_terminals *terminals, int peer, int root_fd,
                                 struct thole_error *err) {
    static const struct apply_terminals none;
    return bind_as(terminals != NULL ? terminals : &none, "console", peer, root_fd, console_where,
                   err);
}
