/* SPDX-License-Identifier: MIT */
/*
 * Domains: finding them without locks, references, creation from the tools'
 * configuration, and the special ones that own what no guest owns.
 */
#include "domain.h"

#include <xen/arch-x86/xen.h>

#include "bug.h"
#include "core.h"
#include "hypercall.h"
#include "mm.h"
#include "printk.h"
#include "string.h"
#include "vcpu_time.h"

#define DOMAIN_HASH_SIZE 256U

static struct {
    struct spinlock lock; /* LOCK_DOMAIN_LIST: changes of list and chains */
    struct domain *first; /* by id */
    struct domain *_Atomic hash[DOMAIN_HASH_SIZE];
    struct domain *idle;
    struct domain *io;
    struct domain *xen;
    struct domain *dom0;
} domains = {.lock = SPINLOCK_INIT(LOCK_DOMAIN_LIST)};

/* -- references ------------------------------------------------------------ */

/* Take a reference unless the last is gone. */
static bool domain_try_hold(struct domain *d)
{
    unsigned int refs = atomic_load(&d->refs);

    while (refs != 0) {
        if (atomic_compare_exchange_weak(&d->refs, &refs, refs + 1)) {
            return true;
        }
    }
    return false;
}

struct domain *domain_get(domid_t domid)
{
    struct domain *d = atomic_load(&domains.hash[domid % DOMAIN_HASH_SIZE]);

    /* No domain met here is freed before this CPU's next SOFTIRQ_QUIESCE. */
    while (d != NULL && d->domid != domid) {
        d = atomic_load(&d->hash_next);
    }
    return d != NULL && domain_try_hold(d) ? d : NULL;
}

void domain_hold(struct domain *d)
{
    unsigned int before = atomic_fetch_add(&d->refs, 1);

    BUG_ON(before == 0);
}

void domain_put(struct domain *d)
{
    unsigned int before = atomic_fetch_sub(&d->refs, 1);

    BUG_ON(before == 0);
    if (before == 1) {
        work_queue(&d->destroy_work);
    }
}

int domain_get_target(struct vcpu *caller, domid_t domid, struct domain **d)
{
    struct domain *found;

    if (domid == DOMID_SELF || domid == caller->domain->domid) {
        domain_hold(caller->domain);
        *d = caller->domain;
        return 0;
    }
    found = domain_get(domid);
    if (found == NULL) {
        return -XEN_ESRCH;
    }
    if (!caller->domain->privileged) {
        domain_put(found);
        return -XEN_EPERM;
    }
    *d = found;
    return 0;
}

struct domain *domain_get_at_or_after(domid_t domid)
{
    struct domain *d;

    spin_lock(&domains.lock);
    d = domains.first;
    while (d != NULL && (d->domid < domid || !domain_try_hold(d))) {
        d = d->list_next;
    }
    spin_unlock(&domains.lock);
    return d;
}

struct domain *domain_dom0(void)
{
    return __atomic_load_n(&domains.dom0, __ATOMIC_ACQUIRE);
}

struct domain *domain_io(void)
{
    return domains.io;
}

struct domain *domain_xen(void)
{
    return domains.xen;
}

domid_t domain_free_id(domid_t from)
{
    domid_t id = from;
    struct domain *d;

    spin_lock(&domains.lock);
    for (d = domains.first; d != NULL && d->domid <= id; d = d->list_next) {
        if (d->domid == id) {
            id++;
        }
    }
    spin_unlock(&domains.lock);
    return id < DOMID_FIRST_RESERVED ? id : DOMID_INVALID;
}

/* -- the list -------------------------------------------------------------- */

/* Where in the list a domain with @domid is, or belongs. Lock held. */
static struct domain **list_place(domid_t domid)
{
    struct domain **place = &domains.first;

    while (*place != NULL && (*place)->domid < domid) {
        place = &(*place)->list_next;
    }
    return place;
}

static int domain_link(struct domain *d)
{
    struct domain *_Atomic *chain = &domains.hash[d->domid % DOMAIN_HASH_SIZE];
    struct domain **place;

    spin_lock(&domains.lock);
    place = list_place(d->domid);
    if (*place != NULL && (*place)->domid == d->domid) {
        spin_unlock(&domains.lock);
        return -XEN_EEXIST;
    }
    d->list_next = *place;
    *place = d;
    atomic_store(&d->hash_next, atomic_load(chain));
    atomic_store(chain, d);
    if (d->privileged) {
        __atomic_store_n(&domains.dom0, d, __ATOMIC_RELEASE);
    }
    spin_unlock(&domains.lock);
    return 0;
}

