// SPDX-License-Identifier: MIT
/* ELF kernels and their notes: what is taken, what is refused, and why. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include <elf.h>
#include <xen/elfnote.h>

#include "../../xen-lite/include/elf.h"

#define KERNEL_PADDR 0x1000000UL
#define VIRT_BASE    0xffffffff80000000UL
#define CODE_OFFSET  0x1000U
#define CODE_BYTES   0x1800U
#define CODE_MEMSZ   0x3000U
#define IMAGE_BYTES  0x4000U
#define NOTES_OFFSET 0x3000U

static uint8_t image[IMAGE_BYTES];
static size_t notes_bytes;

static Elf64_Ehdr *header(void)
{
    return (Elf64_Ehdr *)(void *)image;
}

static Elf64_Phdr *segment(unsigned int i)
{
    return (Elf64_Phdr *)(void *)(image + sizeof(Elf64_Ehdr)) + i;
}

static void add_note(uint32_t type, const void *desc, uint32_t bytes)
{
    uint8_t *at = image + NOTES_OFFSET + notes_bytes;
    const uint32_t head[3] = {4, bytes, type};

    memcpy(at, head, sizeof(head));
    memcpy(at + 12, "Xen", 4);
    memcpy(at + 16, desc, bytes);
    notes_bytes += 16 + ((bytes + 3) & ~3U);
    segment(1)->p_filesz = notes_bytes;
}

static void add_number(uint32_t type, uint64_t number)
{
    add_note(type, &number, sizeof(number));
}

/* A kernel with one segment and the notes that every kernel has. */
static int make_kernel(void **state)
{
    (void)state;
    memset(image, 0, sizeof(image));
    memcpy(header()->e_ident, ELFMAG, SELFMAG);
    header()->e_ident[EI_CLASS] = ELFCLASS64;
    header()->e_ident[EI_DATA] = ELFDATA2LSB;
    header()->e_machine = EM_X86_64;
    header()->e_type = ET_EXEC;
    header()->e_phoff = sizeof(Elf64_Ehdr);
    header()->e_phentsize = sizeof(Elf64_Phdr);
    header()->e_phnum = 2;
    *segment(0) = (Elf64_Phdr){.p_type = PT_LOAD,
                               .p_offset = CODE_OFFSET,
                               .p_vaddr = 0,
                               .p_paddr = KERNEL_PADDR,
                               .p_filesz = CODE_BYTES,
                               .p_memsz = CODE_MEMSZ};
    *segment(1) = (Elf64_Phdr){.p_type = PT_NOTE, .p_offset = NOTES_OFFSET};
    for (unsigned int i = 0; i < CODE_BYTES; i++) {
        image[CODE_OFFSET + i] = (uint8_t)(i * 7 + 1);
    }
    notes_bytes = 0;
    add_note(XEN_ELFNOTE_XEN_VERSION, "xen-3.0", 8);
    add_number(XEN_ELFNOTE_VIRT_BASE, VIRT_BASE);
    add_number(XEN_ELFNOTE_ENTRY, VIRT_BASE + KERNEL_PADDR + 0x10);
    return 0;
}

static int parse(struct pv_kernel *kernel, const char **why)
{
    struct kernel_fault fault = {.why = NULL};
    /* An exact copy, so that a read behind the end is seen. */
    uint8_t *copy = malloc(IMAGE_BYTES);
    int rc;

    assert_non_null(copy);
    memcpy(copy, image, IMAGE_BYTES);
    rc = elf_parse_pv_kernel(copy, IMAGE_BYTES, kernel, &fault);
    free(copy);
    if (why != NULL) {
        *why = fault.why;
    }
    return rc;
}

static void expect_refused(const char *word)
{
    struct pv_kernel kernel;
    const char *why;

    assert_int_equal(parse(&kernel, &why), -XEN_ENOEXEC);
    assert_non_null(why);
    assert_non_null(strstr(why, word));
}

static void takes_extent_by_physical_address(void **state)
{
    struct pv_kernel kernel;

    (void)state;
    assert_int_equal(parse(&kernel, NULL), 0);
    assert_int_equal(kernel.start_pfn, KERNEL_PADDR >> PAGE_SHIFT);
    assert_int_equal(kernel.end_pfn, (KERNEL_PADDR + CODE_MEMSZ) >> PAGE_SHIFT);
    assert_int_equal(kernel.entry, VIRT_BASE + KERNEL_PADDR + 0x10);
    assert_false(kernel.can_be_dom0);
    assert_false(kernel.has_init_p2m);
}

static void reads_numbers_of_4_and_8_bytes(void **state)
{
    struct pv_kernel kernel;
    uint32_t features = 0x8801;

    (void)state;
    add_note(XEN_ELFNOTE_SUPPORTED_FEATURES, &features, sizeof(features));
    add_number(XEN_ELFNOTE_INIT_P2M, 0x8000000000UL);
    add_number(XEN_ELFNOTE_MOD_START_PFN, 1);
    assert_int_equal(parse(&kernel, NULL), 0);
    assert_true(kernel.can_be_dom0);
    assert_true(kernel.has_init_p2m);
    assert_int_equal(kernel.init_p2m, 0x8000000000UL);
    assert_true(kernel.mod_start_pfn);
}

