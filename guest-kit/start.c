/* SPDX-License-Identifier: MIT */
/* Start of day, in the order in which the parts need one another. */
#include "start.h"

#include "console.h"
#include "evtchn.h"
#include "hypercall.h"
#include "mm.h"
#include "string.h"
#include "traps.h"
#include "vcpu.h"
#include "xen_abi.h"

struct entry_state entry_state;
struct start_info *start_info;
struct shared_info *shared_info;

static uint8_t shared_info_page[4096] __attribute__((aligned(4096)));

static void map_shared_info(void)
{
    if (mm_map(shared_info_page, start_info->shared_info, PTE_KERNEL_RW) != 0) {
        guest_panic("cannot map shared_info");
    }
    shared_info = (struct shared_info *)(void *)shared_info_page;
}

void guest_start(struct start_info *si)
{
    start_info = si;
    mm_init(si);
    console_init(si);
    vcpu_init_boot();
    traps_init();
    map_shared_info();
    vcpu_use_shared_info();
    evtchn_init();
    guest_main();
    guest_panic("guest_main came back");
}

bool guest_option(const char *word)
{
    const char *at = (const char *)start_info->cmd_line;
    size_t length = strlen(word);

    while (*at != '\0') {
        if (strncmp(at, word, length) == 0 &&
            (at[length] == ' ' || at[length] == '\0')) {
            return true;
        }
        while (*at != '\0' && *at != ' ') {
            at++;
        }
        while (*at == ' ') {
            at++;
        }
    }
    return false;
}

bool guest_is_dom0(void)
{
    return (start_info->flags & SIF_INITDOMAIN) != 0;
}

_Noreturn void guest_shutdown(unsigned int reason)
{
    struct sched_shutdown shutdown = {.reason = reason};

    for (;;) {
        hc_sched_op(SCHEDOP_shutdown, &shutdown);
    }
}

_Noreturn void guest_panic(const char *why)
{
    print("guest panic: %s\nRESULT FAIL panic\n", why);
    guest_shutdown(SHUTDOWN_crash);
}
