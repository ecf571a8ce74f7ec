/* SPDX-License-Identifier: MIT */
/*
 * Registers of the fake CPUs: segments, debug and control registers of the
 * current vCPU, tables of CPUID leaves and MSRs, ports that are written down.
 */
#include "fake.h"
#include "fake_internal.h"

#include <stdlib.h>
#include <string.h>

#define MAX_LEAVES      128U
#define MAX_MSRS        128U
#define MAX_PORT_WRITES 65536U

static struct {
    uint32_t leaf;
    uint32_t subleaf;
    struct cpuid_result result;
} leaves[MAX_LEAVES];
static unsigned int leaf_count;

static struct {
    uint32_t number;
    uint64_t value;
} msrs[MAX_MSRS];
static unsigned int msr_count;

static uint32_t port_values[65536];
static bool port_reserved[65536];
static struct fake_port_write port_log[MAX_PORT_WRITES];
static unsigned int port_log_count;

static struct machine_vcpu *current_state(void)
{
    return fake_this_cpu->current->machine;
}

int machine_vcpu_init(struct vcpu *v)
{
    struct machine_vcpu *state = heap_alloc(sizeof(*state));

    if (state == NULL) {
        return -XEN_ENOMEM;
    }
    for (unsigned int i = 0; i < ARRAY_COUNT(state->gdt); i++) {
        state->gdt[i] = INVALID_MFN;
        state->ldt[i] = INVALID_MFN;
    }
    state->root = INVALID_MFN;
    v->machine = state;
    return 0;
}

void machine_vcpu_destroy(struct vcpu *v)
{
    heap_free(v->machine);
    v->machine = NULL;
}

int machine_domain_init(struct domain *d)
{
    (void)d;
    return 0;
}

void machine_domain_destroy(struct domain *d)
{
    (void)d;
}

void machine_sync_vcpu(struct vcpu *v)
{
    (void)v;
}

/* Marks that no guest could have written, to be checked by the audit. */
void machine_init_l4_slots(struct domain *d, uint64_t *l4)
{
    (void)d;
    for (unsigned long slot = HV_SLOT_FIRST; slot <= HV_SLOT_LAST; slot++) {
        __atomic_store_n(&l4[slot], slot << 40, __ATOMIC_RELAXED);
    }
}

void machine_l4_entry_changed(struct domain *d, mfn_t l4, unsigned int slot)
{
    (void)d;
    (void)l4;
    (void)slot;
}

void machine_set_gdt_page(struct vcpu *v, unsigned int slot, mfn_t mfn)
{
    v->machine->gdt[slot] = mfn;
}

void machine_set_ldt_page(struct vcpu *v, unsigned int slot, mfn_t mfn)
{
    v->machine->ldt[slot] = mfn;
}

void machine_load_ldt(struct vcpu *v)
{
    v->machine->ldt_entries = v->pv.ldt_entries;
    v->machine->ldt_loads++;
}

unsigned long machine_get_base(enum machine_segment_base which)
{
    return current_state()->base[which];
}

void machine_set_base(enum machine_segment_base which, unsigned long base)
{
    current_state()->base[which] = base;
}

void machine_swap_gs(void)
{
    struct machine_vcpu *state = current_state();
    unsigned long base = state->base[MACHINE_BASE_GS];

    state->base[MACHINE_BASE_GS] = state->base[MACHINE_BASE_GS_OTHER];
    state->base[MACHINE_BASE_GS_OTHER] = base;
}

void machine_load_user_gs(unsigned int selector)
{
    current_state()->user_gs = selector;
}

void machine_set_ts(bool set)
{
    current_state()->ts = set;
}

void machine_set_debugreg(unsigned int index, unsigned long value)
{
    current_state()->dr[index] = value;
}

void machine_update_cr4(struct vcpu *v)
{
    v->machine->cr4_updates++;
}

