/* SPDX-License-Identifier: MIT */
/*
 * Building dom0 from a small kernel: what the kernel then finds in memory, in
 * its tables, in start_info and in its registers.
 */
#include "dom0.h"

#include <stdlib.h>
#include <string.h>

#include <xen/elfnote.h>

#include "fake.h"
#include "pte.h"

#define KERNEL_PADDR 0x100000UL
#define VIRT_BASE    0xffffffff80000000UL
#define P2M_VA       0x8000000000UL
#define CODE_BYTES   0x1800U
#define CODE_MEMSZ   0x5000U
#define DOM0_PAGES   2000UL

struct elf_header {
    uint8_t ident[16];
    uint16_t type, machine;
    uint32_t version;
    uint64_t entry, phoff, shoff;
    uint32_t flags;
    uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};

struct segment {
    uint32_t type, flags;
    uint64_t offset, vaddr, paddr, filesz, memsz, align;
};

static struct {
    struct elf_header header;
    struct segment segment[2];
    uint8_t notes[256];
    uint8_t code[CODE_BYTES];
} kernel;
static uint8_t initrd[9000];
static struct dom0_config config;
static struct domain *dom0;

static void add_note(uint32_t type, const void *desc, uint32_t bytes)
{
    uint64_t *used = &kernel.segment[1].filesz;
    uint8_t *at = kernel.notes + *used;
    const uint32_t head[3] = {4, bytes, type};

    memcpy(at, head, sizeof(head));
    memcpy(at + 12, "Xen", 4);
    memcpy(at + 16, desc, bytes);
    *used += 16 + bytes;
}

static void add_number(uint32_t type, uint64_t number)
{
    add_note(type, &number, sizeof(number));
}

static void make_kernel(void)
{
    static const uint8_t ident[] = {0x7f, 'E', 'L', 'F', 2, 1, 1};

    memset(&kernel, 0, sizeof(kernel));
    memcpy(kernel.header.ident, ident, sizeof(ident));
    kernel.header.type = 2;
    kernel.header.machine = 62;
    kernel.header.phoff = sizeof(kernel.header);
    kernel.header.phentsize = sizeof(kernel.segment[0]);
    kernel.header.phnum = 2;
    kernel.segment[0].type = 1;
    kernel.segment[0].offset = (uint64_t)(kernel.code - (uint8_t *)&kernel);
    kernel.segment[0].paddr = KERNEL_PADDR;
    kernel.segment[0].filesz = CODE_BYTES;
    kernel.segment[0].memsz = CODE_MEMSZ;
    kernel.segment[1].type = 4;
    kernel.segment[1].offset = (uint64_t)(kernel.notes - (uint8_t *)&kernel);
    for (unsigned int i = 0; i < CODE_BYTES; i++) {
        kernel.code[i] = (uint8_t)(i * 13 + 5);
    }
    add_note(XEN_ELFNOTE_XEN_VERSION, "xen-3.0", 8);
    add_number(XEN_ELFNOTE_VIRT_BASE, VIRT_BASE);
    add_number(XEN_ELFNOTE_ENTRY, VIRT_BASE + KERNEL_PADDR + 0x10);
}

/* As Linux: the p2m at an address of its own, the initrd not mapped. */
static void make_modern_kernel(void)
{
    make_kernel();
    add_number(XEN_ELFNOTE_INIT_P2M, P2M_VA);
    add_number(XEN_ELFNOTE_MOD_START_PFN, 1);
}

static int setup(void **state)
{
    fake_setup(state);
    for (unsigned int i = 0; i < sizeof(initrd); i++) {
        initrd[i] = (uint8_t)(i * 3 + 1);
    }
    config = (struct dom0_config){.kernel = &kernel,
                                  .kernel_bytes = sizeof(kernel),
                                  .initrd = initrd,
                                  .initrd_bytes = sizeof(initrd),
                                  .command_line = "console=hvc0 root=/dev/sda",
                                  .pages = DOM0_PAGES,
                                  .max_pages = DOM0_PAGES + 50,
                                  .vcpus = 2,
                                  .irq_count = 24};
    return 0;
}

/* dom0's table entry for @va at level 1; 0 when a table is missing. */
static pte_t entry_at(unsigned long va)
{
    pte_t *table = machine_map(dom0->vcpu[0]->pv.kernel_root);

    for (unsigned int level = 4; level > 1; level--) {
        pte_t entry = table[pt_index(va, level)];

        if ((entry & PTE_PRESENT) == 0) {
            return 0;
        }
        table = machine_map(pte_mfn(entry));
    }
    return table[pt_index(va, 1)];
}

