/* SPDX-License-Identifier: Apache-2.0 */
/* libseccomp itself loses memory over some rules: what its code has allocated is no leak of a test
 * that includes this. A clang without its run-time library lacks the header that declares it. */
#pragma once

/* NOLINTBEGIN(bugprone-reserved-identifier,misc-definitions-in-headers) */
__attribute__((visibility("default"))) const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) {
    return "leak:libseccomp.so";
}
/* NOLINTEND(bugprone-reserved-identifier,misc-definitions-in-headers) */
