/* SPDX-License-Identifier: MIT */
/*
 * Each CPU's descriptors (SDM 3A 3.4.5, 8.2.3, 8.7). The selectors are those
 * of xen/arch-x86/xen-x86_64.h: page 14 of a 16-page table whose first 14
 * pages are a guest's. While no guest has a table, only page 14 is mapped and
 * GDTR points 14 pages below it.
 */
#include "descriptors.h"

#include "entry.h"
#include "string.h"
#include "x86.h"

#define GDT_INDEX(selector) (((selector)-GDT_HV_OFFSET) / 8)

struct tss {
    uint32_t reserved0;
    uint64_t rsp[3];
    uint64_t ist[8]; /* 1 to 7; 0 is reserved */
    uint64_t reserved2;
    uint16_t reserved3;
    uint16_t io_bitmap;
} __attribute__((packed));

_Static_assert(sizeof(struct tss) == 104, "SDM 3A figure 8-11");

struct table_register {
    uint16_t limit;
    uint64_t base;
} __attribute__((packed));

struct gate {
    uint16_t offset_low;
    uint16_t selector;
    uint8_t ist;
    uint8_t type;
    uint16_t offset_middle;
    uint32_t offset_high;
    uint32_t reserved;
};

#define GATE_INTERRUPT 0x8e
#define GATE_DPL3      0x60

static struct gate idt[256] __attribute__((aligned(4096)));
static mfn_t gdt_frames[MAX_CPUS];

static unsigned long area_page(unsigned int cpu, unsigned int page)
{
    return HV_CPU_AREAS + cpu * (unsigned long)CPU_AREA_BYTES +
           page * PAGE_BYTES;
}

/* A system descriptor of 16 bytes (SDM 3A figure 8-4). */
static void set_system(uint64_t *entry, unsigned long base, unsigned int limit,
                       unsigned int type)
{
    entry[0] = (limit & 0xffffUL) | (base & 0xffffffUL) << 16 |
               (uint64_t)(0x80U | type) << 40 |
               (uint64_t)(limit >> 16 & 0xf) << 48 |
               (base >> 24 & 0xffUL) << 56;
    entry[1] = base >> 32;
}

static void build_gdt(unsigned int cpu, uint64_t *gdt)
{
    gdt[GDT_INDEX(HV_CS)] = 0x00af9b000000ffffUL;
    gdt[GDT_INDEX(HV_DS)] = 0x00cf93000000ffffUL;
    gdt[GDT_INDEX(GUEST_CS32)] = 0x00cffb000000ffffUL;
    gdt[GDT_INDEX(GUEST_DS)] = 0x00cff3000000ffffUL;
    gdt[GDT_INDEX(GUEST_CS64)] = 0x00affb000000ffffUL;
    set_system(&gdt[GDT_INDEX(HV_TSS)],
               area_page(cpu, CPU_PAGE_GDT) + CPU_TSS_OFFSET,
               sizeof(struct tss) - 1, 0x9);
}

/* Frames of a guest end where es lies in its registers. */
static unsigned long guest_frame_end(unsigned int cpu)
{
    return area_page(cpu, 16) - CPU_INFO_BYTES + CPU_INFO_REGS +
           offsetof(struct cpu_user_regs, es);
}

static void build_tss(unsigned int cpu, struct tss *tss)
{
    tss->rsp[0] = guest_frame_end(cpu);
    tss->ist[IST_NMI] = area_page(cpu, CPU_PAGE_NMI + 1);
    tss->ist[IST_MC] = area_page(cpu, CPU_PAGE_MC + 1);
    tss->ist[IST_DB] = area_page(cpu, CPU_PAGE_DB + 1);
    tss->ist[IST_DF] = area_page(cpu, CPU_PAGE_DF + 1);
    /* Beyond the limit: every port access of a guest is a #GP. */
    tss->io_bitmap = sizeof(*tss);
}

static uint8_t *put_rel32(uint8_t *at, unsigned long va_end, unsigned long to)
{
    uint32_t rel = (uint32_t)(to - va_end);

    memcpy(at, &rel, sizeof(rel));
    return at + sizeof(rel);
}

/*
 * SYSCALL leaves RSP alone, and nothing may be pushed before it is ours:
 * mov %rsp, guest_regs.rsp(%rip); lea guest_regs.rsp(%rip), %rsp; jmp @to
 */
static void build_trampoline(uint8_t *at, unsigned long va, unsigned long slot,
                             unsigned long to)
{
    static const uint8_t mov[] = {0x48, 0x89, 0x25};
    static const uint8_t lea[] = {0x48, 0x8d, 0x25};

    memcpy(at, mov, sizeof(mov));
    at = put_rel32(at + sizeof(mov), va + 7, slot);
    memcpy(at, lea, sizeof(lea));
    at = put_rel32(at + sizeof(lea), va + 14, slot);
    *at = 0xe9;
    (void)put_rel32(at + 1, va + 19, to);
}

