/* SPDX-License-Identifier: MIT */
/*
 * The first guest: is everything at the first instruction as the ABI says?
 * Registers, start_info, shared_info, page tables, p2m, then the calls that
 * tell who is underneath.
 */
#include "check.h"
#include "console.h"
#include "hypercall.h"
#include "insn.h"
#include "mm.h"
#include "start.h"
#include "string.h"
#include "xen_abi.h"

/* Where the hypervisor's slots begin and end in every L4. */
#define HV_FIRST_SLOT 256
#define HV_LAST_SLOT  271

static void check_registers(void)
{
    const struct entry_state *e = &entry_state;
    uint64_t others = e->rax | e->rbx | e->rcx | e->rdx | e->rdi | e->rbp |
                      e->r8 | e->r9 | e->r10 | e->r11 | e->r12 | e->r13 |
                      e->r14 | e->r15;

    check_hex("entry-rsi-start-info", e->rsi, (uint64_t)start_info);
    check_hex("entry-start-info-aligned", e->rsi & (PAGE_BYTES - 1), 0);
    check_hex("entry-rsp-top-of-boot-stack", e->rsp,
              start_info->pt_base +
                  (start_info->nr_pt_frames + 1) * PAGE_BYTES);
    check_hex("entry-other-registers", others, 0);
    check_hex("entry-rflags", e->rflags, 0x202);
    check_hex("entry-cs", e->cs, FLAT_KERNEL_CS);
    check_hex("entry-ss", e->ss, FLAT_KERNEL_SS);
    check_hex("entry-data-selectors", (uint64_t)(e->ds | e->es | e->fs | e->gs),
              0);
}

static void check_start_info(void)
{
    const struct start_info *si = start_info;

    check_eq("start-info-magic", strncmp(si->magic, "xen-3.0-x86_64", 14), 0);
    check_true("start-info-nr-pages", si->nr_pages > 1024, si->nr_pages);
    check_hex("start-info-shared-info-aligned",
              si->shared_info & (PAGE_BYTES - 1), 0);
    check_true("start-info-shared-info-set", si->shared_info != 0, 0);
    check_true("start-info-cmd-line-ends",
               strlen((const char *)si->cmd_line) < MAX_GUEST_CMDLINE, 0);
    check_true("start-info-option", guest_option("guestkit"), 0);
    check_eq("start-info-mod-len", (int64_t)si->mod_len, 0);
}

static void check_start_info_dom0(void)
{
    const struct start_info *si = start_info;

    check_hex("start-info-flags", si->flags & 0x3,
              SIF_PRIVILEGED | SIF_INITDOMAIN);
    check_eq("start-info-store-mfn", (int64_t)si->store_mfn, 0);
    check_eq("start-info-store-evtchn", (int64_t)si->store_evtchn, 0);
    if (si->console.dom0.info_size != 0) {
        check_eq("start-info-vga-offset", si->console.dom0.info_off,
                 (int64_t)sizeof(*si));
    }
}

/* Events of the first moment: the daemon behind a console answers the first
 * words on it with one. */
static struct {
    bool no_port;
    uint8_t upcall;
    uint64_t selector;
} at_start;

static void note_events(void)
{
    at_start.no_port = memory_is(shared_info->evtchn_pending, 0,
                                 sizeof(shared_info->evtchn_pending));
    at_start.upcall = shared_info->vcpu_info[0].evtchn_upcall_pending;
    at_start.selector = shared_info->vcpu_info[0].evtchn_pending_sel;
}

static void check_vcpu_info(void)
{
    const struct vcpu_info *info = shared_info->vcpu_info;
    unsigned int masked = 0;
    unsigned int id;

    for (id = 0; id < XEN_LEGACY_MAX_VCPUS; id++) {
        masked += info[id].evtchn_upcall_mask == 1;
    }
    check_eq("shared-info-upcall-masks", masked, XEN_LEGACY_MAX_VCPUS);
    check_eq("shared-info-upcall-pending", at_start.upcall, 0);
    check_hex("shared-info-pending-sel", at_start.selector, 0);
    check_true("shared-info-time-mul", info[0].time.tsc_to_system_mul != 0, 0);
    check_eq("shared-info-time-version-even", info[0].time.version & 1, 0);
    check_true("shared-info-time-version-set", info[0].time.version != 0, 0);
    check_true("shared-info-system-time", info[0].time.system_time != 0, 0);
}

