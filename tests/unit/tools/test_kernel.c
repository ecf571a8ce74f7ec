// SPDX-License-Identifier: MIT
/* dom0-tools/builder/kernel*.c on ELF images made up here. */
#include "tools.h"

#include <elf.h>
#include <stdlib.h>
#include <zlib.h>

#include <xen/elfnote.h>

#include "builder/kernel.h"

#define VIRT_BASE 0xffffffff80000000ULL
#define ENTRY     0xffffffff81000123ULL
#define INIT_P2M  0x8000000000ULL
#define TEXT_AT   0x1000U
#define TEXT_SIZE 0x800U
#define NOTES_AT  0x400U
#define ELF_BYTES (TEXT_AT + 2 * TEXT_SIZE)

struct image {
    uint8_t data[ELF_BYTES];
    size_t notes_bytes;
};

static Elf64_Ehdr *header(struct image *im)
{
    return (Elf64_Ehdr *)(void *)im->data;
}

static Elf64_Phdr *segment(struct image *im, unsigned int i)
{
    return (Elf64_Phdr *)(void *)(im->data + sizeof(Elf64_Ehdr)) + i;
}

static void add_note(struct image *im, uint32_t type, const void *desc,
                     uint32_t size)
{
    uint32_t head[3] = {4, size, type};
    uint8_t *at = im->data + NOTES_AT + im->notes_bytes;

    memcpy(at, head, sizeof(head));
    memcpy(at + 12, "Xen", 4);
    memcpy(at + 16, desc, size);
    im->notes_bytes += 16 + ((size + 3) & ~3U);
    segment(im, 2)->p_filesz = im->notes_bytes;
}

static void add_number(struct image *im, uint32_t type, uint64_t value)
{
    add_note(im, type, &value, sizeof(value));
}

static void add_string(struct image *im, uint32_t type, const char *text)
{
    add_note(im, type, text, (uint32_t)strlen(text) + 1);
}

/* Two segments, the second linked at virtual address 0 as Linux does. */
static void make_bare(struct image *im)
{
    Elf64_Ehdr *h = header(im);

    memset(im, 0, sizeof(*im));
    memcpy(h->e_ident, ELFMAG, SELFMAG);
    h->e_ident[EI_CLASS] = ELFCLASS64;
    h->e_ident[EI_DATA] = ELFDATA2LSB;
    h->e_machine = EM_X86_64;
    h->e_entry = 0x1000000;
    h->e_phoff = sizeof(*h);
    h->e_phentsize = sizeof(Elf64_Phdr);
    h->e_phnum = 3;
    *segment(im, 0) = (Elf64_Phdr){.p_type = PT_LOAD,
                                   .p_offset = TEXT_AT,
                                   .p_vaddr = VIRT_BASE + 0x1000000,
                                   .p_paddr = 0x1000000,
                                   .p_filesz = TEXT_SIZE,
                                   .p_memsz = TEXT_SIZE};
    *segment(im, 1) = (Elf64_Phdr){.p_type = PT_LOAD,
                                   .p_offset = TEXT_AT + TEXT_SIZE,
                                   .p_vaddr = 0,
                                   .p_paddr = 0x1002000,
                                   .p_filesz = TEXT_SIZE,
                                   .p_memsz = 0x3000};
    *segment(im, 2) = (Elf64_Phdr){.p_type = PT_NOTE, .p_offset = NOTES_AT};
    memset(im->data + TEXT_AT, 0xaa, TEXT_SIZE);
    memset(im->data + TEXT_AT + TEXT_SIZE, 0xbb, TEXT_SIZE);
}

static void make_linux(struct image *im)
{
    make_bare(im);
    add_string(im, XEN_ELFNOTE_GUEST_OS, "linux");
    add_string(im, XEN_ELFNOTE_XEN_VERSION, "xen-3.0");
    add_number(im, XEN_ELFNOTE_VIRT_BASE, VIRT_BASE);
    add_number(im, XEN_ELFNOTE_PADDR_OFFSET, 0);
    add_number(im, XEN_ELFNOTE_ENTRY, ENTRY);
    add_number(im, XEN_ELFNOTE_INIT_P2M, INIT_P2M);
    add_number(im, XEN_ELFNOTE_MOD_START_PFN, 1);
    add_string(im, XEN_ELFNOTE_FEATURES, "!writable_page_tables");
}

static int parse(const struct image *im, struct kernel *k,
                 struct build_error *e)
{
    memset(k, 0, sizeof(*k));
    memset(e, 0, sizeof(*e));
    return kernel_parse_elf((struct bytes){im->data, sizeof(im->data)}, k, e);
}

static void refused_with(const struct image *im, const char *words)
{
    struct build_error e;
    struct kernel k;

    assert_int_equal(parse(im, &k, &e), -1);
    assert_int_equal(e.failure, BUILD_BAD_IMAGE);
    if (strstr(e.text, words) == NULL) {
        fail_msg("'%s' does not contain '%s'", e.text, words);
    }
}

