/* SPDX-License-Identifier: Apache-2.0 */
/* The members without which there is no domain. */
#include "virsh/domain/check.h"

#include <ctype.h>
#include <string.h>
#include <sys/random.h>

enum { NAME_LENGTH_MAX = 255, UUID_BYTES = 16 };

static const size_t dashes[] = {8, 13, 18, 23};

bool domain_name_valid(const char *name) {
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-.";
    const size_t length = strlen(name);
    return length > 0 && length <= NAME_LENGTH_MAX && name[0] != '.' &&
           strspn(name, allowed) == length;
}

static bool has_dash(size_t at) {
    for (size_t i = 0; i < sizeof(dashes) / sizeof(dashes[0]); i++) {
        if (dashes[i] == at)
            return true;
    }
    return false;
}

bool domain_uuid_parse(const char *text, char ret_uuid[DOMAIN_UUID_LENGTH + 1]) {
    size_t length = 0;
    for (; *text != '\0'; text++) {
        if (*text == '-')
            continue;
        if (!isxdigit((unsigned char)*text))
            return false;
        if (has_dash(length))
            ret_uuid[length++] = '-';
        if (length == DOMAIN_UUID_LENGTH)
            return false;
        ret_uuid[length++] = (char)tolower((unsigned char)*text);
    }
    ret_uuid[length] = '\0';
    return length == DOMAIN_UUID_LENGTH;
}

/* Version 4: RFC 9562. */
int domain_uuid_make(char ret_uuid[DOMAIN_UUID_LENGTH + 1], struct thole_error *err) {
    static const char digits[] = "0123456789abcdef";
    unsigned char bytes[UUID_BYTES];
    char text[2 * UUID_BYTES + 1] = "";
    if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
        return error_errno(err, NULL, "get random bytes for a UUID");
    bytes[6] = (unsigned char)((bytes[6] & 0x0f) | 0x40);
    bytes[8] = (unsigned char)((bytes[8] & 0x3f) | 0x80);
    for (size_t i = 0; i < UUID_BYTES; i++) {
        text[2 * i] = digits[bytes[i] >> 4];
        text[2 * i + 1] = digits[bytes[i] & 15];
    }
    (void)domain_uuid_parse(text, ret_uuid);
    return 0;
}

int domain_check(const struct domain *domain, const char *file, struct thole_error *err) {
    char uuid[DOMAIN_UUID_LENGTH + 1];
    if (domain->type.text == NULL)
        return error_config(err, file, "missing domain type attribute");
    if (strcmp(domain->type.text, "lxc") != 0)
        return error_config(err, domain->type.where, "\"%.64s\" is not lxc: no container",
                            domain->type.text);
    if (domain->name.text == NULL)
        return error_config(err, file, "missing domain name");
    if (!domain_name_valid(domain->name.text))
        return error_config(
            err, domain->name.where,
            "\"%.255s\" cannot be the name of a container: letters, digits and _+-. "
            "make one, without a dot first",
            domain->name.text);
    if (domain->uuid.text != NULL && !domain_uuid_parse(domain->uuid.text, uuid))
        return error_config(err, domain->uuid.where, "malformed uuid element");
    if (domain->memory.text == NULL)
        return error_config(err, file, "missing element /domain/memory");
    if (domain->os_type.text != NULL && strcmp(domain->os_type.text, "exe") != 0)
        return error_config(err, domain->os_type.where, "\"%.64s\" is not exe: no container",
                            domain->os_type.text);
    return 0;
}
