/* SPDX-License-Identifier: MIT */
/*
 * What tests may do to the fake machine (fake_*.c): start it, move between its
 * CPUs, set its clock, look at what the core asked of it, and build guests.
 */
#ifndef XEN_LITE_FAKE_H
#define XEN_LITE_FAKE_H

#include "unit.h"

#include "core.h"
#include "domain.h"
#include "machine.h"
#include "mm.h"

/* -- the machine (fake_machine.c) ------------------------------------------ */

#define FAKE_CPUS 4U

/*
 * RAM: two banks, one below and one above 4 GiB, with nothing between. The
 * rest of the numbers below FAKE_END_MFN are holes: machine I/O to a guest.
 */
#define FAKE_LOW_MFN     0x200UL
#define FAKE_HIGH_MFN    0x100000UL
#define FAKE_BANK_FRAMES 0x1000UL
#define FAKE_END_MFN     (FAKE_HIGH_MFN + FAKE_BANK_FRAMES)
/* Frames that are machine I/O: an ordinary one, a read-only one (MSI-X table)
 * and a refused one (APIC). */
#define FAKE_MMIO_MFN          0xf0000UL
#define FAKE_MMIO_READONLY_MFN 0xf0010UL
#define FAKE_MMIO_MSIX_MFN     0xf0020UL
#define FAKE_MMIO_RESERVED_MFN 0xfee00UL

/*
 * Start a machine with FAKE_CPUS CPUs and both banks given to the allocator,
 * and the core on it; the test's thread is CPU 0. fake_stop() takes it down
 * and checks that no lock is held. fake_setup and fake_teardown are the same
 * as cmocka fixtures.
 */
void fake_start(void);
void fake_stop(void);
int fake_setup(void **state);
int fake_teardown(void **state);

/* The test's thread becomes CPU @cpu. */
void fake_set_cpu(unsigned int cpu);
/* Run @run as CPU @cpu, then be the CPU of before again. */
void fake_on_cpu(unsigned int cpu, void (*run)(void *data), void *data);
/* Make @v current on this CPU, and load its page tables. */
void fake_enter(struct vcpu *v);

/* Make this CPU's idle vCPU current: no guest runs here. */
void fake_leave(void);

/* Called with interrupts as they are; NULL: nothing. */
extern _Thread_local void (*fake_relax_hook)(void);
extern _Thread_local void (*fake_preempt_hook)(void);
/* A lock of @class_of is about to be free. */
extern _Thread_local void (*fake_unlock_hook)(unsigned int class_of);
/* At each @period-th preemption check raise SOFTIRQ_SCHEDULE; 0: never. */
void fake_preempt_every(unsigned int period);
unsigned int fake_preempt_points(void); /* checks since fake_start() */
/* Forget what is pending on this CPU, but run deferred work. */
void fake_clear_softirqs(void);
/* The same on every CPU, until nothing is left. */
void fake_settle(void);

/* Run @run; true if it ended in bug_at(). What it held stays held. */
bool fake_catches_bug(void (*run)(void *data), void *data);
/* Locks this thread holds, by class. */
unsigned int fake_locks_held(void);

/* -- its TLBs (fake_tlb.c) ------------------------------------------------- */

/* Read or write as guest code in user mode would: through the TLB of this CPU.
 * False: page fault; its error code is then in fake_fault_code(). */
bool fake_guest_read(unsigned long va, void *to, size_t bytes);
bool fake_guest_write(unsigned long va, const void *from, size_t bytes);
bool fake_guest_write_u64(unsigned long va, uint64_t value);
uint32_t fake_fault_code(void);
/* Would a write to @va go through on this CPU by what its TLB holds already? */
bool fake_tlb_has(unsigned int cpu, unsigned long va, bool writable);
/* Flushes asked for by the core since fake_start(). */
unsigned int fake_flush_count(void);
/* How often caches were flushed: of a CPU, of all, of a frame, and of which. */
struct fake_caches {
    unsigned int local, all, frames;
    mfn_t frame;
};
extern struct fake_caches fake_caches;
/* The last write of dom0 to a read-only register. */
struct fake_mmio_write {
    mfn_t mfn;
    unsigned int offset, bytes;
    uint64_t value;
};
extern struct fake_mmio_write fake_mmio_write;
/*
 * Look at every TLB for translations that must not exist: writable ones of
 * frames now typed otherwise, ones of frames whose owner changed, cached table
 * entries whose table is something else now. Returns how many, each printed.
 */
unsigned int fake_tlb_audit(void);
/* Take the entries of a table at @mfn and below into this CPU's TLB, as a
 * speculating CPU may at any time. */
void fake_tlb_speculate(unsigned long va);

/* -- clock and timers (fake_devices.c) ------------------------------------- */

void fake_set_now(uint64_t now_ns);
void fake_advance(uint64_t ns);
/* What the CPU's timer is armed for; 0: not armed. */
uint64_t fake_timer_deadline(unsigned int cpu);
/* How often @cpu was kicked since it was last asked. */
unsigned int fake_kicks(unsigned int cpu);

