/* SPDX-License-Identifier: Apache-2.0 */
/* What makes a domain of a document, before anything is made of it. */
#pragma once

#include "base/error.h"
#include "virsh/domain/domain.h"

enum { DOMAIN_UUID_LENGTH = 36 };

/** True if @name can be a domain's: it is a container id as well. */
bool domain_name_valid(const char *name);

/** Writes the canonical form of @text, with or without dashes, to @ret_uuid; false: it is none. */
bool domain_uuid_parse(const char *text, char ret_uuid[DOMAIN_UUID_LENGTH + 1]);

/** A new random one. */
int domain_uuid_make(char ret_uuid[DOMAIN_UUID_LENGTH + 1], struct thole_error *err);

/** Type, name, uuid, memory and os are there and make sense; the uuid may be missing. */
int domain_check(const struct domain *domain, const char *file, struct thole_error *err);
