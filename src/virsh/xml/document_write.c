/* SPDX-License-Identifier: Apache-2.0 */
/* Changing documents, and writing them: two blanks a level, single quotes. */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "virsh/xml/tree.h"

enum { INDENT = 2 };

static const char *chars(const xmlChar *string) {
    return (const char *)string;
}

static const xmlChar *xml_chars(const char *string) {
    return (const xmlChar *)string;
}

char *virsh_xml_node_name(const xmlNode *node) {
    struct text name = {0};
    if (node->ns != NULL && node->ns->href != NULL)
        text_append(&name, strcmp(chars(node->ns->href), VIRSH_XML_NAMESPACE) == 0 ? "lxc:" : "?:");
    text_append(&name, chars(node->name));
    return text_take(&name);
}

/* ---- changes ---- */

/* The child of @parent called @name (@length bytes of it), or NULL. */
static xmlNode *child(xmlNode *parent, const char *name, size_t length) {
    for (xmlNode *node = parent->children; node != NULL; node = node->next) {
        if (node->type == XML_ELEMENT_NODE && strncmp(chars(node->name), name, length) == 0 &&
            chars(node->name)[length] == '\0')
            return node;
    }
    return NULL;
}

/* Beneath the root; NULL: there is none. */
static xmlNode *find(const struct xml_document *document, const char *path) {
    xmlNode *node = xmlDocGetRootElement(document->tree);
    while (node != NULL && *path != '\0') {
        const size_t length = strcspn(path, "/");
        node = child(node, path, length);
        path += length + (path[length] == '/');
    }
    return node;
}

char *virsh_xml_get(const struct xml_document *document, const char *path) {
    const xmlNode *node = find(document, path);
    xmlChar *content = node != NULL ? xmlNodeGetContent(node) : NULL;
    char *text = content != NULL ? strdup(chars(content)) : NULL;
    xmlFree(content);
    return text;
}

char *virsh_xml_get_attribute(const struct xml_document *document, const char *path,
                              const char *name) {
    xmlNode *node = find(document, path);
    xmlChar *value = node != NULL ? xmlGetNoNsProp(node, xml_chars(name)) : NULL;
    char *text = value != NULL ? strdup(chars(value)) : NULL;
    xmlFree(value);
    return text;
}

static xmlNode *add_child(struct xml_document *document, xmlNode *parent, const char *name,
                          size_t length, xmlNode *before) {
    cleanup_free char *word = strndup(name, length);
    xmlNode *node = xmlNewDocNode(document->tree, NULL, xml_chars(word), NULL);
    if (node == NULL)
        abort();
    return before != NULL ? xmlAddNextSibling(before, node) : xmlAddChild(parent, node);
}

void virsh_xml_set(struct xml_document *document, const char *path, const char *text,
                   const char *unit, const char *after) {
    xmlNode *node = xmlDocGetRootElement(document->tree);
    xmlNode *before = find(document, after);
    for (const char *at = path; *at != '\0';) {
        const size_t length = strcspn(at, "/");
        xmlNode *inner = child(node, at, length);
        node = inner != NULL ? inner : add_child(document, node, at, length, before);
        before = NULL;
        at += length + (at[length] == '/');
    }
    xmlNodeSetContent(node, NULL);
    (void)xmlNodeAddContent(node, xml_chars(text));
    if (unit != NULL)
        (void)xmlSetProp(node, xml_chars("unit"), xml_chars(unit));
}

void virsh_xml_set_attribute(struct xml_document *document, const char *name, const char *value) {
    xmlNode *root = xmlDocGetRootElement(document->tree);
    (void)xmlUnsetProp(root, xml_chars(name));
    if (value != NULL)
        (void)xmlNewProp(root, xml_chars(name), xml_chars(value));
}

/* ---- writing ---- */

void virsh_xml_append_escaped(struct text *text, const char *string, size_t length) {
    for (const char *at = string; at < string + length; at++) {
        switch (*at) {
        case '&':
            text_append(text, "&amp;");
            break;
        case '<':
            text_append(text, "&lt;");
            break;
        case '>':
            text_append(text, "&gt;");
            break;
        case '\'':
            text_append(text, "&apos;");
            break;
        case '\r':
            text_append(text, "&#xD;");
            break;
        default:
            text_append_bytes(text, at, 1);
        }
    }
}

