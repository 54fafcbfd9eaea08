/* SPDX-License-Identifier: Apache-2.0 */
/* Limits that commands read and change, in the document and of the running container. */
#pragma once

#include "base/text.h"
#include "virsh/commands/commands.h"
#include "virsh/store/domains.h"

/** How a number stands in the kernel's file, and in linux.resources. */
enum virsh_tunable_kind {
    VIRSH_TUNABLE_KIB,    /* bytes there, KiB here; very much is no limit */
    VIRSH_TUNABLE_NUMBER, /* as it is */
    VIRSH_TUNABLE_SHARES, /* cpu.weight on cgroup v2 */
    VIRSH_TUNABLE_PERIOD, /* the second word of cpu.max on cgroup v2 */
    VIRSH_TUNABLE_QUOTA,  /* the first one, max: -1 */
};

struct virsh_tunable {
    const char *name; /* of the parameter, as virsh prints it */
    enum virsh_tunable_kind kind;
    const char *path;   /* in the document */
    const char *after;  /* the element behind which it is made */
    const char *object; /* "memory" of linux.resources, and its member */
    const char *member;
    const char *v1; /* files of the cgroup */
    const char *v2;
};

enum { VIRSH_UNLIMITED = -1 };

/** --live, --config, --current. */
struct virsh_affect {
    bool live;
    bool config;
    bool current;
};

/** Rows of an option table, for the struct virsh_affect at @offset. */
#define VIRSH_AFFECT_OPTIONS(offset)                                                             \
    OPTION_ROW("live", 0, OPTION_FLAG, (offset) + offsetof(struct virsh_affect, live), NULL,     \
               "affect running domain"),                                                         \
        OPTION_ROW("config", 0, OPTION_FLAG, (offset) + offsetof(struct virsh_affect, config),   \
                   NULL, "affect next boot"),                                                    \
        OPTION_ROW("current", 0, OPTION_FLAG, (offset) + offsetof(struct virsh_affect, current), \
                   NULL, "affect current domain")

/** A new value for one of them. */
struct virsh_change {
    const struct virsh_tunable *tunable;
    int64_t value; /* KiB of memory; VIRSH_UNLIMITED */
};

/** Makes the changes, all of them at once. */
int virsh_tunables_change(const struct virsh_domain *domain, const struct virsh_affect *affect,
                          const struct virsh_change *changes, size_t count,
                          struct thole_error *err);

/** What holds now: of the container where it runs (unless --config is given), else the document. */
int virsh_tunable_read(const struct virsh_domain *domain, const struct virsh_affect *affect,
                       const struct virsh_tunable *tunable, int64_t *ret_value,
                       struct thole_error *err);
