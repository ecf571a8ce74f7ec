// SPDX-License-Identifier: MIT
/* 64-bit ELF kernels (System V ABI, ELF-64 object file format): see elf.h. */
#include "elf.h"

#include "string.h"

#define ELF_CLASS_64      2
#define ELF_DATA_LITTLE   1
#define ELF_TYPE_EXEC     2
#define ELF_MACHINE_AMD64 62
#define PT_LOAD           1U
#define PT_NOTE           4U
#define PH_COUNT_MAX      64U
/* No kernel is larger than this: keeps sums of sizes far from overflow. */
#define GUEST_ADDRESS_MAX (1ULL << 40)

struct elf_header {
    uint8_t ident[16];
    uint16_t type;
    uint16_t machine;
    uint32_t version;
    uint64_t entry;
    uint64_t phoff;
    uint64_t shoff;
    uint32_t flags;
    uint16_t ehsize;
    uint16_t phentsize;
    uint16_t phnum;
    uint16_t shentsize;
    uint16_t shnum;
    uint16_t shstrndx;
};

struct program_header {
    uint32_t type;
    uint32_t flags;
    uint64_t offset;
    uint64_t vaddr;
    uint64_t paddr;
    uint64_t filesz;
    uint64_t memsz;
    uint64_t align;
};

static bool inside(uint64_t offset, uint64_t bytes, size_t total)
{
    return offset <= total && bytes <= total - offset;
}

static int fail(struct kernel_fault *fault, const char *why)
{
    fault->why = why;
    return -XEN_ENOEXEC;
}

static int read_header(const void *image, size_t bytes,
                       struct elf_header *header, struct kernel_fault *fault)
{
    static const uint8_t magic[] = {0x7f, 'E',          'L',
                                    'F',  ELF_CLASS_64, ELF_DATA_LITTLE};

    if (bytes < sizeof(*header)) {
        return fail(fault, "it is too short for an ELF file");
    }
    memcpy(header, image, sizeof(*header));
    if (memcmp(header->ident, magic, sizeof(magic)) != 0 ||
        header->machine != ELF_MACHINE_AMD64) {
        return fail(fault, "it is not a 64-bit x86 ELF file");
    }
    if (header->phentsize != sizeof(struct program_header) ||
        header->phnum == 0 || header->phnum > PH_COUNT_MAX ||
        !inside(header->phoff,
                header->phnum * (uint64_t)sizeof(struct program_header),
                bytes)) {
        return fail(fault, "its program headers are malformed or cut off");
    }
    return 0;
}

static void read_segment(const void *image, const struct elf_header *header,
                         unsigned int index, struct program_header *segment)
{
    memcpy(segment,
           (const char *)image + header->phoff + index * sizeof(*segment),
           sizeof(*segment));
}

static int check_segment(const struct program_header *segment, size_t bytes,
                         struct kernel_fault *fault)
{
    if (!inside(segment->offset, segment->filesz, bytes)) {
        return fail(fault, "it is truncated: a segment ends behind the file");
    }
    if (segment->type == PT_LOAD && (segment->filesz > segment->memsz ||
                                     segment->paddr >= GUEST_ADDRESS_MAX ||
                                     segment->memsz >= GUEST_ADDRESS_MAX)) {
        return fail(fault, "a segment's sizes or addresses make no sense");
    }
    return 0;
}

static int read_segments(const void *image, size_t bytes,
                         const struct elf_header *header,
                         struct pv_kernel *kernel, uint64_t *first,
                         uint64_t *end, struct kernel_fault *fault)
{
    for (unsigned int i = 0; i < header->phnum; i++) {
        struct program_header segment;
        int rc;

        read_segment(image, header, i, &segment);
        rc = check_segment(&segment, bytes, fault);
        if (rc != 0) {
            return rc;
        }
        if (segment.type == PT_LOAD && segment.memsz != 0) {
            *first = segment.paddr < *first ? segment.paddr : *first;
            *end = segment.paddr + segment.memsz > *end
                       ? segment.paddr + segment.memsz
                       : *end;
        } else if (segment.type == PT_NOTE &&
                   elfnote_read((const char *)image + segment.offset,
                                segment.filesz, kernel, fault) != 0) {
            return -XEN_ENOEXEC;
        }
    }
    return 0;
}

static int check_kernel(struct pv_kernel *kernel, uint64_t first, uint64_t end,
                        struct kernel_fault *fault)
{
    if (!kernel->is_xen) {
        return fail(fault, "it has no Xen notes: not a PV-capable kernel");
    }
    if (end <= first || first < kernel->paddr_offset) {
        return fail(fault, "it has nothing to load");
    }
    kernel->start_pfn = (first - kernel->paddr_offset) >> PAGE_SHIFT;
    kernel->end_pfn =
        (end - kernel->paddr_offset + PAGE_BYTES - 1) >> PAGE_SHIFT;
    if (kernel->virt_base % PAGE_BYTES != 0 ||
        kernel->entry < kernel->virt_base ||
        kernel->entry - kernel->virt_base >= kernel->end_pfn << PAGE_SHIFT) {
        return fail(fault, "its entry point is outside its image");
    }
    if (kernel->has_init_p2m && kernel->init_p2m % PAGE_BYTES != 0) {
        return fail(fault, "its INIT_P2M note is not page aligned");
    }
    return 0;
}

int elf_parse_pv_kernel(const void *image, size_t bytes,
                        struct pv_kernel *kernel, struct kernel_fault *fault)
{
    struct elf_header header;
    uint64_t first = ~0ULL;
    uint64_t end = 0;
    int rc;

    *kernel = (struct pv_kernel){0};
    rc = read_header(image, bytes, &header, fault);
    if (rc != 0) {
        return rc;
    }
    kernel->entry = header.entry;
    rc = read_segments(image, bytes, &header, kernel, &first, &end, fault);
    if (rc != 0) {
        return rc;
    }
    return check_kernel(kernel, first, end, fault);
}

static int load_segment(const void *image, const struct pv_kernel *kernel,
                        const struct program_header *segment,
                        elf_write_fn *write, void *context)
{
    uint64_t to = segment->paddr - kernel->paddr_offset;
    int rc = write(context, to, (const char *)image + segment->offset,
                   segment->filesz);

    if (rc == 0 && segment->memsz > segment->filesz) {
        rc = write(context, to + segment->filesz, NULL,
                   segment->memsz - segment->filesz);
    }
    return rc;
}

int elf_load(const void *image, size_t bytes, const struct pv_kernel *kernel,
             elf_write_fn *write, void *context)
{
    struct kernel_fault fault;
    struct elf_header header;
    int rc = read_header(image, bytes, &header, &fault);

    for (unsigned int i = 0; rc == 0 && i < header.phnum; i++) {
        struct program_header segment;

        read_segment(image, &header, i, &segment);
        rc = check_segment(&segment, bytes, &fault);
        if (rc == 0 && segment.type == PT_LOAD) {
            rc = load_segment(image, kernel, &segment, write, context);
        }
    }
    return rc;
}
