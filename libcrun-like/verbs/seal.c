/* SPDX-License-Identifier: Apache-2.0 */
/* thole_seal_executable(). */
#include "security/own_executable.h"
#include "thole.h"

int thole_seal_executable(char *const argv[], struct thole_error *err) {
    return own_executable_reexecute(argv, err);
}
