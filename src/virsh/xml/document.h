/* SPDX-License-Identifier: Apache-2.0 */
/*
 * XML documents of domains: read by libxml2 without network, entities and other files, and written
 * as libvirt does. What nobody knows in it stays as it is.
 */
#pragma once

#include <stddef.h>

#include "base/error.h"
#include "base/text.h"

struct xml_document;

/** Reads @file, "-" for standard input. Errors name file and line. */
int virsh_xml_read(const char *file, struct xml_document **ret_document, struct thole_error *err);

/** The same for a text; @name stands for a file's name in errors. */
int virsh_xml_parse(const char *text, size_t length, const char *name,
                    struct xml_document **ret_document, struct thole_error *err);

/** Appends @length bytes of @string as text of an element, or of an attribute in single quotes. */
void virsh_xml_append_escaped(struct text *text, const char *string, size_t length);

/** The whole document, malloc'ed. */
char *virsh_xml_write(const struct xml_document *document);

/** The text of the element @path beneath the root, malloc'ed; NULL: there is none. */
char *virsh_xml_get(const struct xml_document *document, const char *path);

/** The same for an attribute of it. */
char *virsh_xml_get_attribute(const struct xml_document *document, const char *path,
                              const char *name);

/**
 * Gives the element @path beneath the root this text, and its attribute "unit" the value @unit
 * unless that is NULL. What is missing is made, the first of it behind the root's child @after.
 */
void virsh_xml_set(struct xml_document *document, const char *path, const char *text,
                   const char *unit, const char *after);

/** Sets an attribute of the root, which comes last; NULL: takes it away. */
void virsh_xml_set_attribute(struct xml_document *document, const char *name, const char *value);

/** Shows what became of a dynamic seclabel, which is made if the document has none. */
void virsh_xml_set_label(struct xml_document *document, const char *label, const char *image_label);

void virsh_xml_done(struct xml_document **document);
#define cleanup_xml __attribute__((cleanup(virsh_xml_done)))
