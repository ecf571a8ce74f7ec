// SPDX-License-Identifier: MIT
/*
 * ELF64 for x86-64 (<elf.h>). Pieces are placed by p_paddr, never by p_vaddr:
 * Linux links its per-CPU segment at virtual address 0.
 */
#include "builder/kernel.h"

#include <elf.h>

/* Copies of headers, because nothing in a file is surely aligned. */
static bool read_header(struct bytes elf, uint64_t offset, void *header,
                        size_t size)
{
    if (!bytes_hold(elf, offset, size)) {
        return false;
    }
    memcpy(header, elf.data + offset, size);
    return true;
}

static int check_header(struct bytes elf, Elf64_Ehdr *header,
                        struct build_error *e)
{
    if (!read_header(elf, 0, header, sizeof(*header)) ||
        memcmp(header->e_ident, ELFMAG, SELFMAG) != 0) {
        return build_fail(e, BUILD_BAD_IMAGE,
                          "neither a bzImage nor an ELF image");
    }
    if (header->e_ident[EI_CLASS] != ELFCLASS64 ||
        header->e_ident[EI_DATA] != ELFDATA2LSB ||
        header->e_machine != EM_X86_64) {
        return build_fail(e, BUILD_BAD_IMAGE,
                          "an ELF image, but not for 64-bit x86; only x86-64 "
                          "PV guests can run");
    }
    if (header->e_phentsize != sizeof(Elf64_Phdr) || header->e_phnum == 0 ||
        !bytes_hold(elf, header->e_phoff,
                    (uint64_t)header->e_phnum * sizeof(Elf64_Phdr))) {
        return build_fail(e, BUILD_BAD_IMAGE,
                          "truncated or damaged: no ELF program headers");
    }
    return 0;
}

static Elf64_Phdr program_header(struct bytes elf, const Elf64_Ehdr *header,
                                 unsigned int i)
{
    Elf64_Phdr segment = {0};

    (void)read_header(elf, header->e_phoff + i * sizeof(segment), &segment,
                      sizeof(segment));
    return segment;
}

static void segment_notes(struct bytes elf, const Elf64_Ehdr *header,
                          struct kernel_notes *notes)
{
    for (unsigned int i = 0; i < header->e_phnum; i++) {
        Elf64_Phdr segment = program_header(elf, header, i);

        if (segment.p_type == PT_NOTE &&
            bytes_hold(elf, segment.p_offset, segment.p_filesz)) {
            kernel_parse_notes(
                (struct bytes){elf.data + segment.p_offset, segment.p_filesz},
                notes);
        }
    }
}

static void section_notes(struct bytes elf, const Elf64_Ehdr *header,
                          struct kernel_notes *notes)
{
    if (header->e_shentsize != sizeof(Elf64_Shdr)) {
        return;
    }
    for (unsigned int i = 0; i < header->e_shnum; i++) {
        Elf64_Shdr section;

        if (read_header(elf, header->e_shoff + i * sizeof(section), &section,
                        sizeof(section)) &&
            section.sh_type == SHT_NOTE &&
            bytes_hold(elf, section.sh_offset, section.sh_size)) {
            kernel_parse_notes(
                (struct bytes){elf.data + section.sh_offset, section.sh_size},
                notes);
        }
    }
}

static int check_notes(const struct kernel_notes *notes, struct build_error *e)
{
    if (notes->xen_version[0] == '\0' && notes->phys32_entry != NOTE_UNSET) {
        return build_fail(e, BUILD_BAD_IMAGE,
                          "not PV-capable: it can start as a PVH guest only. "
                          "Use a kernel built with CONFIG_XEN_PV");
    }
    if (notes->xen_version[0] == '\0') {
        return build_fail(e, BUILD_BAD_IMAGE,
                          "not PV-capable: it has no Xen ELF notes. Use a "
                          "kernel built with CONFIG_XEN_PV");
    }
    if (strcmp(notes->xen_version, "xen-3.0") != 0) {
        return build_fail(e, BUILD_BAD_IMAGE,
                          "not PV-capable here: it is for '%s', not xen-3.0",
                          notes->xen_version);
    }
    return 0;
}

