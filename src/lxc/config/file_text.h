/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A configuration file as its owner wrote it: settings are changed in the text, and comments,
 * order, includes and old names stay. What a file includes is not looked at.
 */
#pragma once

#include <stddef.h>

#include "base/error.h"
#include "base/text.h"

/** Reads @path. */
int lxc_configuration_text_read(const char *path, struct text *text, struct thole_error *err);

/** Adds the line "KEY = VALUE" at the end. */
void lxc_configuration_text_append(struct text *text, const char *key, const char *value);

/**
 * Removes the lines of @key, which is today's name; lines with its old name are meant as well. With
 * a dot at its end it means all keys that begin with it. Returns how many lines there were.
 */
size_t lxc_configuration_text_remove(struct text *text, const char *key);

/**
 * Gives @key the one value @value: in the place of its first line, whose spelling of the key is
 * kept, or at the end.
 */
void lxc_configuration_text_replace(struct text *text, const char *key, const char *value);

/** Gives all keys today's names. Returns the number of lines that have changed. */
size_t lxc_configuration_text_update(struct text *text);
