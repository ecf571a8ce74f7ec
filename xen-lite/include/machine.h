/* SPDX-License-Identifier: MIT */
/*
 * The seam: all that the portable core may ask of a machine. xen-lite/x86
 * implements it on hardware; tests/unit implements it on an arena of host
 * memory with modelled CPUs, TLBs and clock. Hot functions are inline in
 * <machine_arch.h>, which the include path chooses; they are declared here as
 * comments where they are inline there.
 *
 * Nothing here takes a core lock. Functions that wait for other CPUs say so.
 */
#ifndef XEN_LITE_MACHINE_H
#define XEN_LITE_MACHINE_H

#include "cpumask.h"
#include "page.h"
#include "types.h"

struct core_cpu;
struct cpu_user_regs;
struct domain;
struct vcpu;

/*
 * Inline in <machine_arch.h>:
 *
 * struct core_cpu *machine_this_cpu(void)
 *     Core's data of the CPU that runs this. ->id is its number.
 * struct page *machine_frame_table(void)
 *     The array of struct page; only entries with machine_mfn_valid() exist.
 * bool machine_mfn_valid(mfn_t mfn)
 *     Is there RAM, and so a struct page, at @mfn? Any number is allowed.
 * void *machine_map(mfn_t mfn)
 *     The frame in the direct map. @mfn must be valid.
 * mfn_t machine_mfn_of(const void *direct)
 *     The frame of an address got from machine_map().
 * uint64_t *machine_m2p(void)
 *     Writable alias of the machine-to-physical table, indexed by mfn;
 *     entries exist for valid frames.
 * unsigned long machine_irq_save(void), void machine_irq_restore(unsigned long)
 *     Interrupts off, and back to what they were.
 * void machine_relax(void)
 *     One turn of a spin loop; the tests switch CPUs here.
 * void machine_lock_acquired(unsigned int class_of)
 * void machine_lock_released(unsigned int class_of)
 *     Lock-order check (enum lock_class) of debug builds; else empty.
 * void machine_preempt_point(void)
 *     Called by softirq_pending(): tests raise preemption here; else empty.
 */
#include <machine_arch.h>

/* First of the frames (contiguous) that hold bytes @index * 2 MiB.. of the
 * machine-to-physical table; tools may map them, read-only, from DOMID_XEN. */
mfn_t machine_m2p_frame(unsigned long index);

/* -- memory ---------------------------------------------------------------- */

/*
 * Copy between hypervisor memory and the current address space with the
 * guest's own rights (CPL 3), surviving every fault. Callers have checked the
 * range: see guest_copy.h, the only user.
 * Returns the number of bytes not copied.
 */
size_t machine_copy_from_guest(void *to, guest_va_t from, size_t bytes);
size_t machine_copy_to_guest(guest_va_t to, const void *from, size_t bytes);

/* -- address spaces -------------------------------------------------------- */

/*
 * Load CR3 for @v, which is current: its user root when in user mode, else
 * its kernel root. Flushes the non-global translations of this CPU.
 */
void machine_load_root(struct vcpu *v);

/* @root is about to be no L4 any more: no CPU may have it loaded afterwards.
 * No vCPU has. Interrupts must be on. */
void machine_root_unused(mfn_t root);

/* Fill slots 256..271 of a frame that becomes an L4 of @d. */
void machine_init_l4_slots(struct domain *d, uint64_t *l4);

/*
 * Entry @slot of @l4, which may be loaded on any CPU, has changed: refresh
 * what CPUs keep copied of it. Does nothing where none is copied.
 */
void machine_l4_entry_changed(struct domain *d, mfn_t l4, unsigned int slot);

/* -- TLB: raw flushes; when one is needed is decided in mm/tlb.c ----------- */

#define MACHINE_FLUSH_ALL (~0UL)

/*
 * Drop translations, global ones too, on the CPUs in @cpus (this one
 * included if set): of the page at @va, or all with MACHINE_FLUSH_ALL.
 * Waits for the others: interrupts must be on when any other CPU is in @cpus.
 */
void machine_flush_tlb(const struct cpumask *cpus, unsigned long va);
/* The same on this CPU alone. */
void machine_flush_tlb_local(unsigned long va);

/* Write back and invalidate all caches of this CPU (WBINVD), or of all: then
 * interrupts must be on. */
void machine_flush_cache(void);
void machine_flush_cache_all(void);
/* The lines of one frame of RAM, out of every CPU's caches (CLFLUSH). */
void machine_flush_frame(mfn_t mfn);

/* -- CPUs ------------------------------------------------------------------ */

/* Make @cpu look at its softirqs soon. Callable with locks held. */
void machine_kick(unsigned int cpu);

