/* SPDX-License-Identifier: Apache-2.0 */
/* Device rules as a default and exceptions, and their text. */
#include "cgroup/device_rules.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/names.h"
#include "base/text.h"

void cgroup_device_list_done(struct cgroup_device_list *list) {
    free(list->items);
    *list = (struct cgroup_device_list){0};
}

static bool is_everything(const struct plan_device_rule *rule) {
    return rule->type == 'a' && rule->major < 0 && rule->minor < 0 &&
           (rule->access & NAMES_ALL_ACCESS) == NAMES_ALL_ACCESS;
}

bool cgroup_device_rules_allow_all(const struct plan_device_rule *rules, size_t count) {
    /* Denials in front of a rule for everything are overruled by it. */
    for (size_t i = count; i-- > 0;) {
        if (!rules[i].allow)
            return false;
        if (is_everything(&rules[i]))
            return true;
    }
    return false;
}

unsigned cgroup_device_rules_access(const struct plan_device_rule *rules, size_t count, char type,
                                    int64_t major, int64_t minor) {
    unsigned access = 0;
    for (size_t i = 0; i < count; i++) {
        const struct plan_device_rule *rule = &rules[i];
        if ((rule->type != 'a' && rule->type != type) ||
            (rule->major >= 0 && rule->major != major) ||
            (rule->minor >= 0 && rule->minor != minor))
            continue;
        access = rule->allow ? access | rule->access : access & ~rule->access;
    }
    return access & NAMES_ALL_ACCESS;
}

/* ---- comparing ----------------------------------------------------------------------------- */

static bool is_same(const struct plan_device_rule *a, const struct plan_device_rule *b) {
    return a->type == b->type && a->major == b->major && a->minor == b->minor;
}

/* Every device that @inner names is named by @outer. */
static bool covers(const struct plan_device_rule *outer, const struct plan_device_rule *inner) {
    return outer->type == inner->type && (outer->major < 0 || outer->major == inner->major) &&
           (outer->minor < 0 || outer->minor == inner->minor);
}

static bool overlaps(const struct plan_device_rule *a, const struct plan_device_rule *b) {
    return a->type == b->type && (a->major < 0 || b->major < 0 || a->major == b->major) &&
           (a->minor < 0 || b->minor < 0 || a->minor == b->minor);
}

unsigned cgroup_device_list_access(const struct cgroup_device_list *list,
                                   const struct plan_device_rule *device) {
    for (size_t i = 0; i < list->count; i++) {
        if (is_same(&list->items[i], device))
            return list->items[i].access;
    }
    return 0;
}

/* ---- building ------------------------------------------------------------------------------ */

static int add_exception(struct cgroup_device_list *list, const struct plan_device_rule *rule) {
    for (size_t i = 0; i < list->count; i++) {
        struct plan_device_rule *item = &list->items[i];
        if (!is_same(item, rule))
            continue;
        item->access |= rule->access;
        if (rule->where != NULL && rule->where[0] != '\0')
            item->where = rule->where; /* asked for, not a default */
        return 0;
    }
    if (list->count == list->capacity) {
        size_t capacity = list->capacity == 0 ? 32 : list->capacity * 2;
        struct plan_device_rule *larger = reallocarray(list->items, capacity, sizeof(*larger));
        if (larger == NULL)
            return -1;
        list->items = larger;
        list->capacity = capacity;
    }
    list->items[list->count++] = *rule;
    return 0;
}

/* Takes the rule's access away from the exceptions it covers. -1 with errno EOPNOTSUPP if it would
 * have to take a part of an exception only. */
static int remove_exceptions(struct cgroup_device_list *list, const struct plan_device_rule *rule) {
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++) {
        struct plan_device_rule item = list->items[i];
        if ((item.access & rule->access) != 0 && overlaps(&item, rule)) {
            if (!covers(rule, &item)) {
                errno = EOPNOTSUPP;
                return -1;
            }
            item.access &= ~rule->access;
        }
        if (item.access != 0)
            list->items[kept++] = item;
    }
    list->count = kept;
    return 0;
}

static int add_rule(struct cgroup_device_list *list, const struct plan_device_rule *rule) {
    static const char types[] = {'c', 'b'};
    for (size_t i = 0; i < sizeof(types); i++) {
        if (rule->type != 'a' && rule->type != types[i])
            continue;
        struct plan_device_rule one = *rule;
        one.type = types[i];
        one.access &= NAMES_ALL_ACCESS;
        if (one.access == 0)
            continue;
        bool exception = rule->allow != list->allow_all;
        if ((exception ? add_exception(list, &one) : remove_exceptions(list, &one)) < 0)
            return -1;
    }
    return 0;
}

/* The kernel asks whether one single exception grants all bits of an access: a narrow one gets what
 * the wider ones grant as well. */
