/* SPDX-License-Identifier: Apache-2.0 */
/* Documents that are named on the command line. */
#pragma once

#include "base/error.h"

/** Reads the JSON document in the file @path, of standard input if that is "-". @ret_json is
 * malloc'ed. */
int input_document(const char *path, char **ret_json, struct thole_error *err);
