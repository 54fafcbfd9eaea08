/* SPDX-License-Identifier: Apache-2.0 */
/* A range of SELinux categories that the container has for itself: chosen by whoever creates it,
 * before it is planned. What is left to say here is whether it can be. */
#include "base/selinux_range.h"
#include "base/text.h"
#include "plan/builder.h"

int plan_build_selinux_range(struct plan_builder *builder, struct thole_error *err) {
    static const char where[] = "/annotations/" SELINUX_RANGE_ANNOTATION;
    const char *range = plan_annotation(builder->config, SELINUX_RANGE_ANNOTATION);
    if (range == NULL)
        return 0;
    const bool dynamic = text_equal(range, SELINUX_RANGE_DYNAMIC);
    if (!dynamic && !selinux_range_valid(range))
        return error_config(
            err, where, "\"%s\" is neither dynamic nor a range of two categories, as c1,c2", range);
    if (!builder->facts->selinux)
        return error_unsupported(err, where, "asked for, but SELinux is not enabled on this host");
    if (!builder->facts->selinux_mls)
        return error_unsupported(err, where, "asked for, but the loaded policy has no categories");
    if (dynamic)
        plan_note(builder, where, "the range is chosen when the container is created");
    return 0;
}
