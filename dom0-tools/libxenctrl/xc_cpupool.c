// SPDX-License-Identifier: MIT
/*
 * CPU pools: XEN_SYSCTL_cpupool_op.
 */
#include "private.h"

#include <stdlib.h>

static void pool_init(struct xen_sysctl *sysctl, uint32_t op, uint32_t poolid)
{
    sysctl_init(sysctl, XEN_SYSCTL_cpupool_op);
    sysctl->u.cpupool_op.op = op;
    sysctl->u.cpupool_op.cpupool_id = poolid;
}

int xc_cpupool_create(xc_interface *xch, uint32_t *ppoolid, uint32_t sched_id)
{
    struct xen_sysctl sysctl;

    pool_init(&sysctl, XEN_SYSCTL_CPUPOOL_OP_CREATE, *ppoolid);
    sysctl.u.cpupool_op.sched_id = sched_id;
    if (do_sysctl(xch, &sysctl) < 0) {
        return -1;
    }
    *ppoolid = sysctl.u.cpupool_op.cpupool_id;
    return 0;
}

int xc_cpupool_destroy(xc_interface *xch, uint32_t poolid)
{
    struct xen_sysctl sysctl;

    pool_init(&sysctl, XEN_SYSCTL_CPUPOOL_OP_DESTROY, poolid);
    return do_sysctl(xch, &sysctl);
}

/* Fill @map, which has the machine's size. */
static int pool_map(xc_interface *xch, struct xen_sysctl *sysctl,
                    xc_cpumap_t map)
{
    int bytes = xc_get_cpumap_size(xch);
    struct buf b = {0};
    int rc = -1;

    if (bytes > 0 && buf_get(xch, &b, map, (size_t)bytes, BUF_OUT) == 0) {
        set_xen_guest_handle_raw(sysctl->u.cpupool_op.cpumap.bitmap, b.p);
        sysctl->u.cpupool_op.cpumap.nr_bits = (uint32_t)bytes * 8;
        rc = do_sysctl(xch, sysctl);
    }
    buf_put(xch, &b);
    return rc;
}

/* The first pool whose number is @poolid or more; NULL, ENOENT past the last */
xc_cpupoolinfo_t *xc_cpupool_getinfo(xc_interface *xch, uint32_t poolid)
{
    xc_cpupoolinfo_t *info = calloc(1, sizeof(*info));
    struct xen_sysctl sysctl;

    if (info == NULL) {
        return NULL;
    }
    info->cpumap = xc_cpumap_alloc(xch);
    pool_init(&sysctl, XEN_SYSCTL_CPUPOOL_OP_INFO, poolid);
    if (info->cpumap == NULL || pool_map(xch, &sysctl, info->cpumap) < 0) {
        xc_cpupool_infofree(xch, info);
        return NULL;
    }
    info->cpupool_id = sysctl.u.cpupool_op.cpupool_id;
    info->sched_id = sysctl.u.cpupool_op.sched_id;
    info->n_dom = sysctl.u.cpupool_op.n_dom;
    return info;
}

void xc_cpupool_infofree(xc_interface *xch, xc_cpupoolinfo_t *info)
{
    int saved = errno;

    (void)xch;
    if (info != NULL) {
        free(info->cpumap);
        free(info);
    }
    errno = saved;
}

static int pool_cpu(xc_interface *xch, uint32_t op, uint32_t poolid, int cpu)
{
    struct xen_sysctl sysctl;

    pool_init(&sysctl, op, poolid);
    sysctl.u.cpupool_op.cpu =
        cpu < 0 ? XEN_SYSCTL_CPUPOOL_PAR_ANY : (uint32_t)cpu;
    return do_sysctl(xch, &sysctl);
}

int xc_cpupool_addcpu(xc_interface *xch, uint32_t poolid, int cpu)
{
    return pool_cpu(xch, XEN_SYSCTL_CPUPOOL_OP_ADDCPU, poolid, cpu);
}

/* A CPU may be busy for a moment with a domain that is leaving it. */
int xc_cpupool_removecpu(xc_interface *xch, uint32_t poolid, int cpu)
{
    int rc = -1;

    for (int tries = 0; tries < 5; tries++) {
        rc = pool_cpu(xch, XEN_SYSCTL_CPUPOOL_OP_RMCPU, poolid, cpu);
        if (rc == 0 || errno != EBUSY) {
            break;
        }
        (void)sleep(1);
    }
    return rc;
}

int xc_cpupool_movedomain(xc_interface *xch, uint32_t poolid, uint32_t domid)
{
    struct xen_sysctl sysctl;

    pool_init(&sysctl, XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN, poolid);
    sysctl.u.cpupool_op.domid = domid;
    return do_sysctl(xch, &sysctl);
}

/* The CPUs of no pool; the caller frees the map. */
xc_cpumap_t xc_cpupool_freeinfo(xc_interface *xch)
{
    xc_cpumap_t map = xc_cpumap_alloc(xch);
    struct xen_sysctl sysctl;

    if (map == NULL) {
        return NULL;
    }
    pool_init(&sysctl, XEN_SYSCTL_CPUPOOL_OP_FREEINFO, 0);
    if (pool_map(xch, &sysctl, map) < 0) {
        free(map);
        return NULL;
    }
    return map;
}