/* -- registers, ports and console ------------------------------------------ */

void fake_set_cpuid(uint32_t leaf, uint32_t subleaf, struct cpuid_result r);
void fake_set_msr(uint32_t msr, uint64_t value); /* from then on it exists */
bool fake_get_msr(uint32_t msr, uint64_t *value);
/* The value that the next reads of @port return. */
void fake_set_port(uint16_t port, uint32_t value);

struct fake_port_write {
    uint16_t port;
    uint8_t bytes;
    uint32_t value;
};
/* Writes since fake_start(), oldest first; returns how many there were. */
unsigned int fake_port_writes(struct fake_port_write *out, unsigned int max);
void fake_reserve_port(uint16_t port);

/* Everything written to the console, NUL-ended. */
const char *fake_console(void);
void fake_console_input(const char *text);
/* -1, or the reason machine_shutdown() was called with. */
int fake_shutdown_reason(void);
/* Run @run; true if it ended in machine_shutdown(). */
bool fake_catches_shutdown(void (*run)(void *data), void *data);
/* ACPI sleep asked for: true and what was asked. */
bool fake_acpi_sleep_asked(uint32_t *state, uint16_t *val_a, uint16_t *val_b);

/* State of interrupt line @irq. */
struct fake_irq {
    bool setup;
    bool level;
    bool active_low;
    bool enabled;
    bool masked;
    bool msi;
    unsigned int cpu;
    unsigned int eois;
};
#define FAKE_GSIS 24U
#define FAKE_IRQS 64U
struct fake_irq *fake_irq(unsigned int irq);

/* What the machine was told of @v. */
struct machine_vcpu {
    mfn_t gdt[16];
    mfn_t ldt[16];
    unsigned int ldt_entries;
    unsigned int ldt_loads;
    unsigned long base[3]; /* by enum machine_segment_base */
    unsigned int user_gs;
    bool ts;
    unsigned long dr[8];
    unsigned int cr4_updates;
    uint64_t xcr0;
    mfn_t root; /* as last loaded */
    uint8_t fpu[4096];
};

/* -- guests (fake_guest.c) ------------------------------------------------- */

/* Where a guest's kernel maps its memory: page pfn at FAKE_GUEST_VA + pfn * 4
 * KiB. */
#define FAKE_GUEST_VA 0xffff880000000000UL

/*
 * A domain with memory, and page tables that map all of it, writable but for
 * the tables. The last pages are the tables: L4, L3, L2 and the L1s, in this
 * order upwards from first_table. vCPU 0 has the L4 as its kernel root.
 */
struct fake_guest {
    struct domain *d;
    struct vcpu *v; /* vCPU 0 */
    unsigned long pages;
    unsigned long first_table; /* pfn: the pages before it are data */
    mfn_t *mfn;                /* by pfn */
};

/*
 * @pages of memory, @vcpus vCPUs; ids of any privileged domain are the test's
 * choice. All goes through the core's own functions, and fails the test if
 * they refuse. fake_guest_destroy() kills the domain and checks that all its
 * memory came back (not for privileged ones: fake_stop() forgets them).
 */
struct fake_guest *fake_guest_create(domid_t domid, bool privileged,
                                     unsigned int vcpus, unsigned long pages);
void fake_guest_destroy(struct fake_guest *guest);
/* The same for one whose memory others may still hold. */
void fake_guest_kill(struct fake_guest *guest);
/* Guest address of page @pfn. */
unsigned long fake_va(unsigned long pfn);
/* Machine address of the L1 entry that maps page @pfn; its value. */
uint64_t fake_pte_address(const struct fake_guest *guest, unsigned long pfn);
uint64_t fake_pte(const struct fake_guest *guest, unsigned long pfn);
/* A page of @guest, in the arena. */
void *fake_page(const struct fake_guest *guest, unsigned long pfn);
struct page *fake_page_info(const struct fake_guest *guest, unsigned long pfn);
/* Is every byte of the frame 0? */
bool fake_is_zero(const struct page *page);

/*
 * Make hypercall @number as vCPU @v, which is current here, and continue it
 * until it ends, as the guest would by running on. Softirqs raised are
 * forgotten between.
 */
long fake_hypercall(struct vcpu *v, unsigned long number, unsigned long a0,
                    unsigned long a1, unsigned long a2, unsigned long a3);
/* The same inside a multicall of one entry, built in guest page @pfn. */
long fake_multicall(struct fake_guest *guest, unsigned long pfn,
                    unsigned long number, unsigned long a0, unsigned long a1,
                    unsigned long a2, unsigned long a3);
/* How often the last of these two was continued. */
unsigned int fake_continuations(void);

/* mm_audit() and fake_tlb_audit() find nothing. */
void fake_audit(void);

/* -- heap (fake_heap.c) ---------------------------------------------------- */

/* Objects now allocated. */
unsigned long fake_heap_objects(void);
/* The @n-th heap_alloc() from now (0: the next) and all later ones fail, until
 * this is called with ~0UL. */
void fake_heap_fail_after(unsigned long n);

#endif
