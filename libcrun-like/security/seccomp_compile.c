/* SPDX-License-Identifier: Apache-2.0 */
/* From resolved seccomp rules to a BPF program. */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <errno.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#ifdef HAVE_LIBSECCOMP
#include "security/libseccomp.h"
#endif
#include "security/seccomp.h"
#include "security/seccomp_names.h"
#include "security/seccomp_raw.h"
#include "security/seccomp_sections.h"

static unsigned filter_flags(const struct plan_seccomp *plan) {
    unsigned flags = 0;
    if (plan->flag_tsync)
        flags |= SECCOMP_FILTER_FLAG_TSYNC;
    if (plan->flag_log)
        flags |= SECCOMP_FILTER_FLAG_LOG;
    if (plan->flag_spec_allow)
        flags |= SECCOMP_FILTER_FLAG_SPEC_ALLOW;
    if (!plan->notifies)
        return flags;
    flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
    /* The kernel refuses this one without a listener, where it has no meaning anyway. */
    if (plan->flag_wait_killable)
        flags |= SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
    /* Both TSYNC and a listener want the return value; this settles it for the listener. */
    if (plan->flag_tsync)
        flags |= SECCOMP_FILTER_FLAG_TSYNC_ESRCH;
    return flags;
}

#ifdef HAVE_LIBSECCOMP

enum { ARCHITECTURES_MAX = 32, OPTIMIZE_ABOVE = 8, ARGUMENTS_MAX = 6 };

#define X32_BIT 0x40000000U

/* Each architecture has a context of its own: libseccomp's work grows with the square of what is
 * in one. */
struct compiler {
    const struct plan_seccomp *plan;
    const struct thole_log *log;
    struct libseccomp library;
    uint32_t default_action;
    struct seccomp_section sections[ARCHITECTURES_MAX];
    scmp_filter_ctx contexts[ARCHITECTURES_MAX];
    uint32_t tokens[ARCHITECTURES_MAX]; /* of libseccomp; the first is the native one */
    size_t architecture_count;
    size_t calls; /* rules given to libseccomp */
};

static void compiler_done(struct compiler *compiler) {
    for (size_t i = 0; i < compiler->architecture_count; i++)
        compiler->library.release(compiler->contexts[i]);
    seccomp_sections_done(compiler->sections, compiler->architecture_count);
    libseccomp_close(&compiler->library);
}
#define cleanup_compiler __attribute__((cleanup(compiler_done)))

static int library_error(struct thole_error *err, int result, const char *where, const char *what,
                         const char *name) {
    return error_set(err, THOLE_ERROR_CONFIG, -result, where, "seccomp: %s %s", what, name);
}

static struct seccomp_section empty_section(uint32_t token) {
    struct seccomp_section section = {.audit_architecture = token, .last = UINT32_MAX};
    if (token == SCMP_ARCH_X86_64)
        section.last = X32_BIT - 1;
    if (token == SCMP_ARCH_X32) {
        section.audit_architecture = SCMP_ARCH_X86_64;
        section.first = X32_BIT;
    }
    section.newest = section.first;
    return section;
}

static bool has_architecture(const struct compiler *compiler, uint32_t token) {
    for (size_t i = 0; i < compiler->architecture_count; i++) {
        if (compiler->tokens[i] == token)
            return true;
    }
    return false;
}

static int add_architecture(struct compiler *compiler, uint32_t token, const char *name,
                            struct thole_error *err) {
    const struct libseccomp *library = &compiler->library;
    const char *where = compiler->plan->where;
    if (has_architecture(compiler, token))
        return 0;
    size_t index = compiler->architecture_count;
    if (index == ARCHITECTURES_MAX)
        return error_config(err, where, "seccomp: too many architectures");
    scmp_filter_ctx context = library->init(compiler->default_action);
    if (context == NULL)
        return error_set(err, THOLE_ERROR_UNSUPPORTED, 0, where,
                         "seccomp: libseccomp refuses default action %s",
                         compiler->plan->default_action);
    compiler->contexts[index] = context;
    compiler->tokens[index] = token;
    compiler->sections[index] = empty_section(token);
    compiler->architecture_count++;
    if (index == 0)
        return 0; /* a new context has the native one */
    int result = library->arch_add(context, token);
    if (result == 0)
        result = library->arch_remove(context, compiler->tokens[0]);
    return result == 0 ? 0 : library_error(err, result, where, "cannot add architecture", name);
}