static void *at_va(unsigned long va)
{
    pte_t entry = entry_at(va);

    assert_true((entry & PTE_PRESENT) != 0);
    return (char *)machine_map(pte_mfn(entry)) + va % PAGE_BYTES;
}

static const struct start_info *start_info(void)
{
    return at_va(vcpu_regs(dom0->vcpu[0])->rsi);
}

static void assert_builds(void)
{
    assert_int_equal(dom0_build(&config, &dom0), 0);
    fake_audit();
}

static void kernel_stands_at_its_physical_address(void **state)
{
    unsigned long va = VIRT_BASE + KERNEL_PADDR;

    (void)state;
    make_modern_kernel();
    assert_builds();
    assert_memory_equal(at_va(va), kernel.code, PAGE_BYTES);
    assert_memory_equal(at_va(va + PAGE_BYTES), kernel.code + PAGE_BYTES,
                        CODE_BYTES - PAGE_BYTES);
    for (unsigned long at = CODE_BYTES; at < CODE_MEMSZ; at++) {
        assert_int_equal(*(uint8_t *)at_va(va + at), 0);
    }
}

static void registers_are_those_of_the_start_of_day(void **state)
{
    const struct cpu_user_regs *regs;

    (void)state;
    make_modern_kernel();
    assert_builds();
    regs = vcpu_regs(dom0->vcpu[0]);
    assert_true(regs->rip == VIRT_BASE + KERNEL_PADDR + 0x10);
    assert_int_equal(regs->cs, 0xe033);
    assert_int_equal(regs->ss, 0xe02b);
    assert_true((regs->rflags & 0x200) != 0);
    assert_int_equal(regs->rsp % PAGE_BYTES, 0);
    *(uint64_t *)at_va(regs->rsp - 8) = 1;
    assert_true((entry_at(regs->rsp - 8) & PTE_WRITABLE) != 0);
    assert_true(dom0->vcpu[0]->pv.kernel_mode);
    assert_int_equal(dom0->vcpu[0]->vcpu_info->evtchn_upcall_mask, 1);
    assert_int_equal(dom0->max_vcpus, 2);
    assert_true(dom0->privileged);
}

static void start_info_says_where_things_are(void **state)
{
    const struct start_info *info;

    (void)state;
    make_modern_kernel();
    assert_builds();
    info = start_info();
    assert_memory_equal(info->magic, "xen-3.0-x86_64", 14);
    assert_int_equal(info->nr_pages, DOM0_PAGES);
    assert_int_equal(info->flags,
                     SIF_PRIVILEGED | SIF_INITDOMAIN | SIF_MOD_START_PFN);
    assert_int_equal(info->shared_info, dom0->shared_mfn.number << PAGE_SHIFT);
    assert_int_equal(info->mfn_list, P2M_VA);
    assert_int_equal(info->mod_len, sizeof(initrd));
    assert_string_equal((const char *)info->cmd_line, config.command_line);
    assert_int_equal(info->store_mfn, 0);
    assert_true(info->nr_p2m_frames != 0);
    assert_true(info->first_p2m_pfn + info->nr_p2m_frames <= DOM0_PAGES);
}

static void assert_p2m_covers_all_memory(void)
{
    for (unsigned long pfn = 0; pfn < DOM0_PAGES; pfn++) {
        unsigned long mfn = *(uint64_t *)at_va(P2M_VA + pfn * sizeof(uint64_t));

        assert_true(machine_mfn_valid(mfn_make(mfn)));
        assert_int_equal(machine_m2p()[mfn], pfn);
        assert_int_equal(page_owner(page_of(mfn_make(mfn))), 0);
    }
    assert_int_equal(dom0->pages.count, DOM0_PAGES);
}

static void p2m_and_m2p_agree_and_cover_all_memory(void **state)
{
    (void)state;
    make_modern_kernel();
    assert_builds();
    assert_p2m_covers_all_memory();
}

static void assert_initrd_is_there(void)
{
    const uint64_t *p2m;

    for (unsigned long at = 0; at < sizeof(initrd); at += 100) {
        unsigned long pfn = start_info()->mod_start + at / PAGE_BYTES;
        const uint8_t *page;

        p2m = at_va(P2M_VA + pfn * sizeof(uint64_t));
        page = machine_map(mfn_make(*p2m));
        assert_int_equal(page[at % PAGE_BYTES], initrd[at]);
    }
}

static void initrd_lies_at_its_pfn(void **state)
{
    (void)state;
    make_modern_kernel();
    assert_builds();
    assert_initrd_is_there();
}

