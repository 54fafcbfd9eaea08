/* SPDX-License-Identifier: Apache-2.0 */
/* One libFuzzer program for all targets: the variable FUZZ_TARGET chooses. */
#include <stdio.h>

#include "targets.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static fuzz_target *target;

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    (void)argc;
    const char *name = getenv("FUZZ_TARGET");
    target = name != NULL ? fuzz_find(name) : NULL;
    if (target != NULL)
        return 0;
    (void)fprintf(stderr, "%s: FUZZ_TARGET has to be one of:", (*argv)[0]);
    for (size_t i = 0; fuzz_name(i) != NULL; i++)
        (void)fprintf(stderr, " %s", fuzz_name(i));
    (void)fprintf(stderr, "\n");
    exit(2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    target(data, size);
    return 0;
}