void descriptors_build(unsigned int cpu, uint8_t *const pages[16])
{
    unsigned long va = area_page(cpu, CPU_PAGE_TRAMPOLINE);
    unsigned long slot = area_page(cpu, 16) - CPU_INFO_BYTES + CPU_INFO_REGS +
                         offsetof(struct cpu_user_regs, rsp);
    uint8_t *gdt = pages[CPU_PAGE_GDT];

    memset(gdt, 0, PAGE_BYTES);
    build_gdt(cpu, (uint64_t *)(void *)gdt);
    build_tss(cpu, (struct tss *)(void *)(gdt + CPU_TSS_OFFSET));
    /* What is not a trampoline traps: INT3. */
    memset(pages[CPU_PAGE_TRAMPOLINE], 0xcc, PAGE_BYTES);
    build_trampoline(pages[CPU_PAGE_TRAMPOLINE], va, slot,
                     (unsigned long)entry_syscall);
    build_trampoline(pages[CPU_PAGE_TRAMPOLINE] + 32, va + 32, slot,
                     (unsigned long)entry_syscall32);
}

void idt_build(void)
{
    static const uint8_t ists[32] = {[TRAP_DB] = IST_DB,
                                     [TRAP_NMI] = IST_NMI,
                                     [TRAP_DF] = IST_DF,
                                     [TRAP_MC] = IST_MC};

    for (unsigned int i = 0; i < ARRAY_COUNT(idt); i++) {
        unsigned int dpl = i == TRAP_BP || i == TRAP_OF ? GATE_DPL3 : 0;
        uint64_t stub = entry_stubs[i];

        idt[i] = (struct gate){
            .offset_low = (uint16_t)stub,
            .selector = HV_CS,
            .ist = i < ARRAY_COUNT(ists) ? ists[i] : 0,
            .type = (uint8_t)(GATE_INTERRUPT | dpl),
            .offset_middle = (uint16_t)(stub >> 16),
            .offset_high = (uint32_t)(stub >> 32),
        };
    }
}

mfn_t descriptors_gdt_frame(unsigned int cpu)
{
    return gdt_frames[cpu];
}

void descriptors_set_gdt_frame(unsigned int cpu, mfn_t mfn)
{
    gdt_frames[cpu] = mfn;
}

void descriptors_load_gdt(unsigned long base)
{
    struct table_register gdtr = {.limit = GDT_WINDOW_LIMIT, .base = base};

    if (base == 0) {
        gdtr.base = area_page(cpu_info()->cpu, CPU_PAGE_GDT) - GDT_HV_OFFSET;
    }
    __asm__ volatile("lgdt %0" : : "m"(gdtr));
}

void descriptors_load_ldt(unsigned long base, unsigned int entries)
{
    uint64_t *gdt = (uint64_t *)area_page(cpu_info()->cpu, CPU_PAGE_GDT);
    unsigned int selector = 0;

    if (entries != 0) {
        set_system(&gdt[GDT_INDEX(HV_LDT)], base, entries * 8 - 1, 0x2);
        selector = HV_LDT;
    }
    __asm__ volatile("lldt %w0" : : "r"(selector) : "memory");
}

static void load_segments(void)
{
    unsigned long scratch;

    __asm__ volatile("pushq %[cs]\n\t"
                     "leaq 1f(%%rip), %[scratch]\n\t"
                     "pushq %[scratch]\n\t"
                     "lretq\n"
                     "1:\tmovl %[ds], %%ss\n\t"
                     "movl %[null], %%ds\n\t"
                     "movl %[null], %%es\n\t"
                     "movl %[null], %%fs\n\t"
                     "movl %[null], %%gs"
                     : [scratch] "=&r"(scratch)
                     : [cs] "i"(HV_CS), [ds] "r"(HV_DS), [null] "r"(0)
                     : "memory");
}

void descriptors_load(unsigned int cpu)
{
    uint64_t *gdt = (uint64_t *)area_page(cpu, CPU_PAGE_GDT);
    struct table_register idtr = {.limit = sizeof(idt) - 1,
                                  .base = (uint64_t)idt};

    cpu_info()->cpu = cpu;
    descriptors_load_gdt(0);
    load_segments();
    /* Not busy: a TSS can be loaded once (SDM 3A 8.2.2). */
    gdt[GDT_INDEX(HV_TSS)] &= ~(2UL << 40);
    __asm__ volatile("ltr %w0" : : "r"(HV_TSS) : "memory");
    __asm__ volatile("lldt %w0" : : "r"(0) : "memory");
    __asm__ volatile("lidt %0" : : "m"(idtr));
}

void syscall_init(unsigned int cpu)
{
    unsigned long va = area_page(cpu, CPU_PAGE_TRAMPOLINE);

    wrmsr(MSR_STAR, (uint64_t)GUEST_CS32 << 48 | (uint64_t)HV_CS << 32);
    wrmsr(MSR_LSTAR, va);
    wrmsr(MSR_CSTAR, va + 32);
    /* Flags that SYSCALL clears: all there are. */
    wrmsr(MSR_SYSCALL_MASK, 0x77fd5U);
    wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_SCE);
    wrmsr(MSR_SYSENTER_CS, HV_CS);
    wrmsr(MSR_SYSENTER_ESP, guest_frame_end(cpu));
    wrmsr(MSR_SYSENTER_EIP, (uint64_t)entry_sysenter);
}

bool syscall_in_trampoline(unsigned long rip)
{
    unsigned long offset = rip - HV_CPU_AREAS;

    return offset < MAX_CPUS * (unsigned long)CPU_AREA_BYTES &&
           offset % CPU_AREA_BYTES / PAGE_BYTES == CPU_PAGE_TRAMPOLINE;
}
