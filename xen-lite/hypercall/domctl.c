/* SPDX-License-Identifier: MIT */
/*
 * HYPERVISOR_domctl: dispatch, and the life of a domain. <xen/domctl.h>. One
 * command runs at a time, so that none sees a domain half changed by another.
 */
#include "hypercall.h"

#include "control.h"
#include "core.h"
#include "guest_copy.h"
#include "mm.h"
#include "nospec.h"
#include "string.h"
#include "vcpu_time.h"

struct domctl_command {
    domctl_fn_t *run;
    bool back;
    int error; /* of those not offered */
};

static const struct domctl_command domctl_commands[] = {
#define X(name, back_)  [XEN_DOMCTL_##name] = {domctl_##name, back_, 0},
#define N(name, error_) [XEN_DOMCTL_##name] = {NULL, false, error_},
    DOMCTL_LIST(X, N)
#undef X
#undef N
};

static domid_t last_domid; /* given by us, not asked for */

/* -- life ------------------------------------------------------------------ */

/* An id that is free: the one asked for, or the next after the last given. */
static int choose_domid(domid_t asked, domid_t *domid)
{
    if (asked > 0 && asked < DOMID_FIRST_RESERVED) {
        *domid = asked;
        return domain_free_id(asked) == asked ? 0 : -XEN_EEXIST;
    }
    *domid = domain_free_id((domid_t)(last_domid + 1));
    if (*domid == DOMID_INVALID) {
        *domid = domain_free_id(1);
    }
    if (*domid == DOMID_INVALID) {
        return -XEN_ENOMEM;
    }
    last_domid = *domid;
    return 0;
}

int domctl_createdomain(struct vcpu *caller, struct domain *none,
                        struct xen_domctl *op)
{
    struct domain *d;
    domid_t domid;
    int rc = choose_domid(op->domain, &domid);

    (void)caller;
    (void)none;
    if (rc == 0) {
        rc = domain_create(domid, &op->u.createdomain, false, &d);
    }
    if (rc == 0) {
        op->domain = domid;
    }
    return rc;
}

int domctl_destroydomain(struct vcpu *caller, struct domain *d,
                         struct xen_domctl *op)
{
    (void)op;
    if (d == caller->domain || d->privileged) {
        return -XEN_EINVAL;
    }
    return domain_kill(d);
}

int domctl_pausedomain(struct vcpu *caller, struct domain *d,
                       struct xen_domctl *op)
{
    (void)op;
    return d != caller->domain ? domain_pause_by_controller(d) : -XEN_EINVAL;
}

int domctl_unpausedomain(struct vcpu *caller, struct domain *d,
                         struct xen_domctl *op)
{
    (void)caller;
    (void)op;
    return domain_unpause_by_controller(d);
}

int domctl_resumedomain(struct vcpu *caller, struct domain *d,
                        struct xen_domctl *op)
{
    (void)op;
    if (d == caller->domain) {
        return -XEN_EINVAL;
    }
    domain_resume(d);
    return 0;
}

/* -- properties ------------------------------------------------------------ */

int domctl_max_mem(struct vcpu *caller, struct domain *d, struct xen_domctl *op)
{
    (void)caller;
    spin_lock(&d->page_lock);
    d->max_pages = op->u.max_mem.max_memkb >> (PAGE_SHIFT - 10);
    spin_unlock(&d->page_lock);
    return 0;
}

int domctl_setdomainhandle(struct vcpu *caller, struct domain *d,
                           struct xen_domctl *op)
{
    (void)caller;
    memcpy(d->handle, op->u.setdomainhandle.handle, sizeof(d->handle));
    return 0;
}

int domctl_settimeoffset(struct vcpu *caller, struct domain *d,
                         struct xen_domctl *op)
{
    (void)caller;
    d->time_offset_seconds = op->u.settimeoffset.time_offset_seconds;
    domain_publish_wallclock(d);
    return 0;
}

/* Who saves a guest may be told by an event when it has suspended. */
int domctl_subscribe(struct vcpu *caller, struct domain *d,
                     struct xen_domctl *op)
{
    (void)caller;
    atomic_store(&d->suspend_port, op->u.subscribe.port);
    return 0;
}

int domctl_set_virq_handler(struct vcpu *caller, struct domain *d,
                            struct xen_domctl *op)
{
    (void)caller;
    return virq_set_handler(d, op->u.set_virq_handler.virq);
}

