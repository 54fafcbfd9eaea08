/* SPDX-License-Identifier: Apache-2.0 */
/* From resolved seccomp rules to a BPF program. */
#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#ifdef HAVE_LIBSECCOMP
#include <seccomp.h>
#endif

#include "base/cleanup.h"
#include "base/log.h"
#include "base/names.h"
#include "security/seccomp_arguments.h"
#include "security/seccomp_compile.h"
#include "security/seccomp_filter.h"
#include "security/seccomp_sections.h"
#include "security/seccomp_soundness.h"

static unsigned filter_flags(const struct plan_seccomp *plan) {
    const unsigned flags = (unsigned)plan->flags;
    /* The kernel refuses this one without a listener, where it has no meaning anyway. */
    if (!plan->notifies)
        return flags & ~SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
    /* Both TSYNC and a listener want the return value; this settles it for the listener. */
    const bool tsync = (flags & SECCOMP_FILTER_FLAG_TSYNC) != 0;
    return flags | SECCOMP_FILTER_FLAG_NEW_LISTENER | (tsync ? SECCOMP_FILTER_FLAG_TSYNC_ESRCH : 0);
}

#ifdef HAVE_LIBSECCOMP

enum { ARCHITECTURES_MAX = 32, OPTIMIZE_ABOVE = 8, ARGUMENTS_MAX = 6 };

#define X32_BIT 0x40000000U

struct architecture {
    const char *name;
    uint32_t token;  /* of libseccomp */
    uint32_t newest; /* the newest call that the profile names */
    struct seccomp_table table;
    struct seccomp_section section;
};

struct compiler {
    const struct plan_seccomp *plan;
    const struct thole_log *log;
    uint32_t default_action;
    struct architecture architectures[ARCHITECTURES_MAX]; /* the first is the native one */
    size_t architecture_count;
};

static void compiler_done(struct compiler *compiler) {
    for (size_t i = 0; i < compiler->architecture_count; i++) {
        seccomp_table_done(&compiler->architectures[i].table);
        seccomp_section_done(&compiler->architectures[i].section);
    }
}
#define cleanup_compiler __attribute__((cleanup(compiler_done)))

/* What the filter returns: the low 16 bits are data for actions that have any. */
static uint32_t answer(int action, uint32_t data) {
    const bool has_data = action == SECCOMP_RET_ERRNO || action == SECCOMP_RET_TRACE;
    return (uint32_t)action | (has_data ? data & SECCOMP_RET_DATA : 0);
}

static int library_error(struct thole_error *err, int result, const char *where, const char *what,
                         const char *name) {
    return error_set(err, THOLE_ERROR_CONFIG, -result, where, "seccomp: %s %s", what, name);
}

static struct architecture empty_architecture(uint32_t token, const char *name) {
    struct architecture made = {
        .name = name,
        .token = token,
        .section = {.audit_architecture = token, .last = UINT32_MAX},
    };
    if (token == SCMP_ARCH_X86_64)
        made.section.last = X32_BIT - 1;
    if (token == SCMP_ARCH_X32) {
        made.section.audit_architecture = SCMP_ARCH_X86_64;
        made.section.first = X32_BIT;
    }
    made.newest = made.section.first;
    return made;
}

static bool has_architecture(const struct compiler *compiler, uint32_t token) {
    for (size_t i = 0; i < compiler->architecture_count; i++) {
        if (compiler->architectures[i].token == token)
            return true;
    }
    return false;
}

static int add_architecture(struct compiler *compiler, uint32_t token, const char *name,
                            struct thole_error *err) {
    if (has_architecture(compiler, token))
        return 0;
    if (compiler->architecture_count == ARCHITECTURES_MAX)
        return error_config(err, compiler->plan->where, "seccomp: too many architectures");
    compiler->architectures[compiler->architecture_count++] = empty_architecture(token, name);
    return 0;
}

/* The library's own words have no prefix, and small letters. 0: it does not know it. */
static uint32_t architecture_token(const char *name) {
    char word[32];
    (void)snprintf(word, sizeof(word), "%s", name + strlen("SCMP_ARCH_"));
    for (char *at = word; *at != '\0'; at++)
        *at = (char)tolower((unsigned char)*at);
    return seccomp_arch_resolve_name(word);
}

/* A name this libseccomp does not know leaves that architecture without rules, which means that its
 * system calls are refused. */
