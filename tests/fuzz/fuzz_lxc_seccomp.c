/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reading seccomp policies of LXC never crashes, a refusal names its line, and
 * what was accepted is a linux.seccomp that thole reads, on any machine.
 */
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "lxc/convert/seccomp_policy.h"
#include "oci-spec/document.h"
#include "oci-spec/writer.h"
#include "targets.h"

static const char *name_of(struct arena *arena, unsigned number) {
    return number < 400 ? arena_printf(arena, "call_%u", number) : NULL;
}

static void check_readable(const struct oci_seccomp *seccomp) {
    cleanup_arena struct arena arena = {0};
    cleanup_text struct text json = {0};
    cleanup_free char *written = oci_write(&oci_seccomp_type, seccomp, 0);
    struct oci_config *config = NULL;
    struct thole_error err = {0};
    text_appendf(&json,
                 "{\"ociVersion\":\"1.3.0\",\"root\":{\"path\":\"/\"},"
                 "\"linux\":{\"seccomp\":%s}}",
                 written);
    require(oci_read_config(json.data, json.length, &arena, NULL, &config, &err) == 0);
    cleanup_free char *again = oci_write(&oci_seccomp_type, config->linux->seccomp, 0);
    require(strcmp(written, again) == 0);
}

void fuzz_lxc_seccomp(const uint8_t *data, size_t size) {
    static const char *const machines[] = {"x86_64", "aarch64", "s390x", "unknown"};
    cleanup_free char *text = strndup((const char *)data, size);
    for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++) {
        cleanup_arena struct arena arena = {0};
        struct lxc_seccomp_policy policy;
        struct thole_error err = {0};
        if (lxc_seccomp_policy_read(text, "FILE", machines[i], name_of, &arena, &policy, &err) ==
            0) {
            check_readable(&policy.seccomp);
            continue;
        }
        require(err.kind == THOLE_ERROR_CONFIG && text_starts_with(err.where, "FILE"));
        require(err.text[0] != '\0' && strpbrk(err.text, "\n\r\033") == NULL);
    }
}
