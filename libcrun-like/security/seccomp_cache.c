/* SPDX-License-Identifier: Apache-2.0 */
/* Compiled seccomp filters, kept by the content of the rules they were made from. */
#include "config.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "security/seccomp_cache.h"
#include "security/seccomp_compile.h"
#include "security/seccomp_filter.h"

enum {
    SLOTS = 64, /* file names: an entry makes room for a new one with the same number */
    /* A newer libseccomp knows more names; after this long it gets its chance. */
    LIFETIME_SECONDS = 24 * 60 * 60,
};

static void add_string(struct text *key, const char *string) {
    text_appendf(key, "%zu:%s", strlen(string), string);
}

static void add_strings(struct text *key, const struct plan_strings *strings) {
    text_appendf(key, "%zu[", strings->count);
    for (size_t i = 0; i < strings->count; i++)
        add_string(key, strings->items[i]);
}

static void add_rule(struct text *key, const struct plan_seccomp_rule *rule) {
    add_strings(key, &rule->names);
    text_appendf(key, "%d,%" PRIu32 ",%zu(", rule->action, rule->errno_ret, rule->argument_count);
    for (size_t i = 0; i < rule->argument_count; i++) {
        const struct plan_seccomp_argument *argument = &rule->arguments[i];
        text_appendf(key, "%" PRIu32 ",%d,%" PRIu64 ",%" PRIu64 ",", argument->index, argument->op,
                     argument->value, argument->value_two);
    }
}

/* All that the compiled program depends on. */
static void make_key(const struct plan_seccomp *plan, struct text *key) {
    add_string(key, PACKAGE_VERSION);
    text_appendf(key, "%d,%" PRIu32 ",%" PRIx64 ",%d%d,", plan->default_action,
                 plan->default_errno_ret, plan->flags, plan->notifies, plan->fail_unknown_syscall);
    add_strings(key, &plan->architectures);
    text_appendf(key, "%zu{", plan->rule_count);
    for (size_t i = 0; i < plan->rule_count; i++)
        add_rule(key, &plan->rules[i]);
}

/* FNV-1a: as the whole key is compared, it need not be more than a good guess. */
static void make_name(const struct text *key, char *name, size_t size) {
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < key->length; i++)
        hash = (hash ^ (unsigned char)key->data[i]) * UINT64_C(0x100000001b3);
    (void)snprintf(name, size, "seccomp-%02u", (unsigned)((hash >> 32 ^ hash) % SLOTS));
}

/* Nobody else can have written it, and it is not too old. */
static bool is_trustworthy(int fd) {
    struct stat status;
    time_t now = time(NULL);
    return fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_uid == geteuid() &&
           (status.st_mode & (S_IWGRP | S_IWOTH)) == 0 && status.st_mtime <= now &&
           now - status.st_mtime < LIFETIME_SECONDS;
}

int seccomp_compile_cached(const struct plan_seccomp *plan, const struct thole_log *log,
                           int cache_fd, struct seccomp_filter *ret_filter,
                           struct thole_error *err) {
    char name[32];
    cleanup_text struct text key = {0};
    /* A filter given as BPF is only decoded. */
    if (cache_fd < 0 || plan->raw_filter != NULL)
        return seccomp_compile(plan, log, ret_filter, err);
    make_key(plan, &key);
    make_name(&key, name, sizeof(name));
    cleanup_close int entry =
        openat(cache_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (entry >= 0 && is_trustworthy(entry) &&
        seccomp_filter_read(entry, &key, name, ret_filter, NULL) == 0)
        return 0;
    if (seccomp_compile(plan, log, ret_filter, err) < 0)
        return -1;
    /* Being unable to keep it costs time next time, nothing else. */
    struct thole_error failure = {0};
    if (seccomp_filter_save(ret_filter, &key, cache_fd, name, &failure) < 0)
        log_debug(log, "seccomp: the compiled filter is not cached: %s", failure.text);
    return 0;
}
