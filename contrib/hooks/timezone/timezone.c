/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hook timezone: /etc/localtime of the container is the host's, or that of a zone by name. The
 * file is put over the image's own, so nothing of the image is changed; a link there is covered,
 * not followed.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../hook.h"

#define ZONES "/usr/share/zoneinfo"

static const char *zone;

static const struct hook_option options[] = {
    {"zone", "NAME", "this zone, as Europe/Berlin (default: the host's)", &zone},
    {NULL, NULL, NULL, NULL},
};

static const struct hook_program program = {
    .name = "timezone",
    .summary = "the container has the host's time zone, or one by name",
    .stages = "createContainer",
    .options = options,
};

/* A name may come from an image: it names a file of the zones, and none else. */
static bool is_name(const char *name) {
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/";
    return name[0] != '\0' && name[0] != '/' && name[strspn(name, letters)] == '\0';
}

/* The file without links on the way to it, since it is cloned as a mount. */
static char *zone_file(const char *name) {
    char path[512] = "/etc/localtime";
    if (name && !is_name(name))
        hook_fail("zone \"%s\": not the name of a time zone", name);
    if (name && snprintf(path, sizeof(path), ZONES "/%s", name) >= (int)sizeof(path))
        hook_fail("zone: the name is too long");
    char *file = realpath(path, NULL);
    if (!file)
        hook_fail("%s: %s", path, strerror(errno));
    char *content = hook_read_file(file);
    if (strncmp(content, "TZif", 4) != 0)
        hook_fail("%s: not a time zone", path);
    free(content);
    return file;
}

int main(int argc, char **argv) {
    hook_parse_arguments(&program, argc, argv);
    struct hook_state state = hook_read_state();
    const char *wanted = hook_annotation(&state, "org.thole.hook.timezone.zone");
    char *file = zone_file(wanted ? wanted : zone);
    int root = hook_open_root(&state), source = hook_clone_file(file);
    if (source < 0)
        hook_fail("%s: %s", file, strerror(errno));
    hook_cover(root, "etc/localtime", source);
    free(file);
    return 0;
}