static void a_linux_kernel_is_understood(void **state)
{
    struct build_error e;
    struct image im;
    struct kernel k;

    (void)state;
    make_linux(&im);
    assert_int_equal(parse(&im, &k, &e), 0);
    assert_int_equal(k.virt_base, VIRT_BASE);
    assert_int_equal(k.entry, ENTRY);
    assert_int_equal(k.notes.init_p2m, INIT_P2M);
    assert_true(k.notes.mod_start_pfn);
    assert_int_equal(k.notes.hypercall_page, NOTE_UNSET);
    assert_string_equal(k.notes.guest_os, "linux");
    assert_string_equal(k.notes.features, "!writable_page_tables");
}

static void segments_go_by_physical_address(void **state)
{
    struct build_error e;
    struct image im;
    struct kernel k;

    (void)state;
    make_linux(&im);
    assert_int_equal(parse(&im, &k, &e), 0);
    assert_int_equal(k.segment_count, 2);
    assert_int_equal(k.segments[1].guest_offset, 0x1002000);
    assert_int_equal(k.segments[1].memory_bytes, 0x3000);
    assert_int_equal(k.segments[1].file.size, TEXT_SIZE);
    assert_int_equal(k.segments[1].file.data[0], 0xbb);
    assert_int_equal(k.guest_start, 0x1000000);
    assert_int_equal(k.guest_end, 0x1005000);
}

static void paddr_offset_is_subtracted(void **state)
{
    struct build_error e;
    struct image im;
    struct kernel k;

    (void)state;
    make_bare(&im);
    add_string(&im, XEN_ELFNOTE_XEN_VERSION, "xen-3.0");
    add_number(&im, XEN_ELFNOTE_VIRT_BASE, 0x1000000);
    add_number(&im, XEN_ELFNOTE_PADDR_OFFSET, 0x1000000);
    add_number(&im, XEN_ELFNOTE_ENTRY, 0x1000010);
    assert_int_equal(parse(&im, &k, &e), 0);
    assert_int_equal(k.guest_start, 0);
    assert_int_equal(k.segments[1].guest_offset, 0x2000);
}

static void a_number_may_have_four_bytes(void **state)
{
    uint32_t one = 1;
    struct build_error e;
    struct image im;
    struct kernel k;

    (void)state;
    make_bare(&im);
    add_string(&im, XEN_ELFNOTE_XEN_VERSION, "xen-3.0");
    add_note(&im, XEN_ELFNOTE_MOD_START_PFN, &one, sizeof(one));
    assert_int_equal(parse(&im, &k, &e), 0);
    assert_true(k.notes.mod_start_pfn);
    assert_int_equal(k.entry, 0x1000000); /* the ELF header's own */
}

static void notes_in_sections_will_do(void **state)
{
    struct build_error e;
    struct image im;
    struct kernel k;
    Elf64_Shdr section = {.sh_type = SHT_NOTE, .sh_offset = NOTES_AT};

    (void)state;
    make_linux(&im);
    section.sh_size = im.notes_bytes;
    segment(&im, 2)->p_type = PT_NULL;
    refused_with(&im, "not PV-capable");
    header(&im)->e_shoff = 0x300;
    header(&im)->e_shnum = 1;
    header(&im)->e_shentsize = sizeof(section);
    memcpy(im.data + 0x300, &section, sizeof(section));
    assert_int_equal(parse(&im, &k, &e), 0);
    assert_int_equal(k.entry, ENTRY);
}

static void kernels_for_others_are_refused(void **state)
{
    struct image im;

    (void)state;
    make_bare(&im);
    refused_with(&im, "no Xen ELF notes");
    add_number(&im, XEN_ELFNOTE_PHYS32_ENTRY, 0x1000850);
    refused_with(&im, "PVH");
    make_bare(&im);
    add_string(&im, XEN_ELFNOTE_XEN_VERSION, "xen-2.0");
    refused_with(&im, "xen-2.0");
    make_linux(&im);
    header(&im)->e_machine = EM_AARCH64;
    refused_with(&im, "not for 64-bit x86");
    make_linux(&im);
    header(&im)->e_ident[EI_CLASS] = ELFCLASS32;
    refused_with(&im, "not for 64-bit x86");
    make_linux(&im);
    im.data[0] = 'x';
    refused_with(&im, "neither a bzImage nor an ELF");
}

static void impossible_segments_are_refused(void **state)
{
    struct image im;

    (void)state;
    make_linux(&im);
    segment(&im, 1)->p_filesz = 0x4000;
    refused_with(&im, "truncated");
    make_linux(&im);
    segment(&im, 1)->p_memsz = 1;
    refused_with(&im, "impossible addresses");
    make_linux(&im);
    segment(&im, 1)->p_memsz = UINT64_MAX;
    refused_with(&im, "impossible addresses");
    make_linux(&im);
    segment(&im, 0)->p_type = PT_NULL;
    segment(&im, 1)->p_type = PT_NULL;
    refused_with(&im, "no ELF segments");
    make_linux(&im);
    header(&im)->e_phoff = UINT64_MAX - 8;
    refused_with(&im, "no ELF program headers");
    make_bare(&im);
    add_string(&im, XEN_ELFNOTE_XEN_VERSION, "xen-3.0");
    add_number(&im, XEN_ELFNOTE_ENTRY, 0x42);
    refused_with(&im, "entry point");
}

