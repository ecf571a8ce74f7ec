/* SPDX-License-Identifier: MIT */
/*
 * What a CPU does with page tables: walks them with the rights of user mode,
 * sets A and D, and caches leaf translations and upper-level entries until a
 * flush drops them (SDM 3A 4.10). Nothing is ever dropped for lack of room
 * unless two pages share a place, so a missing flush shows.
 */
#include "fake.h"
#include "fake_internal.h"

#include <stdio.h>
#include <string.h>

#include "bug.h"

#define PTE_P        0x001ULL
#define PTE_RW       0x002ULL
#define PTE_US       0x004ULL
#define PTE_A        0x020ULL
#define PTE_D        0x040ULL
#define PTE_PS       0x080ULL
#define PTE_G        0x100ULL
#define PTE_ADDRESS  0x000ffffffffff000ULL
#define FAKE_MAX_MFN 0x10000000UL /* 40 address bits: CPUID of the fake CPU */

#define FAULT_PRESENT 1U
#define FAULT_WRITE   2U
#define FAULT_USER    4U

static _Atomic unsigned int flush_count;

static struct fake_tlb_entry *tlb_slot(struct fake_cpu *cpu, unsigned long page)
{
    return &cpu->tlb[(page ^ (page >> 12) ^ (page >> 24)) % FAKE_TLB_ENTRIES];
}

static struct fake_walk_entry *walk_slot(struct fake_cpu *cpu,
                                         unsigned int level, unsigned long va,
                                         unsigned long *tag)
{
    *tag = va >> (PAGE_SHIFT + 9 * (level - 1));
    return &cpu->walk[level - 2][(*tag ^ (*tag >> 6)) % FAKE_WALK_ENTRIES];
}

static uint64_t *table_entry(unsigned long mfn, unsigned int level,
                             unsigned long va)
{
    uint64_t *table = machine_map(mfn_make(mfn));

    return &table[(va >> (PAGE_SHIFT + 9 * (level - 1))) & 511];
}

/* Where a walk may begin: the deepest cached upper entry, or the root. */
static unsigned int walk_start(struct fake_cpu *cpu, unsigned long va,
                               unsigned long *mfn, bool *writable)
{
    unsigned int level;

    for (level = 2; level <= 4; level++) {
        unsigned long tag;
        struct fake_walk_entry *cached = walk_slot(cpu, level, va, &tag);

        if (cached->valid && cached->tag == tag) {
            *mfn = cached->mfn;
            *writable = cached->writable;
            return level - 1;
        }
    }
    *mfn = cpu->root.number;
    *writable = true;
    return 4;
}

static void check_entry(uint64_t entry, unsigned int level)
{
    if (level > 1 && (entry & PTE_PS) != 0) {
        bug_at(__FILE__, __LINE__, "a guest table has a superpage entry");
    }
    if (((entry & PTE_ADDRESS) >> PAGE_SHIFT) >= FAKE_MAX_MFN) {
        bug_at(__FILE__, __LINE__, "a guest table has reserved bits set");
    }
}

/* Returns the fault's error code, 0 when @out is filled in and cached. */
static uint32_t walk(struct fake_cpu *cpu, unsigned long va, bool write,
                     struct fake_tlb_entry **out)
{
    struct fake_tlb_entry *slot = tlb_slot(cpu, va >> PAGE_SHIFT);
    uint32_t fault = FAULT_USER | (write ? FAULT_WRITE : 0);
    unsigned int level;
    unsigned long mfn;
    uint64_t entry = 0;
    bool writable;

