/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reading a domain's XML never crashes, a refusal is one line; what was read is written and reads
 * the same; what can be converted is a configuration.
 */
#include <string.h>

#include "base/cleanup.h"
#include "targets.h"
#include "virsh/convert/convert.h"
#include "virsh/domain/check.h"
#include "virsh/xml/document.h"
#include "virsh/xml/reader.h"

static const char facts[] = "{\"selinux\":true,\"apparmor\":true,\"cgroup_namespaces\":true,"
                            "\"capabilities\":\"0x1ffffffffff\"}";

static void check_written(const struct xml_document *document) {
    cleanup_free char *first = virsh_xml_write(document);
    cleanup_xml struct xml_document *again = NULL;
    struct thole_error err = {0};
    require(virsh_xml_parse(first, strlen(first), "again", &again, &err) == 0 ||
            strlen(first) > 1 << 19);
    if (again == NULL)
        return;
    cleanup_free char *second = virsh_xml_write(again);
    require(strcmp(first, second) == 0);
}

static void check_converted(const struct domain *domain) {
    static const struct virsh_convert_request request = {
        .uuid = "c7a5fdbd-edaf-9455-926a-d65c16db1809",
        .directory = "/nonexistent",
        .uri = "lxc:///",
        .program = "/nonexistent/thole-virsh",
        .hooks = "/nonexistent",
        .networks = "/nonexistent",
        .facts = facts,
    };
    struct thole_error err = {0};
    cleanup_virsh_converted struct virsh_converted converted = {0};
    if (virsh_convert(domain, &request, &converted, &err) < 0)
        fuzz_require_line(&err);
    else
        require(converted.config != NULL);
}

void fuzz_virsh_domain(const uint8_t *data, size_t size) {
    cleanup_xml struct xml_document *document = NULL;
    cleanup_domain struct domain domain = {0};
    struct thole_error err = {0};
    if (virsh_xml_parse((const char *)data, size, "domain.xml", &document, &err) < 0) {
        fuzz_require_line(&err);
        return;
    }
    check_written(document);
    if (virsh_xml_read_domain(document, &domain, &err) < 0 ||
        domain_check(&domain, "domain.xml", &err) < 0)
        fuzz_require_line(&err);
    else
        check_converted(&domain);
}
