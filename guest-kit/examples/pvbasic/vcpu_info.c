/* SPDX-License-Identifier: MIT */
/* Moving vcpu_info to a page of ours: last, since there is no way back. */
#include "check.h"
#include "clock.h"
#include "evtchn.h"
#include "hypercall.h"
#include "mm.h"
#include "pvbasic.h"
#include "vcpu.h"

#define OFFSET 0x140

static volatile unsigned int hits;

static void count_hit(evtchn_port_t port)
{
    (void)port;
    hits++;
}

static long register_info(unsigned int vcpu, uint64_t mfn, uint32_t offset)
{
    struct vcpu_register_vcpu_info op = {.mfn = mfn, .offset = offset};

    return hc_vcpu_op(VCPUOP_register_vcpu_info, vcpu, &op);
}

static void check_errors(uint64_t mfn)
{
    check_eq("vcpu-info-crosses-page", register_info(0, mfn, 4096 - 32),
             -XEN_ENXIO);
    check_eq("vcpu-info-unaligned", register_info(0, mfn, 4), -XEN_ENXIO);
    check_eq("vcpu-info-not-owned", register_info(0, 0x10, 0), -XEN_EINVAL);
    check_eq("vcpu-info-bad-vcpu", register_info(999, mfn, 0), -XEN_ENOENT);
}

static void check_move(struct vcpu_info *info, uint64_t mfn)
{
    struct vcpu_info *old = this_vcpu()->info;

    events_disable();
    check_eq("vcpu-info-register", register_info(0, mfn, OFFSET), 0);
    this_vcpu()->info = info;
    check_eq("vcpu-info-mask-copied", info->evtchn_upcall_mask, 1);
    check_eq("vcpu-info-upcall-pending", info->evtchn_upcall_pending, 1);
    check_hex("vcpu-info-all-selectors", info->evtchn_pending_sel, ~0UL);
    check_true("vcpu-info-time", info->time.tsc_to_system_mul != 0, 0);
    check_eq("vcpu-info-twice", register_info(0, mfn, 0), -XEN_EINVAL);
    old->evtchn_upcall_pending = 0;
    old->evtchn_upcall_mask = 0;
}

static void check_delivery(const struct vcpu_info *info)
{
    evtchn_port_t port;
    uint64_t start = clock_ns();

    check_eq("vcpu-info-ipi", evtchn_bind_ipi(0, &port), 0);
    evtchn_set_handler(port, count_hit);
    events_enable();
    check_eq("vcpu-info-served", info->evtchn_upcall_pending, 0);
    evtchn_unmask(port);
    evtchn_send(port);
    check_eq("vcpu-info-delivered", hits, 1);
    events_disable();
    evtchn_send(port);
    check_eq("vcpu-info-new-mask-counts", hits, 1);
    check_eq("vcpu-info-new-pending", info->evtchn_upcall_pending, 1);
    events_enable();
    check_eq("vcpu-info-new-delivered", hits, 2);
    check_true("vcpu-info-clock-goes-on", clock_ns() >= start, 0);
    evtchn_close(port);
    events_disable();
}

static void check_fault_address(const struct vcpu_info *info)
{
    fault_clear();
    __asm__ volatile(FIXUP("movq (%0), %%rax") : : "r"(0x20000UL) : "rax");
    check_hex("vcpu-info-cr2", info->arch.cr2, 0x20000);
}

void pvbasic_vcpu_info(void)
{
    uint8_t *page = mm_page_alloc();
    uint64_t mfn = mm_va_to_mfn(page);
    struct vcpu_info *info = (struct vcpu_info *)(void *)(page + OFFSET);

    check_errors(mfn);
    check_move(info, mfn);
    check_delivery(info);
    check_fault_address(info);
}
