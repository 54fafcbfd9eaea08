/* SPDX-License-Identifier: Apache-2.0 */
/* From a domain to an OCI configuration, and to what the monitor of the container has to do. */
#pragma once

#include "thole.h"
#include "translate/origin.h"
#include "virsh/domain/domain.h"

/** What a command knows besides the domain. */
struct virsh_convert_request {
    const char *uuid;      /* of the domain, in its canonical form */
    const char *directory; /* of definitions; for annotations */
    const char *live;      /* file of the live XML, which the monitor removes at the end; or NULL */
    const char *uri;       /* of the place of the domain; for hooks */
    const char *facts;     /* of another machine, as `thole plan --print-facts` has them, or NULL */
    const char *program;   /* path of thole-virsh, for hooks */
    const char *hooks;     /* directory of the hooks of contrib/ */
    const char *networks;  /* directory of CNI's configuration lists */
    bool other_place;      /* not the default one: containers of the same name may run there */
    /** The init of another running domain, for lxc:sharenet type='name'. */
    int (*find_pid)(const void *userdata, const char *name, pid_t *ret_pid,
                    struct thole_error *err);
    const void *userdata;
};

/** The result. Strings lie in the arena, but for @config. */
struct virsh_converted {
    struct arena arena;
    char *config; /* config.json */
    struct thole_monitor monitor;
    struct translate_origin *origins;
    size_t origin_count;
    domain_words warnings; /* what this machine lacks for the domain */
};

/** Converts. Errors name file, line and element. */
int virsh_convert(const struct domain *domain, const struct virsh_convert_request *request,
                  struct virsh_converted *ret_converted, struct thole_error *err);

void virsh_converted_done(struct virsh_converted *converted);
#define cleanup_virsh_converted __attribute__((cleanup(virsh_converted_done)))
