/* SPDX-License-Identifier: Apache-2.0 */
/* Making a container: its directory, its configuration, and what the template puts there. */
#include "lxc/store/create.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "lxc/config/configuration.h"
#include "lxc/config/file_text.h"
#include "lxc/store/config_lines.h"
#include "lxc/store/id_map.h"
#include "lxc/store/making.h"
#include "lxc/store/mapped.h"
#include "lxc/store/template.h"

enum { CONFIG_MODE = 0640 };

/* What is decided before anything is made. */
struct creation {
    const struct lxc_container *container;
    const struct lxc_create_request *request;
    struct lxc_configuration base; /* the configuration that the new one begins with */
    struct lxc_id_map map;
    char *rootfs; /* malloc'ed */
};

static void creation_done(struct creation *creation) {
    lxc_configuration_done(&creation->base);
    free(creation->rootfs);
}
#define cleanup_creation __attribute__((cleanup(creation_done)))

static char *joined(const char *directory, const char *name) {
    struct text path = {0};
    text_appendf(&path, "%s/%s", directory, name);
    return text_take(&path);
}

static int begin(struct creation *creation, struct thole_error *err) {
    const struct lxc_create_request *request = creation->request;
    if (request->config_file != NULL &&
        lxc_configuration_read(&creation->base, request->config_file, err) < 0)
        return -1;
    creation->rootfs = request->rootfs != NULL ? strdup(request->rootfs)
                                               : joined(creation->container->directory, "rootfs");
    return lxc_id_map_read(&creation->base, &creation->map, err);
}

/* Whom a file is given to, in the caller's user namespace or in the container's. */
struct gift {
    const char *path;
    uid_t uid;
    gid_t gid;
};

static int hand_over(void *userdata, struct thole_error *err) {
    const struct gift *gift = userdata;
    if (lchown(gift->path, gift->uid, gift->gid) < 0)
        return error_errno(err, NULL, "give %s to root of the container", gift->path);
    return 0;
}

/* The container's root may change it, whoever that is on the host. */
static int give(const struct creation *creation, const char *path, struct thole_error *err) {
    const struct lxc_id_map *map = &creation->map;
    struct gift gift = {path, 0, 0};
    if (!map->mapped)
        return 0;
    if (geteuid() == 0)
        gift = (struct gift){path, map->root_uid, map->root_gid};
    return lxc_mapped_call(&creation->base, hand_over, &gift, err);
}

/* An ordinary user keeps his hand on the directory by its group. */
static int give_directory(const struct creation *creation, struct thole_error *err) {
    struct gift gift = {creation->container->directory, 0, (gid_t)-1};
    if (!creation->map.mapped || geteuid() == 0)
        return give(creation, gift.path, err);
    return lxc_mapped_call(&creation->base, hand_over, &gift, err);
}

static int make_rootfs(const struct creation *creation, struct lxc_making *making,
                       struct thole_error *err) {
    struct stat status;
    if (creation->request->rootfs != NULL && stat(creation->rootfs, &status) < 0) {
        if (errno != ENOENT)
            return error_errno(err, NULL, "look at %s", creation->rootfs);
        making->rootfs = strdup(creation->rootfs);
    }
    if (lxc_make_directories(creation->rootfs, 0755, err) < 0)
        return -1;
    return give(creation, creation->rootfs, err);
}

/* The value of lxc.rootfs.path; for an overlay also its upper directories. malloc'ed. */
static int make_storage(const struct creation *creation, char **ret_value,
                        struct thole_error *err) {
    const char *directory = creation->container->directory;
    struct text value = {0};
    if (creation->request->storage == LXC_ROOTFS_DIRECTORY) {
        text_appendf(&value, "dir:%s", creation->rootfs);
        *ret_value = text_take(&value);
        return 0;
    }
    static const char *const layers[] = {"overlay/delta", "overlay/work"};
    for (size_t i = 0; i < 2; i++) {
        cleanup_free char *layer = joined(directory, layers[i]);
        if (lxc_make_directories(layer, 0755, err) < 0 || give(creation, layer, err) < 0)
            return -1;
    }
    text_appendf(&value, "overlay:%s:%s/%s", creation->rootfs, directory, layers[0]);
    *ret_value = text_take(&value);
    return 0;
}

/* The configuration that the template may add to. */
static int write_config(const struct creation *creation, const char *rootfs,
                        struct thole_error *err) {
    const struct lxc_create_request *request = creation->request;
    cleanup_text struct text text = {0};
    if (request->config_file != NULL &&
        lxc_configuration_text_read(request->config_file, &text, err) < 0)
        return -1;
    if (lxc_config_lines_change(&text, lxc_config_expand_addresses, NULL, err) < 0)
        return -1;
    if (rootfs != NULL) {
        (void)lxc_configuration_text_remove(&text, "lxc.rootfs.path");
        lxc_configuration_text_append(&text, "lxc.rootfs.path", rootfs);
    }
    return file_create_at(AT_FDCWD, creation->container->config_file,
                          text.data != NULL ? text.data : "", text.length, CONFIG_MODE, err);
}

static int run_template(const struct creation *creation, struct thole_error *err) {
    const struct lxc_container *container = creation->container;
    const struct lxc_template_call call = {
        .program = creation->request->template,
        .directory = container->directory,
        .name = container->name,
        .rootfs = creation->rootfs,
        .arguments = creation->request->arguments,
    };
    cleanup_text struct text text = {0};
    cleanup_lxc_configuration struct lxc_configuration result = {0};
    if (lxc_template_run(&call, &creation->base, err) < 0)
        return -1;
    if (lxc_configuration_text_read(container->config_file, &text, err) < 0)
        return -1;
    cleanup_free char *header = lxc_template_header(&call);
    struct text whole = {0};
    text_append(&whole, header);
    text_append_bytes(&whole, text.data != NULL ? text.data : "", text.length);
    text_done(&text);
    text = whole;
    if (file_replace_at(AT_FDCWD, container->config_file, text.data, text.length, CONFIG_MODE,
                        err) < 0)
        return -1;
    return lxc_configuration_read(&result, container->config_file, err);
}

int lxc_create(const struct lxc_container *container, const struct lxc_create_request *request,
               struct thole_error *err) {
    cleanup_creation struct creation creation = {.container = container, .request = request};
    cleanup_lxc_making struct lxc_making making = LXC_MAKING_INIT;
    cleanup_free char *rootfs = NULL;
    if (begin(&creation, err) < 0 || lxc_making_begin(container->directory, &making, err) < 0 ||
        give_directory(&creation, err) < 0)
        return -1;
    if (request->template != NULL &&
        (make_rootfs(&creation, &making, err) < 0 || make_storage(&creation, &rootfs, err) < 0))
        return -1;
    if (write_config(&creation, rootfs, err) < 0)
        return -1;
    if (request->template != NULL && run_template(&creation, err) < 0)
        return -1;
    return lxc_making_keep(&making, err);
}
