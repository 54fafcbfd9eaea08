/* SPDX-License-Identifier: Apache-2.0 */
/* Device rules of the cgroup: those of the configuration, then what every container may use. */
#include <string.h>

#include "base/names.h"
#include "base/text.h"
#include "base/words.h"
#include "plan/resources.h"

enum { MKNOD = NAMES_MKNOD, ALL_ACCESS = NAMES_ALL_ACCESS, ANY = -1 };

static const char only_annotation[] = "org.thole.devices.only";

/* What runc allows whatever the configuration says, as engines expect it: any node may be made (to
 * build images), the default devices, ptys and tunnels may be used. */
static const struct plan_device_rule default_rules[] = {
    {true, 'c', ANY, ANY, MKNOD, ""},      {true, 'b', ANY, ANY, MKNOD, ""},
    {true, 'c', 1, 3, ALL_ACCESS, ""},     /* null */
    {true, 'c', 1, 5, ALL_ACCESS, ""},     /* zero */
    {true, 'c', 1, 7, ALL_ACCESS, ""},     /* full */
    {true, 'c', 1, 8, ALL_ACCESS, ""},     /* random */
    {true, 'c', 1, 9, ALL_ACCESS, ""},     /* urandom */
    {true, 'c', 5, 0, ALL_ACCESS, ""},     /* tty */
    {true, 'c', 5, 2, ALL_ACCESS, ""},     /* ptmx */
    {true, 'c', 10, 200, ALL_ACCESS, ""},  /* net/tun */
    {true, 'c', 136, ANY, ALL_ACCESS, ""}, /* pts */
};

static bool is_everything(const struct plan_device_rule *rule) {
    return rule->type == 'a' && rule->major == ANY && rule->minor == ANY &&
           rule->access == ALL_ACCESS;
}

static void add_rule(const struct plan_resources_target *target,
                     const struct plan_device_rule *rule) {
    struct plan_cgroup *cgroup = target->cgroup;
    *plan_list_add(target->arena, cgroup->device_rules, cgroup->device_rule_count) = *rule;
}

/* "a" alone means everything to the v1 controller, whatever numbers follow: such rules are split.
 */
static void add_wanted(const struct plan_resources_target *target, struct plan_device_rule rule) {
    if (rule.type != 'a' || is_everything(&rule)) {
        add_rule(target, &rule);
        return;
    }
    rule.type = 'c';
    add_rule(target, &rule);
    rule.type = 'b';
    add_rule(target, &rule);
}

/* What may be used is for the configuration alone to say. */
static bool has_only_its_own(const struct plan_resources_target *target) {
    return target->config != NULL &&
           text_equal(plan_annotation(target->config, only_annotation), "true");
}

/* Rules that @where is the object of; @all_allowed is what those before them came to. */
static int add_rules(const struct plan_resources_target *target, const char *where,
                     const struct oci_resources *resources, bool *all_allowed,
                     struct thole_error *err) {
    for (size_t i = 0; i < resources->devices.count; i++) {
        const struct oci_device_rule *wanted = &resources->devices.items[i];
        struct plan_device_rule rule = {
            .allow = wanted->allow,
            .type = wanted->type != NULL ? wanted->type[0] : 'a',
            .major = wanted->major.set ? wanted->major.value : ANY,
            .minor = wanted->minor.set ? wanted->minor.value : ANY,
            .access =
                wanted->access != NULL ? names_device_access_parse(wanted->access) : ALL_ACCESS,
            .where = arena_printf(target->arena, "%s/devices/%zu", where, i),
        };
        if (rule.access == 0)
            return error_config(err, rule.where, "a device rule without access rules nothing");
        *all_allowed = rule.allow && (*all_allowed || is_everything(&rule));
        add_wanted(target, rule);
    }
    return 0;
}

/* The rules of a container: its configuration's, and the default ones. */
static int add_whole(const struct plan_resources_target *target, const char *where,
                     const struct oci_resources *resources, struct thole_error *err) {
    bool all_allowed = false;
    if (add_rules(target, where, resources, &all_allowed, err) < 0)
        return -1;
    for (size_t i = 0; !all_allowed && !has_only_its_own(target) && i < PLAN_COUNT(default_rules);
         i++)
        add_rule(target, &default_rules[i]);
    return 0;
}

/* Rules are applied as a whole, so those that hold already are given once more. */
static int add_on_top(const struct plan_resources_target *target,
                      const struct oci_resources *resources, struct thole_error *err) {
    static const struct plan_device_rule everything = {true, 'a', ANY, ANY, ALL_ACCESS, ""};
    const struct oci_linux *section = target->config != NULL ? target->config->linux : NULL;
    const struct oci_resources *former = section != NULL ? section->resources : NULL;
    bool all_allowed = false;
    if (former == NULL || former->devices.count == 0)
        add_rule(target, &everything);
    else if (add_whole(target, "/linux/resources", former, err) < 0)
        return -1;
    return add_rules(target, target->where, resources, &all_allowed, err);
}

static bool can_be_ruled(const struct plan_resources_target *target) {
    for (size_t i = 0; i < target->cgroup->directory_count; i++) {
        const struct plan_cgroup_directory *directory = &target->cgroup->directories[i];
        if (directory->unified || words_have(directory->controllers, "devices", strlen("devices")))
            return true;
    }
    return false;
}

/* Without root of the host nobody in the container can make or use a device that rules forbid. */
static bool needs_rules(const struct plan_resources_target *target) {
    return target->builder == NULL ||
           (plan_is_rootful(target->facts) && !target->builder->request->ignore_cgroup_permissions);
}

static int tell_that_none_can(const struct plan_resources_target *target,
                              const struct oci_resources *resources, struct thole_error *err) {
    bool all_allowed = true;
    for (size_t i = 0; i < resources->devices.count; i++)
        all_allowed = all_allowed && resources->devices.items[i].allow;
    if (all_allowed || !needs_rules(target))
        return 0;
    (void)error_unsupported(err, arena_printf(target->arena, "%s/devices", target->where),
                            "device rules need the v1 devices controller or cgroup v2");
    return error_hint(err, "--cgroup-manager disabled does without cgroups, and without rules");
}

int plan_resources_devices(const struct plan_resources_target *target,
                           const struct oci_resources *resources, struct thole_error *err) {
    if (resources->devices.count == 0)
        return 0;
    if (!can_be_ruled(target))
        return tell_that_none_can(target, resources, err);
    return target->devices_on_top ? add_on_top(target, resources, err)
                                  : add_whole(target, target->where, resources, err);
}
