/* SPDX-License-Identifier: MIT */
/*
 * domctl commands for what a vCPU has besides its context: callbacks, XSAVE
 * image, MSRs. Saving a guest reads them, restoring it writes them.
 */
#include "control.h"

#include "core.h"
#include "guest_copy.h"
#include "mm.h"
#include "nospec.h"
#include "pv.h"

struct vcpu *control_vcpu(struct domain *d, uint32_t id)
{
    return id < d->max_vcpus ? d->vcpu[index_nospec(id, d->max_vcpus)] : NULL;
}

/* -- callbacks ------------------------------------------------------------- */

/* Callbacks from 32-bit code: the selectors are forced to our flat one. */
int domctl_set_ext_vcpucontext(struct vcpu *caller, struct domain *d,
                               struct xen_domctl *op)
{
    const struct xen_domctl_ext_vcpucontext *ext = &op->u.ext_vcpucontext;
    struct vcpu *v = control_vcpu(d, ext->vcpu);

    if (v == NULL || d == caller->domain) {
        return -XEN_ESRCH;
    }
    if (ext->size < offsetof(struct xen_domctl_ext_vcpucontext, mcg_cap) ||
        !address_is_canonical(ext->sysenter_callback_eip) ||
        !address_is_canonical(ext->syscall32_callback_eip)) {
        return -XEN_EINVAL;
    }
    domain_pause(d);
    v->pv.sysenter = (struct pv_callback){ext->sysenter_callback_eip,
                                          ext->sysenter_disables_events != 0};
    v->pv.syscall32 = (struct pv_callback){ext->syscall32_callback_eip,
                                           ext->syscall32_disables_events != 0};
    domain_unpause(d);
    return 0;
}

int domctl_get_ext_vcpucontext(struct vcpu *caller, struct domain *d,
                               struct xen_domctl *op)
{
    struct xen_domctl_ext_vcpucontext *ext = &op->u.ext_vcpucontext;
    const struct vcpu *v = control_vcpu(d, ext->vcpu);
    uint32_t id = ext->vcpu;

    if (v == NULL || v == caller) {
        return -XEN_ESRCH;
    }
    *ext =
        (struct xen_domctl_ext_vcpucontext){.vcpu = id, .size = sizeof(*ext)};
    ext->sysenter_callback_cs = GUEST_SELECTOR_CS64;
    ext->sysenter_callback_eip = v->pv.sysenter.address;
    ext->sysenter_disables_events = v->pv.sysenter.masks_events;
    ext->syscall32_callback_cs = GUEST_SELECTOR_CS64;
    ext->syscall32_callback_eip = v->pv.syscall32.address;
    ext->syscall32_disables_events = v->pv.syscall32.masks_events;
    return 0;
}

/* -- extended state -------------------------------------------------------- */

/* What the tools keep: XCR0, all states ever on, and the XSAVE image in its
 * standard form. */
struct xstate_head {
    uint64_t xcr0;
    uint64_t xcr0_accum;
};

#define XSTATE_IMAGE_MIN  576U /* FXSAVE image and header */
#define XSTATE_HEADER     512U /* offset in the image */
#define XSTATE_HEAD_BYTES ((uint32_t)sizeof(struct xstate_head))

/* A vCPU that has turned on any state may have had all of its domain's on. */
static uint64_t xstate_accum(const struct vcpu *v)
{
    return v->pv.xcr0 != 0 ? cpu_policy_xcr0(v->domain) : 0;
}

/* The image is never larger than the page that the machine keeps it in. */
static uint32_t xstate_bytes(const struct vcpu *v, uint64_t states)
{
    uint32_t bytes =
        states != 0 ? cpu_policy_xsave_bytes(v->domain, states) : 0;

    return XSTATE_HEAD_BYTES + (bytes < PAGE_BYTES ? bytes : PAGE_BYTES);
}

static int xstate_write(struct vcpu *v, guest_va_t to, uint32_t bytes)
{
    struct xstate_head head = {v->pv.xcr0, xstate_accum(v)};
    int rc = write_guest(to, &head);

    if (rc == 0) {
        to.address += XSTATE_HEAD_BYTES;
        rc = copy_to_guest(to, machine_vcpu_xstate(v),
                           bytes - XSTATE_HEAD_BYTES);
    }
    return rc;
}

int domctl_getvcpuextstate(struct vcpu *caller, struct domain *d,
                           struct xen_domctl *op)
{
    struct xen_domctl_vcpuextstate *request = &op->u.vcpuextstate;
    guest_va_t to = GUEST_HANDLE_VA(request->buffer);
    struct vcpu *v = control_vcpu(d, request->vcpu);
    uint64_t mask = cpu_policy_xcr0(d);
    uint32_t bytes;
    int rc = 0;

