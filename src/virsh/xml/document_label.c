/* SPDX-License-Identifier: Apache-2.0 */
/* The label that a start has got for itself, in the document of what runs. */
#include <stdlib.h>
#include <string.h>

#include "virsh/xml/tree.h"

static bool attribute_is(xmlNode *node, const char *name, const char *value) {
    xmlChar *found = xmlGetNoNsProp(node, (const xmlChar *)name);
    const bool same = found == NULL || strcmp((const char *)found, value) == 0;
    xmlFree(found);
    return same;
}

/* What is not said counts as this: a seclabel is dynamic, and of the host's own model. */
static bool is_dynamic(xmlNode *node) {
    return node->type == XML_ELEMENT_NODE && xmlStrEqual(node->name, (const xmlChar *)"seclabel") &&
           attribute_is(node, "type", "dynamic") && attribute_is(node, "model", "selinux");
}

static xmlNode *find_label(xmlNode *root) {
    for (xmlNode *node = root->children; node != NULL; node = node->next) {
        if (is_dynamic(node))
            return node;
    }
    xmlNode *made = xmlNewChild(root, NULL, (const xmlChar *)"seclabel", NULL);
    if (made == NULL)
        abort();
    return made;
}

static void set_text(xmlNode *parent, const char *name, const char *text) {
    for (xmlNode *node = parent->children; node != NULL;) {
        xmlNode *next = node->next;
        if (node->type == XML_ELEMENT_NODE && xmlStrEqual(node->name, (const xmlChar *)name)) {
            xmlUnlinkNode(node);
            xmlFreeNode(node);
        }
        node = next;
    }
    (void)xmlNewTextChild(parent, NULL, (const xmlChar *)name, (const xmlChar *)text);
}

void virsh_xml_set_label(struct xml_document *document, const char *label,
                         const char *image_label) {
    static const char *const attributes[][2] = {
        {"type", "dynamic"}, {"model", "selinux"}, {"relabel", "yes"}};
    xmlNode *node = find_label(xmlDocGetRootElement(document->tree));
    for (size_t i = 0; i < sizeof(attributes) / sizeof(attributes[0]); i++)
        (void)xmlSetProp(node, (const xmlChar *)attributes[i][0],
                         (const xmlChar *)attributes[i][1]);
    set_text(node, "label", label);
    set_text(node, "imagelabel", image_label);
}
