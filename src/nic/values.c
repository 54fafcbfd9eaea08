/* SPDX-License-Identifier: Apache-2.0 */
/* Words, numbers and addresses in lxc.net.*. */
#include "nic/values.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    ADDRESS4_BITS = 32,
    ADDRESS6_BITS = 128,
    PREFIX6_DEFAULT = 64,
    PREFIX4_POINT_TO_POINT = 31, /* RFC 3021: no broadcast address from here on */
};

int nic_value_bool(const char *value, bool *ret_value, const char *where, struct thole_error *err) {
    *ret_value = strcmp(value, "1") == 0;
    if (*ret_value || strcmp(value, "0") == 0)
        return 0;
    return error_config(err, where, "\"%s\" is neither 0 nor 1", value);
}

int nic_value_number(const char *value, int64_t minimum, int64_t maximum, int64_t *ret_number,
                     const char *where, struct thole_error *err) {
    if (text_parse_int(value, minimum, maximum, ret_number))
        return 0;
    return error_config(err, where, "\"%s\" is not a number from %" PRIi64 " to %" PRIi64, value,
                        minimum, maximum);
}

int nic_value_word(const char *value, const struct name_value *words, int *ret_value,
                   const char *where, struct thole_error *err) {
    cleanup_text struct text list = {0};
    for (const struct name_value *word = words; word->name != NULL; word++) {
        if (strcmp(word->name, value) == 0) {
            *ret_value = word->value;
            return 0;
        }
        text_appendf(&list, "%s%s", list.length > 0 ? ", " : "", word->name);
    }
    return error_config(err, where, "\"%s\" is none of %s", value, list.data);
}

int nic_value_device(const char *value, const char *where, struct thole_error *err) {
    size_t length = strlen(value);
    bool is_name = length > 0 && length < IFNAMSIZ && strpbrk(value, "/:%") == NULL &&
                   strcmp(value, ".") != 0 && strcmp(value, "..") != 0;
    for (size_t i = 0; i < length; i++)
        is_name = is_name && !isspace((unsigned char)value[i]);
    if (is_name)
        return 0;
    return error_config(err, where,
                        "\"%s\" cannot be the name of an interface: at most %d characters without "
                        "blanks and /:%%",
                        value, IFNAMSIZ - 1);
}

/* ---- hardware addresses ---- */

int nic_value_hwaddr(const char *value, char *ret_digits, const char *where,
                     struct thole_error *err) {
    size_t count = 0;
    bool is_address = strlen(value) == 3 * NIC_HWADDR_LENGTH - 1;
    for (size_t i = 0; is_address && value[i] != '\0'; i++) {
        char digit = (char)tolower((unsigned char)value[i]);
        if (i % 3 == 2)
            is_address = digit == ':';
        else if (isxdigit((unsigned char)digit) || digit == 'x')
            ret_digits[count++] = digit;
        else
            is_address = false;
    }
    if (!is_address)
        return error_config(err, where,
                            "\"%s\" is not a hardware address like 00:16:3e:xx:xx:xx, where x "
                            "stands for any digit",
                            value);
    const char *low = strchr("13579bdf", ret_digits[1]);
    if (low != NULL)
        return error_config(err, where, "\"%s\" is a multicast address: its first byte is odd",
                            value);
    return 0;
}

/* ---- addresses ---- */

/* Networks before CIDR: A, B, C. */
static unsigned class_prefix(uint8_t first) {
    return first < 128 ? 8 : first < 192 ? 16 : 24;
}

static void set_broadcast(struct nic_network_address *address) {
    if (address->prefix >= PREFIX4_POINT_TO_POINT)
        return;
    address->has_broadcast = true;
    for (unsigned bit = 0; bit < ADDRESS4_BITS; bit++) {
        uint8_t mask = (uint8_t)(0x80 >> bit % 8);
        if (bit >= address->prefix || (address->bytes[bit / 8] & mask) != 0)
            address->broadcast[bit / 8] |= mask;
    }
}

static bool parse_address(char *word, int family, struct nic_network_address *address) {
    uint64_t prefix = 0;
    uint64_t most = family == AF_INET ? ADDRESS4_BITS : ADDRESS6_BITS;
    char *slash = strchr(word, '/');
    if (slash != NULL)
        *slash = '\0';
    address->family = family;
    if (inet_pton(family, word, address->bytes) != 1)
        return false;
    if (slash == NULL)
        prefix = family == AF_INET ? class_prefix(address->bytes[0]) : PREFIX6_DEFAULT;
    else if (!text_parse_uint(slash + 1, most, &prefix))
        return false;
    address->prefix = (unsigned)prefix;
    return true;
}

int nic_value_address(const char *value, int family, struct nic_network_address *ret_address,
                      const char *where, struct thole_error *err) {
    static const char blanks[] = " \t";
    char word[INET6_ADDRSTRLEN + sizeof("/128")];
    size_t length = strcspn(value, blanks);
    const char *rest = value + length;
    rest += strspn(rest, blanks);
    bool right = length < sizeof(word);
    if (right) {
        memcpy(word, value, length);
        word[length] = '\0';
        right = parse_address(word, family, ret_address);
    }
    if (right && *rest != '\0') {
        ret_address->has_broadcast = true;
        right = family == AF_INET && inet_pton(AF_INET, rest, ret_address->broadcast) == 1;
    } else if (right && family == AF_INET) {
        set_broadcast(ret_address);
    }
    if (right)
        return 0;
    return error_config(err, where, "\"%s\" is not %s", value,
                        family == AF_INET ? "an IPv4 address ADDRESS[/PREFIX] [BROADCAST]"
                                          : "an IPv6 address ADDRESS[/PREFIX]");
}

int nic_value_route(const char *value, int family, struct nic_network_route *ret_route,
                    const char *where, struct thole_error *err) {
    char words[2 * INET6_ADDRSTRLEN + sizeof("/128 4294967295")];
    uint64_t metric = 0;
    (void)snprintf(words, sizeof(words), "%s", value);
    char *rest = words;
    char *network = strsep(&rest, " ");
    const char *gateway = strsep(&rest, " ");
    const bool right = strlen(value) < sizeof(words) && gateway != NULL &&
                       parse_address(network, family, &ret_route->destination) &&
                       inet_pton(family, gateway, ret_route->gateway) == 1 &&
                       (rest == NULL || text_parse_uint(rest, UINT32_MAX, &metric));
    ret_route->metric = (uint32_t)metric;
    return right ? 0
                 : error_config(err, where,
                                "\"%s\" is not a route NETWORK[/PREFIX] GATEWAY [METRIC]", value);
}

int nic_value_gateway(const char *value, int family, struct nic_network_gateway *ret_gateway,
                      const char *where, struct thole_error *err) {
    if (strcmp(value, "auto") == 0)
        ret_gateway->kind = NIC_GATEWAY_AUTO;
    else if (strcmp(value, "dev") == 0)
        ret_gateway->kind = NIC_GATEWAY_DEVICE;
    else if (inet_pton(family, value, ret_gateway->bytes) == 1)
        ret_gateway->kind = NIC_GATEWAY_ADDRESS;
    else
        return error_config(err, where, "\"%s\" is neither an %s address, auto nor dev", value,
                            family == AF_INET ? "IPv4" : "IPv6");
    return 0;
}