static int add_architectures(struct compiler *compiler, struct thole_error *err) {
    const struct plan_seccomp *plan = compiler->plan;
    if (add_architecture(compiler, seccomp_arch_native(), "native", err) < 0)
        return -1;
    for (size_t i = 0; i < plan->architectures.count; i++) {
        const char *name = plan->architectures.items[i];
        uint32_t token = architecture_token(name);
        if (token == 0)
            log_warning(compiler->log, "%s/architectures/%zu: this libseccomp does not know %s",
                        plan->where, i, name);
        else if (add_architecture(compiler, token, name, err) < 0)
            return -1;
    }
    return 0;
}

/* ---- what the rules say -------------------------------------------------------------------- */

/* On every architecture. What says no more than the default counts as named only. */
static int note_call(struct compiler *compiler, const struct seccomp_call *call,
                     struct thole_error *err) {
    for (size_t i = 0; i < compiler->architecture_count; i++) {
        struct architecture *architecture = &compiler->architectures[i];
        struct seccomp_call own = *call;
        int number = seccomp_syscall_resolve_name_arch(architecture->token, call->name);
        if (number >= 0 && (uint32_t)number > architecture->newest)
            architecture->newest = (uint32_t)number;
        own.number = number;
        if (call->action != compiler->default_action &&
            seccomp_table_add(&architecture->table, &own) < 0)
            return error_errno(err, NULL, "compile a seccomp filter");
    }
    return 0;
}

static int note_rule(struct compiler *compiler, const struct plan_seccomp_rule *rule,
                     struct thole_error *err) {
    struct seccomp_call call = {.rule = rule, .action = answer(rule->action, rule->errno_ret)};
    for (size_t i = 0; i < rule->names.count; i++) {
        call.name = rule->names.items[i];
        call.native = seccomp_syscall_resolve_name(call.name);
        if (call.native == __NR_SCMP_ERROR && compiler->plan->fail_unknown_syscall)
            return error_config(err, rule->where, "seccomp: unknown system call %s", call.name);
        if (call.native == __NR_SCMP_ERROR)
            log_debug(compiler->log, "%s: system call %s is unknown to libseccomp", rule->where,
                      call.name);
        else if (note_call(compiler, &call, err) < 0)
            return -1;
    }
    return 0;
}

/* ---- what libseccomp makes of them ---------------------------------------------------------- */

/* The spec gives MASKED_EQ the mask first, as libseccomp does. */
static int convert_argument(const struct plan_seccomp_argument *argument, const char *where,
                            struct scmp_arg_cmp *ret_compare, struct thole_error *err) {
    if (argument->index >= ARGUMENTS_MAX)
        return error_config(err, where, "seccomp: a system call has no argument %u",
                            argument->index);
    *ret_compare = (struct scmp_arg_cmp){
        .arg = argument->index,
        .op = (enum scmp_compare)argument->op,
        .datum_a = argument->value,
        .datum_b = argument->value_two,
    };
    return 0;
}

static int add_call(scmp_filter_ctx context, const struct seccomp_call *call,
                    struct thole_error *err) {
    struct scmp_arg_cmp compares[ARGUMENTS_MAX];
    const struct plan_seccomp_rule *rule = call->rule;
    bool alternatives = seccomp_rule_has_alternatives(rule);
    int result = 0;
    for (size_t i = 0; i < rule->argument_count && result == 0; i++) {
        struct scmp_arg_cmp *compare = &compares[alternatives ? 0 : i];
        if (convert_argument(&rule->arguments[i], rule->where, compare, err) < 0)
            return -1;
        if (alternatives)
            result = seccomp_rule_add_array(context, call->action, call->native, 1, compare);
    }
    if (!alternatives)
        result = seccomp_rule_add_array(context, call->action, call->native,
                                        (unsigned)rule->argument_count, compares);
    if (result < 0)
        return library_error(err, result, rule->where, "cannot add a rule for", call->name);
    return 0;
}

/* Returns the number of rules added. */
static int add_rules(scmp_filter_ctx context, const struct architecture *architecture,
                     struct thole_error *err) {
    int count = 0;
    for (size_t i = 0; i < architecture->table.count; i++) {
        const struct seccomp_call *call = &architecture->table.items[i];
        if (!call->for_libseccomp)
            continue;
        if (add_call(context, call, err) < 0)
            return -1;
        count++;
    }
    return count;
}

/* The section has found the architecture, and the number is loaded. libseccomp loads it behind a
 * check of its own, but forgets to where its first call is one that the architecture has not. */