/* Lock-free readers that stand on @d still find the rest of its chain. */
static void domain_unlink(struct domain *d)
{
    struct domain *_Atomic *link = &domains.hash[d->domid % DOMAIN_HASH_SIZE];

    spin_lock(&domains.lock);
    while (atomic_load(link) != d) {
        link = &atomic_load(link)->hash_next;
    }
    atomic_store(link, atomic_load(&d->hash_next));
    spin_unlock(&domains.lock);
}

/* Nothing says any more that it is of this id: another domain may take it. */
static void domain_release_id(struct domain *d)
{
    spin_lock(&domains.lock);
    *list_place(d->domid) = d->list_next;
    spin_unlock(&domains.lock);
}

/* -- the end --------------------------------------------------------------- */

/* All that @d has, and not @d itself. */
static void domain_empty(struct domain *d)
{
    struct vcpu *v;

    sched_domain_destroy(d); /* its timer looks at the vCPUs */
    for_each_vcpu (d, v) {
        vcpu_free(v);
    }
    if (d->event.buckets != NULL) {
        evtchn_domain_free(d);
    }
    if (d->grant != NULL) {
        grant_table_destroy(d);
    }
    if (d->pirqs != NULL) {
        pirq_domain_destroy(d);
        pirq_domain_free(d);
    }
    if (d->machine != NULL) {
        machine_domain_destroy(d);
    }
    rangeset_destroy(&d->iomem);
    rangeset_destroy(&d->ioports);
    rangeset_destroy(&d->irqs);
    if (d->shared != NULL) {
        heap_free_page(d->shared);
    }
    heap_free(d->dummy_vcpu_info);
    heap_free(d->e820);
    heap_free(d->policy);
    heap_free(d->vcpu);
}

/* One that was never linked. */
static void domain_free(struct domain *d)
{
    domain_empty(d);
    heap_free(d);
}

/* No CPU can still look at it. Its frames have gone before its id goes: what
 * has that id can get them. */
static void domain_gone(void *data)
{
    struct domain *d = data;

    domain_empty(d);
    domain_release_id(d);
    heap_free(d);
    /* The tools wait for a domain to be gone altogether. */
    virq_raise_global(VIRQ_DOM_EXC);
}

/* Nobody holds @d: it is not found from here on. */
static void domain_destroy(void *data)
{
    struct domain *d = data;

    domain_unlink(d);
    d->free_call.run = domain_gone;
    d->free_call.data = d;
    call_after_quiesce(&d->free_call);
}

/* -- creation -------------------------------------------------------------- */

/* PV only, no IOMMU, no virtual PMU: flags for those are refused as a Xen
 * without them does. Page-table shadows out of step mean nothing to PV. */
static int check_config(const struct xen_domctl_createdomain *config)
{
    const uint32_t known_flags =
        XEN_DOMCTL_CDF_xs_domain | XEN_DOMCTL_CDF_oos_off;
    struct cpumask cpus;

    if ((config->flags & ~known_flags) != 0 || config->iommu_opts != 0) {
        return -XEN_EINVAL;
    }
    if (config->max_vcpus < 1 || config->max_vcpus > MAX_VCPUS_PER_DOMAIN) {
        return -XEN_EINVAL;
    }
    if (config->vmtrace_size != 0) {
        return -XEN_EINVAL;
    }
    if (config->arch.emulation_flags != 0) {
        return (config->arch.emulation_flags & ~XEN_X86_EMU_ALL) != 0
                   ? -XEN_EINVAL
                   : -XEN_EOPNOTSUPP;
    }
    if ((config->arch.misc_flags & ~XEN_X86_MSR_RELAXED) != 0) {
        return -XEN_EINVAL;
    }
    if (!cpupool_exists(config->cpupool_id)) {
        return -XEN_ESRCH;
    }
    cpupool_cpus(config->cpupool_id, &cpus);
    if (cpumask_empty(&cpus)) {
        return -XEN_ENODEV;
    }
    /* Limits and the version are grant_table_init()'s to check. */
    return config->grant_opts > XEN_DOMCTL_GRANT_version_mask ? -XEN_EINVAL : 0;
}

/* A domain that holds nothing yet, with its locks in order. */
static struct domain *domain_alloc(domid_t domid)
{
    static _Atomic uint64_t made;
    struct domain *d = heap_alloc(sizeof(*d));

    if (d == NULL) {
        return NULL;
    }
    d->domid = domid;
    d->number = atomic_fetch_add(&made, 1) + 1;
    atomic_store(&d->refs, 1);
    d->destroy_work = (struct work){.run = domain_destroy, .data = d};
    spin_init(&d->lock, LOCK_DOMAIN);
    spin_init(&d->page_lock, LOCK_PAGE_LIST);
    spin_init(&d->watchdog_lock, LOCK_RUN_QUEUE);
    d->pages = (struct page_list){PAGE_LINK_END, PAGE_LINK_END, 0};
    d->xen_pages = (struct page_list){PAGE_LINK_END, PAGE_LINK_END, 0};
    d->shared_mfn = INVALID_MFN;
    d->shutdown_code = SHUTDOWN_CODE_NONE;
    d->address_bits = 64;
    rangeset_init(&d->iomem);
    rangeset_init(&d->ioports);
    rangeset_init(&d->irqs);
    sched_domain_init(d);
    return d;
}

