/* SPDX-License-Identifier: MIT */
/*
 * Guests for tests: built with the core's own functions, as the tools would,
 * and hypercalls as a guest makes them.
 */
#include "fake.h"
#include "fake_internal.h"

#include <stdlib.h>
#include <string.h>

#include "hypercall.h"
#include "pte.h"
#include "softirq.h"

#define PAGE_FLAGS           (PTE_PRESENT | PTE_ACCESSED | PTE_NX)
#define TABLE_FLAGS          (PTE_PRESENT | PTE_ACCESSED | USER_WRITABLE)
#define USER_WRITABLE        (PTE_WRITABLE | PTE_USER)
#define MULTICALL_MAX_PASSES 1000000U

static _Thread_local unsigned int continuations;

/* -- building -------------------------------------------------------------- */

static struct domain *create_domain(domid_t domid, bool privileged,
                                    unsigned int vcpus, unsigned long pages)
{
    struct xen_domctl_createdomain config = {
        .max_vcpus = vcpus,
        .max_evtchn_port = 1023,
        .max_grant_frames = 4,
        .max_maptrack_frames = 4,
        .grant_opts = XEN_DOMCTL_GRANT_version(2),
    };
    struct domain *d = NULL;
    int rc = domain_create(domid, &config, privileged, &d);

    if (rc != 0) {
        fail_msg("domain_create: %d", rc);
    }
    d->max_pages = pages;
    for (unsigned int i = 0; i < vcpus; i++) {
        rc = vcpu_create(d, i, i % FAKE_CPUS);
        if (rc != 0) {
            fail_msg("vcpu_create: %d", rc);
        }
    }
    return d;
}

static void add_memory(struct fake_guest *guest)
{
    for (unsigned long pfn = 0; pfn < guest->pages; pfn++) {
        struct page *page;
        int rc = domain_alloc_pages(guest->d, 0, 64, &page);

        if (rc != 0) {
            fail_msg("domain_alloc_pages: %d", rc);
        }
        guest->mfn[pfn] = page_mfn(page);
        m2p_set(page_mfn(page), pfn);
    }
}

void *fake_page(const struct fake_guest *guest, unsigned long pfn)
{
    return machine_map(guest->mfn[pfn]);
}

bool fake_is_zero(const struct page *page)
{
    const uint64_t *words = machine_map(page_mfn(page));

    for (unsigned int i = 0; i < PAGE_BYTES / 8; i++) {
        if (words[i] != 0) {
            return false;
        }
    }
    return true;
}

struct page *fake_page_info(const struct fake_guest *guest, unsigned long pfn)
{
    return page_of(guest->mfn[pfn]);
}

static void link_table(struct fake_guest *guest, unsigned int level,
                       unsigned long pfn, unsigned long below, unsigned long va)
{
    uint64_t *table = fake_page(guest, pfn);

    table[pt_index(va, level)] = pte_make(guest->mfn[below], TABLE_FLAGS);
}

static void build_tables(struct fake_guest *guest)
{
    unsigned long l4 = guest->first_table;

    link_table(guest, 4, l4, l4 + 1, FAKE_GUEST_VA);
    link_table(guest, 3, l4 + 1, l4 + 2, FAKE_GUEST_VA);
    for (unsigned long pfn = 0; pfn < guest->pages; pfn++) {
        unsigned long l1 = l4 + 3 + pfn / PT_ENTRIES;
        uint64_t *table = fake_page(guest, l1);
        uint64_t flags = PAGE_FLAGS;

        link_table(guest, 2, l4 + 2, l1, fake_va(pfn));
        if (pfn < guest->first_table) {
            flags |= PTE_WRITABLE;
        }
        table[pt_index(fake_va(pfn), 1)] = pte_make(guest->mfn[pfn], flags);
    }
}

static void set_root(struct fake_guest *guest)
{
    mfn_t l4 = guest->mfn[guest->first_table];
    int rc = page_get_root(l4, guest->d);

    if (rc != 0) {
        fail_msg("page_get_root: %d", rc);
    }
    guest->v->pv.kernel_root = l4;
    guest->v->pv.kernel_mode = true;
    guest->v->initialised = true;
    guest->v->regs.rip = FAKE_GUEST_VA;
}

struct fake_guest *fake_guest_create(domid_t domid, bool privileged,
                                     unsigned int vcpus, unsigned long pages)
{
    struct fake_guest *guest = calloc(1, sizeof(*guest));

    guest->pages = pages;
    guest->first_table = pages - 3 - (pages + PT_ENTRIES - 1) / PT_ENTRIES;
    guest->mfn = calloc(pages, sizeof(*guest->mfn));
    guest->d = create_domain(domid, privileged, vcpus, pages);
    guest->v = guest->d->vcpu[0];
    add_memory(guest);
    build_tables(guest);
    set_root(guest);
    return guest;
}

