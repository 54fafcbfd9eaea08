/* SPDX-License-Identifier: Apache-2.0 */
/* A walk through the document: each element and attribute is looked up in the table. */
#include "virsh/xml/reader.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "virsh/xml/rows.h"
#include "virsh/xml/tree.h"
#include "virsh/xml/values.h"

struct reading {
    const struct xml_document *document;
    struct domain *domain;
};

/* An element on the way down. */
struct place {
    const char *path;    /* beneath the root, "" for the root itself */
    const char *pattern; /* the same as the table has it: with stars */
    void *base;          /* the struct that rows fill in */
};

static const char *string(const xmlChar *chars) {
    return (const char *)chars;
}

static const char *where(const struct reading *reading, const xmlNode *node, const char *path) {
    return arena_printf(&reading->domain->arena, "%s:%ld: /domain%s%s", reading->document->name,
                        xmlGetLineNo(node), path[0] == '\0' || path[0] == '@' ? "" : "/", path);
}

/* ---- values ---- */

static char *attribute(const xmlNode *node, const char *name) {
    xmlChar *value = xmlGetNoNsProp(node, (const xmlChar *)name);
    char *copy = value != NULL ? strdup(string(value)) : NULL;
    xmlFree(value);
    return copy;
}

static int store(struct reading *reading, const struct virsh_row *row, const xmlNode *node,
                 const char *text, const char *at, void *base, struct thole_error *err) {
    struct domain_value *value = (struct domain_value *)(void *)((char *)base + row->offset);
    cleanup_free char *unit = attribute(node, "unit");
    cleanup_free char *units = attribute(node, "units");
    if (value->text != NULL) {
        domain_warn(reading->domain, at, "is there twice: the first one counts");
        return 0;
    }
    value->where = at;
    return virsh_value_read(row, text, unit != NULL ? unit : units, &reading->domain->arena, value,
                            err);
}

/* What a row means for an element or attribute of this text; @base is what it fills in. */
static int take(struct reading *reading, const struct virsh_row *row, const xmlNode *node,
                const char *text, const char *at, void *base, struct thole_error *err) {
    switch (row->kind) {
    case VIRSH_ROW_REFUSED:
        return error_unsupported(err, at, "%s", row->note);
    case VIRSH_ROW_IGNORED:
        domain_warn(reading->domain, at, row->note);
        return 0;
    case VIRSH_ROW_PLACE:
    case VIRSH_ROW_LIST:
    case VIRSH_ROW_KEPT:
        return 0;
    default:
        return store(reading, row, node, text, at, base, err);
    }
}

/* ---- attributes ---- */

/* What an attribute of an ignored or kept element says is no news. */
static int read_attributes(struct reading *reading, const xmlNode *node, const struct place *place,
                           struct thole_error *err) {
    struct arena *arena = &reading->domain->arena;
    for (const xmlAttr *at = node->properties; at != NULL; at = at->next) {
        const char *name = string(at->name);
        const char *path = arena_printf(arena, "%s@%s", place->path, name);
        const char *pattern = arena_printf(arena, "%s@%s", place->pattern, name);
        const struct virsh_row *row = at->ns == NULL ? virsh_row_find(pattern) : NULL;
        const char *spot = where(reading, node, path);
        cleanup_free char *text = attribute(node, name);
        if (row == NULL)
            domain_warn(reading->domain, spot, "is not known: no effect");
        else if (take(reading, row, node, text != NULL ? text : "", spot, place->base, err) < 0)
            return -1;
    }
    return 0;
}

/* ---- elements ---- */

/* The first members of every list element are @where, and of a list of words the value. */
static void *add_element(struct reading *reading, const struct virsh_row *row, const char *at,
                         const char *text, void *base) {
    struct domain_list *list = (struct domain_list *)(void *)((char *)base + row->offset);
    void *element = domain_list_add(&reading->domain->arena, list, row->size);
    *(const char **)element = at;
    if (row->size == sizeof(struct domain_word))
        ((struct domain_word *)element)->value =
            (struct domain_value){arena_strdup(&reading->domain->arena, text), 0, at};
    return element;
}

