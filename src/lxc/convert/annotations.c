/* SPDX-License-Identifier: Apache-2.0 */
/* What commands ask a running container for: where it comes from, groups, signals, starts. */
#include <string.h>

#include "base/names.h"
#include "base/text.h"
#include "lxc/convert/conversion.h"

#define PREFIX "org.thole.lxc."

/* Keys whose values are kept as they are; the commands that use them read these. */
static const struct {
    const char *name;
    const char *annotation;
    bool is_signal;
} kept[] = {
    {"lxc.signal.halt", PREFIX "signal.halt", true},
    {"lxc.signal.reboot", PREFIX "signal.reboot", true},
    {"lxc.signal.stop", PREFIX "signal.stop", true},
    {"lxc.start.auto", PREFIX "start.auto", false},
    {"lxc.start.delay", PREFIX "start.delay", false},
    {"lxc.start.order", PREFIX "start.order", false},
    {"lxc.ephemeral", PREFIX "ephemeral", false},
};

/* Keys that matter to commands only, before or after the container. */
static const char *const of_commands[] = {
    "lxc.log.level",  "lxc.log.file",     "lxc.log.syslog",
    "lxc.hook.clone", "lxc.hook.destroy", "lxc.include",
};

static void convert_groups(struct lxc_conversion *conversion) {
    const struct lxc_item *item = NULL;
    const char *groups = NULL;
    while ((item = lxc_conversion_next(conversion, "lxc.group", item)) != NULL)
        groups = groups == NULL ? item->value
                                : arena_printf(conversion->arena, "%s %s", groups, item->value);
    if (groups != NULL)
        lxc_conversion_annotate(conversion, PREFIX "groups", groups);
}

int lxc_convert_annotations(struct lxc_conversion *conversion, struct thole_error *err) {
    const struct lxc_convert_request *request = conversion->request;
    lxc_conversion_annotate(conversion, PREFIX "lxcpath", request->lxcpath);
    if (request->config_file != NULL)
        lxc_conversion_annotate(conversion, PREFIX "config", request->config_file);
    convert_groups(conversion);
    for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
        const struct lxc_item *item = lxc_conversion_item(conversion, kept[i].name);
        if (item == NULL)
            continue;
        if (kept[i].is_signal && names_signal_parse(item->value) < 0)
            return error_config(err, item->where, "there is no signal \"%s\"", item->value);
        lxc_conversion_annotate(conversion, kept[i].annotation, item->value);
    }
    for (size_t i = 0; i < sizeof(of_commands) / sizeof(of_commands[0]); i++)
        (void)lxc_conversion_item(conversion, of_commands[i]);
    return 0;
}
