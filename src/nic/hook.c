/* SPDX-License-Identifier: Apache-2.0 */
/* From the state of a container to its interfaces. */
#include "nic/hook.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "nic/settings.h"
#include "nic/up.h"
#include "thole.h"
#include "translate/hook_state.h"

/* Beside thole's state root: /run/thole-lxc-network. */
static int find_records(char **ret_records, struct thole_error *err) {
    cleanup_free char *root = thole_default_root();
    struct text path = {0};
    if (root == NULL)
        return error_set(err, THOLE_ERROR_HOST, 0, NULL,
                         "XDG_RUNTIME_DIR is not set, so there is no place for what is known of "
                         "networks");
    text_appendf(&path, "%s-lxc-network", root);
    *ret_records = text_take(&path);
    return 0;
}

static struct nic_network_place place_of(const struct oci_state *state, const char *directory,
                                         const char *records) {
    return (struct nic_network_place){
        .records = records,
        .lxcpath = directory != NULL ? directory : "",
        .name = state->id,
    };
}

int nic_hook_up(const struct oci_state *state, const char *directory, struct thole_error *err) {
    cleanup_free char *records = NULL;
    const char *settings = translate_annotation(state, NIC_NETWORKS_ANNOTATION);
    if (settings == NULL || !state->pid.set)
        return error_set(err, THOLE_ERROR_CONFIG, 0, NULL,
                         "the state on standard input has no pid, or no annotation %s",
                         NIC_NETWORKS_ANNOTATION);
    if (find_records(&records, err) < 0)
        return -1;
    const struct nic_network_call network = {
        .place = place_of(state, directory, records),
        .settings = settings,
        .pid = (pid_t)state->pid.value,
    };
    return nic_network_up(&network, err);
}

int nic_hook_down(const struct oci_state *state, const char *directory, struct thole_error *err) {
    cleanup_free char *records = NULL;
    if (find_records(&records, err) < 0)
        return -1;
    const struct nic_network_place place = place_of(state, directory, records);
    return nic_network_down(&place, err);
}
