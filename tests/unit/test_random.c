/* SPDX-License-Identifier: MIT */
/*
 * Two domains make random calls about memory, on two CPUs each, preempted at
 * random, directly and inside multicalls; everything is counted again now and
 * then. RANDOM_CALLS in the environment says how many calls, RANDOM_SEED where
 * to begin.
 */
#include "fake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guest_copy.h"
#include "hypercall.h"
#include "pte.h"
#include "pv.h"
#include "softirq.h"

#include <xen/memory.h>

#define GUESTS        2U
#define GUEST_PAGES   80UL
#define CODE_PFN      0UL /* instructions that write to tables */
#define ARGS_PFN      1UL /* arguments of calls */
#define CALL_PFN      2UL /* multicall entries */
#define FIRST_PFN     3UL /* from here on pages are played with */
#define AUDIT_PERIOD  400UL
#define DEFAULT_CALLS 100000UL

static struct fake_guest *guests[GUESTS];
static unsigned long outcomes[64][128];
static unsigned long continued;
static unsigned long born;
static unsigned long pinned[4];
static unsigned long new_roots;
static uint64_t random_state;
static domid_t next_domid;

static uint64_t random64(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static unsigned long below(unsigned long limit)
{
    return random64() % limit;
}

static bool one_in(unsigned long n)
{
    return below(n) == 0;
}

static unsigned long environment(const char *name, unsigned long standard)
{
    const char *text = getenv(name);

    return text != NULL ? strtoul(text, NULL, 0) : standard;
}

/* -- the guests ------------------------------------------------------------ */

static const uint8_t write_code[][8] = {
    {0x48, 0x89, 0x07},             /* mov %rax,(%rdi) */
    {0x48, 0x87, 0x07},             /* xchg %rax,(%rdi) */
    {0xf0, 0x80, 0x27, 0xfd},       /* lock andb $0xfd,(%rdi) */
    {0xf0, 0x48, 0x0f, 0xb1, 0x0f}, /* lock cmpxchg %rcx,(%rdi) */
    {0xf0, 0x0f, 0xba, 0x37, 0x05}, /* lock btrl $5,(%rdi) */
    {0x48, 0xc7, 0x07, 0, 0, 0, 0}, /* movq $0,(%rdi) */
};

static void guest_new(unsigned int index)
{
    struct fake_guest *guest;
    char *code;

    guest = fake_guest_create(next_domid++, false, 2, GUEST_PAGES);
    guest->d->privileged = index == 0;
    for (unsigned int i = 1; i < 2; i++) {
        struct vcpu *v = guest->d->vcpu[i];

        assert_int_equal(page_get_root(guest->v->pv.kernel_root, guest->d), 0);
        v->pv.kernel_root = guest->v->pv.kernel_root;
        v->pv.kernel_mode = true;
        v->regs.rip = FAKE_GUEST_VA;
    }
    code = fake_page(guest, CODE_PFN);
    for (unsigned int i = 0; i < ARRAY_COUNT(write_code); i++) {
        memcpy(code + 16 * i, write_code[i], sizeof(write_code[i]));
    }
    assert_int_equal(
        rangeset_add(&guest->d->iomem, FAKE_MMIO_MFN, FAKE_MMIO_READONLY_MFN),
        0);
    guests[index] = guest;
    born++;
}

static void guest_end(unsigned int index)
{
    guests[index]->d->privileged = false; /* that kind does not die */
    fake_set_cpu(0);
    fake_guest_kill(guests[index]);
}

/* vCPU i of guest g runs on CPU 2g + i. */
static struct vcpu *choose_vcpu(unsigned int *index)
{
    struct vcpu *v;
    unsigned int cpu = (unsigned int)below(2 * GUESTS);

    *index = cpu / 2;
    v = guests[*index]->d->vcpu[cpu % 2];
    fake_set_cpu(cpu);
    if (core_cpus[cpu]->current != v) {
        fake_enter(v);
    }
    return v;
}

/* Can the vCPU still make calls? It may have lost the pages it needs. */
static bool guest_is_able(struct vcpu *v)
{
    uint64_t word;

    (void)v;
    return fake_guest_read(fake_va(ARGS_PFN), &word, 8) &&
           fake_guest_read(fake_va(CALL_PFN), &word, 8) &&
           fake_guest_write_u64(fake_va(CALL_PFN), 0) &&
           fake_guest_write_u64(fake_va(ARGS_PFN), 0) &&
           fake_guest_read(fake_va(CODE_PFN), &word, 8);
}

/* -- what to call with ----------------------------------------------------- */

static unsigned long any_pfn(void)
{
    return FIRST_PFN + below(GUEST_PAGES - FIRST_PFN);
}

/* Mostly one of the guest's own frames. */
static unsigned long any_mfn(const struct fake_guest *guest)
{
    switch (below(24)) {
    case 0:
        return guests[below(GUESTS)]->mfn[any_pfn()].number;
    case 1:
        return below(FAKE_END_MFN);
    case 2:
        return FAKE_MMIO_MFN + below(18);
    case 3:
        return guest->d->shared_mfn.number;
    default:
        return guest->mfn[any_pfn()].number;
    }
}

static uint64_t any_entry(const struct fake_guest *guest)
{
    uint64_t entry = any_mfn(guest) << PAGE_SHIFT;

    if (one_in(6)) {
        return one_in(2) ? 0 : random64() & ~PTE_PRESENT;
    }
    entry |= PTE_PRESENT;
    entry |= random64() & (PTE_USER | PTE_ACCESSED | PTE_DIRTY);
    entry |= one_in(4) ? PTE_WRITABLE : 0;
    if (one_in(8)) {
        entry |= random64() & (PTE_AVAIL | PTE_NX | PTE_GLOBAL |
                               PTE_GUEST_KERNEL | PTE_LOG_DIRTY);
    }
    if (one_in(40)) {
        entry |= 1ULL << below(64);
    }
    return entry;
}

/* The machine address of some entry of a page that may be a table: not of
 * those that the guest needs to go on, but for rare mistakes. */
static uint64_t any_entry_address(const struct fake_guest *guest)
{
    unsigned long pfn =
        one_in(2) ? guest->first_table + below(GUEST_PAGES - guest->first_table)
                  : any_pfn();
    unsigned long slot = FIRST_PFN + below(40);

    if (one_in(6)) {
        slot = below(PT_ENTRIES);
    }
    if (slot < FIRST_PFN && !one_in(100)) {
        slot += FIRST_PFN;
    }
    if (pfn < guest->first_table + 3 && pfn >= guest->first_table &&
        slot == pt_index(FAKE_GUEST_VA, 4) && !one_in(100)) {
        slot++;
    }
    return (guest->mfn[pfn].number << PAGE_SHIFT) + slot * sizeof(uint64_t);
}

static void *arguments(const struct fake_guest *guest)
{
    return fake_page(guest, ARGS_PFN);
}

static long call(unsigned int index, struct vcpu *v, unsigned long number,
                 unsigned long a0, unsigned long a1, unsigned long a2,
                 unsigned long a3)
{
    struct fake_guest *guest = guests[index];
    struct vcpu *first = guest->v;
    long rc;

    fake_preempt_every(one_in(3) ? 1 + (unsigned int)below(4) : 0);
    if (one_in(3)) {
        guest->v = v;
        rc = fake_multicall(guest, CALL_PFN, number, a0, a1, a2, a3);
        guest->v = first;
    } else {
        rc = fake_hypercall(v, number, a0, a1, a2, a3);
    }
    fake_preempt_every(0);
    fake_clear_softirqs();
    outcomes[number % 64][rc >= 0 ? 0 : -rc > 127 ? 127 : -rc]++;
    continued += fake_continuations();
    return rc;
}

static uint32_t any_foreign(void)
{
    const uint32_t some[] = {guests[0]->d->domid, guests[1]->d->domid, 99,
                             DOMID_IO, DOMID_XEN};
    uint32_t foreign = one_in(10) ? some[below(ARRAY_COUNT(some))] : DOMID_SELF;

    if (one_in(20)) {
        foreign |= (some[below(3)] + 1) << 16;
    }
    return foreign;
}

/* -- calls ----------------------------------------------------------------- */

static void do_mmu_update(unsigned int index, struct vcpu *v)
{
    struct fake_guest *guest = guests[index];
    struct mmu_update *request = arguments(guest);
    unsigned long count = 1 + below(4);
    static const uint8_t commands[] = {0, 0, 0, 0, 2, 3, 1, 5};

    for (unsigned long i = 0; i < count; i++) {
        const struct fake_guest *from =
            one_in(30) ? guests[below(GUESTS)] : guest;

        request[i].ptr =
            any_entry_address(from) | commands[below(ARRAY_COUNT(commands))];
        request[i].val = any_entry(from);
        if ((request[i].ptr & 7) == MMU_MACHPHYS_UPDATE) {
            request[i].val = below(GUEST_PAGES);
        }
    }
    (void)call(index, v, __HYPERVISOR_mmu_update, fake_va(ARGS_PFN), count,
               one_in(2) ? fake_va(ARGS_PFN) + 2048 : 0, any_foreign());
}

static long mmuext(unsigned int index, struct vcpu *v, unsigned int command,
                   unsigned long a1, unsigned long a2, uint32_t foreign)
{
    struct mmuext_op *op = arguments(guests[index]);

    memset(op, 0, sizeof(*op));
    op->cmd = command;
    op->arg1.mfn = a1;
    op->arg2.src_mfn = a2;
    return call(index, v, __HYPERVISOR_mmuext_op, fake_va(ARGS_PFN), 1, 0,
                foreign);
}

static void do_mmuext(unsigned int index, struct vcpu *v)
{
    struct fake_guest *guest = guests[index];
    unsigned int command = (unsigned int)below(21);

    if (command == MMUEXT_NEW_BASEPTR && !one_in(20)) {
        command = MMUEXT_NEW_USER_BASEPTR;
    }
    if (command == MMUEXT_CLEAR_PAGE || command == MMUEXT_COPY_PAGE) {
        (void)mmuext(index, v, command, guest->mfn[any_pfn()].number,
                     guest->mfn[any_pfn()].number, any_foreign());
        return;
    }
    (void)mmuext(index, v, command, any_mfn(guest), below(8192), any_foreign());
}

static void do_update_va(unsigned int index, struct vcpu *v)
{
    unsigned long pfn = any_pfn();
    unsigned long flags = below(3) | (one_in(2) ? UVMF_ALL : 0);
    uint64_t entry = any_entry(guests[index]);

    if (!one_in(4)) { /* where it belongs */
        entry = pte_make(guests[index]->mfn[pfn],
                         PTE_PRESENT | (one_in(2) ? PTE_WRITABLE : 0));
    }
    (void)call(index, v, __HYPERVISOR_update_va_mapping,
               one_in(50) ? random64() : fake_va(pfn), entry, flags, 0);
}

static long set_access(unsigned int index, struct vcpu *v, unsigned long pfn,
                       bool writable)
{
    uint64_t entry = pte_make(guests[index]->mfn[pfn],
                              PTE_PRESENT | (writable ? PTE_WRITABLE : 0));

    return call(index, v, __HYPERVISOR_update_va_mapping, fake_va(pfn), entry,
                one_in(2) ? UVMF_INVLPG | UVMF_ALL : 0, 0);
}

/* As an honest kernel: fill a page, take write access away, pin it. */
static void do_make_table(unsigned int index, struct vcpu *v)
{
    struct fake_guest *guest = guests[index];
    unsigned long pfn = FIRST_PFN + below(guest->first_table - FIRST_PFN);
    unsigned int level = 1 + (unsigned int)below(4);
    uint64_t table[16];

    for (unsigned int i = 0; i < ARRAY_COUNT(table); i++) {
        unsigned long below_pfn = any_pfn();

        table[i] = one_in(3) ? pte_make(guest->mfn[below_pfn], PTE_PRESENT) : 0;
        if (level > 1 && !one_in(3)) {
            /* A table that exists already. */
            table[i] =
                table[i] == 0
                    ? 0
                    : pte_make(guest->mfn[guest->first_table + 5 - level],
                               PTE_PRESENT | PTE_WRITABLE);
        }
    }
    (void)fake_guest_write(fake_va(pfn), table, sizeof(table));
    (void)set_access(index, v, pfn, false);
    if (mmuext(index, v, MMUEXT_PIN_L1_TABLE + level - 1,
               guest->mfn[pfn].number, 0, DOMID_SELF) == 0) {
        pinned[level - 1]++;
    }
}

/* A copy of the L4 in use becomes the root of this vCPU. */
static void do_new_root(unsigned int index, struct vcpu *v)
{
    struct fake_guest *guest = guests[index];
    unsigned long pfn = FIRST_PFN + below(guest->first_table - FIRST_PFN);
    const uint64_t *old = machine_map(v->pv.kernel_root);
    uint64_t entry = old[pt_index(FAKE_GUEST_VA, 4)];

    if (!fake_guest_write(fake_va(pfn) + 8 * pt_index(FAKE_GUEST_VA, 4), &entry,
                          8)) {
        return;
    }
    (void)set_access(index, v, pfn, false);
    if (mmuext(index, v, MMUEXT_PIN_L4_TABLE, guest->mfn[pfn].number, 0,
               DOMID_SELF) == 0) {
        new_roots++;
        (void)mmuext(index, v,
                     one_in(2) ? MMUEXT_NEW_BASEPTR : MMUEXT_NEW_USER_BASEPTR,
                     guest->mfn[pfn].number, 0, DOMID_SELF);
    }
}

static void do_unpin(unsigned int index, struct vcpu *v)
{
    unsigned long pfn = any_pfn();

    (void)mmuext(index, v, MMUEXT_UNPIN_TABLE, guests[index]->mfn[pfn].number,
                 0, DOMID_SELF);
    if (one_in(2)) {
        (void)set_access(index, v, pfn, true);
    }
}

/* The guest writes; what faults goes to the page-fault handler. */
static void do_write(unsigned int index, struct vcpu *v)
{
    unsigned long va = fake_va(any_pfn()) + 8 * below(48);
    uint64_t value = any_entry(guests[index]);
    struct cpu_user_regs *regs = vcpu_regs(v);
    struct cpu_user_regs before = *regs;

    if (fake_guest_write_u64(va, value)) {
        return;
    }
    regs->rip = fake_va(CODE_PFN) + 16 * below(ARRAY_COUNT(write_code));
    regs->rdi = va;
    regs->rax = value;
    regs->rcx = any_entry(guests[index]);
    if (one_in(2)) {
        (void)fake_guest_read(va, &regs->rax, 8);
    }
    if ((fake_fault_code() & 1) != 0) {
        (void)mm_emulate_table_write(v, regs, va);
    }
    *regs = before;
}

static void do_descriptor(unsigned int index, struct vcpu *v)
{
    struct fake_guest *guest = guests[index];
    unsigned long *frames = arguments(guest);

    frames[0] = any_mfn(guest);
    frames[1] = any_mfn(guest);
    if (one_in(2)) {
        (void)call(index, v, __HYPERVISOR_set_gdt, fake_va(ARGS_PFN),
                   below(1024), 0, 0);
        return;
    }
    (void)call(index, v, __HYPERVISOR_update_descriptor,
               (any_mfn(guest) << PAGE_SHIFT) + 8 * below(512), random64(), 0,
               0);
}

static long memory_op(unsigned int index, struct vcpu *v, unsigned int command,
                      xen_pfn_t *extents, unsigned long count)
{
    struct xen_memory_reservation *reservation = arguments(guests[index]);
    xen_pfn_t *list = (xen_pfn_t *)(void *)((char *)reservation + 1024);
    long rc;

    memset(reservation, 0, sizeof(*reservation));
    memcpy(list, extents, count * sizeof(*extents));
    set_xen_guest_handle(reservation->extent_start,
                         (xen_pfn_t *)(fake_va(ARGS_PFN) + 1024));
    reservation->nr_extents = count;
    reservation->domid = DOMID_SELF;
    rc = call(index, v, __HYPERVISOR_memory_op, command, fake_va(ARGS_PFN), 0,
              0);
    memcpy(extents, list, count * sizeof(*extents));
    return rc;
}

/* Give a page back, and take another in its place. */
static void do_balloon(unsigned int index, struct vcpu *v)
{
    struct fake_guest *guest = guests[index];
    unsigned long pfn = FIRST_PFN + below(guest->first_table - FIRST_PFN);
    xen_pfn_t extent = guest->mfn[pfn].number;

    (void)call(index, v, __HYPERVISOR_update_va_mapping, fake_va(pfn), 0, 0, 0);
    if (memory_op(index, v, XENMEM_decrease_reservation, &extent, 1) != 1) {
        return;
    }
    extent = pfn;
    if (memory_op(index, v, XENMEM_populate_physmap, &extent, 1) != 1) {
        return; /* still charged for the old one, which is in use */
    }
    guest->mfn[pfn] = mfn_make(extent);
    (void)set_access(index, v, pfn, true);
}

static void do_exchange(unsigned int index, struct vcpu *v)
{
    struct fake_guest *guest = guests[index];
    struct xen_memory_exchange *exchange = arguments(guest);
    unsigned long pfn = FIRST_PFN + below(guest->first_table - FIRST_PFN);
    xen_pfn_t *in = (xen_pfn_t *)(void *)((char *)exchange + 1024);
    xen_pfn_t *out = in + 1;

    (void)call(index, v, __HYPERVISOR_update_va_mapping, fake_va(pfn), 0, 0, 0);
    memset(exchange, 0, sizeof(*exchange));
    *in = guest->mfn[pfn].number;
    *out = pfn;
    set_xen_guest_handle(exchange->in.extent_start,
                         (xen_pfn_t *)(fake_va(ARGS_PFN) + 1024));
    set_xen_guest_handle(exchange->out.extent_start,
                         (xen_pfn_t *)(fake_va(ARGS_PFN) + 1032));
    exchange->in.nr_extents = 1;
    exchange->out.nr_extents = 1;
    exchange->out.mem_flags = one_in(2) ? XENMEMF_address_bits(32) : 0;
    exchange->in.domid = DOMID_SELF;
    exchange->out.domid = DOMID_SELF;
    if (call(index, v, __HYPERVISOR_memory_op, XENMEM_exchange,
             fake_va(ARGS_PFN), 0, 0) == 0) {
        guest->mfn[pfn] = mfn_make(*out);
        (void)set_access(index, v, pfn, true);
    }
}

static void do_speculate(unsigned int index, struct vcpu *v)
{
    (void)index;
    (void)v;
    for (unsigned int i = 0; i < 8; i++) {
        fake_tlb_speculate(fake_va(any_pfn()));
    }
    fake_tlb_speculate(random64() & 0x7fffffffffffUL);
}

static void (*const actions[])(unsigned int index, struct vcpu *v) = {
    do_mmu_update, do_mmu_update, do_mmu_update, do_mmuext,
    do_update_va,  do_update_va,  do_make_table, do_make_table,
    do_new_root,   do_unpin,      do_write,      do_write,
    do_descriptor, do_balloon,    do_exchange,   do_speculate,
};

static void step(void)
{
    unsigned int index;
    struct vcpu *v = choose_vcpu(&index);

    if (!guest_is_able(v)) {
        guest_end(index);
        guest_new(index);
        return;
    }
    actions[below(ARRAY_COUNT(actions))](index, v);
}

/* How often each call ended how: RANDOM_REPORT in the environment shows it. */
static void report(void)
{
    if (getenv("RANDOM_REPORT") == NULL) {
        return;
    }
    printf("%lu guests, %lu continuations, pins %lu %lu %lu %lu, %lu roots\n",
           born, continued, pinned[0], pinned[1], pinned[2], pinned[3],
           new_roots);
    for (unsigned int number = 0; number < 64; number++) {
        for (unsigned int rc = 0; rc < 128; rc++) {
            if (outcomes[number][rc] != 0) {
                printf("call %u: -%u: %lu\n", number, rc, outcomes[number][rc]);
            }
        }
    }
}

static void random_calls_leave_every_count_right(void **state)
{
    unsigned long calls = environment("RANDOM_CALLS", DEFAULT_CALLS);
    unsigned long seed = environment("RANDOM_SEED", 0x12345678);
    unsigned long period = environment("RANDOM_AUDIT", AUDIT_PERIOD);
    unsigned long free_before = frame_free_count();

    (void)state;
    random_state = seed;
    next_domid = 1;
    for (unsigned int i = 0; i < GUESTS; i++) {
        guest_new(i);
    }
    for (unsigned long i = 0; i < calls; i++) {
        step();
        if (i % period == 0) {
            fake_audit();
        }
        assert_int_equal(fake_locks_held(), 0);
    }
    fake_audit();
    report();
    for (unsigned int i = 0; i < GUESTS; i++) {
        guest_end(i);
    }
    fake_audit();
    assert_int_equal(frame_free_count(), free_before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(random_calls_leave_every_count_right,
                                        fake_setup, fake_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
