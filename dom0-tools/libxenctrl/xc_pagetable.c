// SPDX-License-Identifier: MIT
/*
 * Page-table operations on behalf of a guest (mmuext_op), dirty logging, and
 * walking a guest's own tables.
 */
#include "private.h"

#include <stdlib.h>
#include <sys/mman.h>

#define PTE_PRESENT 0x001UL
#define PTE_LARGE   0x080UL
#define PTE_FRAME   0x000ffffffffff000UL

int xc_mmuext_op(xc_interface *xch, struct mmuext_op *op, unsigned int nr_ops,
                 uint32_t dom)
{
    struct buf b = {0};
    int rc = -1;

    if (buf_get(xch, &b, op, nr_ops * sizeof(*op), BUF_BOTH) == 0) {
        rc = xencall4(xch->xcall, __HYPERVISOR_mmuext_op, (uintptr_t)b.p,
                      nr_ops, 0, dom);
    }
    buf_put(xch, &b);
    return rc;
}

int xc_shadow_control(xc_interface *xch, uint32_t domid, unsigned int sop,
                      unsigned int *mb, unsigned int mode)
{
    struct xen_domctl domctl;

    domctl_init(&domctl, XEN_DOMCTL_shadow_op, domid);
    domctl.u.shadow_op.op = sop;
    domctl.u.shadow_op.mode = mode;
    domctl.u.shadow_op.mb = mb != NULL ? *mb : 0;
    if (do_domctl(xch, &domctl) < 0) {
        return -1;
    }
    if (mb != NULL) {
        *mb = domctl.u.shadow_op.mb;
    }
    return 0;
}

long long xc_logdirty_control(xc_interface *xch, uint32_t domid,
                              unsigned int sop,
                              xc_hypercall_buffer_t *dirty_bitmap,
                              unsigned long pages, unsigned int mode,
                              xc_shadow_op_stats_t *stats)
{
    DECLARE_HYPERCALL_BUFFER_ARGUMENT(dirty_bitmap);
    struct xen_domctl domctl;

    domctl_init(&domctl, XEN_DOMCTL_shadow_op, domid);
    domctl.u.shadow_op.op = sop;
    domctl.u.shadow_op.mode = mode;
    domctl.u.shadow_op.pages = pages;
    set_xen_guest_handle(domctl.u.shadow_op.dirty_bitmap, dirty_bitmap);
    if (do_domctl(xch, &domctl) < 0) {
        return -1;
    }
    if (stats != NULL) {
        *stats = domctl.u.shadow_op.stats;
    }
    return (long long)domctl.u.shadow_op.pages;
}

static int read_entry(xc_interface *xch, uint32_t dom, uint64_t table,
                      unsigned int index, uint64_t *entry)
{
    const uint64_t *page =
        xc_map_foreign_range(xch, dom, (int)XC_PAGE_SIZE, PROT_READ,
                             (unsigned long)(table >> XC_PAGE_SHIFT));
    union {
        const uint64_t *in;
        void *out;
    } plain = {.in = page};

    if (page == NULL) {
        return -1;
    }
    *entry = page[index];
    (void)munmap(plain.out, XC_PAGE_SIZE);
    return 0;
}

/*
 * Walk a 64-bit PV guest's tables from the vCPU's CR3. Returns the machine
 * frame, or 0 with errno EADDRNOTAVAIL when nothing is mapped there.
 */
unsigned long xc_translate_foreign_address(xc_interface *xch, uint32_t dom,
                                           int vcpu, unsigned long long virt)
{
    vcpu_guest_context_any_t ctxt;
    uint64_t entry;

    if (xc_vcpu_getcontext(xch, dom, (uint32_t)vcpu, &ctxt) < 0) {
        return 0;
    }
    entry = ctxt.x64.ctrlreg[3];
    for (unsigned int level = 4; level > 0; level--) {
        unsigned int shift = XC_PAGE_SHIFT + 9 * (level - 1);
        uint64_t offset_mask = (1UL << shift) - 1;

        if (read_entry(xch, dom, entry & PTE_FRAME, (virt >> shift) & 511,
                       &entry) < 0) {
            return 0;
        }
        if ((entry & PTE_PRESENT) == 0) {
            errno = EADDRNOTAVAIL;
            return 0;
        }
        if (level > 1 && (entry & PTE_LARGE) != 0) {
            entry = (entry & PTE_FRAME & ~offset_mask) | (virt & offset_mask);
            break;
        }
    }
    return (unsigned long)((entry & PTE_FRAME) >> XC_PAGE_SHIFT);
}
