/* SPDX-License-Identifier: Apache-2.0 */
/* Sample documents of tests/unit/data. */
#pragma once

#ifndef TEST_DATA
#define TEST_DATA "tests/unit/data" /* beneath the top of the sources */
#endif

/** The whole file as a malloc'ed string; the test fails if it cannot be read. */
char *read_data(const char *name);
