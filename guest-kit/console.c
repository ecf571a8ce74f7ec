/* SPDX-License-Identifier: MIT */
/*
 * Text out. dom0 writes by console_io (<xen/xen.h>), a domU into the ring of
 * <xen/io/console.h> that dom0's console daemon drains.
 */
#include "console.h"

#include <stdint.h>

#include <xen/io/console.h>

#include "hypercall.h"
#include "mm.h"
#include "spinlock.h"
#include "xen_abi.h"

static const struct start_info *start;
static struct xencons_interface *ring;

/* Guards the order of whole writes, in either way out. */
static struct spinlock console_lock = {ATOMIC_FLAG_INIT};

void console_init(const struct start_info *si)
{
    start = si;
    if ((si->flags & SIF_INITDOMAIN) == 0) {
        ring = mm_initial_va(mm_mfn_to_pfn(si->console.domU.mfn));
    }
}

static void ring_notify(void)
{
    struct evtchn_send send = {.port = start->console.domU.evtchn};

    hc_event_channel_op(EVTCHNOP_send, &send);
}

static void ring_put(char c)
{
    XENCONS_RING_IDX prod = ring->out_prod;

    while (prod - __atomic_load_n(&ring->out_cons, __ATOMIC_ACQUIRE) >=
           sizeof(ring->out)) {
        ring_notify();
        hc_sched_op(SCHEDOP_yield, NULL);
    }
    ring->out[MASK_XENCONS_IDX(prod, ring->out)] = c;
    __atomic_store_n(&ring->out_prod, prod + 1, __ATOMIC_RELEASE);
}

static void ring_write(const char *text, size_t bytes)
{
    size_t i;

    for (i = 0; i < bytes; i++) {
        if (text[i] == '\n') {
            ring_put('\r');
        }
        ring_put(text[i]);
    }
    ring_notify();
}

void console_write(const char *text, size_t bytes)
{
    if (start == NULL) {
        return;
    }
    spin_lock(&console_lock);
    if (ring != NULL) {
        ring_write(text, bytes);
    } else {
        hc_console_io(CONSOLEIO_write, (unsigned int)bytes, text);
    }
    spin_unlock(&console_lock);
}
