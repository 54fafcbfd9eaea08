/* SPDX-License-Identifier: Apache-2.0 */
/*
 * By default the caller's environment is kept, but for what names things of the host: with the
 * host's PATH the container's programs are not found, and its HOME is somebody else's.
 */
#include "lxc/commands/attach_environment.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STANDARD_PATH "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* Names, and beginnings of names, of what means nothing in another root file system. */
static const char *const of_the_host[] = {
    "PATH=",
    "HOME=",
    "USER=",
    "LOGNAME=",
    "SHELL=",
    "MAIL=",
    "PWD=",
    "OLDPWD=",
    "HISTFILE=",
    "TMPDIR=",
    "ENV=",
    "BASH_ENV=",
    "LD_",
    "XDG_",
    "SSH_",
    "DBUS_SESSION_",
    "GPG_",
    "NOTIFY_SOCKET=",
    "LISTEN_",
    "DISPLAY=",
    "WAYLAND_",
    "XAUTHORITY=",
    "SUDO_",
    "INVOCATION_ID=",
    "JOURNAL_STREAM=",
};

struct list {
    struct arena *arena;
    char **items;
    size_t count;
};

static void add(struct list *list, const char *assignment) {
    char **items = arena_new_array(list->arena, list->count + 2, char *);
    for (size_t i = 0; i < list->count; i++)
        items[i] = list->items[i];
    items[list->count++] = arena_strdup(list->arena, assignment);
    list->items = items;
}

static bool is_of_the_host(const char *assignment) {
    for (size_t i = 0; i < sizeof(of_the_host) / sizeof(of_the_host[0]); i++) {
        if (text_starts_with(assignment, of_the_host[i]))
            return true;
    }
    return false;
}

/* THOLE_* are this program's own. */
static void add_callers(struct list *list, bool all) {
    for (char **at = environ; at != NULL && *at != NULL; at++) {
        if (!text_starts_with(*at, "THOLE_") && (*at)[0] != '=' && strchr(*at, '=') != NULL &&
            (all || !is_of_the_host(*at)))
            add(list, *at);
    }
}

/* The user's name, where it is known without a look into the container. */
static void add_user(struct list *list, const char *uid) {
    const char *name = uid == NULL || strcmp(uid, "0") == 0 ? "root" : uid;
    if (name[strspn(name, "0123456789")] == '\0')
        return;
    add(list, arena_printf(list->arena, "USER=%s", name));
    add(list, arena_printf(list->arena, "LOGNAME=%s", name));
}

static void add_inherited(struct list *list, const char *name) {
    const char *value = getenv(name);
    if (value != NULL)
        add(list, arena_printf(list->arena, "%s=%s", name, value));
}

/* lxc.environment and lxc.environment.runtime: NAME=VALUE, or NAME alone, which is inherited. */
static int add_configured(struct list *list, const struct lxc_configuration *config,
                          const char *key, struct thole_error *err) {
    const struct lxc_item *item = NULL;
    while ((item = lxc_configuration_next(config, key, item)) != NULL) {
        if (strchr(item->value, '=') != NULL)
            add(list, item->value);
        else if (getenv(item->value) != NULL)
            add_inherited(list, item->value);
        else
            return error_config(err, item->where,
                                "%s is not set in the environment of this command", item->value);
    }
    return 0;
}

int attach_environment_make(const struct attach_environment *wish,
                            const struct lxc_configuration *config, struct arena *arena,
                            char ***ret_environment, struct thole_error *err) {
    struct list list = {.arena = arena};
    if (wish->clear) {
        add(&list, STANDARD_PATH);
        for (size_t i = 0; i < wish->keep_vars->count; i++)
            add_inherited(&list, wish->keep_vars->items[i]);
    } else if (wish->keep) {
        add_callers(&list, true);
    } else {
        if (!wish->foreign)
            add(&list, STANDARD_PATH);
        add_user(&list, wish->uid);
        add_callers(&list, false);
    }
    add(&list, "container=lxc");
    if (add_configured(&list, config, "lxc.environment", err) < 0 ||
        add_configured(&list, config, "lxc.environment.runtime", err) < 0)
        return -1;
    for (size_t i = 0; i < wish->set_vars->count; i++)
        add(&list, wish->set_vars->items[i]);
    *ret_environment = list.items;
    return 0;
}
