/* SPDX-License-Identifier: Apache-2.0 */
/* What single strings have to look like. */
#include <ctype.h>
#include <limits.h>
#include <net/if.h>
#include <stdbool.h>
#include <string.h>

#include "base/names.h"
#include "base/text.h"
#include "oci-spec/check.h"

#define DIGITS "0123456789"
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

const char *oci_check_not_empty(const char *value) {
    return value[0] != '\0' ? NULL : "a non-empty string";
}

/* What mount(2) and open(2) take, the end included; some file systems have sources that are no
 * paths, and none. */
const char *oci_check_source(const char *value) {
    return strlen(value) < PATH_MAX ? NULL : "a path of at most 4095 bytes";
}

const char *oci_check_path(const char *value) {
    return value[0] != '\0' ? oci_check_source(value) : "a non-empty string";
}

const char *oci_check_absolute_path(const char *value) {
    return value[0] == '/' ? oci_check_source(value) : "an absolute path";
}

/* sethostname(2), setdomainname(2) */
const char *oci_check_host_name(const char *value) {
    return strlen(value) <= HOST_NAME_MAX ? NULL : "a name of at most 64 bytes";
}

/* cpuset(7), "List format"; newer kernels know more of it: "0-N", "0-7:1/2", "all". */
const char *oci_check_kernel_list(const char *value) {
    bool good = value[strspn(value, DIGITS ",-:/N \t\n")] == '\0' && value[0] != '-' &&
                (value[0] == '\0' || strpbrk(value, DIGITS "N") != NULL);
    return good || strcmp(value, "all") == 0 ? NULL : "a list such as 0-3,7";
}

/* Moves behind a number without leading zeros. */
static bool skip_number(const char **position) {
    size_t length = strspn(*position, DIGITS);
    if (length == 0 || (length > 1 && (*position)[0] == '0'))
        return false;
    *position += length;
    return true;
}

/* Moves behind @mark and dot-separated identifiers, none of them empty, if @mark is there at all.
 */
static bool skip_identifiers(const char **position, char mark) {
    if (**position != mark)
        return true;
    do {
        (*position)++;
        size_t length = strspn(*position, DIGITS LETTERS "-");
        if (length == 0)
            return false;
        *position += length;
    } while (**position == '.');
    return true;
}

/* Semantic Versioning 2.0.0: MAJOR.MINOR.PATCH[-pre.release][+build.data] */
const char *oci_check_version(const char *value) {
    bool good = skip_number(&value) && *value++ == '.' && skip_number(&value) && *value++ == '.' &&
                skip_number(&value) && skip_identifiers(&value, '-') &&
                skip_identifiers(&value, '+') && *value == '\0';
    return good ? NULL : "a version such as 1.2.0";
}

/* Within a major version the specification promises compatibility both ways. */
const char *oci_check_config_version(const char *value) {
    const char *wanted = oci_check_version(value);
    if (wanted == NULL && !text_starts_with(value, "1."))
        wanted = "a runtime-spec version 1.x";
    return wanted;
}

const char *oci_check_environment(const char *value) {
    const char *equals = strchr(value, '=');
    return equals != NULL && equals != value ? NULL : "of the form NAME=VALUE";
}

const char *oci_check_cpu_list(const char *value) {
    uint64_t first = 0;
    uint64_t last = 0;
    while (text_take_range(&value, &first, &last))
        continue;
    return *value == '\0' ? NULL : "a list of CPUs up to 8191 such as 0-3,7";
}

const char *oci_check_interface(const char *value) {
    bool good = value[0] != '\0' && strlen(value) < IFNAMSIZ && strcmp(value, ".") != 0 &&
                strcmp(value, "..") != 0;
    for (; good && *value != '\0'; value++)
        good = *value != '/' && *value != ':' && !isspace((unsigned char)*value);
    return good ? NULL : "a network interface name of at most 15 characters";
}

const char *oci_check_device_access(const char *value) {
    return value[0] != '\0' && value[strspn(value, "rwm")] == '\0' ? NULL
                                                                   : "made of the letters r, w, m";
}

const char *oci_check_page_size(const char *value) {
    size_t digits = strspn(value, DIGITS);
    bool good = digits > 0 && value[0] != '0' && value[digits] != '\0' &&
                strchr("KMG", value[digits]) != NULL && strcmp(value + digits + 1, "B") == 0;
    return good ? NULL : "a page size such as 64KB, 2MB or 1GB";
}

const char *oci_check_cgroup_file(const char *value) {
    bool good = value[0] != '\0' && value[0] != '.' && strchr(value, '/') == NULL;
    return good ? NULL : "the name of a cgroup file such as memory.high";
}

const char *oci_check_one_line(const char *value) {
    return strchr(value, '\n') == NULL ? NULL : "a single line";
}

const char *oci_check_memory_bandwidth(const char *value) {
    bool good = text_starts_with(value, "MB:") && strchr(value, '\n') == NULL;
    return good ? NULL : "a single line that starts with MB:";
}

/* A directory name in resctrl, or "/" for its root. */
const char *oci_check_class_of_service(const char *value) {
    bool good = strcmp(value, "/") == 0 || (strcmp(value, ".") != 0 && strcmp(value, "..") != 0 &&
                                            strpbrk(value, "/\n") == NULL);
    return good ? NULL : "a directory name or /";
}
