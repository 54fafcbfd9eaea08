/* SPDX-License-Identifier: Apache-2.0 */
/* The targets of the fuzzer, and what they share. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/error.h"
#include "host/facts.h"

/** Looks at any bytes; what must not be ends the process by abort(3) or a sanitizer. */
typedef void fuzz_target(const uint8_t *data, size_t size);

fuzz_target fuzz_config;
fuzz_target fuzz_console;
fuzz_target fuzz_facts;
fuzz_target fuzz_lxc_config;
fuzz_target fuzz_lxc_network;
fuzz_target fuzz_lxc_seccomp;
fuzz_target fuzz_mount;
fuzz_target fuzz_plan;
fuzz_target fuzz_process;
fuzz_target fuzz_record;
fuzz_target fuzz_resources;
fuzz_target fuzz_seccomp;
fuzz_target fuzz_virsh_domain;
fuzz_target fuzz_wire;

/** The target called @name, or NULL. */
fuzz_target *fuzz_find(const char *name);

/** The name of the n-th one, NULL behind the last. */
const char *fuzz_name(size_t index);

static inline void require(bool condition) {
    if (!condition)
        abort();
}

/** Ends the process unless @err is one line that a terminal can show. */
void fuzz_require_line(const struct thole_error *err);

/** Hosts to plan for: cgroup v2; v2 and v1; v1 alone, without privileges. */
enum { FUZZ_HOSTS = 3 };
const struct host_facts *fuzz_host(size_t index);

/** Bytes that are taken one after the other; behind the last one come zeros. */
struct fuzz_bytes {
    const uint8_t *at;
    size_t left;
};

/** A number of @width bytes. */
uint64_t fuzz_take(struct fuzz_bytes *bytes, size_t width);

/** A number below @limit. */
size_t fuzz_below(struct fuzz_bytes *bytes, size_t limit);