/* A name this libseccomp does not know leaves that architecture without rules, which means that its
 * system calls are refused. */
static int add_architectures(struct compiler *compiler, struct thole_error *err) {
    const struct plan_seccomp *plan = compiler->plan;
    if (add_architecture(compiler, compiler->library.arch_native(), "native", err) < 0)
        return -1;
    for (size_t i = 0; i < plan->architectures.count; i++) {
        const char *name = plan->architectures.items[i];
        char word[32];
        uint32_t token = seccomp_architecture_word(name, word, sizeof(word))
                             ? compiler->library.arch_resolve_name(word)
                             : 0;
        if (token == 0)
            log_warning(compiler->log, "seccomp: this libseccomp does not know %s", name);
        else if (add_architecture(compiler, token, name, err) < 0)
            return -1;
    }
    return 0;
}

static void note_newest(struct compiler *compiler, const char *name) {
    for (size_t i = 0; i < compiler->architecture_count; i++) {
        int number = compiler->library.syscall_resolve_name_arch(compiler->tokens[i], name);
        if (number >= 0 && (uint32_t)number > compiler->sections[i].newest)
            compiler->sections[i].newest = (uint32_t)number;
    }
}

/* The spec gives MASKED_EQ the mask first, as libseccomp does. */
static int convert_argument(const struct plan_seccomp_argument *argument, const char *where,
                            struct scmp_arg_cmp *ret_compare, struct thole_error *err) {
    unsigned operator_value = seccomp_operator_value(argument->op);
    if (operator_value == 0)
        return error_config(err, where, "seccomp: unknown operator %s", argument->op);
    if (argument->index >= ARGUMENTS_MAX)
        return error_config(err, where, "seccomp: a system call has no argument %u",
                            argument->index);
    *ret_compare = (struct scmp_arg_cmp){
        .arg = argument->index,
        .op = (enum scmp_compare)operator_value,
        .datum_a = argument->value,
        .datum_b = argument->value_two,
    };
    return 0;
}

/* libseccomp allows one comparison per argument. */
static bool compares_an_argument_twice(const struct plan_seccomp_rule *rule) {
    unsigned seen = 0;
    for (size_t i = 0; i < rule->argument_count; i++) {
        unsigned bit = 1U << (rule->arguments[i].index % ARGUMENTS_MAX);
        if ((seen & bit) != 0)
            return true;
        seen |= bit;
    }
    return false;
}

static int add_everywhere(const struct compiler *compiler, uint32_t action, int number,
                          size_t count, const struct scmp_arg_cmp *compares) {
    for (size_t i = 0; i < compiler->architecture_count; i++) {
        int result = compiler->library.rule_add_array(compiler->contexts[i], action, number,
                                                      (unsigned)count, compares);
        if (result < 0)
            return result;
    }
    return 0;
}

static int add_call(struct compiler *compiler, const struct plan_seccomp_rule *rule,
                    uint32_t action, int number, const char *name, struct thole_error *err) {
    struct scmp_arg_cmp compares[ARGUMENTS_MAX];
    bool alternatives = compares_an_argument_twice(rule);
    int result = 0;
    for (size_t i = 0; i < rule->argument_count && result == 0; i++) {
        struct scmp_arg_cmp *compare = &compares[alternatives ? 0 : i];
        if (convert_argument(&rule->arguments[i], rule->where, compare, err) < 0)
            return -1;
        if (alternatives)
            result = add_everywhere(compiler, action, number, 1, compare);
    }
    if (!alternatives)
        result = add_everywhere(compiler, action, number, rule->argument_count, compares);
    if (result < 0)
        return library_error(err, result, rule->where, "cannot add a rule for", name);
    compiler->calls++;
    return 0;
}