/* Guests of one width only. */
int domctl_set_address_size(struct vcpu *caller, struct domain *d,
                            struct xen_domctl *op)
{
    (void)caller;
    (void)d;
    switch (op->u.address_size.size) {
    case 64:
        return 0;
    case 32:
        return -XEN_EOPNOTSUPP;
    default:
        return -XEN_EINVAL;
    }
}

int domctl_get_address_size(struct vcpu *caller, struct domain *d,
                            struct xen_domctl *op)
{
    (void)caller;
    op->u.address_size.size = d->address_bits;
    return 0;
}

/* Page-table shadows, and so a log of dirty pages, do not exist here: as in a
 * Xen built without them, only turning it on says so. */
int domctl_shadow_op(struct vcpu *caller, struct domain *d,
                     struct xen_domctl *op)
{
    const struct xen_domctl_shadow_op *request = &op->u.shadow_op;

    if (d == caller->domain) {
        return -XEN_EINVAL;
    }
    switch (request->op) {
    case XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY:
        return -XEN_EOPNOTSUPP;
    case XEN_DOMCTL_SHADOW_OP_CLEAN:
    case XEN_DOMCTL_SHADOW_OP_PEEK:
        return request->pages == 0 ? 0 : -XEN_EINVAL;
    default:
        return -XEN_EINVAL;
    }
}

/* No debugger of ours stops guests; that none is wanted is fine. */
int domctl_setdebugging(struct vcpu *caller, struct domain *d,
                        struct xen_domctl *op)
{
    if (d == caller->domain) {
        return -XEN_EINVAL;
    }
    return op->u.setdebugging.enable == 0 ? 0 : -XEN_EOPNOTSUPP;
}

/* -- dispatch -------------------------------------------------------------- */

/* Numbers beyond the last are as 0, which is no command. */
static const struct domctl_command *domctl_command(uint32_t cmd)
{
    const size_t count = ARRAY_COUNT(domctl_commands);

    return &domctl_commands[cmd < count ? index_nospec(cmd, count) : 0];
}

/* The domain that @op names, held; NULL for commands that name none. */
static int domctl_target(const struct xen_domctl *op, struct domain **d)
{
    *d = NULL;
    if (op->cmd == XEN_DOMCTL_createdomain ||
        op->cmd == XEN_DOMCTL_getdomaininfo) {
        return 0;
    }
    *d = domain_get(op->domain); /* DOMID_SELF is nobody here */
    return *d != NULL ? 0 : -XEN_ESRCH;
}

static int domctl_run(struct vcpu *caller, struct xen_domctl *op)
{
    const struct domctl_command *command = domctl_command(op->cmd);
    struct domain *d;
    int rc = domctl_target(op, &d);

    if (rc != 0) {
        return rc;
    }
    if (!caller->domain->privileged && op->cmd != XEN_DOMCTL_getdomaininfo) {
        rc = -XEN_EPERM; /* getdomaininfo looks by itself, after the domain */
    } else if (command->run == NULL) {
        rc = -(command->error != 0 ? command->error : XEN_ENOSYS);
    } else if (!control_begin()) {
        rc = -XEN_ERESTART;
    } else {
        rc = command->run(caller, d, op);
        control_end();
    }
    if (d != NULL) {
        domain_put(d);
    }
    return rc;
}

/* Failures leave the structure alone, but for those that say in it what was
 * wrong or how far they came. */
static bool domctl_copies_back(const struct xen_domctl *op, int rc)
{
    if (op->cmd == XEN_DOMCTL_set_cpu_policy) {
        return rc != 0 && rc != -XEN_ERESTART;
    }
    return domctl_command(op->cmd)->back &&
           (rc == 0 || rc == -XEN_ERESTART || rc == -XEN_ENOBUFS);
}

void domctl_reset(void)
{
    last_domid = 0;
}

long hc_domctl(struct vcpu *v, struct hypercall_args *args)
{
    guest_va_t arg = guest_va_make(args->a[0]);
    struct xen_domctl op;
    int rc;

    if (read_guest(&op, arg) != 0) {
        return -XEN_EFAULT;
    }
    if (op.interface_version != XEN_DOMCTL_INTERFACE_VERSION) {
        return -XEN_EACCES;
    }
    rc = domctl_run(v, &op);
    if (domctl_copies_back(&op, rc) && write_guest(arg, &op) != 0) {
        return -XEN_EFAULT;
    }
    return rc;
}
