/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A conversion at work: what the subjects read, and where they put what they make of it. One
 * subject, one file: virsh_convert_X().
 */
#pragma once

#include "oci-spec/append.h"
#include "translate/configuration.h"
#include "translate/host.h"
#include "virsh/convert/convert.h"

struct virsh_conversion {
    const struct domain *domain;
    const struct virsh_convert_request *request;
    struct virsh_converted *converted;
    struct arena *arena;
    struct translate_host *host; /* this machine */
    struct oci_config *oci;      /* with process, root, linux and hooks */
    unsigned long namespaces;    /* CLONE_NEW* that the container gets of its own */
    const char *root;            /* "/" where the host's is shared */
};

/** What has no effect on this machine. */
void virsh_conversion_warn(struct virsh_conversion *conversion, const char *where,
                           const char *format, ...) __attribute__((format(printf, 3, 4)));

/** The member @format of config.json comes from @where: "/mounts/3". */
void virsh_conversion_origin(struct virsh_conversion *conversion, const char *where,
                             const char *format, ...) __attribute__((format(printf, 3, 4)));

void virsh_conversion_annotate(struct virsh_conversion *conversion, const char *key,
                               const char *value);

/** Adds a mount with a NULL-terminated list of options; it stays valid until the next is added. */
struct oci_mount *virsh_mount_add(struct virsh_conversion *conversion, const char *destination,
                                  const char *type, const char *source, const char *const *options);

/** Adds "thole-virsh hook WORD" to @list. */
struct oci_hook *virsh_hook_add(struct virsh_conversion *conversion, oci_hook_list *list,
                                const char *word);

/** The subjects; the order in virsh_convert() says what builds upon what. */
int virsh_convert_identity(struct virsh_conversion *conversion, struct thole_error *err);
int virsh_convert_namespaces(struct virsh_conversion *conversion, struct thole_error *err);
int virsh_convert_root(struct virsh_conversion *conversion, struct thole_error *err);
int virsh_convert_process(struct virsh_conversion *conversion, struct thole_error *err);
int virsh_convert_capabilities(struct virsh_conversion *conversion, struct thole_error *err);
int virsh_convert_filesystems(struct virsh_conversion *conversion, struct thole_error *err);
int virsh_convert_resources(struct virsh_conversion *conversion, struct thole_error *err);
int virsh_convert_devices(struct virsh_conversion *conversion, struct thole_error *err);
int virsh_convert_interfaces(struct virsh_conversion *conversion, struct thole_error *err);
int virsh_convert_security(struct virsh_conversion *conversion, struct thole_error *err);
int virsh_convert_monitor(struct virsh_conversion *conversion, struct thole_error *err);