static int add_rule(struct compiler *compiler, const struct plan_seccomp_rule *rule,
                    struct thole_error *err) {
    uint32_t action;
    if (!seccomp_action_value(rule->action, rule->errno_ret, &action))
        return error_config(err, rule->where, "seccomp: unknown action %s", rule->action);
    for (size_t i = 0; i < rule->names.count; i++) {
        const char *name = rule->names.items[i];
        int number = compiler->library.syscall_resolve_name(name);
        if (number == __NR_SCMP_ERROR && compiler->plan->fail_unknown_syscall)
            return error_config(err, rule->where, "seccomp: unknown system call %s", name);
        if (number == __NR_SCMP_ERROR) {
            log_debug(compiler->log, "seccomp: system call %s is unknown to libseccomp", name);
            continue;
        }
        note_newest(compiler, name);
        /* Says nothing new, and libseccomp refuses it. */
        if (action == compiler->default_action)
            continue;
        if (add_call(compiler, rule, action, number, name, err) < 0)
            return -1;
    }
    return 0;
}

static int export_program(struct compiler *compiler, size_t index, struct thole_error *err) {
    struct seccomp_section *section = &compiler->sections[index];
    cleanup_close int fd = memfd_create("seccomp", MFD_CLOEXEC);
    if (fd < 0)
        return error_errno(err, NULL, "create a memory file for the seccomp filter");
    if (compiler->calls > OPTIMIZE_ABOVE)
        (void)compiler->library.attr_set(compiler->contexts[index], SCMP_FLTATR_CTL_OPTIMIZE, 2);
    int result = compiler->library.export_bpf(compiler->contexts[index], fd);
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
    return 0;
}

/* Calls that are newer than the profile give ENOSYS, if those that it does not name would give
 * EPERM, on the architectures of which it names any. */
static void limit_newest(struct compiler *compiler) {
    bool limits = compiler->default_action == (SECCOMP_RET_ERRNO | EPERM);
    for (size_t i = 0; i < compiler->architecture_count; i++) {
        struct seccomp_section *section = &compiler->sections[i];
        if (!limits || section->newest == section->first)
            section->newest = UINT32_MAX;
    }
}

static int finish_program(struct compiler *compiler, struct seccomp_filter *ret_filter,
                          struct thole_error *err) {
    const size_t sections = compiler->architecture_count;
    for (size_t i = 0; i < sections; i++) {
        if (export_program(compiler, i, err) < 0)
            return -1;
    }
    limit_newest(compiler);
    size_t count = seccomp_sections_length(compiler->sections, sections);
    if (count > BPF_MAXINSNS)
        return error_config(err, compiler->plan->where,
                            "seccomp: the filter has %zu instructions, the kernel takes %d", count,
                            BPF_MAXINSNS);
    ret_filter->instructions = calloc(count, sizeof(*ret_filter->instructions));
    if (ret_filter->instructions == NULL)
        return error_errno(err, NULL, "join the seccomp filters");
    ret_filter->count = count;
    seccomp_sections_join(compiler->sections, sections, ret_filter->instructions);
    return 0;
}

static int compile_rules(const struct plan_seccomp *plan, const struct thole_log *log,
                         struct seccomp_filter *ret_filter, struct thole_error *err) {
    cleanup_compiler struct compiler compiler = {.plan = plan, .log = log};
    if (!seccomp_action_value(plan->default_action, plan->default_errno_ret,
                              &compiler.default_action))
        return error_config(err, plan->where, "seccomp: unknown action %s", plan->default_action);
    if (libseccomp_open(&compiler.library, err) < 0)
        return -1;
    if (add_architectures(&compiler, err) < 0)
        return -1;
    for (size_t i = 0; i < plan->rule_count; i++) {
        if (add_rule(&compiler, &plan->rules[i], err) < 0)
            return -1;
    }
    return finish_program(&compiler, ret_filter, err);
}

#else

static int compile_rules(const struct plan_seccomp *plan, const struct thole_log *log,
                         struct seccomp_filter *ret_filter, struct thole_error *err) {
    (void)log;
    (void)ret_filter;
    return error_set(err, THOLE_ERROR_UNSUPPORTED, 0, plan->where,
                     "seccomp: this thole was built without libseccomp");
}

#endif

int seccomp_compile(const struct plan_seccomp *plan, const struct thole_log *log,
                    struct seccomp_filter *ret_filter, struct thole_error *err) {
    struct seccomp_filter filter = {0};
    int result = plan->raw_filter != NULL
                     ? seccomp_raw_decode(plan->raw_filter, plan->where, &filter.instructions,
                                          &filter.count, err)
                     : compile_rules(plan, log, &filter, err);
    if (result < 0)
        return -1;
    filter.flags = filter_flags(plan);
    *ret_filter = filter;
    return 0;
}