static int add_segment(struct kernel *k, struct bytes elf,
                       const Elf64_Phdr *segment, uint64_t paddr_offset,
                       struct build_error *e)
{
    uint64_t start = segment->p_paddr - paddr_offset;
    struct kernel_segment *out;

    if (k->segment_count == KERNEL_SEGMENTS_MAX) {
        return build_fail(e, BUILD_BAD_IMAGE, "more than %u ELF segments",
                          KERNEL_SEGMENTS_MAX);
    }
    if (!bytes_hold(elf, segment->p_offset, segment->p_filesz)) {
        return build_fail(e, BUILD_BAD_IMAGE,
                          "truncated: ELF segment %u lies beyond the end",
                          k->segment_count);
    }
    if (segment->p_filesz > segment->p_memsz ||
        segment->p_paddr < paddr_offset || start + segment->p_memsz < start ||
        start + segment->p_memsz > (1ULL << 40)) {
        return build_fail(e, BUILD_BAD_IMAGE,
                          "damaged: ELF segment %u has impossible addresses",
                          k->segment_count);
    }
    out = &k->segments[k->segment_count++];
    out->guest_offset = start;
    out->memory_bytes = segment->p_memsz;
    out->file.data = elf.data + segment->p_offset;
    out->file.size = segment->p_filesz;
    if (start < k->guest_start) {
        k->guest_start = start;
    }
    if (start + segment->p_memsz > k->guest_end) {
        k->guest_end = start + segment->p_memsz;
    }
    return 0;
}

static int add_segments(struct kernel *k, struct bytes elf,
                        const Elf64_Ehdr *header, struct build_error *e)
{
    uint64_t paddr_offset =
        k->notes.paddr_offset == NOTE_UNSET ? 0 : k->notes.paddr_offset;

    k->guest_start = UINT64_MAX;
    for (unsigned int i = 0; i < header->e_phnum; i++) {
        Elf64_Phdr segment = program_header(elf, header, i);

        if (segment.p_type == PT_LOAD && segment.p_memsz != 0 &&
            add_segment(k, elf, &segment, paddr_offset, e) < 0) {
            return -1;
        }
    }
    if (k->segment_count == 0) {
        return build_fail(e, BUILD_BAD_IMAGE, "no ELF segments to load");
    }
    return 0;
}

int kernel_parse_elf(struct bytes elf, struct kernel *k, struct build_error *e)
{
    struct kernel_notes *notes = &k->notes;
    Elf64_Ehdr header = {0};

    if (check_header(elf, &header, e) < 0) {
        return -1;
    }
    *notes = (struct kernel_notes){
        .entry = NOTE_UNSET,
        .hypercall_page = NOTE_UNSET,
        .virt_base = NOTE_UNSET,
        .paddr_offset = NOTE_UNSET,
        .init_p2m = NOTE_UNSET,
        .hv_start_low = NOTE_UNSET,
        .phys32_entry = NOTE_UNSET,
    };
    segment_notes(elf, &header, notes);
    if (notes->count == 0) {
        section_notes(elf, &header, notes);
    }
    if (check_notes(notes, e) < 0 || add_segments(k, elf, &header, e) < 0) {
        return -1;
    }
    k->virt_base = notes->virt_base == NOTE_UNSET ? 0 : notes->virt_base;
    k->entry = notes->entry == NOTE_UNSET ? header.e_entry : notes->entry;
    if (k->entry < k->virt_base + k->guest_start ||
        k->entry >= k->virt_base + k->guest_end) {
        return build_fail(e, BUILD_BAD_IMAGE,
                          "damaged: its entry point %#llx lies outside it",
                          (unsigned long long)k->entry);
    }
    return 0;
}
