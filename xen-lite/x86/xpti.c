/* SPDX-License-Identifier: MIT */
/*
 * The tables that guests run on under page-table isolation: one L4 for each
 * CPU, the guest's slots copied from its own at each change of root, and kept
 * equal to it by machine_l4_entry_changed() while it is in use.
 */
#include "xpti.h"

#include "bug.h"
#include "cmdline.h"
#include "core.h"
#include "cpu_features.h"
#include "hv_map.h"
#include "printk.h"
#include "smp.h"
#include "spinlock.h"
#include "string.h"
#include "x86.h"

#define ENTRIES     512U
#define TABLE_FLAGS (PTE_P | PTE_RW | PTE_A | PTE_D)
#define L4_OF(va)   (((va) >> 39) % ENTRIES)
#define L3_OF(va)   (((va) >> 30) % ENTRIES)
#define L2_OF(va)   (((va) >> 21) % ENTRIES)
#define L1_OF(va)   (((va) >> 12) % ENTRIES)

#define MSR_ARCH_CAPABILITIES 0x10aU
#define ARCH_CAP_RDCL_NO      1U
#define CPUID7_EDX_ARCH_CAP   (1U << 29)

struct xpti_cpu {
    /* Guards what follows, and the guest's slots of the copy. IRQ-safe. */
    struct spinlock lock;
    mfn_t guest_l4; /* whose copy this is */
    uint64_t *root;
};

extern const char entry_text_start[], entry_text_end[];

static bool isolated;
static struct xpti_cpu cpus[MAX_CPUS];
/* Of the image: shared by all CPUs, made with the first. */
static uint64_t image_l2_phys;

/* Intel's are vulnerable unless they say not; emulation and AMD are not. */
static bool vulnerable(void)
{
    struct cpuid_result leaf;
    uint64_t capabilities = 0;

    if (features_emulated() || strcmp(features_vendor(), "GenuineIntel") != 0) {
        return false;
    }
    machine_cpuid(0, 0, &leaf);
    if (leaf.eax >= 7) {
        machine_cpuid(7, 0, &leaf);
        if ((leaf.edx & CPUID7_EDX_ARCH_CAP) != 0 &&
            machine_rdmsr(MSR_ARCH_CAPABILITIES, &capabilities) != 0) {
            capabilities = 0;
        }
    }
    return (capabilities & ARCH_CAP_RDCL_NO) == 0;
}

void xpti_detect(void)
{
    isolated = options.xpti == OPTION_ON ||
               (options.xpti == OPTION_DEFAULT && vulnerable());
    log_info("Page-table isolation: %s\n", isolated ? "on" : "off");
}

bool xpti_on(void)
{
    return isolated;
}

/* -- tables ---------------------------------------------------------------- */

static uint64_t *new_table(uint64_t *phys)
{
    *phys = boot_alloc(PAGE_BYTES, PAGE_BYTES);
    return machine_map(mfn_make(*phys >> PAGE_SHIFT));
}

static uint64_t page_entry(unsigned long va, uint64_t flags)
{
    return hv_map_find(va).number << PAGE_SHIFT | (flags & ~PTE_G);
}

/* The image's L2 with its first 2 MiB: entry code and IDT. */
static void make_image_tables(void)
{
    struct table_register {
        uint16_t limit;
        uint64_t base;
    } __attribute__((packed)) idtr;
    uint64_t l1_phys;
    uint64_t *l1 = new_table(&l1_phys);
    uint64_t *l2 = new_table(&image_l2_phys);

    __asm__ volatile("sidt %0" : "=m"(idtr));
    /* One L1 is enough. */
    BUG_ON((idtr.base - HV_IMAGE) >> 21 != 0);
    /* cppcheck-suppress comparePointers ; one section by the link map */
    for (const char *p = entry_text_start; p < entry_text_end;
         p += PAGE_BYTES) {
        l1[L1_OF((unsigned long)p)] = page_entry((unsigned long)p, MAP_RX);
    }
    l1[L1_OF(idtr.base)] = page_entry(idtr.base, MAP_RO);
    l2[L2_OF(HV_IMAGE)] = l1_phys | TABLE_FLAGS;
}

