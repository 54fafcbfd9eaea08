/* SPDX-License-Identifier: Apache-2.0 */
/* Policies line by line: version, kind, sections of architectures, rules. */
#include "lxc/convert/seccomp_policy.h"

#include <ctype.h>
#include <linux/seccomp.h>
#include <string.h>

#include "base/text.h"
#include "lxc/convert/seccomp_rule.h"
#include "lxc/convert/words.h"

/* Sections of one machine's ABIs; the first one is its own. */
static const struct {
    const char *machine;
    const char *sections[3];
    const char *architectures[3];
} machines[] = {
    {"x86_64", {"x86_64", "x86", "x32"}, {"SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"}},
    {"i686", {"x86"}, {"SCMP_ARCH_X86"}},
    {"aarch64", {"arm64", "arm"}, {"SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"}},
    {"armv7l", {"arm"}, {"SCMP_ARCH_ARM"}},
    {"ppc64le", {"ppc64le"}, {"SCMP_ARCH_PPC64LE"}},
    {"ppc64", {"ppc64", "ppc"}, {"SCMP_ARCH_PPC64", "SCMP_ARCH_PPC"}},
    {"s390x", {"s390x", "s390"}, {"SCMP_ARCH_S390X", "SCMP_ARCH_S390"}},
    {"riscv64", {"riscv64"}, {"SCMP_ARCH_RISCV64"}},
    {"loongarch64", {"loongarch64"}, {"SCMP_ARCH_LOONGARCH64"}},
    {"mips64",
     {"mips64", "mips", "mips64n32"},
     {"SCMP_ARCH_MIPS64", "SCMP_ARCH_MIPS", "SCMP_ARCH_MIPS64N32"}},
    {"mips64el",
     {"mipsel64", "mipsel", "mipsel64n32"},
     {"SCMP_ARCH_MIPSEL64", "SCMP_ARCH_MIPSEL", "SCMP_ARCH_MIPSEL64N32"}},
};
enum { ABI_COUNT = 3, MACHINE_COUNT = sizeof(machines) / sizeof(machines[0]) };

/* All words that can stand for a section, so that a misspelt one is an error. */
static const char *const known_sections[] = {
    "all",         "x86",     "x32",   "x86_64",  "arm",         "arm64",  "ppc",
    "ppc64",       "ppc64le", "mips",  "mips64",  "mips64n32",   "mipsel", "mipsel64",
    "mipsel64n32", "s390",    "s390x", "riscv64", "loongarch64",
};

struct reading {
    struct arena *arena;
    const char *file;
    size_t machine; /* MACHINE_COUNT: one without compatible ABIs that we know */
    const char *(*name_of)(struct arena *arena, unsigned number);
    struct lxc_seccomp_policy *policy;
    bool has_kind; /* it is known which of the two: */
    bool allowlist;
    bool own_only; /* a section holds for the machine's own ABI alone */
    bool skip;     /* the section is another machine's */
    unsigned version;
    struct lxc_seccomp_action rule_action; /* of rules that name none */
};

static void note(struct reading *reading, const char *where, const char *text) {
    *oci_list_add(reading->arena, &reading->policy->notes) =
        arena_printf(reading->arena, "%s: %s", where, text);
}

static int read_version(struct reading *reading, const char *line, const char *where,
                        struct thole_error *err) {
    if (strcmp(line, "1") != 0 && strcmp(line, "2") != 0)
        return error_config(err, where, "\"%s\" is not the version of a policy, 1 or 2", line);
    reading->version = (unsigned)(line[0] - '0');
    return 0;
}

/* "allowlist [ACTION]", "denylist [ACTION]": the action is that of calls without a rule. */
static int read_kind(struct reading *reading, const char *line, const char *where,
                     struct thole_error *err) {
    static const char *const allow[] = {"allowlist", "whitelist"};
    static const char *const deny[] = {"denylist", "blacklist"};
    struct oci_strings words;
    struct lxc_seccomp_action action = {0};
    size_t used = 1;
    if (lxc_words_split(reading->arena, line, where, &words, err) < 0)
        return -1;
    reading->allowlist = text_is_one_of(words.items[0], allow, 2);
    if ((!reading->allowlist && !text_is_one_of(words.items[0], deny, 2)) ||
        (words.count > 1 && !lxc_seccomp_action_read(&words, &used, &action)) || used < words.count)
        return error_config(err, where,
                            "\"%s\" is not allowlist or denylist, with an action or "
                            "without",
                            line);
    if (reading->version == 1 && (!reading->allowlist || words.count > 1))
        return error_config(err, where, "a policy of version 1 is an allowlist, not \"%s\"", line);
    if (words.count == 1)
        action.value = reading->allowlist ? SECCOMP_RET_KILL_THREAD : SECCOMP_RET_ALLOW;
    reading->rule_action.value = reading->allowlist ? SECCOMP_RET_ALLOW : SECCOMP_RET_KILL_THREAD;
    reading->policy->seccomp.default_action = action.value;
    reading->policy->seccomp.default_errno_ret = action.number;
    reading->has_kind = true;
    return 0;
}

