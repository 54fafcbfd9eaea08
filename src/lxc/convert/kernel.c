/* SPDX-License-Identifier: Apache-2.0 */
/* Settings of the kernel: lxc.sysctl.*, lxc.time.offset.*, lxc.keyring.session. */
#include <string.h>

#include "base/text.h"
#include "lxc/convert/conversion.h"

static void convert_sysctl(struct lxc_conversion *conversion) {
    struct oci_pairs *sysctl = &conversion->oci->linux->sysctl;
    const struct lxc_item *item = NULL;
    while ((item = lxc_conversion_next(conversion, "lxc.sysctl.", item)) != NULL) {
        *oci_items_add(conversion->arena, sysctl->items, sysctl->count) =
            (struct oci_pair){arena_strdup(conversion->arena, item->detail),
                              arena_strdup(conversion->arena, item->value)};
        lxc_conversion_origin(conversion, item->where, "/linux/sysctl/%s", item->detail);
    }
}

/* A whole number with its unit: "-3h", "10s", "5" (seconds). */
static bool read_offset(struct arena *arena, const char *value, struct oci_time_offset *offset) {
    static const struct {
        const char *name;
        int64_t nanoseconds;
    } units[] = {
        {"", 1000000000},   {"s", 1000000000}, {"h", 3600000000000},
        {"m", 60000000000}, {"ms", 1000000},   {"us", 1000},
        {"ns", 1},
    };
    const int64_t second = 1000000000;
    const size_t digits = strspn(value, "-+0123456789");
    const char *unit = value + digits + strspn(value + digits, " ");
    int64_t count = 0;
    if (!text_parse_int(arena_strndup(arena, value, digits), INT64_MIN / second, INT64_MAX / second,
                        &count))
        return false;
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (strcmp(units[i].name, unit) != 0)
            continue;
        const __int128 all = (__int128)count * units[i].nanoseconds;
        __int128 seconds = all / second;
        seconds -= all % second < 0;
        offset->secs = (struct oci_int){true, (int64_t)seconds};
        offset->nanosecs = (struct oci_uint){true, (uint64_t)(all - seconds * second)};
        return true;
    }
    return false;
}

static int convert_offset(struct lxc_conversion *conversion, const char *name,
                          struct oci_time_offset **ret_offset, struct thole_error *err) {
    const struct lxc_item *item = lxc_conversion_item(conversion, name);
    if (item == NULL)
        return 0;
    *ret_offset = arena_new(conversion->arena, struct oci_time_offset);
    if (!read_offset(conversion->arena, item->value, *ret_offset))
        return error_config(err, item->where,
                            "\"%s\" is not a whole number with h, m, s, ms, us "
                            "or ns behind it",
                            item->value);
    return 0;
}

int lxc_convert_kernel(struct lxc_conversion *conversion, struct thole_error *err) {
    struct oci_time_offsets offsets = {0};
    bool session = true;
    convert_sysctl(conversion);
    if (convert_offset(conversion, "lxc.time.offset.boot", &offsets.boottime, err) < 0 ||
        convert_offset(conversion, "lxc.time.offset.monotonic", &offsets.monotonic, err) < 0 ||
        lxc_conversion_flag(conversion, "lxc.keyring.session", true, &session, err) < 0)
        return -1;
    conversion->converted->no_new_keyring = !session;
    if (offsets.boottime == NULL && offsets.monotonic == NULL)
        return 0;
    conversion->oci->linux->time_offsets = arena_new(conversion->arena, struct oci_time_offsets);
    *conversion->oci->linux->time_offsets = offsets;
    return 0;
}
