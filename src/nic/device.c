/* SPDX-License-Identifier: Apache-2.0 */
/* Moving interfaces into a running container and out of it. */
#include "nic/device.h"

#include "nic/link.h"
#include "nic/values.h"

int nic_network_device_look(const char *device, struct thole_error *err) {
    struct nic_link_facts facts;
    cleanup_nic_side struct nic_side *host = NULL;
    if (nic_value_device(device, NULL, NULL) < 0)
        return 0;
    if (nic_side_open_own(&host, err) < 0)
        return -1;
    return nic_link_look(host, device, &facts, NULL, err);
}

static int move(struct nic_side *from, const char *device, struct nic_side *to, const char *name,
                struct thole_error *err) {
    struct nic_link_facts link;
    if (nic_value_device(device, NULL, err) < 0 || nic_value_device(name, NULL, err) < 0 ||
        nic_link_find(from, device, &link, NULL, err) < 0)
        return -1;
    return nic_link_move(from, &link, to, name, NULL, err) < 0 ? -1 : 0;
}

static int open_both(pid_t pid, struct nic_side **ret_host, struct nic_side **ret_inside,
                     struct thole_error *err) {
    if (nic_side_open_own(ret_host, err) < 0 || nic_side_open_process(pid, ret_inside, err) < 0)
        return -1;
    int same = nic_side_is_same(*ret_host, *ret_inside, err);
    if (same > 0)
        return error_state(err, "the container has no network namespace of its own");
    return same;
}

int nic_network_device_add(pid_t pid, const char *device, const char *name,
                           struct thole_error *err) {
    cleanup_nic_side struct nic_side *host = NULL;
    cleanup_nic_side struct nic_side *inside = NULL;
    if (open_both(pid, &host, &inside, err) < 0)
        return -1;
    return move(host, device, inside, name, err);
}

int nic_network_device_remove(pid_t pid, const char *device, const char *name,
                              struct thole_error *err) {
    cleanup_nic_side struct nic_side *host = NULL;
    cleanup_nic_side struct nic_side *inside = NULL;
    if (open_both(pid, &host, &inside, err) < 0)
        return -1;
    return move(inside, device, host, name, err);
}
