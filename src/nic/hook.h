/* SPDX-License-Identifier: Apache-2.0 */
/* A container's network as hooks of its configuration, which know it by its state. */
#pragma once

#include "base/error.h"
#include "oci-spec/spec.h"

/**
 * createRuntime: makes the interfaces of the annotation NIC_NETWORKS_ANNOTATION. @directory tells
 * containers of the same name apart: the place of their configurations, NULL: there is only one.
 */
int nic_hook_up(const struct oci_state *state, const char *directory, struct thole_error *err);

/** poststop: undoes it. */
int nic_hook_down(const struct oci_state *state, const char *directory, struct thole_error *err);
