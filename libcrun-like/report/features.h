/* SPDX-License-Identifier: Apache-2.0 */
/* The features document of runtime-spec "Features". */
#pragma once

/** What this build and this kernel can do, as JSON (malloc'ed). */
char *report_features(void);
