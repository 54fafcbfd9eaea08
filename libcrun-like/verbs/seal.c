/* SPDX-License-Identifier: Apache-2.0 */
/* thole_seal_executable() and what belongs to it. */
#include "security/own_executable.h"
#include "thole.h"

int thole_seal_executable(char *const argv[], struct thole_error *err) {
    return own_executable_reexecute(argv, err);
}

char *thole_original_path(void) {
    return own_executable_original_path();
}

int thole_leave_for_twin(const char *executable, const char *directory, char *const argv[],
                         struct thole_error *err) {
    return own_executable_leave_for_twin(executable, directory, argv, err);
}
