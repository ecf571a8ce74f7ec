// SPDX-License-Identifier: MIT
/*
 * dom0-tools/builder/build.c and grants.c from end to end, against a fake
 * hypervisor whose machine frames are pages of a file. After each build the
 * guest's memory is read as the guest and the hypervisor would read it.
 */
#include "tools.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <xenctrl.h>

#include <xen/sys/privcmd.h>

#include "builder/build.h"
#include "builder/grants.h"
#include "builder/tables.h"
#include "fake_kernel.h"

#define DOMID        5U
#define PAGES        2048ULL /* 8 MiB */
#define MACHINE      4096ULL /* frames of the fake machine */
#define SHARED_FRAME 4000ULL
#define GRANT_FRAME  4001ULL
#define BASE         0xffffffff80000000ULL
#define INIT_P2M     0x8000000000ULL
#define TEXT_BYTES   5000U
#define BSS_BYTES    9000U

void *__real_mmap(void *addr, size_t length, int prot, int flags, int fd,
                  off_t offset);

static int machine_fd;
static uint8_t *machine; /* the same frames, for the test to read */
static uint64_t frames_given;
static uint64_t frames_free;
static uint64_t most_at_once; /* frames given by one call */
static uint64_t pinned;       /* L4 frame, once pinned */
static bool no_superpages;
static bool no_resources;
static uint64_t hypercall_page;
static vcpu_guest_context_x86_64_t context;
static bool context_set;

/* -- the fake hypervisor --------------------------------------------------- */

/* Extents come from the top down, so that no frame equals its number. */
static long populate(struct xen_memory_reservation *r)
{
    xen_pfn_t *extents = r->extent_start.p;
    uint64_t size = 1ULL << r->extent_order;
    unsigned long i;

    assert_int_equal(r->domid, DOMID);
    if (r->extent_order != 0 && no_superpages) {
        return 0;
    }
    for (i = 0; i < r->nr_extents && frames_free >= size; i++) {
        frames_free -= size;
        frames_given += size;
        extents[i] = SHARED_FRAME - frames_given;
    }
    if (i * size > most_at_once) {
        most_at_once = i * size;
    }
    return (long)i;
}

static long memory_op(uint64_t cmd, void *arg)
{
    struct xen_memory_reservation *r = arg;

    if (cmd == XENMEM_claim_pages) {
        return r->nr_extents > frames_free ? -ENOMEM : 0;
    }
    assert_int_equal(cmd, XENMEM_populate_physmap);
    return populate(arg);
}

static long domctl(struct xen_domctl *d)
{
    assert_int_equal(d->domain, DOMID);
    switch (d->cmd) {
    case XEN_DOMCTL_getdomaininfo:
        memset(&d->u, 0, sizeof(d->u));
        d->u.getdomaininfo.domain = DOMID;
        d->u.getdomaininfo.shared_info_frame = SHARED_FRAME;
        return 0;
    case XEN_DOMCTL_set_address_size:
        assert_int_equal(d->u.address_size.size, 64);
        return 0;
    case XEN_DOMCTL_hypercall_init:
        hypercall_page = d->u.hypercall_init.gmfn;
        return 0;
    case XEN_DOMCTL_setvcpucontext:
        assert_int_not_equal(pinned, 0);
        memcpy(&context, d->u.vcpucontext.ctxt.p, sizeof(context));
        context_set = true;
        return 0;
    default:
        return -ENOSYS;
    }
}

/* The hypervisor would refuse a table that anyone can still write. */
static long mmuext(const uint64_t args[5])
{
    struct mmuext_op *op = (struct mmuext_op *)(uintptr_t)args[0];

    assert_int_equal(op->cmd, MMUEXT_PIN_L4_TABLE);
    assert_int_equal(args[3], DOMID);
    assert_int_equal(fake_kernel.windows_open, 0);
    pinned = op->arg1.mfn;
    return 0;
}

static long grant_op(const uint64_t args[5])
{
    struct gnttab_setup_table *setup = (void *)(uintptr_t)args[1];
    xen_pfn_t *list = setup->frame_list.p;

    assert_int_equal(args[0], GNTTABOP_setup_table);
    assert_int_equal(setup->dom, DOMID);
    list[0] = GRANT_FRAME;
    setup->status = GNTST_okay;
    return 0;
}

static long hypercall(uint64_t op, const uint64_t args[5])
{
    switch (op) {
    case __HYPERVISOR_domctl:
        return domctl((void *)(uintptr_t)args[0]);
    case __HYPERVISOR_memory_op:
        return memory_op(args[0], (void *)(uintptr_t)args[1]);
    case __HYPERVISOR_mmuext_op:
        return mmuext(args);
    case __HYPERVISOR_grant_table_op:
        return grant_op(args);
    default:
        return 0; /* sysctl physinfo for a message */
    }
}

