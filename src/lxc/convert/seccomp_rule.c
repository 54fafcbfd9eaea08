/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of seccomp policies: names, actions, conditions on arguments. */
#include "lxc/convert/seccomp_rule.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>

#include "base/names.h"
#include "base/text.h"
#include "oci-spec/append.h"
#include "sys/mount_calls.h"

enum { ARGUMENTS_MAX = 6, ERRNO_MAX = 4095 };

static const char blanks[] = " \t\r";

static const struct {
    const char *word;
    int value;
    bool number; /* follows */
} actions[] = {
    {"kill", SECCOMP_RET_KILL_THREAD, false},  {"allow", SECCOMP_RET_ALLOW, false},
    {"trap", SECCOMP_RET_TRAP, false},         {"errno", SECCOMP_RET_ERRNO, true},
    {"notify", SECCOMP_RET_USER_NOTIF, false},
};

static const struct {
    const char *word;
    const char *name;
} operators[] = {
    {"!=", "SCMP_CMP_NE"},        {"<", "SCMP_CMP_LT"},  {"<=", "SCMP_CMP_LE"},
    {"==", "SCMP_CMP_EQ"},        {">=", "SCMP_CMP_GE"}, {">", "SCMP_CMP_GT"},
    {"&=", "SCMP_CMP_MASKED_EQ"},
};

bool lxc_seccomp_action_read(const struct oci_strings *words, size_t *index,
                             struct lxc_seccomp_action *ret_action) {
    for (size_t i = 0; *index < words->count && i < sizeof(actions) / sizeof(actions[0]); i++) {
        if (strcmp(actions[i].word, words->items[*index]) != 0)
            continue;
        *ret_action = (struct lxc_seccomp_action){.value = actions[i].value};
        ++*index;
        if (!actions[i].number)
            return true;
        ret_action->number.set = true;
        return *index < words->count &&
               text_parse_uint(words->items[(*index)++], ERRNO_MAX, &ret_action->number.value);
    }
    return false;
}

static bool read_value(const char *word, uint64_t *ret_value) {
    char *end = NULL;
    if (word[0] < '0' || word[0] > '9')
        return false;
    errno = 0;
    *ret_value = strtoull(word, &end, 0);
    return errno == 0 && *end == '\0';
}

static const struct name_value *read_operator(const char *word) {
    for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
        if (strcmp(operators[i].word, word) == 0)
            word = operators[i].name;
    }
    return names_find(names_seccomp_operators, word);
}

/* "INDEX,VALUE,OPERATOR" or "INDEX,VALUE,OPERATOR,MASK". */
static bool read_argument(struct arena *arena, const char *text, size_t length,
                          struct oci_seccomp_argument *ret_argument) {
    char *fields[4] = {0};
    size_t count = 0;
    uint64_t index = 0;
    uint64_t value = 0;
    uint64_t mask = 0;
    for (const char *at = text; count < 4; at++) {
        const size_t size = strcspn(at, ",]");
        const size_t skipped = strspn(at, blanks);
        size_t end = size;
        while (end > skipped && strchr(blanks, at[end - 1]) != NULL)
            end--;
        fields[count++] = arena_strndup(arena, at + (skipped < end ? skipped : end),
                                        skipped < end ? end - skipped : 0);
        at += size;
        if (at >= text + length)
            break;
    }
    const struct name_value *operator= count >= 3 ? read_operator(fields[2]) : NULL;
    if (operator== NULL || !read_value(fields[0], &index) || index >= ARGUMENTS_MAX ||
        !read_value(fields[1], &value) || (count == 4 && !read_value(fields[3], &mask)))
        return false;
    const bool masked = strcmp(operator->name, "SCMP_CMP_MASKED_EQ") == 0;
    if (masked != (count == 4))
        return false;
    *ret_argument = (struct oci_seccomp_argument){
        .index = (uint32_t)index,
        .value = masked ? mask : value,
        .value_two = masked ? value : 0,
        .op = (int)operator->value,
    };
    return true;
}

static bool read_arguments(struct arena *arena, const char *text, struct oci_seccomp_rule *rule) {
    for (const char *at = text; *at != '\0'; at += strspn(at, blanks)) {
        const char *end = *at == '[' ? strchr(at, ']') : NULL;
        struct oci_seccomp_argument argument;
        if (end == NULL || rule->args.count == ARGUMENTS_MAX ||
            !read_argument(arena, at + 1, (size_t)(end - at - 1), &argument))
            return false;
        *oci_list_add(arena, &rule->args) = argument;
        at = end + 1;
    }
    return true;
}

static struct oci_strings split(struct arena *arena, const char *text, size_t length) {
    struct oci_strings words = {0};
    const char *end = text + length;
    for (const char *at = text + strspn(text, blanks); at < end; at += strspn(at, blanks)) {
        size_t size = strcspn(at, blanks);
        if (at + size > end)
            size = (size_t)(end - at);
        *oci_list_add(arena, &words) = arena_strndup(arena, at, size);
        at += size;
    }
    return words;
}

static bool is_name(const char *word) {
    return word[strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789_")] == '\0';
}

int lxc_seccomp_rule_read(struct arena *arena, const char *line, const char *where,
                          const struct lxc_seccomp_action *otherwise,
                          struct oci_seccomp_rule *ret_rule, struct thole_error *err) {
    const size_t length = strcspn(line, "[");
    const struct oci_strings words = split(arena, line, length);
    struct lxc_seccomp_action action = *otherwise;
    size_t used = 1;
    *ret_rule = (struct oci_seccomp_rule){0};
    if (words.count == 0 || !is_name(words.items[0]) ||
        (words.count > 1 && !lxc_seccomp_action_read(&words, &used, &action)) || used < words.count)
        return error_config(err, where,
                            "\"%s\" is not a system call, and kill, allow, trap, errno NUMBER or "
                            "notify",
                            line);
    oci_strings_add(arena, &ret_rule->names, words.items[0]);
    ret_rule->action = action.value;
    ret_rule->errno_ret = action.number;
    if (!read_arguments(arena, line + length, ret_rule))
        return error_config(err, where,
                            "\"%s\" is not a list of up to six [INDEX,VALUE,OPERATOR] or "
                            "[INDEX,VALUE,SCMP_CMP_MASKED_EQ,MASK]",
                            line + length);
    return 0;
}

void lxc_seccomp_rule_force_umount(struct arena *arena, struct oci_seccomp_rule *ret_rule) {
    *ret_rule = (struct oci_seccomp_rule){
        .action = SECCOMP_RET_ERRNO,
        .errno_ret = {true, EACCES},
    };
    oci_strings_add(arena, &ret_rule->names, "umount2");
    *oci_list_add(arena, &ret_rule->args) = (struct oci_seccomp_argument){
        .index = 1,
        .value = MNT_FORCE,
        .value_two = MNT_FORCE,
        .op = (int)read_operator("&=")->value,
    };
}
