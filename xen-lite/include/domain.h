/* SPDX-License-Identifier: MIT */
/*
 * Domains and their virtual CPUs: the state that several subsystems share,
 * with the lock that guards each field, and their life cycle
 * (domain/domain.c, domain/vcpu.c, domain/teardown.c).
 */
#ifndef XEN_LITE_DOMAIN_H
#define XEN_LITE_DOMAIN_H

#include <stdatomic.h>
#include <stdint.h>

#include <xen/domctl.h>
#include <xen/sched.h>
#include <xen/vcpu.h>
#include <xen/version.h>

#include "cpumask.h"
#include "evtchn.h"
#include "grant_table.h"
#include "machine.h"
#include "page.h"
#include "rangeset.h"
#include "sched.h"
#include "softirq.h"
#include "spinlock.h"
#include "timer.h"
#include "types.h"

/* Callbacks a PV kernel registers; address 0 is "none". */
struct pv_callback {
    unsigned long address;
    bool masks_events;
};

#define GDT_GUEST_PAGES  14U
#define LDT_GUEST_PAGES  16U
#define GUEST_TRAP_COUNT 256U

/*
 * What a PV guest set up for one virtual CPU. Changed only by the vCPU itself,
 * or by others while it is paused or not yet up.
 */
struct pv_vcpu {
    struct trap_info *traps; /* GUEST_TRAP_COUNT entries, by vector */
    mfn_t kernel_root;       /* L4s; a type reference is held on each */
    mfn_t user_root;         /* INVALID_MFN: none */
    bool kernel_mode;        /* which of the two is in use */
    /* Table whose teardown was preempted: see mm_finish_teardown(). 0: none. */
    unsigned long teardown_mfn;
    unsigned long kernel_ss;
    unsigned long kernel_sp; /* stack for entries from user mode */
    struct pv_callback event;
    struct pv_callback failsafe;
    struct pv_callback syscall;
    struct pv_callback sysenter;
    struct pv_callback syscall32;
    mfn_t gdt_frames[GDT_GUEST_PAGES]; /* typed DESCRIPTOR while set */
    unsigned int gdt_entries;
    unsigned long ldt_base;
    unsigned int ldt_entries;
    mfn_t ldt_frames[LDT_GUEST_PAGES]; /* mapped lazily, DESCRIPTOR */
    unsigned long cr0;   /* as the guest reads it; only TS can change */
    unsigned long cr4;   /* as the guest reads it */
    unsigned long dr[8]; /* debug registers 0-3, 6, 7 */
    unsigned int iopl;   /* virtual: 0..3 */
    uint64_t xcr0;       /* 0 without XSAVE */
    bool nmi_pending;
    bool nmi_masked;              /* until iret */
    guest_va_t io_bitmap;         /* PHYSDEVOP_set_iobitmap, kernel address */
    unsigned int io_bitmap_ports; /* 0: none */
};

struct vcpu {
    unsigned int id;
    struct domain *domain;

    /* Registers while not running; while it runs they are at the top of the
     * stack of its CPU: see vcpu_regs(). */
    struct cpu_user_regs regs;
    struct pv_vcpu pv;
    struct machine_vcpu *machine; /* FPU, segments: owned by the machine */

    bool initialised; /* VCPUOP_initialise or setvcpucontext done */

    /* The struct vcpu_info in use (in the direct map): in shared_info, in a
     * page the guest registered (a writable type reference is held on
     * vcpu_info_mfn), or domain->dummy_vcpu_info. */
    struct vcpu_info *vcpu_info;
    mfn_t vcpu_info_mfn; /* INVALID_MFN until registered */

    /* Guest addresses written at state changes; 0 is none. */
    guest_va_t runstate_va;
    guest_va_t time_va;

    struct sched_vcpu sched; /* run state, queue, affinity, accounting */

    struct timer singleshot_timer;
    struct timer periodic_timer;
    uint64_t periodic_period_ns; /* 0: no periodic timer */
    uint64_t periodic_next_ns;
    struct timer poll_timer;
    evtchn_port_t poll_port; /* 0: several; see sched_op poll */

    evtchn_port_t virq_port[NR_VIRQS]; /* guarded by domain->event.lock */

    /* CPUs whose TLB may hold this vCPU's translations (own bit only set
     * while it runs or ran there last). */
    _Atomic unsigned int dirty_cpu; /* or VCPU_NOT_DIRTY */
};

#define VCPU_NOT_DIRTY (~0U)

/* A virtual PIT: channel 2 and port 0x61 (pv/io.c). */
struct vpit {
    uint64_t start_ns; /* when counting began */
    uint16_t reload;
    uint8_t system_b;
    bool read_high; /* next byte read, and written, is the high one */
    bool write_high;
};