static void skip_architecture(struct seccomp_section *section) {
    enum { CHECK = 2 };
    struct sock_filter *program = section->program;
    if (section->count <= CHECK || program[0].code != (BPF_LD | BPF_W | BPF_ABS) ||
        program[0].k != offsetof(struct seccomp_data, arch) ||
        program[1].code != (BPF_JMP | BPF_JEQ | BPF_K) ||
        program[1].k != section->audit_architecture || program[1].jt != 0)
        return;
    section->count -= CHECK;
    memmove(program, program + CHECK, section->count * sizeof(*program));
}

static int export_program(const struct compiler *compiler, scmp_filter_ctx context,
                          struct seccomp_section *section, struct thole_error *err) {
    cleanup_close int fd = memfd_create("seccomp", MFD_CLOEXEC);
    if (fd < 0)
        return error_errno(err, NULL, "create a memory file for the seccomp filter");
    int result = seccomp_export_bpf(context, fd);
    if (result < 0)
        return library_error(err, result, compiler->plan->where, "cannot generate", "the filter");

    struct stat status;
    if (fstat(fd, &status) < 0)
        return error_errno(err, NULL, "read the seccomp filter");
    section->count = (size_t)status.st_size / sizeof(*section->program);
    section->program = calloc(section->count, sizeof(*section->program));
    if (section->program == NULL ||
        pread(fd, section->program, (size_t)status.st_size, 0) != status.st_size)
        return error_errno(err, NULL, "read the seccomp filter");
    skip_architecture(section);
    return 0;
}

/* libseccomp's own names for architectures say how wide arguments are: x32 has narrow ones. */
static bool has_wide_arguments(const struct architecture *architecture) {
    return (architecture->token & __AUDIT_ARCH_64BIT) != 0;
}

/* As a list or, which is shorter for many rules, as a tree: where libseccomp mistakes one argument
 * for another in the one, what it shares in the other are other comparisons. */
static int make_sound_program(const struct compiler *compiler, scmp_filter_ctx context,
                              struct architecture *architecture, bool many,
                              struct thole_error *err) {
    enum { LIST = 1, TREE = 2 };
    const uint32_t shapes[] = {many ? TREE : LIST, many ? LIST : TREE};
    struct seccomp_section *section = &architecture->section;
    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        free(section->program);
        section->program = NULL;
        (void)seccomp_attr_set(context, SCMP_FLTATR_CTL_OPTIMIZE, shapes[i]);
        if (export_program(compiler, context, section, err) < 0)
            return -1;
        if (seccomp_program_is_sound(section->program, section->count))
            return 0;
    }
    if (seccomp_arguments_program(&architecture->table, compiler->default_action,
                                  has_wide_arguments(architecture), section))
        return 0;
    return error_unsupported(err, compiler->plan->where,
                             "seccomp: libseccomp takes one argument for another in the filter "
                             "that it makes of these rules");
}

static int make_program(const struct compiler *compiler, scmp_filter_ctx context,
                        struct architecture *architecture, struct thole_error *err) {
    const uint32_t native = compiler->architectures[0].token;
    int result = 0;
    if (architecture->token != native)
        result = seccomp_arch_add(context, architecture->token);
    if (result == 0 && architecture->token != native)
        result = seccomp_arch_remove(context, native);
    if (result < 0)
        return library_error(err, result, "/linux/seccomp/architectures",
                             "this machine's filters cannot hold rules for", architecture->name);
    int rules = add_rules(context, architecture, err);
    if (rules <= 0)
        return rules;
    return make_sound_program(compiler, context, architecture, rules > OPTIMIZE_ABOVE, err);
}

/* ---- one architecture, all of them ---------------------------------------------------------- */

/* The numbers behind which calls with made-up numbers hide. */
static size_t find_shared(uint32_t token, int64_t shared[2]) {
    static const char *const names[] = {"socketcall", "ipc"};
    size_t count = 0;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        int number = seccomp_syscall_resolve_name_arch(token, names[i]);
        if (number >= 0)
            shared[count++] = number;
    }
    return count;
}

/* Calls that are newer than the profile give ENOSYS, if those that it does not name would give
 * EPERM, on the architectures of which it names any: a C library that probes for a new call gives
 * up at EPERM, and falls back to the older one at ENOSYS. */
static uint32_t newest_of(const struct compiler *compiler,
                          const struct architecture *architecture) {
    bool limits = compiler->default_action == (SECCOMP_RET_ERRNO | EPERM) &&
                  architecture->newest > architecture->section.first;
    return limits ? architecture->newest : UINT32_MAX;
}

