/* SPDX-License-Identifier: Apache-2.0 */
/* A range of unsigned numbers by cmocka 2's name, which calls assert_in_range() out of date. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#ifndef assert_uint_in_range
#define assert_uint_in_range(value, minimum, maximum) assert_in_range(value, minimum, maximum)
#endif
