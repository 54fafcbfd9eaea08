/* SPDX-License-Identifier: Apache-2.0 */
/* The document as libxml2 has it: for the files of this folder. */
#pragma once

#include <libxml/tree.h>

#include "virsh/xml/document.h"

#define VIRSH_XML_NAMESPACE "http://libvirt.org/schemas/domain/lxc/1.0"

struct xml_document {
    xmlDoc *tree;
    char *name; /* of the file, for errors */
};

/** "name", or "lxc:name" in the namespace of the LXC driver; malloc'ed. */
char *virsh_xml_node_name(const xmlNode *node);
