/* SPDX-License-Identifier: Apache-2.0 */
/* Reading documents: whoever wrote one may be hostile. */
#include "virsh/xml/document.h"

#include <fcntl.h>
#include <libxml/parser.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "virsh/xml/tree.h"

enum { DOCUMENT_MAX = 1 << 20 };

/* XML_PARSE_HUGE is not among them: libxml2's own limits hold (depth 256, names, text). */
static const int options =
    XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_BIG_LINES;

/* Entities, and files to read them from, are declared in a document type. */
static void refuse_document_type(void *context, const xmlChar *name, const xmlChar *external,
                                 const xmlChar *system) {
    xmlParserCtxt *parser = context;
    (void)name;
    (void)external;
    (void)system;
    parser->_private = parser;
    xmlStopParser(parser);
}

static int parse_error(xmlParserCtxt *parser, const char *name, struct thole_error *err) {
    cleanup_text struct text where = {0};
    const xmlError *error = xmlCtxtGetLastError(parser);
    text_append(&where, name);
    if (parser->_private == NULL && error != NULL && error->line > 0)
        text_appendf(&where, ":%d", error->line);
    if (parser->_private != NULL)
        return error_config(err, where.data,
                            "a document type declaration is not accepted: it declares entities");
    cleanup_free char *message =
        strdup(error != NULL && error->message != NULL ? error->message : "this is not XML");
    message[strcspn(message, "\n")] = '\0';
    text_make_plain(message);
    return error_config(err, where.data, "%s", message);
}

int virsh_xml_parse(const char *text, size_t length, const char *name,
                    struct xml_document **ret_document, struct thole_error *err) {
    if (length > DOCUMENT_MAX)
        return error_config(err, name, "is larger than a domain can be, %d bytes", DOCUMENT_MAX);
    xmlParserCtxt *parser = xmlNewParserCtxt();
    if (parser == NULL)
        abort();
    parser->sax->internalSubset = refuse_document_type;
    parser->_private = NULL;
    xmlDoc *tree = xmlCtxtReadMemory(parser, text, (int)length, NULL, NULL, options);
    int result = 0;
    if (tree == NULL || parser->_private != NULL || xmlDocGetRootElement(tree) == NULL)
        result = parse_error(parser, name, err);
    xmlFreeParserCtxt(parser);
    if (result < 0) {
        xmlFreeDoc(tree);
        return -1;
    }
    struct xml_document *document = calloc(1, sizeof(*document));
    if (document == NULL)
        abort();
    document->tree = tree;
    document->name = strdup(name);
    *ret_document = document;
    return 0;
}

int virsh_xml_read(const char *file, struct xml_document **ret_document, struct thole_error *err) {
    cleanup_free char *text = NULL;
    size_t length = 0;
    const bool input = strcmp(file, "-") == 0;
    cleanup_close int fd = input ? -1 : open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (!input && fd < 0)
        return error_errno(err, NULL, "Failed to open file '%s'", file);
    if (file_read_fd(input ? STDIN_FILENO : fd, file, DOCUMENT_MAX, &text, &length, err) < 0)
        return -1;
    return virsh_xml_parse(text, length, input ? "standard input" : file, ret_document, err);
}

void virsh_xml_done(struct xml_document **document) {
    if (*document == NULL)
        return;
    xmlFreeDoc((*document)->tree);
    free((*document)->name);
    free(*document);
    *document = NULL;
}
