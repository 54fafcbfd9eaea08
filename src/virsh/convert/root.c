/* SPDX-License-Identifier: Apache-2.0 */
/* The filesystem whose target is /; without one the host's root is shared. */
#include <linux/sched.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "sys/mount_calls.h"
#include "virsh/convert/filesystems.h"

static bool is_root(const struct domain_filesystem *filesystem) {
    return filesystem->target.text != NULL && strcmp(filesystem->target.text, "/") == 0;
}

const struct domain_filesystem *virsh_root_filesystem(const struct domain *domain) {
    for (size_t i = 0; i < domain->filesystems.count; i++) {
        if (is_root(&domain->filesystems.items[i]))
            return &domain->filesystems.items[i];
    }
    return NULL;
}

/* The root itself must not be a link to thole; what is not there is found out at the start. */
static const char *resolved(struct arena *arena, const char *path) {
    cleanup_free char *real = realpath(path, NULL);
    return arena_strdup(arena, real != NULL ? real : path);
}

/* What is mounted on / becomes the root; the directory that it covers is not seen. */
static int convert_mounted(struct virsh_conversion *conversion,
                           const struct domain_filesystem *filesystem, struct thole_error *err) {
    conversion->root = conversion->request->directory;
    return virsh_filesystem_add(conversion, filesystem, err);
}

static int convert_filesystem(struct virsh_conversion *conversion,
                              const struct domain_filesystem *filesystem, struct thole_error *err) {
    const struct domain_value *source = &filesystem->source_dir;
    if (filesystem->type.number == DOMAIN_FILESYSTEM_BLOCK ||
        filesystem->type.number == DOMAIN_FILESYSTEM_FILE)
        return convert_mounted(conversion, filesystem, err);
    if (filesystem->type.number != DOMAIN_FILESYSTEM_MOUNT)
        return error_config(err, filesystem->type.where,
                            "the root is of type mount, block or file");
    if (source->text == NULL || source->text[0] != '/')
        return error_config(err, source->text != NULL ? source->where : filesystem->where,
                            "the root needs the absolute path of a directory");
    conversion->root = resolved(conversion->arena, source->text);
    conversion->oci->root->readonly = filesystem->readonly.number != 0;
    virsh_conversion_origin(conversion, source->where, "/root");
    return 0;
}

int virsh_convert_root(struct virsh_conversion *conversion, struct thole_error *err) {
    const struct domain_filesystem *filesystem = virsh_root_filesystem(conversion->domain);
    conversion->root = "/";
    if (filesystem != NULL && convert_filesystem(conversion, filesystem, err) < 0)
        return -1;
    conversion->oci->root->path = arena_strdup(conversion->arena, conversion->root);
    /* What is mounted inside is a matter of all mount namespaces inside, as systemd expects it. */
    conversion->oci->linux->rootfs_propagation = MS_SHARED | MS_REC;
    return 0;
}