static void check_shared_info(void)
{
    check_true("shared-info-no-pending", at_start.no_port, 0);
    check_eq("shared-info-wc-version-even", shared_info->wc_version & 1, 0);
    /* between 2020 and 2100 */
    check_true("shared-info-wall-clock",
               shared_info->wc_sec > 1577836800U &&
                   shared_info->wc_sec < 4102444800U,
               shared_info->wc_sec);
    check_eq("shared-info-wall-clock-high", shared_info->wc_sec_hi, 0);
    check_true("shared-info-wall-clock-ns", shared_info->wc_nsec < 1000000000U,
               shared_info->wc_nsec);
    check_true("shared-info-arch-zero",
               memory_is(&shared_info->arch, 0, sizeof(shared_info->arch)), 0);
}

static void check_p2m(void)
{
    uint64_t pfn;
    uint64_t wrong = 0;

    for (pfn = 0; pfn < start_info->nr_pages; pfn++) {
        wrong += mm_mfn_to_pfn(mm_pfn_to_mfn(pfn)) != pfn;
    }
    check_eq("p2m-m2p-agree", (int64_t)wrong, 0);
    check_true("m2p-shared-info-not-a-pfn",
               mm_mfn_to_pfn(start_info->shared_info >> PAGE_SHIFT) >=
                   start_info->nr_pages,
               mm_mfn_to_pfn(start_info->shared_info >> PAGE_SHIFT));
}

static bool is_table_address(uint64_t va)
{
    return va >= start_info->pt_base &&
           va < start_info->pt_base + start_info->nr_pt_frames * PAGE_BYTES;
}

/* What one L1 entry of the initial mapping must be. */
static uint64_t expected_entry(uint64_t va)
{
    uint64_t pfn = (va - VIRT_BASE) >> PAGE_SHIFT;

    return (mm_pfn_to_mfn(pfn) << PAGE_SHIFT) | PTE_PRESENT |
           (is_table_address(va) ? 0 : PTE_RW);
}

static void check_initial_mapping(void)
{
    const uint64_t mask = PTE_MFN_MASK | PTE_PRESENT | PTE_RW;
    uint64_t end = mm_initial_end();
    uint64_t wrong = 0;
    uint64_t va;

    for (va = VIRT_BASE; va < end; va += PAGE_BYTES) {
        if (va >= (uint64_t)shared_info && va < (uint64_t)(shared_info + 1)) {
            continue;
        }
        if ((mm_pte((const void *)va) & mask) != expected_entry(va)) {
            wrong++;
        }
    }
    check_eq("initial-mapping-linear-tables-readonly", (int64_t)wrong, 0);
    check_hex("initial-mapping-ends", mm_pte((const void *)end), 0);
}

/* Present entries of a table, less those of the hypervisor in an L4. */
static unsigned int count_entries(const uint64_t *table, bool is_root)
{
    unsigned int count = 0;
    unsigned int i;

    for (i = 0; i < PT_ENTRIES; i++) {
        if (is_root && i >= HV_FIRST_SLOT && i <= HV_LAST_SLOT) {
            continue;
        }
        count += (table[i] & PTE_PRESENT) != 0;
    }
    return count;
}

/* Tables reachable from the kernel half; slot 511 of the root holds them. */
static unsigned int count_tables(void)
{
    const uint64_t *l3 = mm_entry(mm_root(), VIRT_BASE, 3);
    const uint64_t *l2 = mm_entry(mm_root(), VIRT_BASE, 2);

    return 3 + count_entries(l2 - ((uint64_t)l2 / 8) % PT_ENTRIES, false) +
           (count_entries(l3 - ((uint64_t)l3 / 8) % PT_ENTRIES, false) - 1);
}

static void check_tables(void)
{
    unsigned int slots = count_entries(mm_root(), true);
    bool p2m_outside = start_info->mfn_list < VIRT_BASE;

    check_eq("tables-root-slots", slots, p2m_outside ? 2 : 1);
    check_eq("tables-nr-pt-frames", count_tables(),
             (int64_t)start_info->nr_pt_frames);
    check_hex("tables-cr3", read_cr3(), mm_va_to_mfn(mm_root()) << PAGE_SHIFT);
    check_eq("p2m-outside-pages", start_info->nr_p2m_frames != 0,
             p2m_outside ? 1 : 0);
}

