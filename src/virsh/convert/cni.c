/* SPDX-License-Identifier: Apache-2.0 */
/* Networks of the Container Network Interface: the hook network calls their plugins. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "oci-spec/fields.h"
#include "oci-spec/reader.h"
#include "virsh/convert/interfaces.h"

/* What has to be known of a configuration list here: the hook reads the rest. */
struct cni_list {
    char *name;
};
static const struct oci_field cni_list_fields[] = {OCI_FIELD(cni_list, "name", name)};
static OCI_TYPE(cni_list);

/* ---- which list ---- */

static int is_list(const struct dirent *entry) {
    return entry->d_name[0] != '.' && text_ends_with(entry->d_name, ".conflist");
}

/* 1: it is the list of the network @name. */
static int is_of(struct arena *arena, const char *path, const char *name, struct thole_error *err) {
    cleanup_free char *json = NULL;
    size_t length = 0;
    if (file_read_at(AT_FDCWD, path, OCI_DOCUMENT_MAX, &json, &length, err) < 0)
        return -1;
    const struct cni_list *list = oci_read(&cni_list_type, json, length, arena, NULL, err);
    return list == NULL ? error_prefix(err, "%s", path) : text_equal(list->name, name);
}

/* 1 with the path. One that cannot be read may be the one, where no other is. */
static int look(struct virsh_conversion *conversion, const struct domain_value *network,
                struct dirent *const *entries, int count, const char **ret_path,
                struct thole_error *err) {
    struct thole_error failure = {0};
    int found = 0;
    for (int i = 0; i < count; i++) {
        const char *path = arena_printf(conversion->arena, "%s/%s", conversion->request->networks,
                                        entries[i]->d_name);
        struct thole_error reason = {0};
        const int is = is_of(conversion->arena, path, network->text, &reason);
        *ret_path = path;
        if (is > 0)
            return 1;
        if (is < 0) {
            found = -1;
            failure = reason;
        }
    }
    return found < 0 ? (error_copy(err, &failure), error_prefix(err, "%s", network->where)) : 0;
}

static int find(struct virsh_conversion *conversion, const struct domain_value *network,
                const char **ret_path, struct thole_error *err) {
    struct dirent **entries = NULL;
    const int count = scandir(conversion->request->networks, &entries, is_list, alphasort);
    if (count < 0)
        return errno == ENOENT ? 0
                               : error_errno(err, network->where, "read directory %s",
                                             conversion->request->networks);
    const int found = look(conversion, network, entries, count, ret_path, err);
    for (int i = 0; i < count; i++)
        free(entries[i]);
    free((void *)entries);
    return found;
}

/* ---- the hook ---- */

static void add_hook(struct virsh_conversion *conversion, oci_hook_list *list, const char *program,
                     const char *path, const char *interface) {
    struct arena *arena = conversion->arena;
    struct oci_hook *hook = oci_list_add(arena, list);
    hook->path = arena_strdup(arena, program);
    oci_strings_add(arena, &hook->args, "network");
    oci_strings_add(arena, &hook->args, "--cni");
    oci_strings_add(arena, &hook->args, path);
    oci_strings_add(arena, &hook->args, "--interface");
    oci_strings_add(arena, &hook->args, interface);
}

/* What the plugins of a list decide. */
static void warn(struct virsh_conversion *conversion, const struct domain_interface *interface) {
    const char *const elements[] = {
        interface->mac.where,
        interface->target.where,
        interface->mtu.where,
        interface->link_state.where,
        interface->addresses.count > 0 ? interface->addresses.items[0].where : NULL,
        interface->routes.count > 0 ? interface->routes.items[0].where : NULL,
        interface->vlans.count > 0 ? interface->vlans.items[0].where : NULL,
    };
    for (size_t i = 0; i < sizeof(elements) / sizeof(elements[0]); i++) {
        if (elements[i] != NULL)
            virsh_conversion_warn(conversion, elements[i],
                                  "no effect: the plugins of a CNI network decide that");
    }
}

int virsh_cni_add(struct virsh_conversion *conversion, const struct domain_interface *interface,
                  size_t index, struct thole_error *err) {
    struct arena *arena = conversion->arena;
    const struct domain_value *network = &interface->source_network;
    const char *path = NULL;
    if (network->text == NULL)
        return 0;
    const int found = find(conversion, network, &path, err);
    if (found <= 0)
        return found;
    const char *program = arena_printf(arena, "%s/network", conversion->request->hooks);
    const char *name = interface->guest.text != NULL ? interface->guest.text
                                                     : arena_printf(arena, "eth%zu", index);
    if (access(program, X_OK) < 0)
        return error_errno(err, network->where, "use %s: the hook %s", path, program);
    warn(conversion, interface);
    add_hook(conversion, &conversion->oci->hooks->create_runtime, program, path, name);
    add_hook(conversion, &conversion->oci->hooks->poststop, program, path, name);
    return 1;
}
