/* SPDX-License-Identifier: MIT */
/* Parts of __HYPERVISOR_memory_op in files of their own (<xen/memory.h>). */
#ifndef XEN_LITE_MEMORY_OP_H
#define XEN_LITE_MEMORY_OP_H

#include "types.h"

#include <xen/xen.h>

struct domain;
struct hypercall_args;
struct vcpu;

/*
 * increase_reservation, decrease_reservation, populate_physmap: @command says
 * which. Extents before @start are done. Returns how many are done in the
 * end, or -XEN_ERESTART with *progress set to that number.
 */
long memory_reservation(struct vcpu *v, unsigned int command, guest_va_t arg,
                        unsigned long start, unsigned long *progress);

/* XENMEM_exchange: progress is in the guest's structure. */
long memory_exchange(struct vcpu *v, guest_va_t arg);

/* Memory maps: the machine's, a domain's. */
long memory_machine_map(struct vcpu *v, guest_va_t arg);
long memory_domain_map(struct vcpu *v, guest_va_t arg);
long memory_set_domain_map(struct vcpu *v, guest_va_t arg);

/* The 2^@order frames from @mfn on are @d's pfns from @pfn on; not those that
 * its other CPUs have given away since they are @d's. */
void memory_set_physmap(const struct domain *d, xen_pfn_t mfn, xen_pfn_t pfn,
                        unsigned int order);

/* Largest extent that @v may ask for. */
unsigned int memory_max_order(const struct vcpu *v);
/* Machine address bits that @mem_flags of 2^order pages ask for; 0: no page
 * can satisfy them. */
unsigned int memory_address_bits(unsigned int mem_flags);

#endif