static void check_version(void)
{
    char text[1024];
    xen_platform_parameters_t platform;

    check_hex("version", (uint64_t)hc_xen_version(XENVER_version, NULL),
              0x40011);
    check_eq("version-extra", hc_xen_version(XENVER_extraversion, text), 0);
    check_eq("version-capabilities", hc_xen_version(XENVER_capabilities, text),
             0);
    check_true("version-capabilities-pv",
               string_contains(text, "xen-3.0-x86_64"), 0);
    check_eq("version-platform",
             hc_xen_version(XENVER_platform_parameters, &platform), 0);
    check_hex("version-virt-start", platform.virt_start, HYPERVISOR_VIRT_START);
    check_eq("version-pagesize", hc_xen_version(XENVER_pagesize, NULL), 4096);
    check_eq("version-commandline", hc_xen_version(XENVER_commandline, text),
             0);
    check_eq("version-guest-handle", hc_xen_version(XENVER_guest_handle, text),
             0);
    check_eq("version-unknown", hc_xen_version(99, NULL), -XEN_ENOSYS);
    check_eq("version-bad-pointer",
             hc_xen_version(XENVER_extraversion, (void *)HYPERVISOR_VIRT_START),
             -XEN_EFAULT);
}

static bool feature(const struct xen_feature_info *info, unsigned int bit)
{
    return (info->submap >> bit) & 1;
}

static void check_features(void)
{
    struct xen_feature_info info = {.submap_idx = 0};

    check_eq("features", hc_xen_version(XENVER_get_features, &info), 0);
    check_eq("feature-writable-page-tables",
             feature(&info, XENFEAT_writable_page_tables), 0);
    check_eq("feature-auto-translated",
             feature(&info, XENFEAT_auto_translated_physmap), 0);
    check_eq("feature-update-preserve-ad",
             feature(&info, XENFEAT_mmu_pt_update_preserve_ad), 1);
    check_eq("feature-gnttab-map-avail-bits",
             feature(&info, XENFEAT_gnttab_map_avail_bits), 1);
    check_eq("feature-dom0", feature(&info, XENFEAT_dom0), guest_is_dom0());
    info.submap_idx = 1;
    check_either("features-submap-1",
                 hc_xen_version(XENVER_get_features, &info), 0, -XEN_EINVAL);
}

static uint64_t highest_mfn(void)
{
    uint64_t highest = 0;
    uint64_t pfn;

    for (pfn = 0; pfn < start_info->nr_pages; pfn++) {
        if (mm_pfn_to_mfn(pfn) > highest) {
            highest = mm_pfn_to_mfn(pfn);
        }
    }
    return highest;
}

static void check_cpuid(void)
{
    struct cpuid_result r = cpuid_forced(0x40000000, 0);

    check_hex("cpuid-signature-ebx", r.ebx, 0x566e6558);
    check_hex("cpuid-signature-ecx", r.ecx, 0x65584d4d);
    check_hex("cpuid-signature-edx", r.edx, 0x4d4d566e);
    check_hex("cpuid-max-leaf", r.eax, 0x40000005);
    check_hex("cpuid-version", cpuid_forced(0x40000001, 0).eax, 0x40011);
    r = cpuid_forced(0x40000002, 0);
    check_hex("cpuid-hypercall-pages", r.eax, 1);
    check_hex("cpuid-hypercall-msr", r.ebx, 0x40000000);
    check_hex("cpuid-preserve-ad", r.ecx & 1, 1);
    r = cpuid_forced(0x40000003, 2);
    check_true("cpuid-cpu-khz", r.eax > 10000, r.eax);
    r = cpuid_forced(0x40000004, 0);
    check_hex("cpuid-hvm-leaf", r.eax | r.ebx | r.ecx | r.edx, 0);
    r = cpuid_forced(0x40000005, 0);
    check_true("cpuid-machine-address-width",
               (highest_mfn() << PAGE_SHIFT) >> (r.ebx & 0xff) == 0, r.ebx);
    r = cpuid_forced(0x40000100, 0);
    check_hex("cpuid-next-base", r.eax | r.ebx | r.ecx | r.edx, 0);
}

