/* SPDX-License-Identifier: MIT */
/*
 * A guest with a HYPERCALL_PAGE note: is every slot the stub that the ABI
 * promises, and does calling through it work?
 */
#include "check.h"
#include "hypercall.h"
#include "start.h"
#include "string.h"

#define SLOT_BYTES 32
#define SLOTS      64

extern uint8_t hypercall_page[];

/* push rcx; push r11; mov eax, n; syscall; pop r11; pop rcx; ret */
static unsigned int count_wrong_slots(void)
{
    uint8_t stub[15] = {0x51, 0x41, 0x53, 0xb8, 0,    0,    0, 0,
                        0x0f, 0x05, 0x41, 0x5b, 0x59, 0xc3, 0};
    unsigned int wrong = 0;
    unsigned int n;

    for (n = 0; n < SLOTS; n++) {
        stub[4] = (uint8_t)n;
        if (n != __HYPERVISOR_iret) {
            wrong += memcmp(hypercall_page + n * SLOT_BYTES, stub, 14) != 0;
        }
    }
    return wrong;
}

/* push rcx; push r11; push rax; mov eax, 23; syscall */
static void check_iret_slot(void)
{
    static const uint8_t stub[11] = {0x51, 0x41, 0x53, 0x50, 0xb8, 23,
                                     0,    0,    0,    0x0f, 0x05};

    check_eq("page-iret-stub",
             memcmp(hypercall_page + __HYPERVISOR_iret * SLOT_BYTES, stub,
                    sizeof(stub)),
             0);
}

static long call_slot(unsigned int number, uint64_t a1, uint64_t a2)
{
    long result;

    __asm__ volatile("call *%[slot]"
                     : "=a"(result), "+D"(a1), "+S"(a2)
                     : [slot] "r"(hypercall_page + number * SLOT_BYTES)
                     : "memory");
    return result;
}

static void check_rcx_r11_kept(void)
{
    uint64_t rcx = 0x1234;
    register uint64_t r11 __asm__("r11") = 0x5678;
    uint64_t seen;
    long rax;

    __asm__ volatile(
        "call *%[slot]; movq %%r11, %[seen]"
        : "=a"(rax), "+c"(rcx), "+r"(r11), [seen] "=&r"(seen)
        : [slot] "r"(hypercall_page + __HYPERVISOR_xen_version * SLOT_BYTES),
          "D"(XENVER_pagesize), "S"(0UL)
        : "memory");
    check_hex("page-keeps-rcx", rcx, 0x1234);
    check_hex("page-keeps-r11", seen, 0x5678);
}

void guest_main(void)
{
    check_eq("page-stubs", count_wrong_slots(), 0);
    check_iret_slot();
    check_hex("page-call-version",
              (uint64_t)call_slot(__HYPERVISOR_xen_version, XENVER_version, 0),
              0x40011);
    check_eq("page-call-pagesize",
             call_slot(__HYPERVISOR_xen_version, XENVER_pagesize, 0), 4096);
    check_eq("page-call-unknown", call_slot(63, 0, 0), -XEN_ENOSYS);
    check_rcx_r11_kept();
    check_finish(SHUTDOWN_reboot);
}
