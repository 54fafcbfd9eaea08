/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The options of one mount, whatever they are: refused in one line, or planned as something that
 * mount_setattr(2) takes. Lines of the input are type, source, destination, and an option each.
 */
#include <linux/mount.h>
#include <linux/sched.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "plan/build.h"
#include "plan/print.h"
#include "targets.h"

enum { OPTIONS_MOST = 64 };

static const uint64_t attributes = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
                                   MOUNT_ATTR_NOEXEC | MOUNT_ATTR__ATIME | MOUNT_ATTR_NODIRATIME |
                                   MOUNT_ATTR_NOSYMFOLLOW;

/* mount_setattr(2): what is set must not be cleared, and the access time mode is one value, which
 * is cleared as a whole to be set. */
static void check_attributes(uint64_t set, uint64_t clear) {
    const uint64_t mode = MOUNT_ATTR__ATIME;
    require(((set | clear) & ~attributes) == 0 && (set & clear & ~mode) == 0);
    require((clear & mode) == 0 || (clear & mode) == mode);
    require((set & mode) == 0 || (clear & mode) == mode);
    require((set & mode) == 0 || (set & mode) == MOUNT_ATTR_NOATIME ||
            (set & mode) == MOUNT_ATTR_STRICTATIME);
}

static void check_mount(const struct plan_mount *mount) {
    check_attributes(mount->attributes_set, mount->attributes_clear);
    check_attributes(mount->recursive_set, mount->recursive_clear);
    require(mount->target[0] == '/' && strstr(mount->target, "/../") == NULL);
    require(mount->kind != PLAN_MOUNT_BIND || mount->parameter_count == 0);
    require(mount->kind != PLAN_MOUNT_BIND || mount->source[0] == '/');
    require(!mount->copy_up || strcmp(mount->type, "tmpfs") == 0);
}

static void plan_it(const struct oci_mount *mount, const struct host_facts *facts, bool user) {
    cleanup_arena struct arena arena = {0};
    struct thole_error err = {0};
    struct plan *plan = NULL;
    struct oci_mount mounts[] = {*mount};
    struct oci_id_mapping mappings[] = {{0, 100000, 65536}};
    struct oci_namespace namespaces[] = {{.type = CLONE_NEWNS}, {.type = CLONE_NEWUSER}};
    struct oci_linux section = {.namespaces = {.items = namespaces, .count = user ? 2 : 1}};
    char path[] = "rootfs";
    char version[] = "1.3.0";
    struct oci_root root = {.path = path};
    const struct oci_config config = {
        .oci_version = version,
        .root = &root,
        .mounts = {.items = mounts, .count = 1},
        .linux = &section,
    };
    const struct plan_request request = {.id = "fuzz", .bundle = "/bundle"};
    if (user) {
        section.uid_mappings = (oci_id_mappings){.items = mappings, .count = 1};
        section.gid_mappings = section.uid_mappings;
    }
    if (plan_build(&config, facts, &request, &arena, &plan, &err) < 0) {
        fuzz_require_line(&err);
        return;
    }
    for (size_t i = 0; i < plan->mount_count; i++)
        check_mount(&plan->mounts[i]);
    free(plan_print_text(plan));
}

static void read_lines(char *text, struct oci_mount *mount, char *options[OPTIONS_MOST]) {
    char *type = strsep(&text, "\n");
    mount->type = type[0] != '\0' ? type : NULL;
    mount->source = strsep(&text, "\n");
    mount->destination = strsep(&text, "\n");
    while (text != NULL && mount->options.count < OPTIONS_MOST - 1)
        options[mount->options.count++] = strsep(&text, "\n");
    mount->options.items = options;
}

void fuzz_mount(const uint8_t *data, size_t size) {
    cleanup_free char *text = strndup((const char *)data, size);
    char *options[OPTIONS_MOST] = {NULL};
    struct oci_mount mount = {0};
    read_lines(text, &mount, options);
    /* What the reader of the configuration has refused already. */
    if (mount.destination == NULL || mount.destination[0] == '\0')
        return;
    for (size_t i = 0; i < FUZZ_HOSTS; i++) {
        plan_it(&mount, fuzz_host(i), false);
        plan_it(&mount, fuzz_host(i), true);
    }
}
