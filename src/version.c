/* SPDX-License-Identifier: Apache-2.0 */
/* version: what this program is, and what is built in. */
#include "commit.h"
#include "config.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "cli/output.h"
#include "commands.h"
#include "oci-spec/spec.h"

/* Its first lines are read by engines. The state directory is named, not created. */
static int run_version(const struct invocation *invocation, int *ret_status,
                       struct thole_error *err) {
    (void)ret_status;
    const struct thole_context *context = invocation->context;
    cleanup_free char *default_root = context->root == NULL ? thole_default_root() : NULL;
    cleanup_text struct text text = {0};
    text_appendf(&text, "thole version %s\ncommit: %s\nrundir: %s\nspec: %s\n", PACKAGE_VERSION,
                 THOLE_COMMIT, context->root != NULL ? context->root : default_root,
                 OCI_SPEC_VERSION);
    if (thole_seccomp_version() != NULL)
        text_appendf(&text, "libseccomp: %s\n", thole_seccomp_version());
    text_appendf(&text, "%s\n", thole_build_features());
    return output_text(text.data, err);
}

const struct command command_version = {
    .name = "version",
    .arguments = "",
    .summary = "print the version and what is built in",
    .options = command_no_options,
    .run = run_version,
};
