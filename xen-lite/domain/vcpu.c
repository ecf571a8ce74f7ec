/* SPDX-License-Identifier: MIT */
/*
 * Virtual CPUs: creation, and the struct vcpu_info that each shares with its
 * guest, which moves once to where the guest wants it. <xen/vcpu.h>.
 */
#include "domain.h"

#include <xen/arch-x86/xen.h>

#include "core.h"
#include "guest_copy.h"
#include "mm.h"
#include "string.h"
#include "vcpu_time.h"

/* As a 64-bit kernel finds them: protected mode, paging, write protect, FPU. */
#define GUEST_CR0_INITIAL 0x80050033UL
/* PAE, MCE, OSFXSR, OSXMMEXCPT */
#define GUEST_CR4_INITIAL 0x660UL
#define DR6_INITIAL       0xffff0ff0UL
#define DR7_INITIAL       0x400UL

struct vcpu *current_vcpu(void)
{
    return machine_this_cpu()->current;
}

/* -- creation -------------------------------------------------------------- */

/* Nothing of the guest's is set up: what vcpu_reset() returns to as well. */
static void pv_vcpu_init(struct pv_vcpu *pv)
{
    pv->kernel_root = INVALID_MFN;
    pv->user_root = INVALID_MFN;
    pv->kernel_mode = true;
    for (unsigned int i = 0; i < GDT_GUEST_PAGES; i++) {
        pv->gdt_frames[i] = INVALID_MFN;
    }
    for (unsigned int i = 0; i < LDT_GUEST_PAGES; i++) {
        pv->ldt_frames[i] = INVALID_MFN;
    }
    pv->cr0 = GUEST_CR0_INITIAL;
    pv->cr4 = GUEST_CR4_INITIAL;
    pv->dr[6] = DR6_INITIAL;
    pv->dr[7] = DR7_INITIAL;
}

/* Where the guest finds @v's vcpu_info until it registers a place. */
static struct vcpu_info *vcpu_info_default(const struct vcpu *v)
{
    return v->id < XEN_LEGACY_MAX_VCPUS ? &v->domain->shared->vcpu_info[v->id]
                                        : v->domain->dummy_vcpu_info;
}

static int vcpu_init_guest(struct vcpu *v)
{
    v->pv.traps = heap_alloc(GUEST_TRAP_COUNT * sizeof(*v->pv.traps));
    if (v->pv.traps == NULL) {
        return -XEN_ENOMEM;
    }
    v->vcpu_info = vcpu_info_default(v);
    atomic_store(&v->sched.pause_flags, VCPU_DOWN);
    return machine_vcpu_init(v);
}

int vcpu_create(struct domain *d, unsigned int id, unsigned int cpu)
{
    struct vcpu *v;
    int rc;

    if (id >= d->max_vcpus || cpu >= MAX_CPUS || core_cpus[cpu] == NULL) {
        return -XEN_EINVAL;
    }
    if (d->vcpu[id] != NULL) {
        return -XEN_EEXIST;
    }
    v = heap_alloc(sizeof(*v));
    if (v == NULL) {
        return -XEN_ENOMEM;
    }
    v->id = id;
    v->domain = d;
    v->vcpu_info_mfn = INVALID_MFN;
    atomic_store(&v->dirty_cpu, VCPU_NOT_DIRTY);
    pv_vcpu_init(&v->pv);
    vcpu_timers_init(v, cpu);
    rc = sched_vcpu_init(v, cpu);
    if (rc == 0 && !d->is_idle) {
        rc = vcpu_init_guest(v);
    }
    if (rc != 0) {
        vcpu_free(v);
        return rc;
    }
    /* Others look at d->vcpu[] without a lock. */
    __atomic_store_n(&d->vcpu[id], v, __ATOMIC_RELEASE);
    return 0;
}

void vcpu_free(struct vcpu *v)
{
    vcpu_timers_kill(v);
    sched_vcpu_destroy(v);
    if (v->machine != NULL) {
        machine_vcpu_destroy(v);
    }
    heap_free(v->pv.traps);
    heap_free(v);
}

/* -- vcpu_info ------------------------------------------------------------- */

/* The same state in the new place; what arrives in the old one meanwhile is
 * made up for by evtchn_rescan(). */
static void vcpu_info_move(struct vcpu *v, struct vcpu_info *to)
{
    if (v->vcpu_info == v->domain->dummy_vcpu_info) {
        memset(to, 0, sizeof(*to));
        to->evtchn_upcall_mask = 1;
    } else {
        memcpy(to, v->vcpu_info, sizeof(*to));
    }
    __atomic_store_n(&v->vcpu_info, to, __ATOMIC_SEQ_CST);
}

int vcpu_info_register(struct vcpu *v, mfn_t mfn, unsigned int offset)
{
    char *frame;
    int rc;

    if (offset > PAGE_BYTES - sizeof(struct vcpu_info) || offset % 8 != 0) {
        return -XEN_ENXIO;
    }
    if (!mfn_equal(v->vcpu_info_mfn, INVALID_MFN)) {
        return -XEN_EINVAL;
    }
    if (v != current_vcpu() &&
        (atomic_load(&v->sched.pause_flags) & VCPU_DOWN) == 0) {
        return -XEN_EINVAL;
    }
    rc = page_get_and_type(mfn, v->domain, PAGE_TYPE_WRITABLE);
    if (rc != 0) {
        return -XEN_EINVAL;
    }
    v->vcpu_info_mfn = mfn;
    frame = machine_map(mfn);
    vcpu_info_move(v, (struct vcpu_info *)(void *)(frame + offset));
    evtchn_rescan(v);
    return 0;
}

void vcpu_info_unregister(struct vcpu *v)
{
    mfn_t mfn = v->vcpu_info_mfn;

    if (mfn_equal(mfn, INVALID_MFN)) {
        return;
    }
    __atomic_store_n(&v->vcpu_info, v->domain->dummy_vcpu_info,
                     __ATOMIC_SEQ_CST);
    v->vcpu_info_mfn = INVALID_MFN;
    page_put_and_type(page_of(mfn));
}
