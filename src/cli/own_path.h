/* SPDX-License-Identifier: Apache-2.0 */
/* The path of this program, for hooks that call it again. */
#pragma once

/**
 * Notes the path in the environment variable @variable: the executable that goes on after sealing
 * has none. To be called early in main().
 */
void own_path_note(const char *variable);