    for (level = walk_start(cpu, va, &mfn, &writable); level >= 1; level--) {
        uint64_t *at;

        if (!fake_mfn_valid(mfn)) {
            bug_at(__FILE__, __LINE__, "a page table is not in RAM");
        }
        at = table_entry(mfn, level, va);
        entry = __atomic_load_n(at, __ATOMIC_SEQ_CST);
        if ((entry & PTE_P) == 0) {
            return fault;
        }
        check_entry(entry, level);
        if ((entry & PTE_US) == 0) {
            return fault | FAULT_PRESENT;
        }
        writable = writable && (entry & PTE_RW) != 0;
        if (level == 1 && write && !writable) {
            return fault | FAULT_PRESENT;
        }
        if (!__atomic_compare_exchange_n(
                at, &entry, entry | PTE_A | (level == 1 && write ? PTE_D : 0),
                false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
            level++; /* changed meanwhile: look again */
            continue;
        }
        mfn = (entry & PTE_ADDRESS) >> PAGE_SHIFT;
        if (level > 1) {
            unsigned long tag;
            struct fake_walk_entry *cached = walk_slot(cpu, level, va, &tag);

            *cached = (struct fake_walk_entry){true, writable, tag, mfn};
        }
    }
    *slot = (struct fake_tlb_entry){
        .valid = true,
        .writable = writable,
        .dirty = write || (entry & PTE_D) != 0,
        .global = (entry & PTE_G) != 0,
        .leaf_is_ram = fake_mfn_valid(mfn),
        .owner = fake_mfn_valid(mfn) ? page_owner(&fake_frame_table[mfn])
                                     : DOMID_NOBODY,
        .page = va >> PAGE_SHIFT,
        .mfn = mfn,
    };
    *out = slot;
    return 0;
}

/* tlb_lock held. */
static uint32_t translate(struct fake_cpu *cpu, unsigned long va, bool write,
                          struct fake_tlb_entry **out)
{
    struct fake_tlb_entry *slot = tlb_slot(cpu, va >> PAGE_SHIFT);

