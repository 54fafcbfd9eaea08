/* SPDX-License-Identifier: Apache-2.0 */
/* What is running now, by its name. */
#include "virsh/lifecycle/program.h"

#include <stdlib.h>

#include "cli/own_path.h"

static const char variable[] = "THOLE_VIRSH_PROGRAM";

void virsh_program_note(void) {
    own_path_note(variable);
}

const char *virsh_program(void) {
    const char *noted = getenv(variable);
    return noted != NULL ? noted : THOLE_VIRSH_PROGRAM;
}
