/* SPDX-License-Identifier: Apache-2.0 */
/* Images that only QEMU can read. */
#include "virsh/convert/filesystems.h"

int virsh_nbd_add(struct virsh_conversion *conversion, const struct domain_filesystem *filesystem,
                  struct thole_error *err) {
    (void)conversion;
    return error_unsupported(err, filesystem->driver.where,
                             "attach the image by \"qemu-nbd -c /dev/nbd0\", and name that device "
                             "in a filesystem of type block");
}
