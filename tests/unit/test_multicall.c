// SPDX-License-Identifier: MIT
/* Batches of hypercalls: what comes back, where they stop, what they refuse. */
#include "mm_world.h"

#include <xen/version.h>

static multicall_entry_t *entries(void)
{
    return fake_page(guest, CALL);
}

static long multicall_at(unsigned long va, unsigned long count)
{
    return fake_hypercall(guest->v, __HYPERVISOR_multicall, va, count, 0, 0);
}

static multicall_entry_t version_call(void)
{
    return (multicall_entry_t){.op = __HYPERVISOR_xen_version,
                               .result = 0x5a5a,
                               .args = {XENVER_version, 0, 3, 4, 5, 6}};
}

static void fill(multicall_entry_t *list, unsigned long count)
{
    for (unsigned long i = 0; i < count; i++) {
        list[i] = version_call();
    }
}

static long version(void)
{
    return fake_hypercall(guest->v, __HYPERVISOR_xen_version, XENVER_version, 0,
                          0, 0);
}

static void each_entry_has_its_result(void **state)
{
    (void)state;
    fill(entries(), 5);
    entries()[1].op = 63;
    entries()[2].op = ~0UL;
    entries()[3].args[0] = 0x7777;
    assert_int_equal(multicall_at(fake_va(CALL), 4), 0);
    assert_int_equal(entries()[0].result, version());
    assert_int_equal(entries()[1].result, -XEN_ENOSYS);
    assert_int_equal(entries()[2].result, -XEN_ENOSYS);
    assert_int_equal(entries()[3].result, -XEN_ENOSYS);
    assert_int_equal(entries()[4].result, 0x5a5a);
    assert_int_equal(multicall_at(fake_va(CALL), 0), 0);
}

/* A batch in a batch could nest without end; IRET has no result to store. */
static void batches_and_iret_stay_outside(void **state)
{
    unsigned long rip = vcpu_regs(guest->v)->rip;

    (void)state;
    fill(entries(), 3);
    entries()[0].op = __HYPERVISOR_multicall;
    entries()[1].op = __HYPERVISOR_iret;
    assert_int_equal(multicall_at(fake_va(CALL), 3), 0);
    assert_int_equal(entries()[0].result, -XEN_EINVAL);
    assert_int_equal(entries()[1].result, -XEN_EINVAL);
    assert_int_equal(entries()[2].result, version());
    assert_true(vcpu_regs(guest->v)->rip == rip);
}

static void only_the_result_is_written(void **state)
{
    multicall_entry_t before = version_call();

    (void)state;
    fill(entries(), 1);
    assert_int_equal(multicall_at(fake_va(CALL), 1), 0);
    before.result = entries()[0].result;
    assert_memory_equal(entries(), &before, sizeof(before));
}

/* Address, entry, flags and domain of one call. */
static void arguments_arrive_in_order(void **state)
{
    (void)state;
    memset(entries(), 0, sizeof(*entries()));
    entries()[0].op = __HYPERVISOR_update_va_mapping_otherdomain;
    entries()[0].args[0] = fake_va(A);
    entries()[0].args[1] = entry_of(guest, B, PTE_WRITABLE);
    entries()[0].args[2] = UVMF_INVLPG;
    entries()[0].args[3] = 77;
    assert_int_equal(multicall_at(fake_va(CALL), 1), 0);
    assert_int_equal(entries()[0].result, -XEN_ESRCH);
    entries()[0].args[3] = DOMID_SELF;
    assert_int_equal(multicall_at(fake_va(CALL), 1), 0);
    assert_int_equal(entries()[0].result, 0);
    assert_true((fake_pte(guest, A) & PTE_FRAME) ==
                (fake_pte(guest, B) & PTE_FRAME));
}

static void preempted_batch_does_each_once(void **state)
{
    (void)state;
    fill(entries(), 40);
    fake_preempt_every(1);
    assert_int_equal(multicall_at(fake_va(CALL), 40), 0);
    fake_preempt_every(0);
    assert_int_equal(fake_continuations(), 39);
    for (unsigned int i = 0; i < 40; i++) {
        assert_int_equal(entries()[i].result, version());
    }
}

/* What stands before the end of the page is done; the batch stops there. */
static void list_that_cannot_be_read_stops(void **state)
{
    multicall_entry_t *list = fake_page(guest, A);
    unsigned long count = PAGE_BYTES / sizeof(*list);

    (void)state;
    assert_int_equal(update_va(fake_va(B), 0, UVMF_INVLPG), 0);
    fill(list, count);
    assert_int_equal(multicall_at(fake_va(B) - 64, 3), -XEN_EFAULT);
    assert_int_equal(list[count - 1].result, version());
    assert_int_equal(list[count - 2].result, 0x5a5a);
    assert_int_equal(multicall_at(HYPERVISOR_VIRT_START, 1), -XEN_EFAULT);
    assert_int_equal(multicall_at(HYPERVISOR_VIRT_START - 64, 2), -XEN_EFAULT);
    assert_int_equal(multicall_at(~0UL - 63, 2), -XEN_EFAULT);
}

static void result_that_cannot_be_written_stops(void **state)
{
    multicall_entry_t *list = fake_page(guest, A);

    (void)state;
    fill(list, 2);
    list[1].op = __HYPERVISOR_update_va_mapping;
    list[1].args[0] = fake_va(B);
    list[1].args[1] = 0;
    assert_int_equal(update_va(fake_va(A), entry_of(guest, A, 0), UVMF_INVLPG),
                     0);
    assert_int_equal(multicall_at(fake_va(A), 2), -XEN_EFAULT);
    assert_int_equal(list[0].result, 0x5a5a);
    assert_true((fake_pte(guest, B) & PTE_PRESENT) != 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MM_CASE(each_entry_has_its_result),
        MM_CASE(batches_and_iret_stay_outside),
        MM_CASE(only_the_result_is_written),
        MM_CASE(arguments_arrive_in_order),
        MM_CASE(preempted_batch_does_each_once),
        MM_CASE(list_that_cannot_be_read_stops),
        MM_CASE(result_that_cannot_be_written_stops),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