/* The L2 that maps the area of @cpu alone. */
static uint64_t make_area_tables(unsigned int cpu)
{
    unsigned long area = HV_CPU_AREAS + cpu * (unsigned long)CPU_AREA_BYTES;
    uint64_t l1_phys, l2_phys;
    uint64_t *l1 = new_table(&l1_phys);
    uint64_t *l2 = new_table(&l2_phys);

    for (unsigned int page = 0; page < CPU_AREA_BYTES / PAGE_BYTES; page++) {
        unsigned long va = area + page * PAGE_BYTES;

        if (((CPU_PAGES >> page) & 1) != 0) {
            l1[L1_OF(va)] =
                page_entry(va, page == CPU_PAGE_TRAMPOLINE ? MAP_RX : MAP_RW);
        }
    }
    l2[L2_OF(area)] = l1_phys | TABLE_FLAGS;
    return l2_phys;
}

void xpti_cpu_init(unsigned int cpu)
{
    struct xpti_cpu *x = &cpus[cpu];
    uint64_t root_phys, l3_phys;
    uint64_t *l3;

    if (!isolated) {
        return;
    }
    if (image_l2_phys == 0) {
        make_image_tables();
    }
    spin_init(&x->lock, LOCK_CONSOLE);
    x->guest_l4 = INVALID_MFN;
    x->root = new_table(&root_phys);
    l3 = new_table(&l3_phys);
    l3[L3_OF(HV_IMAGE)] = image_l2_phys | TABLE_FLAGS;
    l3[L3_OF(HV_CPU_AREAS)] = make_area_tables(cpu) | TABLE_FLAGS;
    x->root[L4_OF(HV_IMAGE)] = l3_phys | TABLE_FLAGS;
    x->root[L4_OF(HV_M2P_RO)] = hv_l4[L4_OF(HV_M2P_RO)];
}

/* -- use ------------------------------------------------------------------- */

static bool copied_slot(unsigned int slot)
{
    return slot < HV_SLOT_FIRST || slot > HV_SLOT_LAST ||
           slot == HV_PERDOMAIN_SLOT;
}

void xpti_load(mfn_t root)
{
    struct cpu_info *info = cpu_info();
    struct xpti_cpu *x = &cpus[info->cpu];
    const uint64_t *l4 = machine_map(root);
    unsigned long flags;

    if (!isolated) {
        return;
    }
    flags = spin_lock_irqsave(&x->lock);
    x->guest_l4 = root;
    memcpy(x->root, l4, HV_SLOT_FIRST * sizeof(*l4));
    memcpy(&x->root[HV_SLOT_LAST + 1], &l4[HV_SLOT_LAST + 1],
           (ENTRIES - 1 - HV_SLOT_LAST) * sizeof(*l4));
    x->root[HV_PERDOMAIN_SLOT] = l4[HV_PERDOMAIN_SLOT];
    spin_unlock_irqrestore(&x->lock, flags);
    info->hv_cr3 = root.number << PAGE_SHIFT;
    info->exit_cr3 = machine_mfn_of(x->root).number << PAGE_SHIFT;
}

/*
 * A CPU that copies this L4 at the same time either sees the new entry, or has
 * set guest_l4 and holds the lock: then it is corrected here.
 */
void machine_l4_entry_changed(struct domain *d, mfn_t l4, unsigned int slot)
{
    const uint64_t *table = machine_map(l4);

    (void)d;
    if (!isolated || !copied_slot(slot)) {
        return;
    }
    for (unsigned int cpu = 0; cpu < smp_cpu_count(); cpu++) {
        struct xpti_cpu *x = &cpus[cpu];
        unsigned long flags = spin_lock_irqsave(&x->lock);

        if (mfn_equal(x->guest_l4, l4)) {
            __atomic_store_n(&x->root[slot],
                             __atomic_load_n(&table[slot], __ATOMIC_SEQ_CST),
                             __ATOMIC_SEQ_CST);
        }
        spin_unlock_irqrestore(&x->lock, flags);
    }
}
