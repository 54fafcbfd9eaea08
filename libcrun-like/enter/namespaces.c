/* SPDX-License-Identifier: Apache-2.0 */
/* Which namespaces there are to join. */
#include "enter/namespaces.h"

#include <linux/sched.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/names.h"

bool enter_is_same_file(const char *a, const char *b) {
    struct stat first;
    struct stat second;
    return stat(a, &first) == 0 && stat(b, &second) == 0 && first.st_ino == second.st_ino &&
           first.st_dev == second.st_dev;
}

static bool same_namespace(pid_t pid, unsigned long flag) {
    char own[48];
    char other[48];
    const char *file = names_of(names_namespaces, (int64_t)flag);
    (void)snprintf(own, sizeof(own), "/proc/self/ns/%s", file);
    (void)snprintf(other, sizeof(other), "/proc/%d/ns/%s", (int)pid, file);
    return enter_is_same_file(own, other);
}

unsigned long enter_namespaces(pid_t pid) {
    static const unsigned long all[] = {CLONE_NEWUSER,   CLONE_NEWNS,  CLONE_NEWPID,
                                        CLONE_NEWUTS,    CLONE_NEWIPC, CLONE_NEWNET,
                                        CLONE_NEWCGROUP, CLONE_NEWTIME};
    unsigned long flags = 0;
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        if (!same_namespace(pid, all[i]))
            flags |= all[i];
    }
    return flags;
}
