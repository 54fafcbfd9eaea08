/* SPDX-License-Identifier: Apache-2.0 */
/* Architectures, of which no more is told than whether they have 32 bits. */
#include "lxc/config/architecture.h"

#include <sys/personality.h>

#include "base/text.h"

bool lxc_architecture_parse(const char *word, unsigned long *ret_personality) {
    static const char *const narrow[] = {"x86",     "i386", "i486",    "i586",  "i686",   "athlon",
                                         "linux32", "arm",  "armel",   "armhf", "armv7l", "mips",
                                         "mipsel",  "ppc",  "powerpc", "x32"};
    static const char *const wide[] = {"x86_64",  "amd64",   "linux64",  "aarch64",     "arm64",
                                       "ppc64",   "ppc64le", "ppc64el",  "powerpc64",   "s390x",
                                       "riscv64", "mips64",  "mips64el", "loongarch64", "loong64"};
    const bool is_narrow = text_is_one_of(word, narrow, sizeof(narrow) / sizeof(narrow[0]));
    *ret_personality = is_narrow ? PER_LINUX32 : PER_LINUX;
    return is_narrow || text_is_one_of(word, wide, sizeof(wide) / sizeof(wide[0]));
}