    if (mfn_equal(cpu->root, INVALID_MFN)) {
        return FAULT_USER | (write ? FAULT_WRITE : 0);
    }
    if (slot->valid && slot->page == va >> PAGE_SHIFT &&
        (!write || (slot->writable && slot->dirty))) {
        *out = slot;
        return 0;
    }
    if (slot->valid && slot->page == va >> PAGE_SHIFT) {
        slot->valid = false;
    }
    return walk(cpu, va, write, out);
}

/* Guest memory changes under us: byte and word accesses that races allow. */
static void move_bytes(char *to, const char *from, size_t bytes)
{
    while (bytes != 0) {
        if (bytes >= 8 && ((unsigned long)to & 7) == 0 &&
            ((unsigned long)from & 7) == 0) {
            uint64_t word = __atomic_load_n(
                (const uint64_t *)(const void *)from, __ATOMIC_RELAXED);

            __atomic_store_n((uint64_t *)(void *)to, word, __ATOMIC_RELAXED);
            to += 8;
            from += 8;
            bytes -= 8;
            continue;
        }
        __atomic_store_n(to, __atomic_load_n(from, __ATOMIC_RELAXED),
                         __ATOMIC_RELAXED);
        to++;
        from++;
        bytes--;
    }
}

static void move_page(const struct fake_tlb_entry *entry, unsigned long va,
                      char *buffer, size_t bytes, bool write)
{
    char *at;

    if (!entry->leaf_is_ram) {
        if (!write) {
            memset(buffer, 0xff, bytes); /* nobody answers on the bus */
        }
        return;
    }
    at = (char *)machine_map(mfn_make(entry->mfn)) + (va & (PAGE_BYTES - 1));
    if (write) {
        move_bytes(at, buffer, bytes);
    } else {
        move_bytes(buffer, at, bytes);
    }
}

/* Returns bytes not moved. */
static size_t access(unsigned long va, char *buffer, size_t bytes, bool write)
{
    struct fake_cpu *cpu = fake_cpu();

    while (bytes != 0) {
        size_t piece = PAGE_BYTES - (va & (PAGE_BYTES - 1));
        struct fake_tlb_entry *entry = NULL;
        uint32_t fault;

        piece = piece < bytes ? piece : bytes;
        pthread_mutex_lock(&cpu->tlb_lock);
        fault = translate(cpu, va, write, &entry);
        if (fault == 0) {
            move_page(entry, va, buffer, piece, write);
        } else {
            cpu->fault_code = fault;
        }
        pthread_mutex_unlock(&cpu->tlb_lock);
        if (fault != 0) {
            break;
        }
        va += piece;
        buffer += piece;
        bytes -= piece;
    }
    return bytes;
}

size_t machine_copy_from_guest(void *to, guest_va_t from, size_t bytes)
{
    return access(from.address, to, bytes, false);
}

size_t machine_copy_to_guest(guest_va_t to, const void *from, size_t bytes)
{
    return access(to.address, (char *)(uintptr_t)from, bytes, true);
}

bool fake_guest_read(unsigned long va, void *to, size_t bytes)
{
    return access(va, to, bytes, false) == 0;
}

bool fake_guest_write(unsigned long va, const void *from, size_t bytes)
{
    return access(va, (char *)(uintptr_t)from, bytes, true) == 0;
}

bool fake_guest_write_u64(unsigned long va, uint64_t value)
{
    return fake_guest_write(va, &value, sizeof(value));
}

uint32_t fake_fault_code(void)
{
    return fake_cpu()->fault_code;
}

void fake_tlb_speculate(unsigned long va)
{
    struct fake_cpu *cpu = fake_cpu();
    struct fake_tlb_entry *entry;

    pthread_mutex_lock(&cpu->tlb_lock);
    (void)translate(cpu, va, false, &entry);
    pthread_mutex_unlock(&cpu->tlb_lock);
}

bool fake_tlb_has(unsigned int cpu, unsigned long va, bool writable)
{
    struct fake_tlb_entry *slot = tlb_slot(&fake_cpus[cpu], va >> PAGE_SHIFT);
    bool has;

    pthread_mutex_lock(&fake_cpus[cpu].tlb_lock);
    has = slot->valid && slot->page == va >> PAGE_SHIFT &&
          (!writable || slot->writable);
    pthread_mutex_unlock(&fake_cpus[cpu].tlb_lock);
    return has;
}

/* -- flushes --------------------------------------------------------------- */

/* tlb_lock held. An INVLPG drops all cached upper entries too. */
static void drop(struct fake_cpu *cpu, unsigned long va, bool globals)
{
    memset(cpu->walk, 0, sizeof(cpu->walk));
    if (va != MACHINE_FLUSH_ALL) {
        struct fake_tlb_entry *slot = tlb_slot(cpu, va >> PAGE_SHIFT);

        if (slot->page == va >> PAGE_SHIFT) {
            slot->valid = false;
        }
        return;
    }
    for (unsigned int i = 0; i < FAKE_TLB_ENTRIES; i++) {
        if (globals || !cpu->tlb[i].global) {
            cpu->tlb[i].valid = false;
        }
    }
}

void fake_tlb_flush_cpu(unsigned int cpu, unsigned long va)
{
    struct core_cpu *before = fake_this_cpu;
    uint32_t stamp = 0;

    fake_this_cpu = core_cpus[cpu];
    pthread_mutex_lock(&fake_cpus[cpu].tlb_lock);
    if (va == MACHINE_FLUSH_ALL) {
        stamp = tlb_flush_begin();
    }
    drop(&fake_cpus[cpu], va, true);
    if (va == MACHINE_FLUSH_ALL) {
        tlb_flush_end(stamp);
    }
    pthread_mutex_unlock(&fake_cpus[cpu].tlb_lock);
    fake_this_cpu = before;
}

void machine_flush_tlb(const struct cpumask *cpus, unsigned long va)
{
    unsigned int cpu;

    atomic_fetch_add(&flush_count, 1);
    for_each_cpu_in (cpu, cpus) {
        if (cpu >= FAKE_CPUS || core_cpus[cpu] == NULL) {
            bug_at(__FILE__, __LINE__, "flush of a CPU that does not exist");
        }
        if (core_cpus[cpu] != fake_this_cpu && fake_irqs_off) {
            bug_at(__FILE__, __LINE__, "shootdown with interrupts off");
        }
        fake_tlb_flush_cpu(cpu, va);
    }
}

void machine_flush_tlb_local(unsigned long va)
{
    struct cpumask self;

    cpumask_clear_all(&self);
    cpumask_set(&self, fake_this_cpu->id);
    machine_flush_tlb(&self, va);
}

unsigned int fake_flush_count(void)
{
    return atomic_load(&flush_count);
}

void machine_load_root(struct vcpu *v)
{
    struct fake_cpu *cpu = fake_cpu();
    mfn_t root = v->pv.kernel_mode ? v->pv.kernel_root : v->pv.user_root;

    pthread_mutex_lock(&cpu->tlb_lock);
    cpu->root = root;
    drop(cpu, MACHINE_FLUSH_ALL, false);
    pthread_mutex_unlock(&cpu->tlb_lock);
    if (v->machine != NULL) {
        v->machine->root = root;
    }
}

/* Idle CPUs keep no root here. */
void machine_root_unused(mfn_t root)
{
    for (unsigned int i = 0; i < FAKE_CPUS; i++) {
        pthread_mutex_lock(&fake_cpus[i].tlb_lock);
        if (mfn_equal(fake_cpus[i].root, root)) {
            fail_msg("CPU %u has L4 %lx loaded, which goes", i, root.number);
        }
        pthread_mutex_unlock(&fake_cpus[i].tlb_lock);
    }
}

void fake_tlb_no_root(void)
{
    struct fake_cpu *cpu = fake_cpu();

    pthread_mutex_lock(&cpu->tlb_lock);
    cpu->root = INVALID_MFN;
    pthread_mutex_unlock(&cpu->tlb_lock);
    fake_tlb_flush_cpu(fake_this_cpu->id, MACHINE_FLUSH_ALL);
}

void fake_tlb_start(void)
{
    static bool initialised;

    for (unsigned int i = 0; i < FAKE_CPUS; i++) {
        if (!initialised) {
            pthread_mutex_init(&fake_cpus[i].tlb_lock, NULL);
        }
        fake_cpus[i].root = INVALID_MFN;
        drop(&fake_cpus[i], MACHINE_FLUSH_ALL, true);
    }
    initialised = true;
    atomic_store(&flush_count, 0);
}

/* -- audit ----------------------------------------------------------------- */

static bool in_use(const struct page *page)
{
    return (atomic_load(&page->count) & PAGE_COUNT_MASK) != 0;
}

static bool entry_is_stale(const struct fake_tlb_entry *entry)
{
    const struct page *page = &fake_frame_table[entry->mfn];
    uint64_t type = atomic_load(&page->type);

    if (!entry->leaf_is_ram || !in_use(page)) {
        return false; /* freed: flushed when it is allocated again */
    }
    if (page_owner(page) != entry->owner) {
        return true;
    }
    return entry->writable && (type & PAGE_TYPE_COUNT_MASK) != 0 &&
           page_type_of(type) != PAGE_TYPE_NONE &&
           page_type_of(type) != PAGE_TYPE_WRITABLE;
}

/* An upper entry of @level names a table of the level below. */
static bool walk_is_stale(const struct fake_walk_entry *entry,
                          unsigned int level)
{
    const struct page *page = &fake_frame_table[entry->mfn];
    uint64_t type = atomic_load(&page->type);

    return in_use(page) && (type & PAGE_TYPE_COUNT_MASK) != 0 &&
           page_type_of(type) != (enum page_type)(PAGE_TYPE_L1 + level - 2);
}

static unsigned int audit_cpu(unsigned int number)
{
    struct fake_cpu *cpu = &fake_cpus[number];
    unsigned int bad = 0;

    for (unsigned int i = 0; i < FAKE_TLB_ENTRIES; i++) {
        if (cpu->tlb[i].valid && entry_is_stale(&cpu->tlb[i])) {
            fprintf(stderr,
                    "CPU %u: stale %s translation of %#lx to mfn %#lx\n",
                    number, cpu->tlb[i].writable ? "writable" : "read-only",
                    cpu->tlb[i].page << PAGE_SHIFT, cpu->tlb[i].mfn);
            bad++;
        }
    }
    for (unsigned int i = 0; i < 3 * FAKE_WALK_ENTRIES; i++) {
        unsigned int level = 2 + i / FAKE_WALK_ENTRIES;
        struct fake_walk_entry *entry =
            &cpu->walk[level - 2][i % FAKE_WALK_ENTRIES];

        if (entry->valid && walk_is_stale(entry, level)) {
            fprintf(stderr, "CPU %u: stale L%u entry names mfn %#lx\n", number,
                    level, entry->mfn);
            bad++;
        }
    }
    return bad;
}

unsigned int fake_tlb_audit(void)
{
    unsigned int bad = 0;

    for (unsigned int i = 0; i < FAKE_CPUS; i++) {
        pthread_mutex_lock(&fake_cpus[i].tlb_lock);
        bad += audit_cpu(i);
        pthread_mutex_unlock(&fake_cpus[i].tlb_lock);
    }
    return bad;
}
