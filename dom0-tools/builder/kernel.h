/* SPDX-License-Identifier: MIT */
/*
 * A PV kernel: its ELF segments, and the Xen notes that say how it wants to
 * be started (<xen/elfnote.h>).
 */
#ifndef XEN_LITE_BUILDER_KERNEL_H
#define XEN_LITE_BUILDER_KERNEL_H

#include "builder/bytes.h"
#include "builder/error.h"

#define KERNEL_SEGMENTS_MAX 16U
#define NOTE_UNSET          UINT64_MAX

struct kernel_notes {
    unsigned int count; /* Xen notes of any type */
    uint64_t entry;     /* NOTE_UNSET where a note is absent */
    uint64_t hypercall_page;
    uint64_t virt_base;
    uint64_t paddr_offset;
    uint64_t init_p2m;
    uint64_t hv_start_low;
    uint64_t phys32_entry;
    bool mod_start_pfn;
    char xen_version[16];
    char guest_os[32];
    char guest_version[32];
    char loader[32];
    char features[128];
};

/* Where a piece of the file goes, from pseudo-physical 0 of the guest. */
struct kernel_segment {
    uint64_t guest_offset;
    uint64_t memory_bytes;
    struct bytes file;
};

struct kernel {
    uint8_t *elf; /* the unpacked image; owned */
    size_t elf_bytes;
    struct kernel_notes notes;
    struct kernel_segment segments[KERNEL_SEGMENTS_MAX];
    unsigned int segment_count;
    uint64_t virt_base;
    uint64_t entry;
    uint64_t guest_start; /* lowest and highest guest_offset in use */
    uint64_t guest_end;
};

/*
 * Parse @elf: segments and notes, all bounds checked. The segments point into
 * @elf. Returns 0, or -1 with @e: not an x86-64 ELF, truncated, not for PV.
 */
int kernel_parse_elf(struct bytes elf, struct kernel *k, struct build_error *e);

/* Collect the Xen notes of a note segment into @notes. */
void kernel_parse_notes(struct bytes section, struct kernel_notes *notes);

/*
 * Unpack @file (a bzImage, an ELF, or a compressed ELF) and parse it.
 * kernel_free() releases what it holds, also after a failure.
 */
int kernel_load(struct bytes file, struct kernel *k, struct build_error *e);
void kernel_free(struct kernel *k);

#endif