static void put_frame(uint64_t addr, uint64_t mfn)
{
    void *p = __real_mmap((void *)(uintptr_t)addr, PAGE_BYTES,
                          PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
                          machine_fd, (off_t)(mfn * PAGE_BYTES));

    assert_true(mfn < MACHINE);
    assert_ptr_not_equal(p, MAP_FAILED);
}

static long request(unsigned long number, void *arg)
{
    privcmd_mmapbatch_v2_t *batch = arg;
    privcmd_mmap_resource_t *resource = arg;

    if (number == (unsigned long)IOCTL_PRIVCMD_MMAP_RESOURCE) {
        if (no_resources) {
            return -ENOTTY;
        }
        assert_int_equal(resource->type, XENMEM_resource_grant_table);
        put_frame(resource->addr, GRANT_FRAME);
        return 0;
    }
    assert_int_equal(number, (unsigned long)IOCTL_PRIVCMD_MMAPBATCH_V2);
    assert_int_equal(batch->dom, DOMID);
    for (unsigned int i = 0; i < batch->num; i++) {
        put_frame(batch->addr + i * PAGE_BYTES, batch->arr[i]);
        batch->err[i] = 0;
    }
    return 0;
}

/* -- the world of one test ------------------------------------------------- */

static uint8_t text[TEXT_BYTES];
static struct kernel kernel;
static struct pv_guest guest;
static struct layout layout;
static struct build_error error;

static void make_kernel(void)
{
    memset(&kernel, 0, sizeof(kernel));
    memset(text, 0x90, sizeof(text));
    kernel.virt_base = BASE;
    kernel.entry = BASE + 0x100010;
    kernel.segment_count = 1;
    kernel.segments[0].guest_offset = 0x100010;
    kernel.segments[0].memory_bytes = TEXT_BYTES + BSS_BYTES;
    kernel.segments[0].file = (struct bytes){text, sizeof(text)};
    kernel.guest_start = 0x100010;
    kernel.guest_end = 0x100010 + TEXT_BYTES + BSS_BYTES;
    kernel.notes.init_p2m = INIT_P2M;
    kernel.notes.mod_start_pfn = true;
    kernel.notes.hypercall_page = NOTE_UNSET;
}

static int open_all(void **state)
{
    static const uint8_t initrd[6000] = "a ramdisk";

    (void)fake_kernel_open(state);
    fake_kernel.hypercall = hypercall;
    fake_kernel.request = request;
    machine_fd = memfd_create("machine", MFD_CLOEXEC);
    assert_int_equal(ftruncate(machine_fd, (off_t)(MACHINE * PAGE_BYTES)), 0);
    machine = __real_mmap(NULL, MACHINE * PAGE_BYTES, PROT_READ | PROT_WRITE,
                          MAP_SHARED, machine_fd, 0);
    /* Frames come with what their last owner left in them. */
    memset(machine, 0xee, SHARED_FRAME * PAGE_BYTES);
    frames_given = 0;
    frames_free = 3000;
    most_at_once = 0;
    pinned = 0;
    no_superpages = false;
    no_resources = false;
    hypercall_page = 0;
    context_set = false;
    make_kernel();
    memset(&error, 0, sizeof(error));
    guest = (struct pv_guest){
        .xch = xch,
        .domid = DOMID,
        .kernel = &kernel,
        .initrd = {initrd, sizeof(initrd)},
        .cmdline = "console=hvc0 quiet",
        .nr_pages = PAGES,
        .xenstore_port = 11,
        .console_port = 12,
    };
    return 0;
}

static int close_all(void **state)
{
    (void)fake_kernel_close(state);
    (void)munmap(machine, MACHINE * PAGE_BYTES);
    (void)close(machine_fd);
    return 0;
}

static void build(void)
{
    if (pv_build(&guest, &error) != 0) {
        fail_msg("%s", error.text);
    }
    assert_true(context_set);
    assert_int_equal(pv_layout(&guest, &layout, &error), 0);
}

/* The machine address that the guest's tables give @va, or 0. */
static uint64_t translate(uint64_t va, uint64_t *entry)
{
    uint64_t frame = context.ctrlreg[3] / PAGE_BYTES;

    for (unsigned int level = 4; level >= 1; level--) {
        const uint64_t *table =
            (const uint64_t *)(void *)(machine + frame * PAGE_BYTES);

        *entry = table[(va >> (12 + 9 * (level - 1))) % 512];
        if ((*entry & PTE_PRESENT) == 0) {
            return 0;
        }
        frame = *entry / PAGE_BYTES;
    }
    return frame * PAGE_BYTES + va % PAGE_BYTES;
}

