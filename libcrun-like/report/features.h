/* SPDX-License-Identifier: Apache-2.0 */
/* The features document of runtime-spec "Features". */
#ifndef REPORT_FEATURES_H
#define REPORT_FEATURES_H

/** What this build and this kernel can do, as JSON (malloc'ed). */
char *report_features(void);

#endif