static int make_section(const struct compiler *compiler, struct architecture *architecture,
                        struct thole_error *err) {
    int64_t shared[2];
    size_t shared_count = find_shared(architecture->token, shared);
    scmp_filter_ctx context = seccomp_init(compiler->default_action);
    if (context == NULL)
        return error_set(err, THOLE_ERROR_UNSUPPORTED, 0, compiler->plan->where,
                         "seccomp: libseccomp refuses default action %s",
                         names_of(names_seccomp_actions, compiler->plan->default_action));
    int result = seccomp_table_settle(&architecture->table, shared, shared_count);
    if (result < 0)
        error_errno(err, NULL, "compile a seccomp filter");
    else
        result = make_program(compiler, context, architecture, err);
    seccomp_release(context);
    if (result < 0)
        return -1;
    if (seccomp_table_intervals(&architecture->table, architecture->section.first,
                                newest_of(compiler, architecture), compiler->default_action,
                                SECCOMP_RET_ERRNO | ENOSYS, &architecture->section.intervals) < 0)
        return error_errno(err, NULL, "compile a seccomp filter");
    return 0;
}

static int join_sections(const struct compiler *compiler, struct seccomp_filter *ret_filter,
                         struct thole_error *err) {
    struct seccomp_section sections[ARCHITECTURES_MAX];
    for (size_t i = 0; i < compiler->architecture_count; i++)
        sections[i] = compiler->architectures[i].section;
    size_t count = seccomp_sections_length(sections, compiler->architecture_count);
    if (count > BPF_MAXINSNS)
        return error_config(err, compiler->plan->where,
                            "seccomp: the filter has %zu instructions, the kernel takes %d", count,
                            BPF_MAXINSNS);
    ret_filter->instructions = calloc(count, sizeof(*ret_filter->instructions));
    if (ret_filter->instructions == NULL)
        return error_errno(err, NULL, "join the seccomp filters");
    ret_filter->count = count;
    /* As libseccomp does with architectures that it was not told of. */
    seccomp_sections_join(sections, compiler->architecture_count, SECCOMP_RET_KILL_THREAD,
                          ret_filter->instructions);
    return 0;
}

static int compile_rules(const struct plan_seccomp *plan, const struct thole_log *log,
                         struct seccomp_filter *ret_filter, struct thole_error *err) {
    cleanup_compiler struct compiler compiler = {
        .plan = plan,
        .log = log,
        .default_action = answer(plan->default_action, plan->default_errno_ret),
    };
    if (add_architectures(&compiler, err) < 0)
        return -1;
    for (size_t i = 0; i < plan->rule_count; i++) {
        if (note_rule(&compiler, &plan->rules[i], err) < 0)
            return -1;
    }
    for (size_t i = 0; i < compiler.architecture_count; i++) {
        if (make_section(&compiler, &compiler.architectures[i], err) < 0)
            return -1;
    }
    return join_sections(&compiler, ret_filter, err);
}

const char *seccomp_library_version(void) {
    static char text[32];
    const struct scmp_version *version = seccomp_version();
    (void)snprintf(text, sizeof(text), "%u.%u.%u", version->major, version->minor, version->micro);
    return text;
}

char *seccomp_syscall_name(unsigned number) {
    return seccomp_syscall_resolve_num_arch(seccomp_arch_native(), (int)number);
}

#else

static int compile_rules(const struct plan_seccomp *plan, const struct thole_log *log,
                         struct seccomp_filter *ret_filter, struct thole_error *err) {
    (void)log;
    (void)ret_filter;
    return error_set(err, THOLE_ERROR_UNSUPPORTED, 0, plan->where,
                     "seccomp: this thole was built without libseccomp");
}

const char *seccomp_library_version(void) {
    return NULL;
}

char *seccomp_syscall_name(unsigned number) {
    (void)number;
    return NULL;
}

#endif

int seccomp_compile(const struct plan_seccomp *plan, const struct thole_log *log,
                    struct seccomp_filter *ret_filter, struct thole_error *err) {
    struct seccomp_filter filter = {0};
    int result = plan->raw_filter != NULL
                     ? seccomp_filter_decode(plan->raw_filter, plan->where, &filter, err)
                     : compile_rules(plan, log, &filter, err);
    if (result < 0)
        return -1;
    filter.flags = filter_flags(plan);
    *ret_filter = filter;
    return 0;
}
