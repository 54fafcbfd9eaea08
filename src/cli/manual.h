/* SPDX-License-Identifier: Apache-2.0 */
/* Manual pages, made from tables of options. */
#pragma once

#include "base/text.h"
#include "cli/options.h"

/** Text for troff: hyphens stay hyphens, and no line of it is taken for a request. */
void manual_append(struct text *text, const char *string);

/** The beginning of page @page in section @section, up to the heading of the synopsis. */
void manual_append_heading(struct text *text, const char *page, int section, const char *summary);

/** A paragraph: what is spelled @label means @help. */
void manual_append_entry(struct text *text, const char *label, const char *help);
