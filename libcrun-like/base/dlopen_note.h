/* SPDX-License-Identifier: Apache-2.0 */
/* ELF notes that name the libraries opened with dlopen(), for packaging tools. */
#ifndef THOLE_DLOPEN_NOTE_H
#define THOLE_DLOPEN_NOTE_H

#include <elf.h>

/**
 * Puts one entry into .note.dlopen
 * (https://uapi-group.org/specifications/specs/elf_dlopen_metadata):
 * @identifier names the C object, the others are string literals; @priority is "required",
 * "recommended" or "suggested".
 */
#define DLOPEN_NOTE(identifier, feature, description, priority, soname)                         \
    DLOPEN_NOTE_TEXT(identifier, "[{\"feature\":\"" feature "\",\"description\":\"" description \
                                 "\",\"priority\":\"" priority "\",\"soname\":[\"" soname "\"]}]")

#define DLOPEN_NOTE_TEXT(identifier, json)                                         \
    static const struct {                                                          \
        Elf32_Nhdr header;                                                         \
        char name[4];                                                              \
        char text[(sizeof(json) + 3) / 4 * 4];                                     \
    } identifier __attribute__((section(".note.dlopen"), aligned(4), used)) = {    \
        .header = {.n_namesz = 4, .n_descsz = sizeof(json), .n_type = 0x407c0c0a}, \
        .name = "FDO",                                                             \
        .text = json,                                                              \
    }

#endif
