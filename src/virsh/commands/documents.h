/* SPDX-License-Identifier: Apache-2.0 */
/* What commands do with documents that users give them. */
#pragma once

#include "virsh/commands/commands.h"
#include "virsh/store/domains.h"
#include "virsh/xml/document.h"

/** A document that is a domain: checked, converted for a trial, with a uuid. */
struct virsh_given {
    struct xml_document *document;
    char *name;
    char uuid[DOMAIN_UUID_LENGTH + 1];
};

/** Reads @file. Warnings about it go to the log. */
int virsh_given_read(const struct virsh_call *call, const char *file, struct virsh_given *ret_given,
                     struct thole_error *err);

/** The same for a text; @name stands for a file in errors. */
int virsh_given_parse(const struct virsh_call *call, const char *text, const char *name,
                      struct virsh_given *ret_given, struct thole_error *err);

/** Its name and uuid are nobody else's: @ret_domain is what has both, or nothing yet. */
int virsh_given_match(const struct virsh_call *call, const struct virsh_given *given,
                      struct virsh_domain *ret_domain, struct thole_error *err);

void virsh_given_done(struct virsh_given *given);
#define cleanup_virsh_given __attribute__((cleanup(virsh_given_done)))