/* Tables are mapped read-only, the L4 first; all else writable. */
static void first_mapping_is_as_the_abi_says(void **state)
{
    const struct start_info *info;
    unsigned long tables_end;
    unsigned long va;

    (void)state;
    make_modern_kernel();
    assert_builds();
    info = start_info();
    tables_end = info->pt_base + info->nr_pt_frames * PAGE_BYTES;
    assert_true(mfn_equal(pte_mfn(entry_at(info->pt_base)),
                          dom0->vcpu[0]->pv.kernel_root));
    for (va = VIRT_BASE; (entry_at(va) & PTE_PRESENT) != 0; va += PAGE_BYTES) {
        bool is_table = va >= info->pt_base && va < tables_end;

        assert_int_equal((entry_at(va) & PTE_WRITABLE) == 0, is_table);
    }
    assert_int_equal(va % (4UL << 20), 0);
    assert_true(va - vcpu_regs(dom0->vcpu[0])->rsp >= 512UL << 10);
    assert_true(va - VIRT_BASE <= DOM0_PAGES * PAGE_BYTES);
}

static void older_kernels_have_all_in_one_mapping(void **state)
{
    const struct start_info *info;

    (void)state;
    make_kernel();
    assert_builds();
    info = start_info();
    assert_int_equal(info->flags, SIF_PRIVILEGED | SIF_INITDOMAIN);
    assert_true(info->mod_start >= VIRT_BASE + KERNEL_PADDR + CODE_MEMSZ);
    assert_memory_equal(at_va(info->mod_start), initrd, PAGE_BYTES);
    assert_true(info->mfn_list > info->mod_start);
    assert_true(info->mfn_list < info->pt_base);
    assert_int_equal(info->first_p2m_pfn, 0);
    assert_int_equal(info->nr_p2m_frames, 0);
    assert_int_equal(machine_m2p()[*(uint64_t *)at_va(info->mfn_list)], 0);
}

static void without_initrd_nothing_is_named(void **state)
{
    (void)state;
    make_modern_kernel();
    config.initrd = NULL;
    config.initrd_bytes = 0;
    assert_builds();
    assert_int_equal(start_info()->mod_start, 0);
    assert_int_equal(start_info()->mod_len, 0);
    assert_int_equal(start_info()->flags, SIF_PRIVILEGED | SIF_INITDOMAIN);
}

static void dom0_may_touch_the_machine(void **state)
{
    (void)state;
    make_modern_kernel();
    assert_builds();
    assert_true(rangeset_contains(&dom0->ioports, 0, 0xffff));
    assert_true(rangeset_contains(&dom0->iomem, 0xf0000, 0xf0000));
    assert_true(rangeset_contains(&dom0->irqs, 0, 23));
    assert_false(rangeset_contains(&dom0->irqs, 24, 24));
    assert_int_equal(dom0->max_pages, DOM0_PAGES + 50);
}

static void assert_fails(int rc, const char *word)
{
    assert_int_equal(dom0_build(&config, &dom0), rc);
    assert_non_null(strstr(fake_console(), word));
}

static void too_little_memory_is_said(void **state)
{
    (void)state;
    make_modern_kernel();
    config.pages = 700;
    assert_fails(-XEN_ENOMEM, "dom0_mem=");
}

static void more_than_the_machine_has_is_said(void **state)
{
    (void)state;
    make_modern_kernel();
    config.pages = 3 * FAKE_BANK_FRAMES;
    config.max_pages = config.pages;
    assert_fails(-XEN_ENOMEM, "not enough memory");
}

static void kernels_that_are_none_are_said(void **state)
{
    (void)state;
    make_modern_kernel();
    kernel.header.machine = 3;
    assert_fails(-XEN_ENOEXEC, "not a 64-bit x86 ELF");
    make_modern_kernel();
    kernel.segment[1].type = 0;
    assert_fails(-XEN_ENOEXEC, "not a PV-capable");
}

/* -- frames taken over instead of copied ------------------------------------
 */

#define IMAGE_BYTES (PAGE_BYTES + CODE_BYTES)
#define SETUP_BYTES 1024U
#define GZIP_HEAD   10U
#define STORED_HEAD 5U

static struct {
    uint8_t file[SETUP_BYTES + GZIP_HEAD + STORED_HEAD + IMAGE_BYTES + 8];
} packed;

static void put(size_t at, uint64_t value, size_t bytes)
{
    memcpy(packed.file + at, &value, bytes);
}

static uint32_t crc32_of(const uint8_t *data, size_t bytes)
{
    uint32_t crc = ~0U;

    for (size_t i = 0; i < bytes * 8; i++) {
        uint32_t bit = (crc ^ (uint32_t)data[i / 8] >> i % 8) & 1;

        crc = crc >> 1 ^ (bit != 0 ? 0xedb88320U : 0);
    }
    return ~crc;
}

