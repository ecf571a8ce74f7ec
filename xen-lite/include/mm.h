/* SPDX-License-Identifier: MIT */
/*
 * Memory: frames, their owners and types, and guest page tables. What the
 * rest of the hypervisor calls; each group names its file in mm/.
 */
#ifndef XEN_LITE_MM_H
#define XEN_LITE_MM_H

#include "cpumask.h"
#include "machine.h"
#include "page.h"
#include "types.h"

struct domain;
struct vcpu;

static inline struct page *page_of(mfn_t mfn)
{
    return &machine_frame_table()[mfn.number];
}

static inline mfn_t page_mfn(const struct page *page)
{
    return mfn_make((unsigned long)(page - machine_frame_table()));
}

/* -- frame_alloc.c: zoned buddy allocator; takes the heap lock ------------- */

#define FRAME_MAX_ORDER 18U

/* Give RAM to the allocator (at boot), never frame 0. */
void frame_alloc_add(mfn_t first, unsigned long count);
/* RAM that it never had, as if it had given it out unscrubbed (at boot). */
void frame_alloc_own(mfn_t first, unsigned long count);
/*
 * 2^@order frames below @address_bits of machine address (64: anywhere; high
 * memory is preferred). Scrubbed (zero), no owner, stale translations of the
 * last owner flushed. NULL when there are none.
 */
struct page *frame_alloc(unsigned int order, unsigned int address_bits);
/*
 * The same from anywhere, with what was there before in it: only while no
 * guest has run yet, for dom0 and for what no guest will see.
 */
struct page *frame_alloc_unscrubbed(unsigned int order);
/* The same for one who set frames aside: they come out of *claim. */
struct page *frame_alloc_claimed(unsigned int order, unsigned int address_bits,
                                 unsigned long *claim);
void frame_free(struct page *page, unsigned int order);
/* Free those of @count frames given out that no domain has taken over
 * (domain_assign_pages()), at boot. */
void frame_free_unowned(struct page *page, unsigned long count);
/* For a frame that passes from one owner to another as it is: no TLB knows it
 * any more, and what was written past the caches is there. */
void frame_flush_former_use(const struct page *page);
unsigned long frame_free_count(void);
unsigned long frame_total_count(void);
/* Set @frames aside in *claim, in place of what it holds: 0, -XEN_ENOMEM. */
int frame_claim(unsigned long *claim, unsigned long frames);
/* Take at most @frames back from *claim. */
void frame_unclaim(unsigned long *claim, unsigned long frames);
unsigned long frame_outstanding_claims(void);
/* Part of core_reset(). */
void frame_alloc_reset(void);
/* Highest frame number + 1. */
unsigned long frame_max_mfn(void);

/* -- heap.c: small objects, zeroed; LOCK_HEAP ------------------------------ */

void *heap_alloc(size_t bytes);
void heap_free(void *object);
/* Part of core_reset(). */
void heap_reset(void);
/* One zeroed frame in the direct map (heap_page.c). A frame that was shared
 * with a guest lives on, without owner, until the last mapping of it goes. */
void *heap_alloc_page(void);
void heap_free_page(void *page);
/* Take the @count frames at @pages back that are shared with @d, and free
 * them: all, or none and false, if one is mapped. */
bool heap_unshare_pages(struct domain *d, void *const *pages,
                        unsigned int count);

/* -- frame_info.c: references and types ------------------------------------ */

/* What is kept of a frame that a guest named; NULL if it is no RAM. */
struct page *page_lookup(mfn_t mfn);

/*
 * Take a reference if @mfn is RAM owned by @owner and in use.
 * false: no such frame, other owner, free, or the count is at its limit.
 */
bool page_get(mfn_t mfn, const struct domain *owner);
/* Whoever owns it; *owner set (no domain reference taken). */
bool page_get_any(mfn_t mfn, domid_t *owner);
void page_put(struct page *page);
/*
 * Take a type reference; a general one must be held. Validates when the type
 * changes, and flushes stale translations before anyone can use the new type.
 * 0, -XEN_EINVAL (contents, or other use), -XEN_EBUSY (too many references).
 * _preemptible may also return -XEN_ERESTART: the frame keeps what was done,
 * and the same call again goes on from there.
 */
int page_get_type(struct page *page, enum page_type type);
int page_get_type_preemptible(struct page *page, enum page_type type);
/*
 * Drop one; tears down at 0. _preemptible may return -XEN_ERESTART: the
 * reference is gone (do not drop it again), what is left of the teardown is
 * noted in the current vCPU for mm_finish_teardown().
 */
void page_put_type(struct page *page);
int page_put_type_preemptible(struct page *page);
/* page_get() and page_get_type(). -XEN_EPERM if page_get() fails. */
int page_get_and_type(mfn_t mfn, const struct domain *owner,
                      enum page_type type);
void page_put_and_type(struct page *page);
/*
 * L4 of @d as a root: both references, preemptible as above.
 * page_get_root: 0, -XEN_EINVAL, -XEN_ERESTART (nothing held, call again).
 */
int page_get_root(mfn_t mfn, struct domain *d);
int page_put_root(mfn_t mfn);
/*
 * Finish the teardown that preemption left over in the current vCPU; every
 * call that takes or drops page tables begins with this, and continues itself
 * while it says -XEN_ERESTART.
 */
int mm_finish_teardown(struct vcpu *v);

/* -- domain_pages.c: a domain's own memory --------------------------------- */

/*
 * Allocate 2^order frames for @d: PAGE_COUNT_ALLOCATED, one reference, on its
 * list. -XEN_ENOMEM, -XEN_E2BIG (max_pages), -XEN_ESRCH (dying).
 */
