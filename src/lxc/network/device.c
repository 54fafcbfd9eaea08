/* SPDX-License-Identifier: Apache-2.0 */
/* Moving interfaces into a running container and out of it. */
#include "lxc/network/device.h"

#include "lxc/network/link.h"
#include "lxc/network/values.h"

int lxc_network_device_look(const char *device, struct thole_error *err) {
    struct lxc_link_facts facts;
    cleanup_lxc_side struct lxc_side *host = NULL;
    if (lxc_value_device(device, NULL, NULL) < 0)
        return 0;
    if (lxc_side_open_own(&host, err) < 0)
        return -1;
    return lxc_link_look(host, device, &facts, NULL, err);
}

static int move(struct lxc_side *from, const char *device, struct lxc_side *to, const char *name,
                struct thole_error *err) {
    struct lxc_link_facts link;
    if (lxc_value_device(device, NULL, err) < 0 || lxc_value_device(name, NULL, err) < 0 ||
        lxc_link_find(from, device, &link, NULL, err) < 0)
        return -1;
    return lxc_link_move(from, &link, to, name, NULL, err) < 0 ? -1 : 0;
}

static int open_both(pid_t pid, struct lxc_side **ret_host, struct lxc_side **ret_inside,
                     struct thole_error *err) {
    if (lxc_side_open_own(ret_host, err) < 0 || lxc_side_open_process(pid, ret_inside, err) < 0)
        return -1;
    int same = lxc_side_is_same(*ret_host, *ret_inside, err);
    if (same > 0)
        return error_state(err, "the container has no network namespace of its own");
    return same;
}

int lxc_network_device_add(pid_t pid, const char *device, const char *name,
                           struct thole_error *err) {
    cleanup_lxc_side struct lxc_side *host = NULL;
    cleanup_lxc_side struct lxc_side *inside = NULL;
    if (open_both(pid, &host, &inside, err) < 0)
        return -1;
    return move(host, device, inside, name, err);
}

int lxc_network_device_remove(pid_t pid, const char *device, const char *name,
                              struct thole_error *err) {
    cleanup_lxc_side struct lxc_side *host = NULL;
    cleanup_lxc_side struct lxc_side *inside = NULL;
    if (open_both(pid, &host, &inside, err) < 0)
        return -1;
    return move(inside, device, host, name, err);
}