    if (v == NULL) {
        return -XEN_ESRCH;
    }
    if (v == caller) {
        return -XEN_EINVAL;
    }
    vcpu_pause(v);
    bytes = xstate_bytes(v, xstate_accum(v));
    if ((request->size == 0 && request->xfeature_mask == 0) ||
        to.address == 0) {
        request->xfeature_mask = mask;
        request->size = bytes;
    } else if (request->size != bytes || request->xfeature_mask != mask) {
        rc = -XEN_EINVAL;
    } else {
        rc = xstate_write(v, to, bytes);
    }
    vcpu_unpause(v);
    return rc;
}

/* Would XSETBV and XRSTOR take all this from a guest of @d? */
static int xstate_check(const struct domain *d, const struct xstate_head *head,
                        const uint8_t *image)
{
    uint64_t mask = cpu_policy_xcr0(d);
    const uint64_t *header = (const void *)(image + XSTATE_HEADER);

    if (!xcr0_valid(head->xcr0_accum, mask) ||
        !xcr0_valid(head->xcr0, head->xcr0_accum) ||
        (header[0] & ~head->xcr0_accum) != 0) {
        return -XEN_EINVAL;
    }
    for (unsigned int i = 1; i < 8; i++) {
        if (header[i] != 0) { /* compacted, or reserved */
            return -XEN_EOPNOTSUPP;
        }
    }
    return 0;
}

static int xstate_read(struct vcpu *v, guest_va_t from, uint32_t bytes)
{
    struct xstate_head head;
    uint8_t *image = heap_alloc(bytes);
    int rc;

    if (image == NULL) {
        return -XEN_ENOMEM;
    }
    rc = read_guest(&head, from);
    from.address += XSTATE_HEAD_BYTES;
    if (rc == 0) {
        rc = copy_from_guest(image, from, bytes);
    }
    if (rc == 0) {
        rc = xstate_check(v->domain, &head, image);
    }
    if (rc == 0) {
        vcpu_pause(v);
        v->pv.xcr0 = head.xcr0;
        machine_vcpu_set_xstate(v, image, bytes);
        vcpu_unpause(v);
    }
    heap_free(image);
    return rc;
}

int domctl_setvcpuextstate(struct vcpu *caller, struct domain *d,
                           struct xen_domctl *op)
{
    const struct xen_domctl_vcpuextstate *request = &op->u.vcpuextstate;
    struct vcpu *v = control_vcpu(d, request->vcpu);
    uint64_t size = request->size;

    if (v == NULL) {
        return -XEN_ESRCH;
    }
    if (v == caller || size < XSTATE_HEAD_BYTES ||
        size > xstate_bytes(v, cpu_policy_xcr0(d))) {
        return -XEN_EINVAL;
    }
    if (size == XSTATE_HEAD_BYTES) {
        return 0; /* nothing but the head: nothing to load */
    }
    if (size < XSTATE_HEAD_BYTES + XSTATE_IMAGE_MIN) {
        return -XEN_EINVAL;
    }
    return xstate_read(v, GUEST_HANDLE_VA(request->buffer),
                       (uint32_t)size - XSTATE_HEAD_BYTES);
}

/* -- MSRs ------------------------------------------------------------------ */

/* As many as Xen knows of; tools pass no more. */
#define MSRS_MAX 16U

/* No MSR of a PV guest outlives the vCPU's context: there is none to read, and
 * none that can be set. */
int domctl_get_vcpu_msrs(struct vcpu *caller, struct domain *d,
                         struct xen_domctl *op)
{
    const struct vcpu *v = control_vcpu(d, op->u.vcpu_msrs.vcpu);

    if (v == NULL) {
        return -XEN_ESRCH;
    }
    if (v == caller) {
        return -XEN_EINVAL;
    }
    op->u.vcpu_msrs.msr_count = 0;
    return 0;
}

int domctl_set_vcpu_msrs(struct vcpu *caller, struct domain *d,
                         struct xen_domctl *op)
{
    const struct vcpu *v = control_vcpu(d, op->u.vcpu_msrs.vcpu);
    xen_domctl_vcpu_msr_t first;

    if (v == NULL) {
        return -XEN_ESRCH;
    }
    if (v == caller || op->u.vcpu_msrs.msr_count > MSRS_MAX) {
        return -XEN_EINVAL;
    }
    if (op->u.vcpu_msrs.msr_count == 0) {
        return 0;
    }
    return read_guest(&first, GUEST_HANDLE_VA(op->u.vcpu_msrs.msrs)) != 0
               ? -XEN_EFAULT
               : -XEN_EINVAL;
}