static void check_cpuid_features(void)
{
    struct cpuid_result leaf1 = cpuid_forced(1, 0);
    struct cpuid_result ext1 = cpuid_forced(0x80000001, 0);

    check_hex("cpuid-hypervisor-bit", leaf1.ecx >> 31, 1);
    /* VME, PSE, PGE, PSE36 hidden; FPU, TSC, MSR, PAE, CX8, FXSR, SSE2 shown */
    check_hex("cpuid-hidden-edx", leaf1.edx & 0x2000a & ~0x2U, 0);
    check_hex("cpuid-hidden-pge", leaf1.edx & (1U << 13), 0);
    check_hex("cpuid-shown-edx", leaf1.edx & 0x05000171, 0x05000171);
    /* MONITOR, VMX, PCID, X2APIC hidden */
    check_hex("cpuid-hidden-ecx", leaf1.ecx & 0x220028, 0);
    /* SYSCALL, NX, LM shown; page1gb hidden */
    check_hex("cpuid-long-mode", ext1.edx & 0x24100800, 0x20100800);
}

static void check_console(void)
{
    static const char text[] = "console: a line by console_io\n";

    if (!guest_is_dom0()) {
        check_skip("console-write", "not dom0");
        return;
    }
    check_eq("console-write",
             hc_console_io(CONSOLEIO_write, sizeof(text) - 1, text), 0);
    check_eq(
        "console-write-bad-pointer",
        hc_console_io(CONSOLEIO_write, 8, (const char *)HYPERVISOR_VIRT_START),
        -XEN_EFAULT);
    check_eq("console-unknown", hc_console_io(99, 0, NULL), -XEN_ENOSYS);
}

/* Every register that an argument does not travel in, and RSI, RDI too. */
static void check_hypercall_registers(void)
{
    uint64_t kept[8] = {0};
    uint64_t rax = __HYPERVISOR_xen_version;
    uint64_t wrong = 0;
    unsigned int i;

    __asm__ volatile("pushq %%rbp; movl $1, %%ebx; movl $2, %%ebp;"
                     "movl $3, %%r9d; movl $4, %%r12d; movl $5, %%r13d;"
                     "movl $6, %%r14d; movl $7, %%r15d; movq %2, %%xmm0;"
                     "movl $0, %%esi; syscall; movq %%rbx, 8(%2);"
                     "movq %%rbp, 16(%2); movq %%r9, 24(%2);"
                     "movq %%r12, 32(%2); movq %%r13, 40(%2);"
                     "movq %%r14, 48(%2); movq %%r15, 56(%2);"
                     "movq %%xmm0, 0(%2); popq %%rbp"
                     : "+a"(rax)
                     : "D"((uint64_t)XENVER_pagesize), "d"(kept)
                     : "rbx", "rcx", "rsi", "r9", "r11", "r12", "r13", "r14",
                       "r15", "memory");
    for (i = 1; i < 8; i++) {
        wrong += kept[i] != i;
    }
    check_eq("hypercall-result", (int64_t)rax, 4096);
    check_eq("hypercall-keeps-registers", (int64_t)wrong, 0);
    check_hex("hypercall-keeps-xmm", kept[0], (uint64_t)kept);
    check_eq("hypercall-unknown", hypercall1(63, 0), -XEN_ENOSYS);
    check_eq("hypercall-unknown-high", hypercall1(0x7fffffff, 0), -XEN_ENOSYS);
}

void guest_main(void)
{
    note_events();
    print("hello from a PV guest, command line \"%s\"\n",
          (const char *)start_info->cmd_line);
    check_registers();
    check_start_info();
    if (guest_is_dom0()) {
        check_start_info_dom0();
    }
    check_vcpu_info();
    check_shared_info();
    check_p2m();
    check_initial_mapping();
    check_tables();
    check_version();
    check_features();
    check_cpuid();
    check_cpuid_features();
    check_console();
    check_hypercall_registers();
    check_finish(SHUTDOWN_poweroff);
}
