/* SPDX-License-Identifier: MIT */
/* Debug registers: by hypercall, by instruction, and a watchpoint. */
#include "check.h"
#include "hypercall.h"
#include "insn.h"
#include "pvbasic.h"
#include "traps.h"

#define DR6_DEFAULT 0xffff0ff0UL
#define DR7_DEFAULT 0x400UL
#define DR7_L0      0x1UL
#define DR7_WRITE8  (0x9UL << 16) /* slot 0: 8 bytes, on write */
#define DR7_GD      0x2000UL

static uint64_t watched __attribute__((aligned(8)));

static void check_limits(void)
{
    check_hex("debugreg-dr7-default", (uint64_t)hc_get_debugreg(7),
              DR7_DEFAULT);
    check_hex("debugreg-dr6-default", (uint64_t)hc_get_debugreg(6),
              DR6_DEFAULT);
    check_eq("debugreg-set-hypervisor-va",
             hc_set_debugreg(0, HYPERVISOR_VIRT_START), -XEN_EPERM);
    check_eq("debugreg-set-noncanonical",
             hc_set_debugreg(0, 0x8000000000000000UL), -XEN_EPERM);
    check_eq("debugreg-set-gd", hc_set_debugreg(7, DR7_DEFAULT | DR7_GD),
             -XEN_EPERM);
    check_eq("debugreg-set-bad-index", hc_set_debugreg(8, 0), -XEN_ENODEV);
    check_eq("debugreg-get-bad-index", hc_get_debugreg(8), -XEN_ENODEV);
}

static void check_watchpoint(void)
{
    check_eq("debugreg-set-address", hc_set_debugreg(0, (uint64_t)&watched), 0);
    check_hex("debugreg-get-address", (uint64_t)hc_get_debugreg(0),
              (uint64_t)&watched);
    check_eq("debugreg-enable",
             hc_set_debugreg(7, DR7_DEFAULT | DR7_L0 | DR7_WRITE8), 0);
    fault_clear();
    __asm__ volatile("movq $1, %0" : "=m"(watched));
    check_eq("watchpoint-hit", fault_vector(), 1);
    check_hex("watchpoint-dr6", (uint64_t)hc_get_debugreg(6) & 0xf, 1);
    check_eq("debugreg-disable", hc_set_debugreg(7, DR7_DEFAULT), 0);
    check_eq("debugreg-clear-dr6", hc_set_debugreg(6, DR6_DEFAULT), 0);
    fault_clear();
    __asm__ volatile("movq $2, %0" : "=m"(watched));
    check_eq("watchpoint-off", fault_vector(), -1);
}

static void check_instructions(void)
{
    uint64_t value = 0;

    fault_clear();
    __asm__ volatile(FIXUP("movq %0, %%db1") : : "r"(&watched));
    __asm__ volatile(FIXUP("movq %%db1, %0") : "+r"(value));
    check_eq("mov-dr-no-fault", fault_vector(), -1);
    check_hex("mov-dr", value, (uint64_t)&watched);
    check_hex("mov-dr-seen-by-hypercall", (uint64_t)hc_get_debugreg(1),
              (uint64_t)&watched);
    __asm__ volatile(FIXUP("movq %0, %%db1") : : "r"(HYPERVISOR_VIRT_START));
    check_eq("mov-dr-hypervisor-va", fault_vector(), 13);
    check_eq("debugreg-zero", hc_set_debugreg(1, 0), 0);
    check_eq("debugreg-zero-0", hc_set_debugreg(0, 0), 0);
}

void pvbasic_debug(void)
{
    check_limits();
    check_watchpoint();
    check_instructions();
}
