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
#include "security/seccomp_newer.h"
#include "security/seccomp_raw.h"

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

struct compiler {
    const struct plan_seccomp *plan;
    const struct thole_log *log;
    struct libseccomp library;
    scmp_filter_ctx context;
    uint32_t default_action;
    struct seccomp_newest newest[ARCHITECTURES_MAX];
    uint32_t tokens[ARCHITECTURES_MAX]; /* of libseccomp, in the order of newest[] */
    size_t architecture_count;
    size_t calls; /* rules given to libseccomp */
};

static void compiler_done(struct compiler *compiler) {
    if (compiler->context != NULL)
        compiler->library.release(compiler->context);
    libseccomp_close(&compiler->library);
}
#define cleanup_compiler __attribute__((cleanup(compiler_done)))

static int library_error(struct thole_error *err, int result, const char *where, const char *what,
                         const char *name) {
    return error_set(err, THOLE_ERROR_CONFIG, -result, where, "seccomp: %s %s", what, name);
}

static void note_architecture(struct compiler *compiler, uint32_t token) {
    struct seccomp_newest newest = {.audit_architecture = token, .last = UINT32_MAX};
    if (token == SCMP_ARCH_X86_64)
        newest.last = X32_BIT - 1;
    if (token == SCMP_ARCH_X32) {
        newest.audit_architecture = SCMP_ARCH_X86_64;
        newest.first = X32_BIT;
    }
    compiler->newest[compiler->architecture_count] = newest;
    compiler->tokens[compiler->architecture_count++] = token;
}

/* The native architecture is there from the start; a name this libseccomp does not know leaves that
 * architecture without rules, which means that its system calls are refused. */
static int add_architectures(struct compiler *compiler, struct thole_error *err) {
    const struct plan_seccomp *plan = compiler->plan;
    note_architecture(compiler, compiler->library.arch_native());
    for (size_t i = 0; i < plan->architectures.count; i++) {
        const char *name = plan->architectures.items[i];
        char word[32];
        uint32_t token = seccomp_architecture_word(name, word, sizeof(word))
                             ? compiler->library.arch_resolve_name(word)
                             : 0;
        if (token == 0) {
            log_warning(compiler->log, "seccomp: this libseccomp does not know %s", name);
            continue;
        }
        int result = compiler->library.arch_add(compiler->context, token);
        if (result == -EEXIST)
            continue;
        if (result < 0)
            return library_error(err, result, plan->where, "cannot add architecture", name);
        if (compiler->architecture_count == ARCHITECTURES_MAX)
            return error_config(err, plan->where, "seccomp: too many architectures");
        note_architecture(compiler, token);
    }
    return 0;
}

static void note_newest(struct compiler *compiler, const char *name) {
    for (size_t i = 0; i < compiler->architecture_count; i++) {
        int number = compiler->library.syscall_resolve_name_arch(compiler->tokens[i], name);
        if (number >= 0 && (uint32_t)number > compiler->newest[i].newest)
            compiler->newest[i].newest = (uint32_t)number;
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
            result =
                compiler->library.rule_add_array(compiler->context, action, number, 1, compare);
    }
    if (!alternatives)
        result = compiler->library.rule_add_array(compiler->context, action, number,
                                                  (unsigned)rule->argument_count, compares);
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

static int export_program(struct compiler *compiler, struct seccomp_filter *filter, size_t reserved,
                          struct thole_error *err) {
    cleanup_close int fd = memfd_create("seccomp", MFD_CLOEXEC);
    if (fd < 0)
        return error_errno(err, NULL, "create a memory file for the seccomp filter");
    int result = compiler->library.export_bpf(compiler->context, fd);
    if (result < 0)
        return library_error(err, result, compiler->plan->where, "cannot generate", "the filter");

    struct stat status;
    if (fstat(fd, &status) < 0)
        return error_errno(err, NULL, "read the seccomp filter");
    size_t count = (size_t)status.st_size / sizeof(struct sock_filter);
    filter->instructions = calloc(reserved + count, sizeof(struct sock_filter));
    if (filter->instructions == NULL ||
        pread(fd, filter->instructions + reserved, count * sizeof(struct sock_filter), 0) !=
            (ssize_t)(count * sizeof(struct sock_filter)))
        return error_errno(err, NULL, "read the seccomp filter");
    filter->count = reserved + count;
    return 0;
}

/* Keeps the architectures on which the profile names anything, in order; returns their number. */
static size_t named_architectures(struct compiler *compiler) {
    size_t count = 0;
    for (size_t i = 0; i < compiler->architecture_count; i++) {
        if (compiler->newest[i].newest > compiler->newest[i].first)
            compiler->newest[count++] = compiler->newest[i];
    }
    return count;
}

static int finish_program(struct compiler *compiler, struct seccomp_filter *ret_filter,
                          struct thole_error *err) {
    cleanup_seccomp_filter struct seccomp_filter filter = {0};
    size_t entries =
        compiler->default_action == (SECCOMP_RET_ERRNO | EPERM) ? named_architectures(compiler) : 0;
    size_t reserved = entries * SECCOMP_NEWER_LENGTH;
    if (compiler->calls > OPTIMIZE_ABOVE)
        (void)compiler->library.attr_set(compiler->context, SCMP_FLTATR_CTL_OPTIMIZE, 2);
    if (export_program(compiler, &filter, reserved, err) < 0)
        return -1;
    if (filter.count > BPF_MAXINSNS)
        return error_config(err, compiler->plan->where,
                            "seccomp: the filter has %zu instructions, the kernel takes %d",
                            filter.count, BPF_MAXINSNS);
    seccomp_newer_build(compiler->newest, entries, filter.instructions);
    *ret_filter = filter;
    filter.instructions = NULL;
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
    compiler.context = compiler.library.init(compiler.default_action);
    if (compiler.context == NULL)
        return error_set(err, THOLE_ERROR_UNSUPPORTED, 0, plan->where,
                         "seccomp: libseccomp refuses default action %s", plan->default_action);
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
