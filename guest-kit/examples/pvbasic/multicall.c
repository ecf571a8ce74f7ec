/* SPDX-License-Identifier: MIT */
/* Batches of calls. */
#include "check.h"
#include "hypercall.h"
#include "mm.h"
#include "pvbasic.h"
#include "string.h"

static void set_call(struct multicall_entry *call, unsigned int op, uint64_t a0,
                     uint64_t a1, uint64_t a2)
{
    memset(call, 0, sizeof(*call));
    call->op = op;
    call->result = 0x77;
    call->args[0] = a0;
    call->args[1] = a1;
    call->args[2] = a2;
}

static void check_results(void)
{
    struct multicall_entry calls[4];

    set_call(&calls[0], __HYPERVISOR_xen_version, XENVER_version, 0, 0);
    set_call(&calls[1], 63, 0, 0, 0);
    set_call(&calls[2], __HYPERVISOR_xen_version, XENVER_pagesize, 0, 0);
    set_call(&calls[3], __HYPERVISOR_xen_version, 99, 0, 0);
    check_eq("multicall", hc_multicall(calls, 4), 0);
    check_hex("multicall-version", calls[0].result, 0x40011);
    check_eq("multicall-unknown", (int64_t)calls[1].result, -XEN_ENOSYS);
    check_eq("multicall-goes-on", (int64_t)calls[2].result, 4096);
    check_eq("multicall-error-inside", (int64_t)calls[3].result, -XEN_ENOSYS);
    check_eq("multicall-none", hc_multicall(calls, 0), 0);
}

/* The second mapping sees what the first wrote. */
static void check_order(void)
{
    uint64_t *a = mm_page_alloc();
    uint64_t *b = mm_page_alloc();
    uint64_t maddr_a = mm_va_to_maddr(a);
    uint64_t maddr_b = mm_va_to_maddr(b);
    struct multicall_entry calls[2];

    *a = 1;
    *b = 2;
    set_call(&calls[0], __HYPERVISOR_update_va_mapping, (uint64_t)a,
             maddr_b | PTE_KERNEL_RW, UVMF_INVLPG);
    set_call(&calls[1], __HYPERVISOR_update_va_mapping, (uint64_t)b,
             maddr_a | PTE_KERNEL_RW, UVMF_INVLPG);
    check_eq("multicall-swap", hc_multicall(calls, 2), 0);
    check_eq("multicall-swap-results",
             (int64_t)(calls[0].result | calls[1].result), 0);
    check_eq("multicall-swap-a", (int64_t) * (volatile uint64_t *)a, 2);
    check_eq("multicall-swap-b", (int64_t) * (volatile uint64_t *)b, 1);
    mm_map(a, maddr_a, PTE_KERNEL_RW);
    mm_map(b, maddr_b, PTE_KERNEL_RW);
    mm_page_free(a);
    mm_page_free(b);
}

static void check_bad(void)
{
    struct multicall_entry call;

    check_eq("multicall-bad-pointer",
             hc_multicall((void *)HYPERVISOR_VIRT_START, 1), -XEN_EFAULT);
    check_eq("multicall-unmapped", hc_multicall((void *)0x10000, 1),
             -XEN_EFAULT);
    set_call(&call, __HYPERVISOR_multicall, (uint64_t)&call, 1, 0);
    check_eq("multicall-nested-call", hc_multicall(&call, 1), 0);
    check_eq("multicall-nested", (int64_t)call.result, -XEN_EINVAL);
}

void pvbasic_multicall(void)
{
    check_results();
    check_order();
    check_bad();
}
