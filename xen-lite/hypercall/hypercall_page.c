/* SPDX-License-Identifier: MIT */
/*
 * The hypercall page: 128 stubs of 32 bytes. Stub n keeps RCX and R11, which
 * SYSCALL destroys, and makes call n; that of iret does not come back.
 */
#include "hypercall_page.h"

#include "string.h"
#include "types.h"

#define STUB_BYTES 32U
#define STUB_COUNT 128U
#define INT3       0xcc

/* push rcx; push r11; mov eax, n; syscall; pop r11; pop rcx; ret */
static const uint8_t stub_call[] = {0x51, 0x41, 0x53, 0xb8, 0,    0,    0,
                                    0,    0x0f, 0x05, 0x41, 0x5b, 0x59, 0xc3};
#define STUB_CALL_NUMBER 4U

/* push rcx; push r11; push rax; mov eax, iret; syscall */
static const uint8_t stub_iret[] = {
    0x51, 0x41, 0x53, 0x50, 0xb8, __HYPERVISOR_iret, 0, 0, 0, 0x0f, 0x05};

void hypercall_page_fill(void *page)
{
    uint8_t *stub = page;

    memset(page, INT3, PAGE_BYTES);
    for (unsigned int n = 0; n < STUB_COUNT; n++, stub += STUB_BYTES) {
        if (n == __HYPERVISOR_iret) {
            memcpy(stub, stub_iret, sizeof(stub_iret));
            continue;
        }
        memcpy(stub, stub_call, sizeof(stub_call));
        stub[STUB_CALL_NUMBER] = (uint8_t)n;
    }
}