/* A section of an ABI that this machine runs besides its own holds for all of them in a denylist.
 * In an allowlist that would allow more than is said: there each ABI stands by itself. */
static int read_section(struct reading *reading, const char *line, const char *where,
                        struct thole_error *err) {
    char *name = arena_strndup(reading->arena, line + 1, strcspn(line + 1, "]"));
    for (char *at = name; *at != '\0'; at++)
        *at = (char)tolower((unsigned char)*at);
    if (!text_is_one_of(name, known_sections, sizeof(known_sections) / sizeof(known_sections[0])))
        return error_config(err, where, "there is no section %s", line);
    reading->skip = strcmp(name, "all") != 0;
    for (size_t i = 0; reading->skip && reading->machine < MACHINE_COUNT && i < ABI_COUNT; i++) {
        if (!text_equal(machines[reading->machine].sections[i], name))
            continue;
        reading->own_only |= reading->allowlist && i == 0;
        reading->skip = reading->allowlist && i > 0;
        if (reading->skip)
            note(reading, where, "no effect: only this machine's own system calls are allowed");
        return 0;
    }
    return 0;
}

static int read_number(struct reading *reading, const char *line, const char *where,
                       struct thole_error *err) {
    uint64_t number = 0;
    if (!text_parse_uint(line, UINT16_MAX, &number))
        return error_config(err, where, "\"%s\" is not the number of a system call", line);
    const char *name = reading->name_of(reading->arena, (unsigned)number);
    if (name == NULL) {
        note(reading, where, "no effect: this machine has no system call of that number");
        return 0;
    }
    struct oci_seccomp_rule *rule =
        oci_list_add(reading->arena, &reading->policy->seccomp.syscalls);
    oci_strings_add(reading->arena, &rule->names, name);
    rule->action = SECCOMP_RET_ALLOW;
    reading->own_only = true;
    return 0;
}

static int read_rule(struct reading *reading, const char *line, const char *where,
                     struct thole_error *err) {
    struct oci_seccomp_rule rule;
    if (strcmp(line, "reject_force_umount") == 0)
        lxc_seccomp_rule_force_umount(reading->arena, &rule);
    else if (lxc_seccomp_rule_read(reading->arena, line, where, &reading->rule_action, &rule, err) <
             0)
        return -1;
    /* What happens anyway is no rule, and none to libseccomp either. */
    const struct oci_seccomp *seccomp = &reading->policy->seccomp;
    if (!reading->skip && rule.action != seccomp->default_action)
        *oci_list_add(reading->arena, &reading->policy->seccomp.syscalls) = rule;
    return 0;
}

/* Without comment and blanks around, in the arena; NULL: nothing is left. */
static char *stripped(struct arena *arena, const char *line, size_t length) {
    const char *comment = memchr(line, '#', length);
    if (comment != NULL)
        length = (size_t)(comment - line);
    while (length > 0 && isspace((unsigned char)line[length - 1]))
        length--;
    while (length > 0 && isspace((unsigned char)line[0])) {
        line++;
        length--;
    }
    return length > 0 ? arena_strndup(arena, line, length) : NULL;
}

static int read_line(struct reading *reading, const char *line, const char *where,
                     struct thole_error *err) {
    if (reading->version == 0)
        return read_version(reading, line, where, err);
    if (!reading->has_kind)
        return read_kind(reading, line, where, err);
    if (reading->version == 1)
        return read_number(reading, line, where, err);
    if (line[0] == '[')
        return read_section(reading, line, where, err);
    return read_rule(reading, line, where, err);
}

static void add_architectures(struct reading *reading) {
    struct oci_seccomp *seccomp = &reading->policy->seccomp;
    if (reading->machine == MACHINE_COUNT)
        return; /* thole takes the machine's own */
    const char *const *architectures = machines[reading->machine].architectures;
    for (size_t i = 0; i < ABI_COUNT && architectures[i] != NULL; i++) {
        if (i == 0 || !reading->own_only)
            oci_strings_add(reading->arena, &seccomp->architectures, architectures[i]);
    }
}

int lxc_seccomp_policy_read(const char *text, const char *file, const char *machine,
                            const char *(*name_of)(struct arena *arena, unsigned number),
                            struct arena *arena, struct lxc_seccomp_policy *ret_policy,
                            struct thole_error *err) {
    *ret_policy = (struct lxc_seccomp_policy){0};
    struct reading reading = {
        .arena = arena, .file = file, .name_of = name_of, .policy = ret_policy};
    while (reading.machine < MACHINE_COUNT &&
           strcmp(machines[reading.machine].machine, machine) != 0)
        reading.machine++;
    const char *rest = text;
    const char *at = NULL;
    size_t length = 0;
    for (unsigned number = 1; text_next_line(&rest, &at, &length); number++) {
        const char *line = stripped(arena, at, length);
        const char *where = arena_printf(arena, "%s:%u", file, number);
        if (line != NULL && read_line(&reading, line, where, err) < 0)
            return -1;
    }
    if (!reading.has_kind)
        return error_config(err, file, "needs a version and a kind: 2, then allowlist or denylist");
    add_architectures(&reading);
    return 0;
}
