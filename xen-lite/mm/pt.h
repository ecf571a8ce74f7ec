/* SPDX-License-Identifier: MIT */
/* Guest page tables: what the parts of mm/ share. */
#ifndef XEN_LITE_PT_H
#define XEN_LITE_PT_H

#include "layout.h"
#include "mm.h"
#include "pte.h"

struct hypercall_args;

/* -- pt_check.c: pure rules ------------------------------------------------ */

/*
 * May a guest write @entry into a table of @level, as far as its bits go?
 * @caching: may the guest choose memory types? Returns 0 or -XEN_EINVAL.
 */
int pt_check_bits(pte_t entry, unsigned int level, bool caching);
/* What the CPU is to see instead of the guest's present @entry. */
pte_t pt_adjust(pte_t entry, unsigned int level);
/* Memory type bits of an L1 entry that maps I/O: never cached. */
pte_t pt_uncached(pte_t entry);
/* The CPUs' address width, and whether non-present entries can leak. */
void pt_check_init(void);
/* What pt_check_init() found, for the tests to change. */
struct pt_limits {
    bool known;
    uint64_t reserved; /* address bits that must be zero */
    bool l1tf;         /* non-present entries are followed by speculation */
    unsigned long safe_frame; /* ... and may name this and those above */
};
extern struct pt_limits pt_limits;

static inline bool pt_is_present(pte_t entry)
{
    return (entry & PTE_PRESENT) != 0;
}

/* L4 slots that are the hypervisor's. */
static inline bool pt_slot_reserved(unsigned int level, unsigned int slot)
{
    return level == 4 && slot >= HV_SLOT_FIRST && slot <= HV_SLOT_LAST;
}

static inline enum page_type pt_type_of_level(unsigned int level)
{
    return (enum page_type)(PAGE_TYPE_L1 + level - 1);
}

/* 1-4 for page tables, else 0. */
static inline unsigned int pt_level_of_type(enum page_type type)
{
    return type >= PAGE_TYPE_L1 && type <= PAGE_TYPE_L4
               ? (unsigned int)(type - PAGE_TYPE_L1) + 1
               : 0;
}

/* -- pt_entry.c: references that entries hold ------------------------------ */

/*
 * Take the references that *@entry of @level needs in a table of @d, mapping a
 * frame of @from, and turn it into what the CPU may see.
 * 0, -XEN_EINVAL, -XEN_EBUSY, -XEN_EPERM, -XEN_EACCES, -XEN_ERESTART.
 */
int pt_entry_get(struct domain *d, struct domain *from, unsigned int level,
                 pte_t *entry, bool preemptible);
/* Drop them again. -XEN_ERESTART (@preemptible, not L1): they are gone, but
 * the table named is left partial, for the caller to see to. */
int pt_entry_put(pte_t entry, unsigned int level, bool preemptible);
/* If the table that @entry names was left partial, go on tearing it down. */
int pt_entry_put_partial(pte_t entry, unsigned int level, domid_t owner,
                         bool preemptible);

/* -- pt_types.c: whole tables ---------------------------------------------- */

/*
 * Take the references of all entries from page.table_progress on.
 * 0; -XEN_ERESTART: progress noted; other errors: as they are, the entries
 * before table_progress hold references.
 */
int pt_table_get(struct page *page, struct domain *d, unsigned int level,
                 bool preemptible);
/* Drop those of the entries before page.table_progress: 0, -XEN_ERESTART. */
int pt_table_put(struct page *page, unsigned int level, bool preemptible);

/* -- frame_info.c ---------------------------------------------------------- */

/* page_get() of a frame of @owner's. */
bool page_get_of(mfn_t mfn, domid_t owner);
/* If @page is a partial table of @type, tear it down: 0, -XEN_ERESTART. */
int page_put_partial(struct page *page, enum page_type type, bool preemptible);
/* page_put_type_preemptible() that leaves it to the caller to see that what
 * -XEN_ERESTART leaves is torn down: for entries of tables. */
