/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a filter's comparisons always look at the word that they are meant for. libseccomp (2.5.4
 * was seen to) lets two rules share a comparison, and one of them jumps there behind the load of
 * the argument: it is compared with whatever was loaded last. Private to this folder.
 */
#pragma once

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>

/**
 * False if there is a comparison in @program that two ways reach with different words of the call.
 * The way in has loaded the call's number.
 */
bool seccomp_program_is_sound(const struct sock_filter *program, size_t count);
