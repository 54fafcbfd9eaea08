/* SPDX-License-Identifier: Apache-2.0 */
/* The memory of a process that has become small. */
#include "sys/resident.h"

#include <link.h>
#include <malloc.h>
#include <stddef.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

/* What may be written to has been, by the dynamic linker if by nobody else. */
static int forget_segments(struct dl_phdr_info *object, size_t size, void *data) {
    const uintptr_t page = *(const uintptr_t *)data;
    (void)size;
    if (object->dlpi_addr == getauxval(AT_SYSINFO_EHDR)) /* no file has the vdso */
        return 0;
    for (size_t i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
        const uintptr_t begin = (object->dlpi_addr + segment->p_vaddr) & ~(page - 1);
        const uintptr_t end = object->dlpi_addr + segment->p_vaddr + segment->p_filesz;
        if (segment->p_type == PT_LOAD && (segment->p_flags & PF_W) == 0)
            (void)madvise((void *)begin, end - begin, MADV_DONTNEED);
    }
    return 0;
}

void sys_give_memory_back(void) {
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
#ifdef __GLIBC__
    (void)malloc_trim(0);
#endif
    (void)dl_iterate_phdr(forget_segments, &page);
}
