/* SPDX-License-Identifier: Apache-2.0 */
/* Random digits for hardware addresses. */
#include "lxc/store/hardware_address.h"

#include <stdlib.h>
#include <sys/random.h>

char *lxc_hardware_address_expand(char *address) {
    static const char digits[] = "0123456789abcdef";
    for (char *at = address; *at != '\0'; at++) {
        unsigned char byte = 0;
        if (*at != 'x' && *at != 'X')
            continue;
        if (getrandom(&byte, sizeof(byte), 0) != (ssize_t)sizeof(byte))
            abort();
        /* The lowest bit of the first octet would make it an address of many. */
        *at = digits[byte & (at - address == 1 ? 14 : 15)];
    }
    return address;
}