/* Line breaks and tabs in an attribute would come back as blanks. */
static void append_attribute_value(struct text *text, const char *string) {
    for (const char *at = string; *at != '\0';) {
        const size_t length = strcspn(at, "\n\t");
        virsh_xml_append_escaped(text, at, length);
        at += length;
        if (*at != '\0')
            text_append(text, *at++ == '\n' ? "&#xA;" : "&#x9;");
    }
}

static void append_name(struct text *text, const xmlNs *ns, const xmlChar *name) {
    if (ns != NULL && ns->prefix != NULL)
        text_appendf(text, "%s:", chars(ns->prefix));
    text_append(text, chars(name));
}

static void append_attribute(struct text *text, const xmlNs *ns, const char *name,
                             const char *value) {
    text_append(text, " ");
    append_name(text, ns, xml_chars(name));
    text_append(text, "='");
    append_attribute_value(text, value);
    text_append(text, "'");
}

static void append_start(struct text *text, const xmlNode *node) {
    text_append(text, "<");
    append_name(text, node->ns, node->name);
    for (const xmlNs *ns = node->nsDef; ns != NULL; ns = ns->next) {
        text_append(text, ns->prefix != NULL ? " xmlns:" : " xmlns");
        text_appendf(text, "%s='", ns->prefix != NULL ? chars(ns->prefix) : "");
        append_attribute_value(text, ns->href != NULL ? chars(ns->href) : "");
        text_append(text, "'");
    }
    for (xmlAttr *attribute = node->properties; attribute != NULL; attribute = attribute->next) {
        xmlChar *value = xmlNodeListGetString(node->doc, attribute->children, 1);
        append_attribute(text, attribute->ns, chars(attribute->name),
                         value != NULL ? chars(value) : "");
        xmlFree(value);
    }
}

static void append_raw(struct text *text, const xmlNode *node) {
    xmlBuffer *buffer = xmlBufferCreate();
    xmlNode *whole = (xmlNode *)(uintptr_t)node; /* libxml2 2.9 has forgotten a const */
    if (buffer == NULL || xmlNodeDump(buffer, node->doc, whole, 0, 0) < 0)
        abort();
    text_append(text, chars(xmlBufferContent(buffer)));
    xmlBufferFree(buffer);
}

/* Elements and comments only: they may have lines of their own. */
static bool is_structure(const xmlNode *node) {
    bool elements = false;
    for (xmlNode *at = node->children; at != NULL; at = at->next) {
        if (at->type == XML_ELEMENT_NODE)
            elements = true;
        else if (at->type != XML_COMMENT_NODE && !xmlIsBlankNode(at))
            return false;
    }
    return elements;
}

static void append_node(struct text *text, const xmlNode *node, int depth);

static void append_children(struct text *text, const xmlNode *node, int depth) {
    for (const xmlNode *at = node->children; at != NULL; at = at->next) {
        if (at->type == XML_ELEMENT_NODE || at->type == XML_COMMENT_NODE)
            append_node(text, at, depth + 1);
    }
    text_appendf(text, "%*s", INDENT * depth, "");
}

static void append_content(struct text *text, const xmlNode *node) {
    for (const xmlNode *at = node->children; at != NULL; at = at->next) {
        if (at->type == XML_TEXT_NODE)
            virsh_xml_append_escaped(text, chars(at->content), strlen(chars(at->content)));
        else
            append_raw(text, at);
    }
}

static void append_node(struct text *text, const xmlNode *node, int depth) {
    text_appendf(text, "%*s", INDENT * depth, "");
    if (node->type != XML_ELEMENT_NODE) {
        append_raw(text, node);
        text_append(text, "\n");
        return;
    }
    append_start(text, node);
    if (node->children == NULL) {
        text_append(text, "/>\n");
        return;
    }
    text_append(text, ">");
    if (is_structure(node)) {
        text_append(text, "\n");
        append_children(text, node, depth);
    } else {
        append_content(text, node);
    }
    text_append(text, "</");
    append_name(text, node->ns, node->name);
    text_append(text, ">\n");
}

char *virsh_xml_write(const struct xml_document *document) {
    struct text text = {0};
    append_node(&text, xmlDocGetRootElement(document->tree), 0);
    return text_take(&text);
}
