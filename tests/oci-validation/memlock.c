/* SPDX-License-Identifier: Apache-2.0 */
/* For LD_PRELOAD: raising RLIMIT_MEMLOCK seems to succeed where it is refused. Programs do so for
 * BPF, which kernels from 5.11 on do not count there; a machine that withholds CAP_SYS_RESOURCE
 * would keep them from running at all. */
#include <dlfcn.h>
#include <sys/resource.h>

int setrlimit(__rlimit_resource_t resource, const struct rlimit *limit) {
    int (*real)(__rlimit_resource_t, const struct rlimit *) = dlsym(RTLD_NEXT, "setrlimit");
    const int result = real(resource, limit);
    return resource == RLIMIT_MEMLOCK ? 0 : result;
}
