/* SPDX-License-Identifier: MIT */
/* Memory reservations: frames in use, not ours, sizes that make no sense. */
#include "check.h"
#include "denials.h"
#include "hypercall.h"
#include "mm.h"
#include "string.h"

#define NO_DOMAIN 77

static struct xen_memory_reservation reservation(xen_pfn_t *frames)
{
    struct xen_memory_reservation r = {.nr_extents = 1, .domid = DOMID_SELF};

    r.extent_start.p = frames;
    return r;
}

/* The result counts extents done: 0 means refused. */
static long decrease(uint64_t mfn)
{
    xen_pfn_t frame = mfn;
    struct xen_memory_reservation r = reservation(&frame);

    return hc_memory_op(XENMEM_decrease_reservation, &r);
}

static void check_decrease(void)
{
    check_eq("decrease-hypervisor", decrease(fx.hypervisor_mfn), 0);
    check_eq("decrease-no-such-frame", decrease(~0UL >> 12), 0);
    check_eq("decrease-low-memory", decrease(0), 0);
}

static void check_populate(void)
{
    xen_pfn_t frame = mm_va_to_pfn(fx.data);
    struct xen_memory_reservation r = reservation(&frame);

    r.extent_order = 40;
    check_eq("populate-order-too-big",
             hc_memory_op(XENMEM_populate_physmap, &r), 0);
    r.extent_order = 0;
    r.domid = NO_DOMAIN;
    check_eq("populate-no-domain", hc_memory_op(XENMEM_populate_physmap, &r),
             0);
    r.domid = DOMID_SELF;
    r.nr_extents = ~0UL;
    check_eq("populate-count-too-big",
             hc_memory_op(XENMEM_populate_physmap, &r), 0);
    r.nr_extents = 1;
    r.extent_start.p = (void *)HYPERVISOR_VIRT_START;
    check_eq("populate-list-in-hypervisor",
             hc_memory_op(XENMEM_populate_physmap, &r), 0);
}

static long exchange(xen_pfn_t *in, xen_pfn_t *out)
{
    struct xen_memory_exchange x;

    memset(&x, 0, sizeof(x));
    x.in.nr_extents = 1;
    x.in.domid = DOMID_SELF;
    x.in.extent_start.p = in;
    x.out.nr_extents = 1;
    x.out.domid = DOMID_SELF;
    x.out.extent_start.p = out;
    return hc_memory_op(XENMEM_exchange, &x);
}

static void check_exchange(void)
{
    xen_pfn_t in = mm_va_to_mfn(fx.l1);
    xen_pfn_t out = mm_va_to_pfn(fx.l1);

    check_eq("exchange-table", exchange(&in, &out), -XEN_EINVAL);
    in = mm_va_to_mfn(fx.data);
    check_eq("exchange-mapped", exchange(&in, &out), -XEN_EINVAL);
    in = fx.hypervisor_mfn;
    check_eq("exchange-hypervisor", exchange(&in, &out), -XEN_EINVAL);
    in = ~0UL >> 12;
    check_eq("exchange-no-such-frame", exchange(&in, &out), -XEN_EINVAL);
    check_eq("exchange-in-list-hypervisor",
             exchange((void *)HYPERVISOR_VIRT_START, &out), -XEN_EFAULT);
    check_eq("exchange-out-list-hypervisor",
             exchange(&in, (void *)HYPERVISOR_VIRT_START), -XEN_EFAULT);
}

static void check_others(void)
{
    domid_t none = NO_DOMAIN;

    check_eq("current-reservation-no-domain",
             hc_memory_op(XENMEM_current_reservation, &none), -XEN_ESRCH);
    check_eq("maximum-reservation-no-domain",
             hc_memory_op(XENMEM_maximum_reservation, &none), -XEN_ESRCH);
    check_eq(
        "machphys-list-bad-pointer",
        hc_memory_op(XENMEM_machphys_mfn_list, (void *)HYPERVISOR_VIRT_START),
        -XEN_EFAULT);
    check_eq("exchange-bad-pointer",
             hc_memory_op(XENMEM_exchange, (void *)HYPERVISOR_VIRT_START),
             -XEN_EFAULT);
    check_eq("memory-op-unknown", hc_memory_op(60, NULL), -XEN_ENOSYS);
}

void denials_memory(void)
{
    check_decrease();
    check_populate();
    check_exchange();
    check_others();
}