/*
 * Let this CPU run @next instead of @prev: save and load registers, FPU,
 * segments, debug registers, CR3. Interrupts off, no lock held. On hardware
 * it does not return: it leaves through @next's exit path or idle loop, after
 * calling sched_switched(prev).
 */
void machine_context_switch(struct vcpu *prev, struct vcpu *next);

/* Bring @v's registers that live in hardware back into @v. @v not running. */
void machine_sync_vcpu(struct vcpu *v);

/* Per-vCPU machine state: 0 or -XEN_ENOMEM. */
int machine_vcpu_init(struct vcpu *v);
void machine_vcpu_destroy(struct vcpu *v);
/* Per-domain machine state (fixed window of per-vCPU GDT and LDT pages). */
int machine_domain_init(struct domain *d);
void machine_domain_destroy(struct domain *d);

/*
 * Install v->pv.gdt_frames / LDT pages in @v's window. The LDT is unmapped
 * page by page by machine_unmap_ldt; frames are typed by the caller.
 * @slot 0..13 for the GDT, 0..15 for the LDT; INVALID_MFN clears.
 */
void machine_set_gdt_page(struct vcpu *v, unsigned int slot, mfn_t mfn);
void machine_set_ldt_page(struct vcpu *v, unsigned int slot, mfn_t mfn);
/* Address of the first LDT page in @v's window. */
unsigned long machine_ldt_window(const struct vcpu *v);
/* Load LDTR for current @v from v->pv.ldt_entries. */
void machine_load_ldt(struct vcpu *v);

/* -- segments and registers of the current vCPU ---------------------------- */

enum machine_segment_base {
    MACHINE_BASE_FS,
    MACHINE_BASE_GS,       /* active GS base */
    MACHINE_BASE_GS_OTHER, /* the one swapped in on kernel <-> user */
};

unsigned long machine_get_base(enum machine_segment_base which);
void machine_set_base(enum machine_segment_base which, unsigned long base);
/* 64 or 32, as the current vCPU's code segment @selector says; 0: neither, or
 * where it starts cannot be told. */
unsigned int machine_code_bits(unsigned int selector);
/*
 * State of a vCPU that does not run, for vcpu_set_context() and the tools.
 * @fxsave is the 512-byte image; its reserved parts are made sane.
 */
struct vcpu_bases {
    uint64_t fs, gs_kernel, gs_user;
};
void machine_vcpu_set_bases(struct vcpu *v, const struct vcpu_bases *bases);
void machine_vcpu_get_bases(struct vcpu *v, struct vcpu_bases *bases);
/* Setting leaves the states that @fxsave does not have as they are. */
void machine_vcpu_set_fpu(struct vcpu *v, const void *fxsave);
void machine_vcpu_get_fpu(struct vcpu *v, void *fxsave);
void machine_vcpu_reset_fpu(struct vcpu *v);
/* The XSAVE image of @v in its standard form; to be read while @v does not run.
 * Setting takes @bytes of one, and what they lack has its initial value; the
 * caller has checked the header against what @v may use. */
const void *machine_vcpu_xstate(const struct vcpu *v);
void machine_vcpu_set_xstate(struct vcpu *v, const void *image, size_t bytes);
/* Exchange active and other GS base: a kernel <-> user mode switch. */
void machine_swap_gs(void);
/* Load a selector into user GS; a bad one loads null. */
void machine_load_user_gs(unsigned int selector);
/* Set or clear the hardware CR0.TS of the current vCPU. */
void machine_set_ts(bool set);
/* Write debug register @index (0-3, 6, 7) of the current vCPU. */
void machine_set_debugreg(unsigned int index, unsigned long value);
/* Bits of CR4 that @v's virtual CR4 now asks for (FSGSBASE, TSD...). */
void machine_update_cr4(struct vcpu *v);
/* XSETBV for the current vCPU: 0 or -XEN_EINVAL. */
int machine_set_xcr0(uint64_t value);

/* -- processor ------------------------------------------------------------- */

struct cpuid_result {
    uint32_t eax, ebx, ecx, edx;
};

void machine_cpuid(uint32_t leaf, uint32_t subleaf, struct cpuid_result *out);
/* 0, or -XEN_EINVAL when the processor answers #GP. */
int machine_rdmsr(uint32_t msr, uint64_t *value);
uint64_t machine_tsc(void);

/* @bytes is 1, 2 or 4. */
uint32_t machine_port_in(uint16_t port, unsigned int bytes);
void machine_port_out(uint16_t port, unsigned int bytes, uint32_t value);
/*
 * An access to PCI configuration data @port (0xcfc..0xcff) with @address in
 * the address port 0xcf8: the two are not torn by another CPU.
 */
