/* SPDX-License-Identifier: Apache-2.0 */
/* Sets of capabilities as bits: capset(2) has them in halves, and a cap_t would have to be filled
 * in one by one. prctl(2) is called directly: libcap 2.44 says EPERM for whatever failed. */
#include "sys/capabilities.h"

#include <sys/capability.h>
#include <sys/prctl.h>

typedef struct __user_cap_data_struct halves[_LINUX_CAPABILITY_U32S_3];

int sys_get_capabilities(struct sys_capabilities *ret_sets) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    halves data = {0};
    if (capget(&header, data) < 0)
        return -1;
    *ret_sets = (struct sys_capabilities){
        .effective = (uint64_t)data[1].effective << 32 | data[0].effective,
        .permitted = (uint64_t)data[1].permitted << 32 | data[0].permitted,
        .inheritable = (uint64_t)data[1].inheritable << 32 | data[0].inheritable,
    };
    return 0;
}

int sys_set_capabilities(const struct sys_capabilities *sets) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    halves data = {
        {(uint32_t)sets->effective, (uint32_t)sets->permitted, (uint32_t)sets->inheritable},
        {(uint32_t)(sets->effective >> 32), (uint32_t)(sets->permitted >> 32),
         (uint32_t)(sets->inheritable >> 32)},
    };
    return capset(&header, data);
}

int sys_drop_bounding_capability(int capability) {
    return prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
}

int sys_raise_ambient_capability(int capability) {
    return prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0);
}
