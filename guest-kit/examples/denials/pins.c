/* SPDX-License-Identifier: MIT */
/* Pinning, unpinning, changing the base pointer. */
#include "check.h"
#include "denials.h"
#include "hypercall.h"
#include "mm.h"
#include "start.h"

static void check_pin(void)
{
    check_eq("pin-l4-twice", mm_ext(MMUEXT_PIN_L4_TABLE, fx.l4), -XEN_EINVAL);
    check_eq("pin-l1-twice", mm_ext(MMUEXT_PIN_L1_TABLE, fx.loose_l1),
             -XEN_EINVAL);
    check_eq("pin-l1-as-l4", mm_ext(MMUEXT_PIN_L4_TABLE, fx.l1), -XEN_EINVAL);
    check_eq("pin-l4-as-l1", mm_ext(MMUEXT_PIN_L1_TABLE, fx.l4), -XEN_EINVAL);
    check_eq("pin-l3-as-l2", mm_ext(MMUEXT_PIN_L2_TABLE, fx.l3), -XEN_EINVAL);
    check_eq("pin-gdt", mm_ext(MMUEXT_PIN_L1_TABLE, fx.descriptors),
             -XEN_EINVAL);
    check_eq("pin-writable-page", mm_ext(MMUEXT_PIN_L1_TABLE, fx.data),
             -XEN_EINVAL);
    check_eq("pin-hypervisor",
             ext_mfn(MMUEXT_PIN_L1_TABLE, fx.hypervisor_mfn, DOMID_SELF),
             -XEN_EINVAL);
    check_eq("pin-no-such-frame",
             ext_mfn(MMUEXT_PIN_L4_TABLE, ~0UL >> 12, DOMID_SELF), -XEN_EINVAL);
    check_eq("pin-foreign-none",
             ext_mfn(MMUEXT_PIN_L1_TABLE, mm_va_to_mfn(fx.l1), 77), -XEN_ESRCH);
}

static void check_unpin(void)
{
    check_eq("unpin-unpinned-l1", mm_ext(MMUEXT_UNPIN_TABLE, fx.l1),
             -XEN_EINVAL);
    check_eq("unpin-data-page", mm_ext(MMUEXT_UNPIN_TABLE, fx.data),
             -XEN_EINVAL);
    check_eq("unpin-hypervisor",
             ext_mfn(MMUEXT_UNPIN_TABLE, fx.hypervisor_mfn, DOMID_SELF),
             -XEN_EINVAL);
    check_eq("unpin-loose", mm_ext(MMUEXT_UNPIN_TABLE, fx.loose_l1), 0);
    check_eq("unpin-twice", mm_ext(MMUEXT_UNPIN_TABLE, fx.loose_l1),
             -XEN_EINVAL);
    check_eq("unpinned-becomes-writable", mm_set_writable(fx.loose_l1), 0);
    check_eq("unpinned-readonly-again", mm_set_readonly(fx.loose_l1), 0);
    check_eq("unpinned-pin-again", mm_ext(MMUEXT_PIN_L1_TABLE, fx.loose_l1), 0);
}

/* A table in use keeps its type after the pin is gone. */
static void check_unpin_in_use(void)
{
    check_eq("pin-l1-in-tree", mm_ext(MMUEXT_PIN_L1_TABLE, fx.l1), 0);
    check_eq("unpin-l1-in-tree", mm_ext(MMUEXT_UNPIN_TABLE, fx.l1), 0);
    check_eq("unpinned-in-use-stays-table", mm_set_writable(fx.l1), -XEN_EBUSY);
    check_eq("unpin-live-root", mm_ext(MMUEXT_UNPIN_TABLE, mm_root()), 0);
    check_eq("live-root-stays-table", mm_set_writable(mm_root()), -XEN_EBUSY);
    check_eq("pin-live-root", mm_ext(MMUEXT_PIN_L4_TABLE, mm_root()), 0);
}

static void check_base_pointer(void)
{
    check_eq("new-base-l1", mm_ext(MMUEXT_NEW_BASEPTR, fx.l1), -XEN_EINVAL);
    check_eq("new-base-l3", mm_ext(MMUEXT_NEW_BASEPTR, fx.l3), -XEN_EINVAL);
    check_eq("new-base-data", mm_ext(MMUEXT_NEW_BASEPTR, fx.data), -XEN_EINVAL);
    check_eq("new-base-hypervisor",
             ext_mfn(MMUEXT_NEW_BASEPTR, fx.hypervisor_mfn, DOMID_SELF),
             -XEN_EINVAL);
    check_eq("new-base-no-such-frame",
             ext_mfn(MMUEXT_NEW_BASEPTR, ~0UL >> 12, DOMID_SELF), -XEN_EINVAL);
    check_eq("new-base-same", mm_ext(MMUEXT_NEW_BASEPTR, mm_root()), 0);
    check_eq("new-user-base-l2", mm_ext(MMUEXT_NEW_USER_BASEPTR, fx.l2),
             -XEN_EINVAL);
    check_eq("new-user-base-hypervisor",
             ext_mfn(MMUEXT_NEW_USER_BASEPTR, fx.hypervisor_mfn, DOMID_SELF),
             -XEN_EINVAL);
    check_eq("new-user-base", mm_ext(MMUEXT_NEW_USER_BASEPTR, fx.l4), 0);
    check_eq("new-user-base-none", mm_ext(MMUEXT_NEW_USER_BASEPTR, NULL), 0);
}

static void check_other_ops(void)
{
    struct mmuext_op op = {.cmd = MMUEXT_TLB_FLUSH_MULTI};

    check_eq("mmuext-unknown", mm_ext(99, fx.data), -XEN_ENOSYS);
    check_eq("mmuext-mark-super", mm_ext(MMUEXT_MARK_SUPER, fx.data),
             -XEN_EOPNOTSUPP);
    check_eq("clear-page", mm_ext(MMUEXT_CLEAR_PAGE, fx.data), 0);
    check_eq("clear-page-of-table", mm_ext(MMUEXT_CLEAR_PAGE, fx.l1),
             -XEN_EINVAL);
    check_eq("clear-page-hypervisor",
             ext_mfn(MMUEXT_CLEAR_PAGE, fx.hypervisor_mfn, DOMID_SELF),
             -XEN_EINVAL);
    check_eq("flush-multi-no-mask", hc_mmuext_op(&op, 1, NULL, DOMID_SELF),
             -XEN_EINVAL);
    check_eq("flush-foreign-none", ext_mfn(MMUEXT_TLB_FLUSH_LOCAL, 0, 77),
             -XEN_ESRCH);
    op.cmd = MMUEXT_INVLPG_LOCAL;
    op.arg1.linear_addr = 0x8000000000000000UL;
    check_eq("invlpg-noncanonical", hc_mmuext_op(&op, 1, NULL, DOMID_SELF), 0);
    op.arg1.linear_addr = HYPERVISOR_VIRT_START;
    check_eq("invlpg-hypervisor", hc_mmuext_op(&op, 1, NULL, DOMID_SELF), 0);
    check_eq("copy-page-of-table", mm_ext(MMUEXT_COPY_PAGE, fx.l1),
             -XEN_EINVAL);
}

void denials_pins(void)
{
    check_pin();
    check_unpin();
    check_unpin_in_use();
    check_base_pointer();
    check_other_ops();
}