static int domain_create_shared_info(struct domain *d)
{
    d->dummy_vcpu_info = heap_alloc(sizeof(*d->dummy_vcpu_info));
    if (d->dummy_vcpu_info == NULL) {
        return -XEN_ENOMEM;
    }
    d->dummy_vcpu_info->evtchn_upcall_mask = 1;
    d->shared = heap_alloc_page();
    if (d->shared == NULL) {
        return -XEN_ENOMEM;
    }
    d->shared_mfn = machine_mfn_of(d->shared);
    for (unsigned int i = 0; i < XEN_LEGACY_MAX_VCPUS; i++) {
        d->shared->vcpu_info[i].evtchn_upcall_mask = 1;
    }
    return 0;
}

/* Everything that can fail; domain_free() undoes what was done. */
static int domain_fill(struct domain *d,
                       const struct xen_domctl_createdomain *config)
{
    int rc;

    d->vcpu = heap_alloc(config->max_vcpus * sizeof(struct vcpu *));
    if (d->vcpu == NULL) {
        return -XEN_ENOMEM;
    }
    d->max_vcpus = config->max_vcpus;
    rc = machine_domain_init(d);
    if (rc == 0) {
        rc = evtchn_domain_init(d, config->max_evtchn_port);
    }
    if (rc == 0) {
        rc = grant_table_init(d, config->max_grant_frames,
                              config->max_maptrack_frames,
                              XEN_DOMCTL_GRANT_version(config->grant_opts));
    }
    if (rc == 0) {
        rc = pirq_domain_init(d);
    }
    if (rc == 0) {
        rc = domain_create_shared_info(d);
    }
    return rc;
}

int domain_create(domid_t domid, const struct xen_domctl_createdomain *config,
                  bool privileged, struct domain **out)
{
    struct domain *d;
    int rc = check_config(config);

    if (rc != 0) {
        return rc;
    }
    if (domid >= DOMID_FIRST_RESERVED) {
        return -XEN_EINVAL;
    }
    d = domain_alloc(domid);
    if (d == NULL) {
        return -XEN_ENOMEM;
    }
    d->privileged = privileged;
    d->config = *config;
    atomic_store(&d->cpupool, config->cpupool_id);
    memcpy(d->handle, config->handle, sizeof(d->handle));
    atomic_store(&d->pause_count, 1);
    atomic_store(&d->controller_pauses, 1);
    rc = domain_fill(d, config);
    if (rc == 0) {
        rc = domain_link(d);
    }
    if (rc != 0) {
        domain_free(d);
        return rc;
    }
    domain_share_xen_page(d, d->shared, false);
    m2p_set(d->shared_mfn, M2P_SHARED);
    domain_publish_wallclock(d);
    *out = d;
    return 0;
}

/* -- special domains ------------------------------------------------------- */

static struct domain *domain_create_special(domid_t domid)
{
    struct domain *d = domain_alloc(domid);

    if (d != NULL) {
        d->max_pages = ~0UL;
    }
    return d;
}

static struct domain *domain_create_idle(void)
{
    struct domain *d = domain_create_special(DOMID_IDLE);

    if (d == NULL) {
        return NULL;
    }
    d->is_idle = true;
    d->max_vcpus = MAX_CPUS;
    d->vcpu = heap_alloc(MAX_CPUS * sizeof(struct vcpu *));
    return d->vcpu != NULL ? d : NULL;
}

int domain_init(void)
{
    domains.idle = domain_create_idle();
    domains.io = domain_create_special(DOMID_IO);
    domains.xen = domain_create_special(DOMID_XEN);
    if (domains.idle == NULL || domains.io == NULL || domains.xen == NULL) {
        return -XEN_ENOMEM;
    }
    return 0;
}

struct vcpu *idle_vcpu_create(unsigned int cpu)
{
    if (vcpu_create(domains.idle, cpu, cpu) != 0) {
        return NULL;
    }
    return domains.idle->vcpu[cpu];
}

void domain_reset(void)
{
    spin_init(&domains.lock, LOCK_DOMAIN_LIST);
    domains.first = NULL;
    for (unsigned int i = 0; i < DOMAIN_HASH_SIZE; i++) {
        atomic_store(&domains.hash[i], NULL);
    }
    domains.idle = NULL;
    domains.io = NULL;
    domains.xen = NULL;
    domains.dom0 = NULL;
}