/* The modern kernel as a bzImage whose payload is stored, its code on pages. */
static void make_packed_kernel(void)
{
    uint8_t *image = packed.file + SETUP_BYTES + GZIP_HEAD + STORED_HEAD;
    size_t end = sizeof(packed.file);

    make_modern_kernel();
    kernel.segment[0].offset = PAGE_BYTES;
    memset(&packed, 0, sizeof(packed));
    memcpy(image, &kernel, offsetof(__typeof__(kernel), code));
    memcpy(image + PAGE_BYTES, kernel.code, CODE_BYTES);
    put(0x1f1, 1, 1);
    put(0x1fe, 0xaa55, 2);
    memcpy(packed.file + 0x202, "HdrS", 4);
    put(0x206, 0x20f, 2);
    put(0x24c, end - SETUP_BYTES, 4);
    put(SETUP_BYTES, 0x088b1f, 3);
    put(SETUP_BYTES + GZIP_HEAD, 1, 1);
    put(SETUP_BYTES + GZIP_HEAD + 1, IMAGE_BYTES, 2);
    put(SETUP_BYTES + GZIP_HEAD + 3, ~IMAGE_BYTES, 2);
    put(end - 8, crc32_of(image, IMAGE_BYTES), 4);
    put(end - 4, IMAGE_BYTES, 4);
    config.kernel = packed.file;
    config.kernel_bytes = sizeof(packed.file);
}

static unsigned long mfn_of_pfn(unsigned long pfn)
{
    return *(uint64_t *)at_va(P2M_VA + pfn * sizeof(uint64_t));
}

static void an_unpacked_kernel_is_not_copied(void **state)
{
    unsigned long va = VIRT_BASE + KERNEL_PADDR;
    unsigned long code;

    (void)state;
    make_packed_kernel();
    assert_builds();
    assert_memory_equal(at_va(va), kernel.code, PAGE_BYTES);
    assert_memory_equal(at_va(va + PAGE_BYTES), kernel.code + PAGE_BYTES,
                        CODE_BYTES - PAGE_BYTES);
    assert_int_equal(*(uint8_t *)at_va(va + CODE_BYTES), 0);
    /* Of the image's four frames: header (free again), code, copied rest. */
    code = mfn_of_pfn(KERNEL_PADDR / PAGE_BYTES);
    assert_int_equal(code % 4, 1);
    assert_int_not_equal(page_owner(page_of(mfn_make(code - 1))), 0);
    assert_int_not_equal(mfn_of_pfn(KERNEL_PADDR / PAGE_BYTES + 1), code + 1);
    assert_p2m_covers_all_memory();
}

static void whole_frames_of_the_initrd_are_not_copied(void **state)
{
    struct page *frames;
    unsigned long pfn;
    unsigned long free_before;

    (void)state;
    make_modern_kernel();
    frames = frame_alloc_unscrubbed(2);
    memset(machine_map(page_mfn(frames)), 0x5a, 4 * PAGE_BYTES);
    memcpy(machine_map(page_mfn(frames)), initrd, sizeof(initrd));
    config.initrd = machine_map(page_mfn(frames));
    config.initrd_frames = frames;
    assert_builds();
    pfn = start_info()->mod_start;
    assert_int_equal(mfn_of_pfn(pfn), page_mfn(frames).number);
    assert_int_equal(mfn_of_pfn(pfn + 1), page_mfn(frames).number + 1);
    /* 9,000 bytes: the third page is in part somebody else's. */
    assert_int_not_equal(mfn_of_pfn(pfn + 2), page_mfn(frames).number + 2);
    assert_initrd_is_there();
    free_before = frame_free_count();
    frame_free_unowned(frames, 4);
    assert_int_equal(frame_free_count(), free_before + 2);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, fake_teardown)
    const struct CMUnitTest tests[] = {
        TEST(kernel_stands_at_its_physical_address),
        TEST(registers_are_those_of_the_start_of_day),
        TEST(start_info_says_where_things_are),
        TEST(p2m_and_m2p_agree_and_cover_all_memory),
        TEST(initrd_lies_at_its_pfn),
        TEST(first_mapping_is_as_the_abi_says),
        TEST(older_kernels_have_all_in_one_mapping),
        TEST(without_initrd_nothing_is_named),
        TEST(dom0_may_touch_the_machine),
        TEST(too_little_memory_is_said),
        TEST(more_than_the_machine_has_is_said),
        TEST(kernels_that_are_none_are_said),
        TEST(an_unpacked_kernel_is_not_copied),
        TEST(whole_frames_of_the_initrd_are_not_copied),
    };

    return cmocka_run_group_tests_name("dom0_build", tests, NULL, NULL);
}