enum domain_dying {
    DOMAIN_ALIVE,
    DOMAIN_DYING, /* being torn down; no new resources */
    DOMAIN_DEAD,  /* all given back; waits for its last reference */
};

#define SHUTDOWN_CODE_NONE (~0U)

struct page_list {
    uint32_t first; /* mfn or PAGE_LINK_END */
    uint32_t last;
    unsigned long count;
};

struct domain {
    domid_t domid;
    uint64_t number; /* no other domain, of this id or another, ever has it */
    bool privileged; /* dom0 */
    bool is_idle;
    _Atomic unsigned int refs;
    struct domain *_Atomic hash_next; /* lock-free chain: see domain_get */
    struct domain *list_next;         /* all domains by id; LOCK_DOMAIN_LIST */

    struct work destroy_work;      /* the last reference is gone ... */
    struct quiesce_call free_call; /* ... and nobody can still see it */

    struct spinlock lock;       /* LOCK_DOMAIN: domctl changes, vCPU creation */
    _Atomic unsigned int dying; /* enum domain_dying */
    unsigned int teardown_step;
    unsigned int teardown_vcpu; /* how many of them are done */
    xen_domain_handle_t handle;

    unsigned int max_vcpus; /* entries in vcpu[]; each may still be NULL */
    struct vcpu **vcpu;
    unsigned long relinquish_left; /* frames that are yet to be visited */

    /* -- memory: page_lock (LOCK_PAGE_LIST) guards the four below */
    struct spinlock page_lock;
    struct page_list pages;     /* owned RAM */
    struct page_list xen_pages; /* hypervisor pages shared with the guest */
    unsigned long tot_pages;
    unsigned long max_pages;
    unsigned long claimed_pages; /* outstanding XENMEM_claim_pages */
    /* CPUs that may hold translations of this domain. */
    struct cpumask dirty_cpus;

    struct shared_info *shared; /* hypervisor page, owned, shared writable */
    mfn_t shared_mfn;
    struct vcpu_info *dummy_vcpu_info; /* of vCPUs >= 32 at first */

    struct evtchn_table event;
    struct grant_table *grant;

    /* -- what it may touch of the machine; own locks inside */
    struct rangeset iomem; /* frames */
    struct rangeset ioports;
    struct rangeset irqs; /* pirqs */
    struct pirq_table *pirqs;
    uint32_t pci_config_address; /* virtual port 0xcf8 */
    uint8_t cmos_index;          /* virtual port 0x70 */
    struct vpit pit;

    _Atomic unsigned long vm_assist;
    unsigned int address_bits; /* 64 */

    /* -- time */
    uint32_t tsc_mode;
    uint32_t tsc_khz;
    uint32_t tsc_incarnation;
    int64_t time_offset_seconds; /* domctl settimeoffset */
    uint64_t vtsc_offset_ns;

    struct sched_domain sched; /* weight and cap */

    /* -- run state: pause_count is atomic, the rest LOCK_DOMAIN */
    _Atomic int pause_count;       /* all reasons */
    _Atomic int controller_pauses; /* those by domctl pausedomain */
    bool creation_finished;        /* the controller has let it run once */
    bool vtsc;                     /* RDTSC is trapped and scaled */
    _Atomic bool shutting_down;    /* shutdown asked, vCPUs being stopped */
    _Atomic bool shut_down;        /* all vCPUs are paused for it */
    unsigned int shutdown_code;    /* SHUTDOWN_CODE_NONE: not shut down */
    _Atomic evtchn_port_t suspend_port; /* sent to then; 0: none */
    _Atomic uint64_t polling_vcpus[MAX_VCPUS_PER_DOMAIN / 64];

    /* -- configuration by the tools, LOCK_DOMAIN */
    struct e820_range *e820; /* XENMEM_set_memory_map */
    unsigned int e820_count;
    _Atomic uint32_t cpupool;  /* sched/cpupool.c */
    struct cpu_policy *policy; /* NULL: the default one */
    struct xen_domctl_createdomain config;
    struct timer watchdog[2];
    uint32_t watchdog_inuse;
    struct spinlock watchdog_lock; /* LOCK_TIMER is inner */

    struct machine_domain *machine; /* owned by the machine */
};

