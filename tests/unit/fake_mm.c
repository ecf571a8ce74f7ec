/* SPDX-License-Identifier: MIT */
/* Two guests for tests of memory. */
#include "mm_world.h"

struct fake_guest *guest;
struct fake_guest *other;

int mm_setup(void **state)
{
    void *kept = *state;

    fake_setup(state);
    *state = kept;
    guest = fake_guest_create(1, false, 3, 64);
    other = fake_guest_create(2, false, 1, 64);
    fake_enter(guest->v);
    return 0;
}

int mm_teardown(void **state)
{
    fake_preempt_every(0);
    fake_clear_softirqs();
    fake_audit();
    guest->d->privileged = false;
    fake_guest_destroy(guest);
    fake_guest_destroy(other);
    fake_audit();
    return fake_teardown(state);
}

uint64_t entry_of(const struct fake_guest *g, unsigned long pfn, uint64_t flags)
{
    return pte_make(g->mfn[pfn], PTE_PRESENT | flags);
}

uint64_t entry_for(unsigned long pfn, uint64_t flags)
{
    return entry_of(guest, pfn, flags);
}

struct page *page_at(unsigned long pfn)
{
    return fake_page_info(guest, pfn);
}

uint64_t *table_at(unsigned long pfn)
{
    return fake_page(guest, pfn);
}

uint32_t *done_word(void)
{
    return (uint32_t *)(void *)((char *)fake_page(guest, ARGS) + 4000);
}

/* -- calls ----------------------------------------------------------------- */

long update_va(unsigned long va, uint64_t entry, unsigned long flags)
{
    return fake_hypercall(guest->v, __HYPERVISOR_update_va_mapping, va, entry,
                          flags, 0);
}

void map(unsigned long pfn, uint64_t entry)
{
    assert_int_equal(update_va(fake_va(pfn), entry, 0), 0);
}

void unmap(unsigned long pfn)
{
    map(pfn, 0);
}

struct mmu_update *requests(void)
{
    return fake_page(guest, ARGS);
}

long update_many(unsigned long count, unsigned long foreign)
{
    return fake_hypercall(guest->v, __HYPERVISOR_mmu_update, fake_va(ARGS),
                          count, 0, foreign);
}

long update_as(uint64_t ptr, uint64_t val, unsigned long foreign)
{
    requests()[0] = (struct mmu_update){ptr, val};
    return update_many(1, foreign);
}

long update(uint64_t ptr, uint64_t val)
{
    return update_as(ptr, val, DOMID_SELF);
}

uint64_t address_of(unsigned long pfn, unsigned int slot)
{
    return (guest->mfn[pfn].number << PAGE_SHIFT) + 8UL * slot;
}

/* -- TLBs ------------------------------------------------------------------ */

static void enter_vcpu(void *data)
{
    struct vcpu *v = data;

    v->pv.kernel_root = guest->v->pv.kernel_root;
    v->pv.kernel_mode = true;
    assert_int_equal(page_get_root(v->pv.kernel_root, guest->d), 0);
    fake_enter(v);
    assert_true(fake_guest_write_u64(fake_va(A), 0));
    assert_true(fake_guest_write_u64(fake_va(B), 0));
}

void all_cpus_have_it(void)
{
    fake_on_cpu(1, enter_vcpu, guest->d->vcpu[1]);
    fake_on_cpu(2, enter_vcpu, guest->d->vcpu[2]);
    assert_true(fake_guest_write_u64(fake_va(A), 0));
    assert_true(fake_guest_write_u64(fake_va(B), 0));
}

unsigned int who_has(unsigned long pfn)
{
    unsigned int mask = 0;

    for (unsigned int cpu = 0; cpu < 3; cpu++) {
        mask |= fake_tlb_has(cpu, fake_va(pfn), false) ? 1U << cpu : 0;
    }
    return mask;
}