int machine_set_xcr0(uint64_t value)
{
    if ((value & 1) == 0 || (value & ~7ULL) != 0 || (value & 6) == 4) {
        return -XEN_EINVAL;
    }
    current_state()->xcr0 = value;
    return 0;
}

void machine_cpuid(uint32_t leaf, uint32_t subleaf, struct cpuid_result *out)
{
    memset(out, 0, sizeof(*out));
    for (unsigned int i = 0; i < leaf_count; i++) {
        if (leaves[i].leaf == leaf && leaves[i].subleaf == subleaf) {
            *out = leaves[i].result;
        }
    }
}

void fake_set_cpuid(uint32_t leaf, uint32_t subleaf, struct cpuid_result r)
{
    if (leaf_count == MAX_LEAVES) {
        fail_msg("too many CPUID leaves");
    }
    leaves[leaf_count].leaf = leaf;
    leaves[leaf_count].subleaf = subleaf;
    leaves[leaf_count].result = r;
    leaf_count++;
}

static uint64_t *msr_find(uint32_t msr)
{
    for (unsigned int i = 0; i < msr_count; i++) {
        if (msrs[i].number == msr) {
            return &msrs[i].value;
        }
    }
    return NULL;
}

void fake_set_msr(uint32_t msr, uint64_t value)
{
    uint64_t *at = msr_find(msr);

    if (at == NULL) {
        if (msr_count == MAX_MSRS) {
            fail_msg("too many MSRs");
        }
        msrs[msr_count].number = msr;
        at = &msrs[msr_count++].value;
    }
    *at = value;
}

bool fake_get_msr(uint32_t msr, uint64_t *value)
{
    return machine_rdmsr(msr, value) == 0;
}

int machine_rdmsr(uint32_t msr, uint64_t *value)
{
    uint64_t *at = msr_find(msr);

    if (at == NULL) {
        return -XEN_EINVAL;
    }
    *value = *at;
    return 0;
}

uint32_t machine_port_in(uint16_t port, unsigned int bytes)
{
    uint32_t value = port_values[port];

    return bytes == 4 ? value : value & ((1U << (8 * bytes)) - 1);
}

void machine_port_out(uint16_t port, unsigned int bytes, uint32_t value)
{
    if (port_log_count < MAX_PORT_WRITES) {
        port_log[port_log_count++] =
            (struct fake_port_write){port, (uint8_t)bytes, value};
    }
}

uint32_t machine_pci_read(uint32_t address, uint16_t port, unsigned int bytes)
{
    machine_port_out(0xcf8, 4, address);
    return machine_port_in(port, bytes);
}

void machine_pci_write(uint32_t address, uint16_t port, unsigned int bytes,
                       uint32_t value)
{
    machine_port_out(0xcf8, 4, address);
    machine_port_out(port, bytes, value);
}

void fake_set_port(uint16_t port, uint32_t value)
{
    port_values[port] = value;
}

unsigned int fake_port_writes(struct fake_port_write *out, unsigned int max)
{
    for (unsigned int i = 0; i < port_log_count && i < max; i++) {
        out[i] = port_log[i];
    }
    return port_log_count;
}

void fake_reserve_port(uint16_t port)
{
    port_reserved[port] = true;
}

bool machine_port_reserved(uint16_t port)
{
    return port_reserved[port];
}

void fake_registers_start(void)
{
    leaf_count = 0;
    msr_count = 0;
    port_log_count = 0;
    memset(port_values, 0xff, sizeof(port_values));
    memset(port_reserved, 0, sizeof(port_reserved));
    /* 40 bits of machine address: what fake_tlb.c checks. */
    fake_set_cpuid(0, 0, (struct cpuid_result){.eax = 0xd});
    fake_set_cpuid(0x80000000U, 0, (struct cpuid_result){.eax = 0x80000008U});
    fake_set_cpuid(0x80000008U, 0, (struct cpuid_result){.eax = 0x3028});
}
