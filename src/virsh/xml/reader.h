/* SPDX-License-Identifier: Apache-2.0 */
/* From a document to a domain, by the table. */
#pragma once

#include "base/error.h"
#include "virsh/domain/domain.h"
#include "virsh/xml/document.h"

/**
 * Fills in @ret_domain, with warnings for what has no effect. Errors name file, line and element,
 * as do the values, for those who find out later that one cannot be.
 */
int virsh_xml_read_domain(const struct xml_document *document, struct domain *ret_domain,
                          struct thole_error *err);
