/* SPDX-License-Identifier: MIT */
/*
 * Ways to die: one for each word on the command line. The guest must be
 * gone afterwards with all that it had, and nobody else hurt.
 */
#include "check.h"
#include "clock.h"
#include "console.h"
#include "evtchn.h"
#include "gnttab.h"
#include "hypercall.h"
#include "mm.h"
#include "start.h"
#include "traps.h"
#include "user.h"
#include "vcpu.h"

#define UNMAPPED_VA 0x10000UL

typedef void death_t(void);

/* An exception with the stack pointer at @rsp. */
static void fault_on_stack(uint64_t rsp)
{
    __asm__ volatile("movq %0, %%rsp; ud2" : : "r"(rsp) : "memory");
}

static void no_handler(void)
{
    hc_set_trap_table(NULL);
    __asm__ volatile("ud2");
}

static void stack_in_hypervisor(void)
{
    fault_on_stack(HYPERVISOR_VIRT_START + 0x1000);
}

static void stack_at_hypervisor_end(void)
{
    fault_on_stack(HYPERVISOR_VIRT_END + 16);
}

static void stack_unmapped(void)
{
    fault_on_stack(UNMAPPED_VA);
}

static void stack_noncanonical(void)
{
    fault_on_stack(0x8000000000000000UL);
}

static void stack_readonly(void)
{
    fault_on_stack(start_info->pt_base + 0x800);
}

static void iret_without_frame(void)
{
    __asm__ volatile("movq %0, %%rsp; movl %1, %%eax; syscall"
                     :
                     : "r"(UNMAPPED_VA), "i"(__HYPERVISOR_iret)
                     : "memory");
}

static void user_without_table(void)
{
    struct trap_frame frame;

    user_frame_init(&frame, USER_CODE_VA);
    user_run(&frame);
}

/* A trap from user mode finds no kernel stack. */
static void user_without_stack(void)
{
    struct trap_frame frame;
    uint64_t rsp;

    user_init();
    hc_stack_switch(FLAT_KERNEL_SS, HYPERVISOR_VIRT_START);
    user_frame_init(&frame, user_address(user_syscall));
    user_enter(&frame, &rsp, 0);
}

/* The page that the code runs on. */
static void unmap_code(void)
{
    uint64_t va = (uint64_t)unmap_code & ~(PAGE_BYTES - 1);

    mm_map((const void *)va, 0, 0);
}

static void shut_down_crash(void)
{
    guest_shutdown(SHUTDOWN_crash);
}

static void spin_masked(void)
{
    events_disable();
    print("crash: spinning\n");
    for (;;) {
        __asm__ volatile("pause");
    }
}

/* Many tables pinned, grants mapped, ports bound, a GDT, a busy vCPU. */
static void spin(void *arg)
{
    (void)arg;
    for (;;) {
        hc_sched_op(SCHEDOP_yield, NULL);
    }
}

static void pin_many(void)
{
    unsigned int i;

    for (i = 0; i < 200; i++) {
        uint64_t *table = mm_page_alloc();

        table[i] = (mm_va_to_mfn(mm_page_alloc()) << PAGE_SHIFT) | PTE_USER_RW;
        mm_set_readonly(table);
        mm_ext(MMUEXT_PIN_L1_TABLE, table);
    }
}

static void map_many_grants(void)
{
    domid_t self = gnttab_own_domid();
    grant_handle_t handle;
    unsigned int i;

    gnttab_init();
    for (i = 8; i < 100; i++) {
        gnttab_grant(i, self, mm_va_to_mfn(mm_page_alloc()), false);
        gnttab_map(self, i, mm_page_alloc(), GNTMAP_host_map, &handle);
    }
}

static void bind_many_ports(void)
{
    evtchn_port_t port;
    unsigned int i;

    for (i = 0; i < 300; i++) {
        evtchn_bind_ipi(0, &port);
        evtchn_alloc_unbound(DOMID_SELF, 0, &port);
    }
}

static void leave_a_mess(void)
{
    uint64_t *gdt = mm_page_alloc();
    uint64_t frame = mm_va_to_mfn(gdt);

    user_init();
    pin_many();
    map_many_grants();
    bind_many_ports();
    mm_set_readonly(gdt);
    hc_set_gdt(&frame, 512);
    vcpu_run(1, spin, NULL);
    clock_set_timer(clock_ns() + 1000000);
    guest_shutdown(SHUTDOWN_poweroff);
}

static const struct {
    const char *word;
    death_t *die;
} deaths[] = {
    {"kind=no-handler", no_handler},
    {"kind=stack-in-hypervisor", stack_in_hypervisor},
    {"kind=stack-at-hypervisor-end", stack_at_hypervisor_end},
    {"kind=stack-unmapped", stack_unmapped},
    {"kind=stack-noncanonical", stack_noncanonical},
    {"kind=stack-readonly", stack_readonly},
    {"kind=iret-without-frame", iret_without_frame},
    {"kind=user-without-table", user_without_table},
    {"kind=user-without-stack", user_without_stack},
    {"kind=unmap-code", unmap_code},
    {"kind=shutdown-crash", shut_down_crash},
    {"kind=spin", spin_masked},
    {"kind=mess", leave_a_mess},
};

void guest_main(void)
{
    unsigned int i;

    for (i = 0; i < sizeof(deaths) / sizeof(deaths[0]); i++) {
        if (guest_option(deaths[i].word)) {
            print("crash: %s\n", deaths[i].word);
            deaths[i].die();
        }
    }
    check_true("crash-died", false, 0);
    check_finish(SHUTDOWN_poweroff);
}