#define for_each_vcpu(d, v) \
    for (unsigned int v##_index = 0; v##_index < (d)->max_vcpus; v##_index++) \
        if (((v) = (d)->vcpu[v##_index]) != NULL)

/* The vCPU this CPU runs (an idle vCPU when it sleeps). */
struct vcpu *current_vcpu(void);
/* Where @v's registers are now: @v is current, or not running. */
struct cpu_user_regs *vcpu_regs(struct vcpu *v);

/* -- find and hold --------------------------------------------------------- */

/*
 * The domain with @domid, with a reference; NULL if there is none. One that is
 * dying, or dead and kept by references, is found. Lock-free. domain_put()
 * drops it, in any context.
 */
struct domain *domain_get(domid_t domid);
/* Take one more reference to a domain that is held. */
void domain_hold(struct domain *d);
void domain_put(struct domain *d);
/*
 * For hypercalls: DOMID_SELF or the caller's own id, or any domain if the
 * caller is privileged. Sets *d, with a reference.
 * Returns 0, -XEN_ESRCH, -XEN_EPERM.
 */
int domain_get_target(struct vcpu *caller, domid_t domid, struct domain **d);
/* First domain with id >= @domid, with a reference; NULL at the end. */
struct domain *domain_get_at_or_after(domid_t domid);
/* dom0 once built, else NULL. No reference: it never dies. */
struct domain *domain_dom0(void);
/* Owners of frames that belong to no guest: machine I/O; hypervisor. */
struct domain *domain_io(void);
struct domain *domain_xen(void);

/* -- create and destroy ---------------------------------------------------- */

/* Once at start, when the heap works: idle domain, DOMID_IO, DOMID_XEN. */
int domain_init(void);
/* Part of core_reset(). */
void domain_reset(void);
/* The idle vCPU of @cpu, for the machine to make current there. */
struct vcpu *idle_vcpu_create(unsigned int cpu);

/*
 * Create a domain by @config (checked here). @domid is the wanted id. It is
 * paused (controller_pauses 1) and has no vCPUs and no memory.
 * Returns 0 and *d, -XEN_EINVAL, -XEN_EEXIST, -XEN_ENOMEM, -XEN_ESRCH (no such
 * pool), -XEN_ENODEV (it has no CPU), -XEN_EOPNOTSUPP.
 */
int domain_create(domid_t domid, const struct xen_domctl_createdomain *config,
                  bool privileged, struct domain **d);
/* Lowest free id from @from on, or DOMID_INVALID. */
domid_t domain_free_id(domid_t from);
/* Create vCPU @id, down and uninitialised: 0, -XEN_EINVAL, -XEN_EEXIST,
 * -XEN_ENOMEM. @d->lock held, or @d not yet running. */
int vcpu_create(struct domain *d, unsigned int id, unsigned int cpu);
/*
 * Load @context into @v, which is paused or down and uninitialised (domctl
 * setvcpucontext, VCPUOP_initialise): validates and pins page tables.
 * Preemptible: -XEN_ERESTART keeps partial state in the frames.
 * (pv/vcpu_context.c)
 */
int vcpu_set_context(struct vcpu *v, const struct vcpu_guest_context *context);
void vcpu_get_context(struct vcpu *v, struct vcpu_guest_context *context);
/* Free a vCPU that never runs again and that nobody can find. */
void vcpu_free(struct vcpu *v);
/* Drop what vcpu_set_context() and the guest set up; preemptible. Its
 * vcpu_info stays where it is, as on Xen: senders may be writing there. */
int vcpu_reset(struct vcpu *v);

/*
 * Stop for good and give everything back, in resumable steps.
 * Returns 0 when relinquished, -XEN_ERESTART to be called again.
 */
int domain_kill(struct domain *d);
/* The guest (or the tools for it) asks to shut down. */
void domain_shutdown(struct domain *d, unsigned int reason);
void domain_resume(struct domain *d);
/* The guest broke a rule it must not: log why, stop it (SHUTDOWN_crash). */
void domain_crash(struct domain *d, const char *why);

/* -- pause; counted -------------------------------------------------------- */

void domain_pause(struct domain *d); /* waits until no vCPU of @d runs */
void domain_pause_nosync(struct domain *d);
void domain_unpause(struct domain *d);
/* For the tools, who may not undo what others did: counted on its own.
 * Return 0, -XEN_EOVERFLOW; 0, -XEN_EINVAL (not paused by them). */
int domain_pause_by_controller(struct domain *d);
int domain_unpause_by_controller(struct domain *d);
void vcpu_pause(struct vcpu *v);
void vcpu_pause_nosync(struct vcpu *v);
void vcpu_unpause(struct vcpu *v);

/* Point @v->vcpu_info at the frame @mfn + @offset (VCPUOP_register_vcpu_info).
 * Returns 0, -XEN_ENXIO (bad offset), -XEN_EINVAL. */
int vcpu_info_register(struct vcpu *v, mfn_t mfn, unsigned int offset);
/* Give that frame back; no port of the domain is open any more. */
void vcpu_info_unregister(struct vcpu *v);

static inline bool domain_is_dying(const struct domain *d)
{
    return atomic_load(&d->dying) != DOMAIN_ALIVE;
}

#endif