static const uint8_t *at(uint64_t va)
{
    uint64_t entry;
    uint64_t where = translate(va, &entry);

    assert_int_not_equal(where, 0);
    return machine + where;
}

static const start_info_t *start_info(void)
{
    return (const start_info_t *)(const void *)at(context.user_regs.rsi);
}

/* -- tests ----------------------------------------------------------------- */

static void the_first_vcpu_starts_as_the_abi_says(void **state)
{
    (void)state;
    build();
    assert_int_equal(context.ctrlreg[3] / PAGE_BYTES, pinned);
    assert_int_equal(context.flags, VGCF_in_kernel_X86_64 | VGCF_online_X86_64);
    assert_int_equal(context.user_regs.rip, kernel.entry);
    assert_int_equal(context.user_regs.cs, FLAT_KERNEL_CS_X86_64);
    assert_int_equal(context.user_regs.ss, FLAT_KERNEL_SS_X86_64);
    assert_int_equal(context.user_regs.rflags, 0x200);
    assert_int_equal(context.user_regs.rsp,
                     layout_va(&layout, layout.stack) + PAGE_BYTES);
    assert_int_equal(context.kernel_sp, context.user_regs.rsp);
    assert_int_equal(context.debugreg[7], 0x400);
    for (unsigned int i = 0; i < 256; i++) {
        assert_int_equal(context.trap_ctxt[i].address, 0);
    }
}

static void the_kernel_is_in_place_and_its_bss_is_clear(void **state)
{
    (void)state;
    build();
    for (uint64_t i = 0; i < TEXT_BYTES; i++) {
        assert_int_equal(*at(BASE + 0x100010 + i), 0x90);
    }
    for (uint64_t i = TEXT_BYTES; i < TEXT_BYTES + BSS_BYTES; i++) {
        assert_int_equal(*at(BASE + 0x100010 + i), 0);
    }
}

static void start_info_says_where_things_are(void **state)
{
    const start_info_t *si;
    uint64_t entry;

    (void)state;
    build();
    si = start_info();
    assert_string_equal(si->magic, "xen-3.0-x86_64");
    assert_int_equal(si->nr_pages, PAGES);
    assert_int_equal(si->shared_info, SHARED_FRAME * PAGE_BYTES);
    assert_int_equal(si->flags, SIF_MOD_START_PFN);
    assert_int_equal(si->store_mfn, guest.xenstore_mfn);
    assert_int_equal(si->store_evtchn, 11);
    assert_int_equal(si->console.domU.mfn, guest.console_mfn);
    assert_int_equal(si->console.domU.evtchn, 12);
    assert_int_equal(translate(si->pt_base, &entry) / PAGE_BYTES, pinned);
    assert_int_equal(si->nr_pt_frames, layout.tables.count);
    assert_int_equal(si->mfn_list, INIT_P2M);
    assert_int_equal(si->first_p2m_pfn, layout.p2m_frames.start);
    assert_int_equal(si->nr_p2m_frames, layout.p2m_frames.count);
    assert_int_equal(si->mod_start, layout.initrd.start);
    assert_int_equal(si->mod_len, 6000);
    assert_string_equal((const char *)si->cmd_line, "console=hvc0 quiet");
}

static void the_p2m_names_every_frame_once(void **state)
{
    static uint8_t seen[MACHINE];
    const start_info_t *si;

    (void)state;
    build();
    si = start_info();
    memset(seen, 0, sizeof(seen));
    for (uint64_t pfn = 0; pfn < PAGES; pfn++) {
        uint64_t mfn =
            *(const uint64_t *)(const void *)at(si->mfn_list + pfn * 8);

        assert_true(mfn < SHARED_FRAME);
        assert_int_equal(seen[mfn]++, 0);
        if (pfn * PAGE_BYTES < layout.main_map.end - BASE) {
            uint64_t entry;

            assert_int_equal(translate(BASE + pfn * PAGE_BYTES, &entry),
                             mfn * PAGE_BYTES);
        }
    }
    /* the ramdisk is found through it */
    assert_memory_equal(machine + *(const uint64_t *)(const void *)at(
                                      INIT_P2M + si->mod_start * 8) *
                                      PAGE_BYTES,
                        "a ramdisk", 10);
}

static void special_pages_are_clear(void **state)
{
    static const uint8_t zeroes[PAGE_BYTES];

    (void)state;
    build();
    assert_memory_equal(machine + guest.xenstore_mfn * PAGE_BYTES, zeroes,
                        PAGE_BYTES);
    assert_memory_equal(machine + guest.console_mfn * PAGE_BYTES, zeroes,
                        PAGE_BYTES);
    assert_memory_equal(at(layout_va(&layout, layout.stack)), zeroes,
                        PAGE_BYTES);
    assert_memory_equal(at(context.user_regs.rsi) + sizeof(start_info_t),
                        zeroes, PAGE_BYTES - sizeof(start_info_t));
}

