/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Work on the files of a container whose ids are mapped. To root they are files like any other; an
 * ordinary user may change them only in a user namespace in which their owners are his.
 */
#pragma once

#include "lxc/config/configuration.h"

/** 0 or more, or -1 with the error filled in. */
typedef int lxc_mapped_work(void *userdata, struct thole_error *err);

/**
 * Does @work, and returns what it returns. If @config maps ids and the caller is an ordinary user
 * that happens as root of a user namespace with the same map, in which the caller's own ids have
 * the first free ones: in a child, so that nothing but the result comes back.
 */
int lxc_mapped_call(const struct lxc_configuration *config, lxc_mapped_work *work, void *userdata,
                    struct thole_error *err);

/**
 * The same for files of whoever an ordinary user may be by /etc/subuid and /etc/subgid. Fails if
 * they grant him nothing.
 */
int lxc_granted_call(lxc_mapped_work *work, void *userdata, struct thole_error *err);
