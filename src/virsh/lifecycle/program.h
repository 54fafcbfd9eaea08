/* SPDX-License-Identifier: Apache-2.0 */
/* The path of thole-virsh, by which hooks find it again. */
#pragma once

/** To be called early in main(). */
void virsh_program_note(void);

/** Borrowed. */
const char *virsh_program(void);
