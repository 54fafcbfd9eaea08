/* SPDX-License-Identifier: Apache-2.0 */
/* Where the program is, by which hooks find it again, and what it needs besides. */
#pragma once

/** To be called early in main(). */
void virsh_program_note(void);

/** Borrowed. */
const char *virsh_program(void);

/** The directory of the hooks of contrib/: THOLE_VIRSH_HOOKS, or where they are installed. */
const char *virsh_hooks(void);

/** The directory of CNI's configuration lists: NETCONFPATH, as cnitool has it, or its usual one. */
const char *virsh_networks(void);
