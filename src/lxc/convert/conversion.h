/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A conversion at work: what the domains read, and where they put what they make of it. One domain,
 * one file: lxc_convert_X() reads the keys of X. A setting that no domain has asked for becomes a
 * note in the end, so that none is silently left out.
 */
#pragma once

#include "lxc/convert/convert.h"
#include "lxc/convert/words.h"
#include "oci-spec/spec.h"
#include "translate/configuration.h"
#include "translate/host.h"

struct lxc_conversion {
    const struct lxc_configuration *lxc;
    const struct lxc_convert_request *request;
    struct lxc_converted *converted; /* notes and the monitor go there */
    struct arena *arena;
    struct translate_host *host;     /* lxc_conversion_host(), NULL before */
    struct oci_config *oci;          /* with process, root, linux and hooks */
    bool *used;                      /* per item: a domain has asked for it */
    unsigned long namespaces;        /* CLONE_NEW* that the container gets of its own */
    unsigned long shared_namespaces; /* those of others that it joins */
    const char *rootfs;              /* "/" where the host's is shared */
    const char *rootfs_given;        /* as lxc.rootfs.path has it, NULL: it is not set */
    const char *rootfs_path;         /* what hooks are told: a directory, or the layers */
    const char *rootfs_work;         /* of an overlay, NULL: it is none */
    const char *rootfs_mount;        /* lxc.rootfs.mount */
    struct oci_strings hook_env;     /* of all hooks, but for what differs from type to type */
    int hook_version;
};

/** The last item called @name, NULL: there is none. */
const struct lxc_item *lxc_conversion_item(struct lxc_conversion *conversion, const char *name);
/** Its value, or NULL. */
const char *lxc_conversion_value(struct lxc_conversion *conversion, const char *name);
/** The next item called @name, or beneath it where that ends with a dot, after @previous. */
const struct lxc_item *lxc_conversion_next(struct lxc_conversion *conversion, const char *name,
                                           const struct lxc_item *previous);
/** 0 or 1; @otherwise if it is not set. */
int lxc_conversion_flag(struct lxc_conversion *conversion, const char *name, bool otherwise,
                        bool *ret_value, struct thole_error *err);
/** A number within [@minimum, @maximum]; @ret_value stays as it is if it is not set. */
int lxc_conversion_number(struct lxc_conversion *conversion, const char *name, int64_t minimum,
                          int64_t maximum, int64_t *ret_value, struct thole_error *err);

/** What has no effect: "WHERE: WHY". */
void lxc_conversion_note(struct lxc_conversion *conversion, const char *where, const char *format,
                         ...) __attribute__((format(printf, 3, 4)));

/** The member @format of config.json comes from @where: "/mounts/3". */
void lxc_conversion_origin(struct lxc_conversion *conversion, const char *where, const char *format,
                           ...) __attribute__((format(printf, 3, 4)));
/** The same for all keys that have a member to themselves. */
void lxc_conversion_note_origins(struct lxc_conversion *conversion);

/** This host, or the one that the request describes; asked for once, when first needed. */
int lxc_conversion_host(struct lxc_conversion *conversion, const struct translate_host **ret_host,
                        struct thole_error *err);

void lxc_conversion_annotate(struct lxc_conversion *conversion, const char *key, const char *value);

/** The domains; the order in lxc_convert() says what builds upon what. */
int lxc_convert_namespaces(struct lxc_conversion *conversion, struct thole_error *err);
int lxc_convert_idmap(struct lxc_conversion *conversion, struct thole_error *err);
int lxc_convert_rootfs(struct lxc_conversion *conversion, struct thole_error *err);
int lxc_convert_hook_environment(struct lxc_conversion *conversion, struct thole_error *err);
int lxc_convert_process(struct lxc_conversion *conversion, struct thole_error *err);
int lxc_convert_environment(struct lxc_conversion *conversion, struct thole_error *err);
int lxc_convert_limits(struct lxc_conversion *conversion, struct thole_error *err);
int lxc_convert_capabilities(struct lxc_conversion *conversion, struct thole_error *err);
int lxc_convert_mounts(struct lxc_conversion *conversion, struct thole_error *err);
int lxc_convert_cgroups(struct lxc_conversion *conversion, struct thole_error *err);
int lxc_convert_seccomp(struct lxc_conversion *conversion, struct thole_error *err);
int lxc_convert_security(struct lxc_conversion *conversion, struct thole_error *err);
int lxc_convert_kernel(struct lxc_conversion *conversion, struct thole_error *err);
int lxc_convert_console(struct lxc_conversion *conversion, struct thole_error *err);
int lxc_convert_network(struct lxc_conversion *conversion, struct thole_error *err);
int lxc_convert_hooks(struct lxc_conversion *conversion, struct thole_error *err);
int lxc_convert_endings(struct lxc_conversion *conversion, struct thole_error *err);
int lxc_convert_annotations(struct lxc_conversion *conversion, struct thole_error *err);