static void upcalls_start_masked_and_time_is_kept(void **state)
{
    shared_info_t *shared;

    (void)state;
    shared = (shared_info_t *)(void *)(machine + SHARED_FRAME * PAGE_BYTES);
    shared->wc_sec = 12345;
    build();
    for (unsigned int i = 0; i < XEN_LEGACY_MAX_VCPUS; i++) {
        assert_int_equal(shared->vcpu_info[i].evtchn_upcall_mask, 1);
    }
    assert_int_equal(shared->wc_sec, 12345);
}

static void check_grants(void)
{
    const grant_entry_v1_t *entries =
        (const grant_entry_v1_t *)(void *)(machine + GRANT_FRAME * PAGE_BYTES);

    assert_int_equal(entries[0].flags, GTF_permit_access);
    assert_int_equal(entries[0].frame, guest.console_mfn);
    assert_int_equal(entries[0].domid, 0);
    assert_int_equal(entries[1].flags, GTF_permit_access);
    assert_int_equal(entries[1].frame, guest.xenstore_mfn);
    assert_int_equal(entries[2].flags, 0);
}

static void grants_go_through_the_resource(void **state)
{
    (void)state;
    build();
    check_grants();
}

static void grants_go_without_the_resource(void **state)
{
    (void)state;
    no_resources = true;
    build();
    check_grants();
}

static void single_frames_will_do(void **state)
{
    (void)state;
    no_superpages = true;
    build();
    assert_int_equal(start_info()->nr_pages, PAGES);
    assert_int_equal(frames_given, PAGES);
}

/* dom0 does nothing else on that CPU during a call. */
static void no_call_is_for_all_the_memory(void **state)
{
    (void)state;
    build();
    assert_int_equal(most_at_once, 1024);
    no_superpages = true;
    frames_free = PAGES;
    frames_given = 0;
    most_at_once = 0;
    build();
    assert_int_equal(most_at_once, 1024);
}

static void a_kernel_without_notes_finds_all_mapped(void **state)
{
    const start_info_t *si;

    (void)state;
    kernel.notes.init_p2m = NOTE_UNSET;
    kernel.notes.mod_start_pfn = false;
    build();
    si = start_info();
    assert_int_equal(si->flags, 0);
    assert_int_equal(si->first_p2m_pfn, 0);
    assert_int_equal(si->nr_p2m_frames, 0);
    assert_memory_equal(at(si->mod_start), "a ramdisk", 10);
    assert_int_equal(*(const uint64_t *)(const void *)at(si->mfn_list) *
                         PAGE_BYTES,
                     (uint64_t)(at(BASE) - machine));
}

static void a_hypercall_page_is_filled(void **state)
{
    uint64_t entry;

    (void)state;
    kernel.notes.hypercall_page = BASE + 0x101000;
    build();
    assert_int_equal(hypercall_page,
                     translate(BASE + 0x101000, &entry) / PAGE_BYTES);
    kernel.notes.hypercall_page = BASE + PAGES * PAGE_BYTES;
    frames_free = PAGES;
    frames_given = 0;
    assert_int_equal(pv_build(&guest, &error), -1);
    assert_int_equal(error.failure, BUILD_BAD_IMAGE);
}

static void short_memory_is_told_apart(void **state)
{
    (void)state;
    frames_free = PAGES - 1;
    assert_int_equal(pv_build(&guest, &error), -1);
    assert_int_equal(error.failure, BUILD_NO_MEMORY);
    assert_false(context_set);
}

static void a_guest_without_ramdisk_has_none(void **state)
{
    (void)state;
    guest.initrd = (struct bytes){NULL, 0};
    build();
    assert_int_equal(start_info()->mod_start, 0);
    assert_int_equal(start_info()->mod_len, 0);
    assert_int_equal(start_info()->flags, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, open_all, close_all)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_first_vcpu_starts_as_the_abi_says),
        TEST(the_kernel_is_in_place_and_its_bss_is_clear),
        TEST(start_info_says_where_things_are),
        TEST(the_p2m_names_every_frame_once),
        TEST(special_pages_are_clear),
        TEST(upcalls_start_masked_and_time_is_kept),
        TEST(grants_go_through_the_resource),
        TEST(grants_go_without_the_resource),
        TEST(single_frames_will_do),
        TEST(no_call_is_for_all_the_memory),
        TEST(a_kernel_without_notes_finds_all_mapped),
        TEST(a_hypercall_page_is_filled),
        TEST(short_memory_is_told_apart),
        TEST(a_guest_without_ramdisk_has_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