static void widen_exceptions(struct cgroup_device_list *list) {
    for (size_t i = 0; i < list->count; i++) {
        for (size_t j = 0; j < list->count; j++) {
            if (covers(&list->items[j], &list->items[i]))
                list->items[i].access |= list->items[j].access;
        }
    }
}

/* Returns the number of rules taken in: @count if all of them, or that of the one that cannot be
 * said with this default; -1 with errno set. */
static ssize_t build_with_default(const struct plan_device_rule *rules, size_t count,
                                  struct cgroup_device_list *list) {
    struct plan_device_rule everything = {
        .type = 'a', .major = -1, .minor = -1, .access = NAMES_ALL_ACCESS, .where = ""};
    size_t first = count;
    while (first > 0 && !is_everything(&rules[first - 1]))
        first--;
    if (first > 0)
        everything = rules[first - 1]; /* overrules all in front of it */
    if (add_rule(list, &everything) < 0)
        return -1;
    for (size_t i = first; i < count; i++) {
        if (add_rule(list, &rules[i]) < 0)
            return errno == EOPNOTSUPP ? (ssize_t)i : -1;
    }
    if (!list->allow_all)
        widen_exceptions(list);
    return (ssize_t)count;
}

int cgroup_device_list_build(const struct plan_device_rule *rules, size_t count,
                             struct cgroup_device_list *ret_list, struct thole_error *err) {
    cleanup_cgroup_device_list struct cgroup_device_list strict = {0};
    cleanup_cgroup_device_list struct cgroup_device_list open = {.allow_all = true};
    const ssize_t strictly = build_with_default(rules, count, &strict);
    const ssize_t openly = build_with_default(rules, count, &open);
    if (strictly < 0 || openly < 0)
        return error_errno(err, NULL, "read device rules");
    struct cgroup_device_list *fits = &strict;
    /* Where both fit: devices.list shows the exceptions of a strict one. */
    if (strictly < (ssize_t)count || cgroup_device_rules_allow_all(rules, count))
        fits = &open;
    if (fits == &open && openly < (ssize_t)count) {
        char text[CGROUP_DEVICE_TEXT];
        (void)cgroup_device_format(&rules[strictly], rules[strictly].access, text);
        return error_set(err, THOLE_ERROR_UNSUPPORTED, 0, rules[strictly].where,
                         "cgroup v1 cannot deny %s out of a wider rule that allows it", text);
    }
    *ret_list = *fits;
    *fits = (struct cgroup_device_list){0};
    return 0;
}

/* ---- text ---------------------------------------------------------------------------------- */

static void format_number(int64_t number, char text[24]) {
    if (number < 0)
        (void)strcpy(text, "*");
    else
        (void)snprintf(text, 24, "%" PRId64, number);
}

int cgroup_device_format(const struct plan_device_rule *rule, unsigned access,
                         char text[CGROUP_DEVICE_TEXT]) {
    char major[24];
    char minor[24];
    format_number(rule->major, major);
    format_number(rule->minor, minor);
    return snprintf(text, CGROUP_DEVICE_TEXT, "%c %s:%s %s", rule->type, major, minor,
                    names_of(names_device_access, access & NAMES_ALL_ACCESS));
}

/* A number or "*" up to the character @end; returns what is behind that, or NULL. */
static const char *parse_number(const char *text, char end, int64_t *ret_number) {
    char *behind = NULL;
    if (text[0] == '*') {
        *ret_number = -1;
        return text[1] == end ? text + 2 : NULL;
    }
    errno = 0;
    *ret_number = strtoll(text, &behind, 10);
    return behind != text && errno == 0 && *behind == end ? behind + 1 : NULL;
}

static bool parse_line(const char *line, struct plan_device_rule *ret_rule) {
    struct plan_device_rule rule = {.type = line[0], .where = ""};
    if (strchr("abc", line[0]) == NULL || line[0] == '\0' || line[1] != ' ')
        return false;
    const char *at = parse_number(line + 2, ':', &rule.major);
    at = at != NULL ? parse_number(at, ' ', &rule.minor) : NULL;
    if (at == NULL)
        return false;
    rule.access = names_device_access_parse(at);
    *ret_rule = rule;
    return true;
}

int cgroup_device_list_parse(const char *text, struct cgroup_device_list *ret_list) {
    cleanup_cgroup_device_list struct cgroup_device_list list = {0};
    const char *line = NULL;
    size_t length = 0;
    while (text_next_line(&text, &line, &length)) {
        struct plan_device_rule rule;
        if (parse_line(line, &rule)) {
            rule.allow = true;
            list.allow_all = list.allow_all || rule.type == 'a';
            if (rule.type != 'a' && add_exception(&list, &rule) < 0)
                return -1;
        }
    }
    *ret_list = list;
    list = (struct cgroup_device_list){0};
    return 0;
}
