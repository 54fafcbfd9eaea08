/* SPDX-License-Identifier: Apache-2.0 */
/* Programs and files of this machine. */
#include "virsh/lifecycle/program.h"

#include <stdlib.h>

#include "cli/own_path.h"

static const char variable[] = "THOLE_VIRSH_PROGRAM";

void virsh_program_note(void) {
    own_path_note(variable);
}

static const char *from_environment(const char *name, const char *otherwise) {
    const char *value = getenv(name);
    return value != NULL && value[0] == '/' ? value : otherwise;
}

const char *virsh_program(void) {
    return from_environment(variable, THOLE_VIRSH_PROGRAM);
}

const char *virsh_hooks(void) {
    return from_environment("THOLE_VIRSH_HOOKS", THOLE_VIRSH_HOOKS);
}

const char *virsh_networks(void) {
    return from_environment("NETCONFPATH", "/etc/cni/net.d");
}