static void leave(void *data)
{
    (void)data;
    fake_leave();
}

void fake_guest_kill(struct fake_guest *guest)
{
    struct domain *d = guest->d;
    int rc = 0;

    for (unsigned int cpu = 0; cpu < FAKE_CPUS; cpu++) {
        if (core_cpus[cpu]->current->domain == d) {
            fake_on_cpu(cpu, leave, NULL);
        }
    }
    do {
        rc = d->privileged ? 0 : domain_kill(d);
        fake_clear_softirqs();
    } while (rc == -XEN_ERESTART);
    assert_int_equal(rc, 0);
    fake_settle();
    free(guest->mfn);
    free(guest);
}

void fake_guest_destroy(struct fake_guest *guest)
{
    unsigned long before = frame_free_count();
    unsigned long pages = guest->pages;
    domid_t domid = guest->d->domid;
    bool privileged = guest->d->privileged;

    fake_guest_kill(guest);
    if (!privileged) {
        if (domain_get(domid) != NULL) {
            for (unsigned long mfn = 0; mfn < FAKE_END_MFN; mfn++) {
                struct page *page = &fake_frame_table[mfn];

                if (fake_mfn_valid(mfn) && page_refs(page) != 0 &&
                    page_owner(page) == domid) {
                    print_message("mfn %#lx: count %#lx type %#lx at %#x\n",
                                  mfn, (long)atomic_load(&page->count),
                                  (long)atomic_load(&page->type),
                                  page->table_progress);
                }
            }
            fail_msg("domain %u is still there", domid);
        }
        assert_true(frame_free_count() >= before + pages);
    }
}

/* -- looking --------------------------------------------------------------- */

unsigned long fake_va(unsigned long pfn)
{
    return FAKE_GUEST_VA + (pfn << PAGE_SHIFT);
}

uint64_t fake_pte_address(const struct fake_guest *guest, unsigned long pfn)
{
    unsigned long l1 = guest->first_table + 3 + pfn / PT_ENTRIES;

    return (guest->mfn[l1].number << PAGE_SHIFT) +
           pt_index(fake_va(pfn), 1) * sizeof(uint64_t);
}

uint64_t fake_pte(const struct fake_guest *guest, unsigned long pfn)
{
    uint64_t address = fake_pte_address(guest, pfn);
    uint64_t *table = machine_map(mfn_make(address >> PAGE_SHIFT));

    return __atomic_load_n(&table[address % PAGE_BYTES / sizeof(*table)],
                           __ATOMIC_SEQ_CST);
}

/* -- hypercalls ------------------------------------------------------------ */

long fake_hypercall(struct vcpu *v, unsigned long number, unsigned long a0,
                    unsigned long a1, unsigned long a2, unsigned long a3)
{
    struct cpu_user_regs *regs = vcpu_regs(v);
    unsigned long rip = regs->rip;

    regs->rax = number;
    regs->rdi = a0;
    regs->rsi = a1;
    regs->rdx = a2;
    regs->r10 = a3;
    continuations = 0;
    for (;;) {
        regs->rip = rip;
        hypercall_dispatch(v, regs);
        if (regs->rip == rip) {
            return (long)regs->rax;
        }
        fake_clear_softirqs();
        regs->rax = number;
        continuations++;
        if (continuations > MULTICALL_MAX_PASSES) {
            fail_msg("hypercall %lu never ends", number);
        }
    }
}

long fake_multicall(struct fake_guest *guest, unsigned long pfn,
                    unsigned long number, unsigned long a0, unsigned long a1,
                    unsigned long a2, unsigned long a3)
{
    multicall_entry_t entry = {.op = number, .args = {a0, a1, a2, a3}};
    long rc;

    memcpy(fake_page(guest, pfn), &entry, sizeof(entry));
    rc =
        fake_hypercall(guest->v, __HYPERVISOR_multicall, fake_va(pfn), 1, 0, 0);
    if (rc != 0) {
        return rc;
    }
    memcpy(&entry, fake_page(guest, pfn), sizeof(entry));
    return (long)entry.result;
}

unsigned int fake_continuations(void)
{
    return continuations;
}

void fake_audit(void)
{
    unsigned int bad = mm_audit();

    if (bad != 0) {
        fail_msg("%u violations:\n%s", bad, fake_console());
    }
    assert_int_equal(fake_tlb_audit(), 0);
}
