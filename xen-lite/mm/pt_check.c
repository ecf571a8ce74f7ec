/* SPDX-License-Identifier: MIT */
/*
 * Which bits a guest may write into its page tables, and what the CPU then
 * sees: pure rules over one entry (SDM 3A 4.5; Xen's ABI in docs/memory.md).
 *
 * Non-present entries are a guest's own, for swap. But processors with the L1
 * terminal fault read through them speculatively (XSA-273), so there one must
 * not name RAM. Linux turns the frame bits of its swap entries around, which
 * always passes.
 */
#include "pt.h"

#include "e820.h"
#include "machine.h"

#define CACHING_L1 (PTE_PWT | PTE_PCD | PTE_PAT)
/* Upper levels: no memory types, no superpages, no global entries. */
#define FORBIDDEN_UPPER (PTE_PWT | PTE_PCD | PTE_PSE | PTE_GLOBAL)

#define MSR_ARCH_CAPABILITIES 0x10aU
#define ARCH_CAP_RDCL_NO      (1ULL << 0)
#define CPUID_HYPERVISOR      (1U << 31) /* leaf 1, ECX */

struct pt_limits pt_limits;

static bool cpu_is_intel(void)
{
    struct cpuid_result r;

    machine_cpuid(0, 0, &r);
    return r.ebx == 0x756e6547 && r.edx == 0x49656e69 && r.ecx == 0x6c65746e;
}

static bool cpu_leaks_non_present(void)
{
    struct cpuid_result r;
    uint64_t capabilities = 0;

    if (!cpu_is_intel()) {
        return false;
    }
    machine_cpuid(7, 0, &r);
    if ((r.edx & (1U << 29)) != 0 &&
        machine_rdmsr(MSR_ARCH_CAPABILITIES, &capabilities) != 0) {
        capabilities = 0;
    }
    return (capabilities & ARCH_CAP_RDCL_NO) == 0;
}

/*
 * The end of all RAM, not of what guests can have: ours lies above that. In a
 * virtual machine the caches know frames by the host's numbers, which may be
 * any; only in the last quarter of the address space is there hardly RAM, and
 * there Linux's inverted entries are. @width: in bits.
 */
static unsigned long find_safe_frame(unsigned int width)
{
    const struct e820_range *ranges;
    unsigned int count = machine_memory_map(&ranges);
    struct cpuid_result r;
    uint64_t end = 0;

    machine_cpuid(1, 0, &r);
    if ((r.ecx & CPUID_HYPERVISOR) != 0) {
        end = 3ULL << (width - 2);
    }
    for (unsigned int i = 0; i < count; i++) {
        if (ranges[i].type == E820_RAM &&
            ranges[i].start + ranges[i].bytes > end) {
            end = ranges[i].start + ranges[i].bytes;
        }
    }
    return (end + PAGE_BYTES - 1) >> PAGE_SHIFT;
}

void pt_check_init(void)
{
    struct cpuid_result r = {.eax = 36};

    machine_cpuid(0x80000008U, 0, &r);
    pt_limits.reserved = PTE_FRAME & ~((1ULL << (r.eax & 0xff)) - 1);
    pt_limits.l1tf = cpu_leaks_non_present();
    pt_limits.safe_frame = find_safe_frame(r.eax & 0xff);
    pt_limits.known = true;
}

static int check_non_present(pte_t entry)
{
    /* The cache that leaks does not compare bits above the address width. */
    unsigned long frame = pte_mfn(entry & ~pt_limits.reserved).number;

    if (pt_limits.l1tf && frame != 0 && frame < pt_limits.safe_frame) {
        return -XEN_EINVAL;
    }
    return 0;
}

int pt_check_bits(pte_t entry, unsigned int level, bool caching)
{
    uint64_t forbidden;

    if (!pt_limits.known) {
        pt_check_init();
    }
    if (!pt_is_present(entry)) {
        return check_non_present(entry);
    }
    forbidden = pt_limits.reserved;
    if (level > 1) {
        forbidden |= FORBIDDEN_UPPER;
    } else if (!caching) {
        forbidden |= CACHING_L1;
    }
    return (entry & forbidden) == 0 ? 0 : -XEN_EINVAL;
}

/*
 * Guest kernel and user both run in ring 3, so every entry needs U. In L1 the
 * guest's own meaning is kept: a kernel mapping is marked and never global; a
 * user mapping is global, to live through kernel <-> user switches.
 */
pte_t pt_adjust(pte_t entry, unsigned int level)
{
    if (level > 1) {
        return entry | PTE_USER;
    }
    entry &= ~PTE_LOG_DIRTY;
    if ((entry & PTE_USER) == 0) {
        entry |= PTE_GUEST_KERNEL;
    }
    if ((entry & PTE_GUEST_KERNEL) != 0) {
        return (entry | PTE_USER) & ~PTE_GLOBAL;
    }
    return entry | PTE_GLOBAL;
}

pte_t pt_uncached(pte_t entry)
{
    switch (entry & CACHING_L1) {
    case 0: /* write-back */
        return entry | PTE_PWT | PTE_PCD;
    case PTE_PWT:           /* write-through */
    case PTE_PWT | PTE_PAT: /* write-protect */
        return (entry | PTE_PCD | PTE_PWT) & ~PTE_PAT;
    default:
        return entry;
    }
}