int domain_alloc_pages(struct domain *d, unsigned int order,
                       unsigned int address_bits, struct page **page);
/* Make existing free-standing frames (no owner) pages of @d. */
int domain_assign_pages(struct domain *d, struct page *page,
                        unsigned int order);
/*
 * Share a hypervisor page (heap_alloc_page) with @d's guest, which may map it
 * itself; @readonly: only read-only. The page lives until unshared and
 * unmapped.
 */
void domain_share_xen_page(struct domain *d, void *page, bool readonly);
/* The frame leaves the domain: drop PAGE_COUNT_ALLOCATED; it is freed with
 * its last reference. -XEN_EINVAL if it was not allocated to it. */
int domain_release_page(struct domain *d, struct page *page);
/*
 * Take a frame that nothing else refers to out of @d: it belongs to nobody
 * then, to be given to frame_free(). 0 or -XEN_EINVAL.
 */
int domain_steal_page(struct domain *d, mfn_t mfn);
/*
 * A trade of as many frames for as many: those taken out, as above, count as
 * @d's until others are given in their place, which needs no room then (only
 * -XEN_ESRCH, dying), or are lost.
 */
int domain_take_page(struct domain *d, mfn_t mfn);
int domain_give_pages(struct domain *d, struct page *page, unsigned int order);
void domain_lose_pages(struct domain *d, unsigned long count);
/* Teardown: give all pages back; preemptible. */
int domain_relinquish_memory(struct domain *d);
void m2p_set(mfn_t mfn, unsigned long pfn);
unsigned long m2p_get(mfn_t mfn);
#define M2P_INVALID (~0UL)
#define M2P_SHARED  (~1UL)

/* -- tlb.c ----------------------------------------------------------------- */

/* The clock that page.tlb_stamp is read from; never 0, which is "not used". */
uint32_t tlb_clock_now(void);
/* The later of two stamps. */
uint32_t tlb_stamp_later(uint32_t a, uint32_t b);
/* Take from @cpus those that flushed everything after @stamp. */
void tlb_filter(struct cpumask *cpus, uint32_t stamp);
/* Flush all translations on @cpus / on this CPU, noting the clock. */
void tlb_flush_cpus(const struct cpumask *cpus);
void tlb_flush_local(void);
void tlb_flush_va_cpus(const struct cpumask *cpus, unsigned long va);
void tlb_flush_va_local(unsigned long va);
/*
 * Around each full flush of this CPU, global translations included: the clock
 * is read before, and noted for the CPU when the flush is done. The machine
 * calls both (in machine_flush_tlb(), and for a CR3 write only if that drops
 * everything).
 */
uint32_t tlb_flush_begin(void);
void tlb_flush_end(uint32_t stamp);
/* Part of core_reset(). */
void tlb_reset(void);

/* -- page tables in use (roots.c, walk.c) ---------------------------------- */

/*
 * Pin @mfn as a table of @type: it stays one though nothing uses it. Takes
 * both references. 0, -XEN_EINVAL (not @d's, other use, bad contents, pinned
 * already), -XEN_ERESTART (call again). Unpinning drops them again; what
 * preemption leaves over is for mm_finish_teardown().
 */
int mm_pin_table(struct domain *d, mfn_t mfn, enum page_type type);
int mm_unpin_table(struct domain *d, mfn_t mfn);
/*
 * New roots for the current vCPU (MMUEXT_NEW_BASEPTR, NEW_USER_BASEPTR; mfn 0:
 * no user root). The old one is dropped. 0, -XEN_EINVAL, -XEN_ERESTART.
 */
int mm_new_kernel_root(struct vcpu *v, mfn_t mfn);
int mm_new_user_root(struct vcpu *v, mfn_t mfn);
/* Drop @v's roots; @v does not run. 0, or -XEN_ERESTART to be called again. */
int mm_drop_roots(struct vcpu *v);
/* The L1 entry that maps @va in @v's kernel address space, or 0. */
uint64_t mm_read_guest_pte(struct vcpu *v, unsigned long va);

/* -- page-table writes ----------------------------------------------------- */

/*
 * The guest of @v wrote to a read-only mapping of one of its L1 tables: see
 * whether the page fault at @va is such a write, and do it. (table_write.c)
 * Returns true if the instruction was emulated and regs moved past it.
 */
bool mm_emulate_table_write(struct vcpu *v, struct cpu_user_regs *regs,
                            unsigned long va);
/*
 * Grant mappings (map_grant.c). @host_addr is the machine address of an L1
 * entry with @contains_pte, else a guest address. All return 0 or
 * GNTST_general_error.
 *
 * Put an entry there for @mfn, which is another domain's, with @pte_flags; the
 * references it needs (with PTE_WRITABLE a WRITABLE type reference, too) are
 * the caller's and belong to the entry from then on. If the guest overwrites
 * the entry, they are dropped. The old entry is dropped.
 */
int mm_grant_map(struct vcpu *v, uint64_t host_addr, bool contains_pte,
                 mfn_t mfn, uint64_t pte_flags);
/* Clear the entry if it still maps @mfn, writable unless @readonly: its
 * references are the caller's again. The caller flushes, if *used: an entry
 * that was not used since it was made is in no TLB. */
int mm_grant_unmap(struct vcpu *v, uint64_t host_addr, bool contains_pte,
                   mfn_t mfn, bool readonly, bool *used);
/* The same, and the entry that maps @new_va moves to @host_addr. */
int mm_grant_replace(struct vcpu *v, uint64_t host_addr, mfn_t mfn,
                     bool readonly, uint64_t new_va);

/* Check everything the invariants of docs/memory.md say; for tests and debug
 * builds. Returns the number of violations, each printed. */
unsigned int mm_audit(void);

#endif