/* Any prefix of a good image, in a buffer of exactly that size. */
static void a_cut_image_does_no_harm(void **state)
{
    struct build_error e;
    struct image im;
    struct kernel k;

    (void)state;
    make_linux(&im);
    for (size_t size = 0; size < ELF_BYTES; size++) {
        uint8_t *copy = malloc(size == 0 ? 1 : size);

        memcpy(copy, im.data, size);
        memset(&k, 0, sizeof(k));
        assert_int_equal(kernel_parse_elf((struct bytes){copy, size}, &k, &e),
                         -1);
        free(copy);
    }
}

/* What is accepted must lie inside the file. */
static void damaged_images_do_no_harm(void **state)
{
    struct build_error e;
    struct image good;
    struct image im;
    struct kernel k;
    uint32_t x = 3;

    (void)state;
    make_linux(&good);
    for (unsigned int round = 0; round < 20000; round++) {
        im = good;
        for (unsigned int i = 0; i < 3; i++) {
            x = x * 1664525 + 1013904223;
            im.data[(x >> 8) % 0x600] ^= (uint8_t)(1U << (x >> 29));
        }
        if (parse(&im, &k, &e) != 0) {
            continue;
        }
        for (unsigned int i = 0; i < k.segment_count; i++) {
            const struct kernel_segment *s = &k.segments[i];

            assert_true(s->file.data >= im.data);
            assert_true(s->file.data + s->file.size <= im.data + ELF_BYTES);
            assert_true(s->file.size <= s->memory_bytes);
            assert_true(s->guest_offset + s->memory_bytes <= k.guest_end);
        }
    }
}

static void load_takes_plain_elf_and_refuses_garbage(void **state)
{
    static const uint8_t garbage[64] = {1, 2, 3};
    struct build_error e = {0};
    struct image im;
    struct kernel k;

    (void)state;
    make_linux(&im);
    assert_int_equal(
        kernel_load((struct bytes){im.data, sizeof(im.data)}, &k, &e), 0);
    assert_int_equal(k.entry, ENTRY);
    kernel_free(&k);
    assert_int_equal(
        kernel_load((struct bytes){garbage, sizeof(garbage)}, &k, &e), -1);
    kernel_free(&k);
    assert_int_equal(kernel_load((struct bytes){garbage, 0}, &k, &e), -1);
    kernel_free(&k);
}

/* As CONFIG_KERNEL_GZIP makes it. */
static void a_gzip_bzimage_is_unpacked(void **state)
{
    static uint8_t file[2 * 512 + 2 * ELF_BYTES];
    const uint32_t magic = 0x53726448;
    struct build_error e = {0};
    uint32_t payload[2] = {0};
    z_stream s = {0};
    struct image im;
    struct kernel k;

    (void)state;
    make_linux(&im);
    assert_int_equal(deflateInit2(&s, 9, Z_DEFLATED, 15 + 16, 8, 0), Z_OK);
    s.next_in = im.data;
    s.avail_in = ELF_BYTES;
    s.next_out = file + 2 * 512;
    s.avail_out = 2 * ELF_BYTES;
    assert_int_equal(deflate(&s, Z_FINISH), Z_STREAM_END);
    payload[1] = (uint32_t)s.total_out;
    (void)deflateEnd(&s);
    file[0x1f1] = 1;
    memcpy(file + 0x1fe, "\x55\xaa", 2);
    memcpy(file + 0x202, &magic, sizeof(magic));
    memcpy(file + 0x206, "\x0f\x02", 2);
    memcpy(file + 0x248, payload, sizeof(payload));
    if (kernel_load((struct bytes){file, sizeof(file)}, &k, &e) != 0) {
        fail_msg("%s", e.text);
    }
    assert_int_equal(k.entry, ENTRY);
    kernel_free(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_linux_kernel_is_understood),
        cmocka_unit_test(segments_go_by_physical_address),
        cmocka_unit_test(paddr_offset_is_subtracted),
        cmocka_unit_test(a_number_may_have_four_bytes),
        cmocka_unit_test(notes_in_sections_will_do),
        cmocka_unit_test(kernels_for_others_are_refused),
        cmocka_unit_test(impossible_segments_are_refused),
        cmocka_unit_test(a_cut_image_does_no_harm),
        cmocka_unit_test(damaged_images_do_no_harm),
        cmocka_unit_test(load_takes_plain_elf_and_refuses_garbage),
        cmocka_unit_test(a_gzip_bzimage_is_unpacked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