/* The parts of a list element that are its own text or name. */
static void fill_element(struct reading *reading, const struct virsh_row *row, const xmlNode *node,
                         const char *at, const char *text, void *element) {
    struct arena *arena = &reading->domain->arena;
    if (row->size == sizeof(struct domain_variable) && strcmp(row->path, "os/initenv") == 0)
        ((struct domain_variable *)element)->value =
            (struct domain_value){arena_strdup(arena, text), 0, at};
    if (strcmp(row->path, "features/capabilities/*") == 0)
        ((struct domain_capability *)element)->name =
            (struct domain_value){arena_strdup(arena, string(node->name)), 0, at};
}

static int read_element(struct reading *reading, const xmlNode *node, const struct place *outer,
                        struct thole_error *err);

static int read_children(struct reading *reading, const xmlNode *node, const struct place *place,
                         struct thole_error *err) {
    for (const xmlNode *at = node->children; at != NULL; at = at->next) {
        if (at->type == XML_ELEMENT_NODE && read_element(reading, at, place, err) < 0)
            return -1;
    }
    return 0;
}

static const struct virsh_row *find(struct arena *arena, const struct place *outer,
                                    const char *name, const char **ret_pattern) {
    const char *slash = outer->pattern[0] != '\0' ? "/" : "";
    *ret_pattern = arena_printf(arena, "%s%s%s", outer->pattern, slash, name);
    const struct virsh_row *row = virsh_row_find(*ret_pattern);
    if (row != NULL)
        return row;
    *ret_pattern = arena_printf(arena, "%s%s*", outer->pattern, slash);
    return virsh_row_find(*ret_pattern);
}

/* @outer is the place around it. */
static int read_element(struct reading *reading, const xmlNode *node, const struct place *outer,
                        struct thole_error *err) {
    struct arena *arena = &reading->domain->arena;
    cleanup_free char *name = virsh_xml_node_name(node);
    struct place place = *outer;
    const struct virsh_row *row = find(arena, outer, name, &place.pattern);
    place.path =
        arena_printf(arena, "%s%s%s", outer->path, outer->path[0] != '\0' ? "/" : "", name);
    const char *at = where(reading, node, place.path);
    if (row == NULL) {
        domain_warn(reading->domain, at, "is not known: no effect");
        return 0;
    }
    xmlChar *content = xmlNodeGetContent(node);
    const char *text = content != NULL ? string(content) : "";
    int result = take(reading, row, node, text, at, place.base, err);
    if (result == 0 && row->kind == VIRSH_ROW_LIST) {
        place.base = add_element(reading, row, at, text, outer->base);
        fill_element(reading, row, node, at, text, place.base);
    }
    xmlFree(content);
    if (result < 0 || row->kind == VIRSH_ROW_KEPT || row->kind == VIRSH_ROW_IGNORED)
        return result;
    if (read_attributes(reading, node, &place, err) < 0)
        return -1;
    return read_children(reading, node, &place, err);
}

int virsh_xml_read_domain(const struct xml_document *document, struct domain *ret_domain,
                          struct thole_error *err) {
    const xmlNode *root = xmlDocGetRootElement(document->tree);
    struct reading reading = {document, ret_domain};
    const struct place place = {"", "", ret_domain};
    *ret_domain = (struct domain){0};
    if (strcmp(string(root->name), "domain") != 0)
        return error_config(err, document->name, "the root element is <%s>, not <domain>",
                            string(root->name));
    if (read_attributes(&reading, root, &place, err) < 0 ||
        read_children(&reading, root, &place, err) < 0) {
        domain_done(ret_domain);
        return -1;
    }
    return 0;
}