static void a_kernel_without_notes_is_not_pv(void **state)
{
    (void)state;
    segment(1)->p_type = PT_NULL;
    expect_refused("not a PV-capable kernel");
}

static void another_xen_version_is_refused(void **state)
{
    (void)state;
    notes_bytes = 0;
    add_note(XEN_ELFNOTE_XEN_VERSION, "xen-2.0", 8);
    expect_refused("xen-3.0");
}

static void a_file_of_another_kind_is_refused(void **state)
{
    (void)state;
    header()->e_ident[EI_CLASS] = ELFCLASS32;
    expect_refused("64-bit x86");
}

static void truncated_segments_are_refused(void **state)
{
    (void)state;
    segment(0)->p_filesz = IMAGE_BYTES;
    segment(0)->p_memsz = IMAGE_BYTES;
    expect_refused("truncated");
}

static void overflowing_offsets_are_refused(void **state)
{
    (void)state;
    segment(0)->p_offset = ~0UL - 8;
    expect_refused("truncated");
    make_kernel(NULL);
    header()->e_phoff = ~0UL - 8;
    expect_refused("program headers");
    make_kernel(NULL);
    segment(0)->p_paddr = ~0UL - 0x1000;
    expect_refused("make no sense");
}

static void a_note_that_lies_about_its_size_is_refused(void **state)
{
    uint32_t huge = 0xfffffff0U;

    (void)state;
    memcpy(image + NOTES_OFFSET + 4, &huge, sizeof(huge));
    expect_refused("notes are truncated");
}

static void an_entry_outside_the_image_is_refused(void **state)
{
    (void)state;
    add_number(XEN_ELFNOTE_ENTRY, VIRT_BASE + KERNEL_PADDR + CODE_MEMSZ);
    expect_refused("entry point");
}

/* Every single-byte change of the headers: no read outside the image. */
static void damaged_headers_never_crash(void **state)
{
    struct pv_kernel kernel;

    (void)state;
    for (unsigned int i = 0; i < 200; i++) {
        uint8_t old = image[i];

        for (unsigned int bit = 0; bit < 8; bit++) {
            image[i] = (uint8_t)(old ^ (1U << bit));
            (void)parse(&kernel, NULL);
        }
        image[i] = old;
    }
    assert_int_equal(parse(&kernel, NULL), 0);
}

static uint8_t memory[0x4000];

static int write_memory(void *context, uint64_t offset, const void *from,
                        size_t bytes)
{
    (void)context;
    assert_true(offset >= KERNEL_PADDR);
    offset -= KERNEL_PADDR;
    assert_true(offset + bytes <= sizeof(memory));
    if (from == NULL) {
        memset(memory + offset, 0, bytes);
    } else {
        memcpy(memory + offset, from, bytes);
    }
    return 0;
}

static void loads_segments_and_clears_the_rest(void **state)
{
    struct pv_kernel kernel;

    (void)state;
    memset(memory, 0xaa, sizeof(memory));
    assert_int_equal(parse(&kernel, NULL), 0);
    assert_int_equal(
        elf_load(image, sizeof(image), &kernel, write_memory, NULL), 0);
    assert_memory_equal(memory, image + CODE_OFFSET, CODE_BYTES);
    for (unsigned int i = CODE_BYTES; i < CODE_MEMSZ; i++) {
        assert_int_equal(memory[i], 0);
    }
    assert_int_equal(memory[CODE_MEMSZ], 0xaa);
}

static int refuse_write(void *context, uint64_t offset, const void *from,
                        size_t bytes)
{
    (void)context;
    (void)offset;
    (void)from;
    (void)bytes;
    return -XEN_EINVAL;
}

static void a_refused_write_ends_the_load(void **state)
{
    struct pv_kernel kernel;

    (void)state;
    assert_int_equal(parse(&kernel, NULL), 0);
    assert_int_equal(
        elf_load(image, sizeof(image), &kernel, refuse_write, NULL),
        -XEN_EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(takes_extent_by_physical_address, make_kernel),
        cmocka_unit_test_setup(reads_numbers_of_4_and_8_bytes, make_kernel),
        cmocka_unit_test_setup(a_kernel_without_notes_is_not_pv, make_kernel),
        cmocka_unit_test_setup(another_xen_version_is_refused, make_kernel),
        cmocka_unit_test_setup(a_file_of_another_kind_is_refused, make_kernel),
        cmocka_unit_test_setup(truncated_segments_are_refused, make_kernel),
        cmocka_unit_test_setup(overflowing_offsets_are_refused, make_kernel),
        cmocka_unit_test_setup(a_note_that_lies_about_its_size_is_refused,
                               make_kernel),
        cmocka_unit_test_setup(an_entry_outside_the_image_is_refused,
                               make_kernel),
        cmocka_unit_test_setup(damaged_headers_never_crash, make_kernel),
        cmocka_unit_test_setup(loads_segments_and_clears_the_rest, make_kernel),
        cmocka_unit_test_setup(a_refused_write_ends_the_load, make_kernel),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