int page_put_type_quietly(struct page *page, bool preemptible);
/*
 * Remember in the current vCPU that @page is to be torn down further. Called
 * for a table after those below it, which its own teardown then reaches.
 */
void page_note_teardown(const struct page *page);
/* Hold a validated page table as what it is: its level, 0 if it is none. */
unsigned int page_hold_table(struct page *page);
/* The domain that owns @page, with a reference; NULL for none. */
struct domain *page_owner_get(const struct page *page);
/* Set a flag of page.count that stays until the frame is freed. */
static inline void page_mark(struct page *page, uint64_t flag)
{
    if ((atomic_load_explicit(&page->count, memory_order_relaxed) & flag) ==
        0) {
        atomic_fetch_or(&page->count, flag);
    }
}

/* A live entry of the table in frame @mfn: swap, old one returned. */
static inline pte_t pt_exchange(pte_t *at, pte_t entry)
{
    return __atomic_exchange_n(at, entry, __ATOMIC_SEQ_CST);
}

static inline pte_t pt_read(const pte_t *at)
{
    return __atomic_load_n(at, __ATOMIC_RELAXED);
}

/* -- tlb.c ----------------------------------------------------------------- */

/* For tests: what the clock shows. */
void tlb_set_clock(uint32_t now);

/* -- walk.c ---------------------------------------------------------------- */

/* An L1 entry of a domain, held: the frame is a validated L1 table. */
struct pt_slot {
    struct page *page;
    pte_t *entry;
};

/* That which maps @va for @v's kernel; false if there is none. */
bool pt_slot_get(struct vcpu *v, unsigned long va, struct pt_slot *slot);
/* That at machine address @address, of a table of @d. */
bool pt_slot_get_at(struct domain *d, uint64_t address, struct pt_slot *slot);
void pt_slot_put(struct pt_slot *slot);

/* -- pt_update.c ----------------------------------------------------------- */

/*
 * Write @entry in place of *@at in the table @page of @level, which is held
 * (page_hold_table) and @d's; it maps a frame of @from. @keep_ad: A and D of
 * the old entry stay. 0 or an error, with the old entry in place then.
 */
int pt_update(struct domain *d, struct domain *from, struct page *page,
              unsigned int level, pte_t *at, pte_t entry, bool keep_ad);
/* The same for L1 only if *@at is still @old; else -XEN_EAGAIN. */
int pt_update_if(struct domain *d, pte_t *at, pte_t old, pte_t entry);

/* -- foreign.c ------------------------------------------------------------- */

/*
 * The domain that a call of @v names as owner of frames: 0, -XEN_ESRCH (none,
 * or its own number), -XEN_EPERM. mm_foreign_put() ends its use.
 */
int mm_foreign_get(struct vcpu *v, domid_t domid, struct domain **d);
void mm_foreign_put(struct vcpu *v, struct domain *d);
/* In the count of mmu_update and mmuext_op: a restart. */
#define MMU_RESTARTED 0x80000000UL
/* Add @done to *@pdone: it counts over all restarts of a call. */
void mm_report_done(guest_va_t pdone, bool restarted, unsigned long done);
/*
 * A call of these two ends with @rc. If preemption left a teardown over, it
 * ends only after that: the call is made over into one that does nothing else
 * and returns @rc, which mm_is_finish_call() knows.
 */
long mm_finish_call(struct vcpu *v, struct hypercall_args *args, long rc);
bool mm_is_finish_call(const struct hypercall_args *args);
/* The CPUs that the vCPUs in the guest's bitmap at @map are on. */
int mm_vcpu_cpus(struct vcpu *v, guest_va_t map, struct cpumask *cpus);

/* -- domain_pages.c -------------------------------------------------------- */

/* The last reference to @page is gone. */
void domain_page_unused(struct page *page);

#endif
