/* SPDX-License-Identifier: Apache-2.0 */
/* New filesystem instances through fsopen(2), with the kernel's own words in the error. */
#include "apply/filesystem.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "sys/mount_calls.h"

/* The context's log: lines such as "e tmpfs: Bad value for 'size'". The last error is taken. */
static void read_kernel_message(int context, char *message, size_t size) {
    char line[256];
    message[0] = '\0';
    for (;;) {
        ssize_t length = read(context, line, sizeof(line) - 1);
        if (length <= 0)
            return;
        line[length] = '\0';
        line[strcspn(line, "\n")] = '\0';
        if (line[0] == 'e' && line[1] == ' ')
            (void)snprintf(message, size, " (%s)", line + 2);
    }
}

static int fail(int context, int code, const char *type, const char *what, const char *where,
                struct thole_error *err) {
    char message[256];
    read_kernel_message(context, message, sizeof(message));
    return error_set(err, THOLE_ERROR_HOST, code, where, "%s %s%s", what, type, message);
}

/*
 * Layers of an overlay that are too long for one value, one by one (Linux 6.7). A colon ends a
 * layer, two colons start one that holds data only, and a backslash takes their meaning away.
 */
static int set_layers(int context, const char *layers) {
    const char *key = "lowerdir+";
    while (*layers != '\0') {
        char layer[PATH_MAX];
        size_t length = 0;
        for (; *layers != '\0' && *layers != ':' && length < sizeof(layer) - 1; layers++) {
            if (*layers == '\\' && layers[1] != '\0')
                layers++;
            layer[length++] = *layers;
        }
        layer[length] = '\0';
        if (fsconfig(context, FSCONFIG_SET_STRING, key, layer, 0) < 0)
            return -1;
        if (layers[0] == ':' && layers[1] == ':')
            key = "datadir+";
        layers += strspn(layers, ":");
    }
    return 0;
}

static int set_parameter(int context, const struct plan_pair *parameter) {
    if (parameter->value == NULL)
        return fsconfig(context, FSCONFIG_SET_FLAG, parameter->key, NULL, 0);
    if (strcmp(parameter->key, "lowerdir") == 0 && strlen(parameter->value) > APPLY_FSCONFIG_MAX)
        return set_layers(context, parameter->value);
    return fsconfig(context, FSCONFIG_SET_STRING, parameter->key, parameter->value, 0);
}

static int configure(const char *type, const char *source, const struct plan_pair *parameters,
                     size_t parameter_count, uint64_t attributes, const char *where,
                     struct sys_close_later *closing, struct thole_error *err) {
    cleanup_close int context = fsopen(type, FSOPEN_CLOEXEC);
    if (context < 0) {
        error_errno(err, where, "open filesystem %s", type);
        if (errno == ENODEV)
            error_hint(err, "this kernel has no filesystem of that type");
        return -1;
    }
    /* "source" may be refused by filesystems without one: that is what they mean by none. */
    if (source != NULL && source[0] != '\0' &&
        fsconfig(context, FSCONFIG_SET_STRING, "source", source, 0) < 0)
        return fail(context, errno, type, "set the source of", where, err);
    for (size_t i = 0; i < parameter_count; i++) {
        if (set_parameter(context, &parameters[i]) < 0) {
            char what[256];
            (void)snprintf(what, sizeof(what), "set option %.100s%s%.100s of", parameters[i].key,
                           parameters[i].value != NULL ? "=" : "",
                           parameters[i].value != NULL ? parameters[i].value : "");
            return fail(context, errno, type, what, where, err);
        }
    }
    if (fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
        return fail(context, errno, type, "create filesystem", where, err);
    int mount_fd = fsmount(context, FSMOUNT_CLOEXEC, (unsigned)attributes);
    if (mount_fd < 0)
        return fail(context, errno, type, "mount filesystem", where, err);
    sys_close_later(closing, take_fd(&context));
    return mount_fd;
}

int apply_filesystem_new(const char *type, const char *source, const struct plan_pair *parameters,
                         size_t parameter_count, uint64_t attributes, const char *where,
                         struct sys_close_later *closing, struct thole_error *err) {
    if (!apply_filesystem_needs_mount(type, source, parameters, parameter_count))
        return configure(type, source, parameters, parameter_count, attributes, where, closing,
                         err);
    cleanup_close int scratch = configure("tmpfs", "tmpfs", NULL, 0, 0, where, closing, err);
    return scratch < 0 ? -1
                       : apply_filesystem_mount(scratch, type, source, parameters, parameter_count,
                                                attributes, where, err);
}

int apply_filesystem_change(int target, const char *name, const struct plan_pair *parameters,
                            size_t parameter_count, const char *where, struct thole_error *err) {
    if (apply_filesystem_needs_mount("", NULL, parameters, parameter_count))
        return apply_filesystem_remount(target, parameters, parameter_count) == 0
                   ? 0
                   : error_errno(err, where, "remount %s", name);
    cleanup_close int context = fspick(target, "", FSPICK_EMPTY_PATH | FSPICK_CLOEXEC);
    if (context < 0)
        return error_errno(err, where, "remount %s", name);
    for (size_t i = 0; i < parameter_count; i++) {
        if (set_parameter(context, &parameters[i]) < 0)
            return error_errno(err, where, "set option %s of %s", parameters[i].key, name);
    }
    if (fsconfig(context, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0) < 0)
        return error_errno(err, where, "remount %s", name);
    return 0;
}