uint32_t machine_pci_read(uint32_t address, uint16_t port, unsigned int bytes);
void machine_pci_write(uint32_t address, uint16_t port, unsigned int bytes,
                       uint32_t value);

/* -- time ------------------------------------------------------------------ */

struct time_scale {
    uint64_t tsc;       /* TSC at ... */
    uint64_t system_ns; /* ... this system time of this CPU */
    uint32_t mul;       /* tsc_to_system_mul of the ABI */
    int8_t shift;       /* tsc_shift of the ABI */
    uint8_t flags;      /* XEN_PVCLOCK_* */
};

/* Nanoseconds since boot; never goes backwards on one CPU. */
uint64_t machine_now_ns(void);
void machine_time_scale(struct time_scale *out);
/* kHz of the TSC. */
uint32_t machine_tsc_khz(void);
/* Interrupt this CPU at @deadline_ns of system time, or before; 0: no need to.
 */
void machine_set_timer(uint64_t deadline_ns);
/* UTC at system time 0. */
void machine_boot_wallclock(uint64_t *seconds, uint32_t *nanoseconds);

/* -- console --------------------------------------------------------------- */

/* Write raw bytes to the console and, with @keep, to its ring: what dom0 says
 * there would push out what we said. */
void machine_console_write(const char *text, size_t bytes, bool keep);
/* Bytes read from the console input buffer, at most @max. */
size_t machine_console_read(char *buffer, size_t max);
/* Ring of what was printed: see sysctl readconsole. Returns bytes copied to
 * @buffer from @index (in/out: next index to ask for). */
size_t machine_console_ring_read(char *buffer, size_t max, uint32_t *index,
                                 bool clear, bool incremental);

/* -- interrupts of devices (pirq numbers are dom0's GSI or dynamic) -------- */

struct msi_source {
    uint16_t segment;
    uint8_t bus;
    uint8_t devfn;
    uint64_t table_base; /* MSI-X table, 0 for MSI */
    uint16_t entry;      /* MSI-X entry */
    uint16_t count;      /* vectors asked for (multi-MSI) */
};

/* Number of GSIs; pirqs from here on are for MSI. */
unsigned int machine_gsi_count(void);
/* Program a GSI's trigger and polarity; -XEN_EEXIST if set up already. */
int machine_gsi_setup(unsigned int gsi, bool level, bool active_low);
/*
 * Give line @irq (a GSI, or what machine_msi_setup returned) a vector on @cpu.
 * pirq_interrupt(irq) is called, interrupts off, each time it fires. Level
 * lines are masked then until machine_irq_eoi(). Starts masked.
 */
int machine_irq_enable(unsigned int irq, unsigned int cpu);
void machine_irq_disable(unsigned int irq);
void machine_irq_mask(unsigned int irq, bool mask);
void machine_irq_eoi(unsigned int irq);
bool machine_irq_is_level(unsigned int irq);
int machine_irq_set_cpu(unsigned int irq, unsigned int cpu);
/* Allocate an irq number for an MSI or MSI-X entry and program the device. */
int machine_msi_setup(const struct msi_source *source, unsigned int *irq);
void machine_msi_teardown(unsigned int irq);
/* Read an IO-APIC register, for PHYSDEVOP_apic_read. */
int machine_ioapic_read(unsigned long base, unsigned int reg, uint32_t *value);

/* Is dom0 refused this port / this frame altogether / write to this frame? */
bool machine_port_reserved(uint16_t port);
bool machine_mmio_reserved(mfn_t mfn);
bool machine_mmio_readonly(mfn_t mfn);
/* The same, but not for frames that became read-only while dom0 ran. */
bool machine_mmio_readonly_since_boot(mfn_t mfn);
/*
 * dom0 writes to such a frame: PCI configuration space takes it, other
 * registers drop it. @offset is aligned to @bytes: 1, 2, 4 or 8.
 */
void machine_mmio_write(mfn_t mfn, unsigned int offset, unsigned int bytes,
                        uint64_t value);

/* -- the whole machine ----------------------------------------------------- */

/* @reason is SHUTDOWN_poweroff, _reboot or _crash. Does not return. */
_Noreturn void machine_shutdown(unsigned int reason);
/* ACPI sleep as XENPF_enter_acpi_sleep gives it; returns only on failure. */
int machine_acpi_sleep(uint32_t state, uint16_t val_a, uint16_t val_b);
/* Machine memory map entries for XENMEM_machine_memory_map. */
struct e820_range {
    uint64_t start;
    uint64_t bytes;
    uint32_t type;
};
unsigned int machine_memory_map(const struct e820_range **ranges);

#endif
