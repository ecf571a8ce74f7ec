/* SPDX-License-Identifier: MIT */
/*
 * A frontend that lies: it connects to dom0's block and network backends
 * (<xen/io/blkif.h>, <xen/io/netif.h>) and fills its rings with garbage. What
 * the backends do is their affair; dom0 and the hypervisor must stay whole.
 * With the word `forever` it does not end.
 */
#include "check.h"
#include "clock.h"
#include "console.h"
#include "evtchn.h"
#include "gnttab.h"
#include "mm.h"
#include "random.h"
#include "start.h"
#include "string.h"
#include "xenbus.h"

#define ROUNDS        6U
#define BURSTS        12U
#define BLOCK_SLOTS   32U
#define BLOCK_BYTES   112U
#define NET_SLOTS     256U
#define NET_BYTES     12U
#define RING_HEADER   64U
#define FIRST_REF     16U
#define DATA_REF      24U
#define DATA_REFS     8U
#define STATE_TRIES   400U
#define STEP_NS       10000000UL
#define BURST_NS      20000000UL
#define STATE_INITIAL 1U
#define STATE_WAIT    2U
#define STATE_READY   3U
#define STATE_CONNECT 4U
#define STATE_CLOSING 5U
#define STATE_CLOSED  6U

struct frontend {
    const char *path; /* of the frontend, relative to the domain's home */
    char backend[96];
    uint8_t *rings[2];
    evtchn_port_t port;
    unsigned int slots;
    unsigned int slot_bytes;
    unsigned int connected; /* how often */
};

static struct random dice = {0x243f6a8885a308d3};
static uint8_t *data[DATA_REFS];

static void put(const struct frontend *f, const char *leaf, uint64_t value)
{
    char path[96];
    char text[24];

    format_text(path, sizeof(path), "%s/%s", f->path, leaf);
    format_text(text, sizeof(text), "%lu", value);
    xenbus_write(path, text);
}

static unsigned int backend_state(const struct frontend *f)
{
    char path[112];
    char text[16] = "0";

    format_text(path, sizeof(path), "%s/state", f->backend);
    xenbus_read(path, text, sizeof(text));
    return (unsigned int)(text[0] - '0');
}

/* Waits some seconds at most; a backend may well have given up. */
static bool backend_reaches(const struct frontend *f, unsigned int state)
{
    for (unsigned int i = 0; i < STATE_TRIES; i++) {
        if (backend_state(f) == state) {
            return true;
        }
        clock_delay(STEP_NS);
    }
    return false;
}

static uint32_t *producer(uint8_t *ring)
{
    return (uint32_t *)(void *)ring;
}

/* A reference of ours, often one that is granted. */
static uint32_t some_ref(void)
{
    return random_below(&dice, 4) == 0
               ? (uint32_t)random_next(&dice)
               : DATA_REF + random_below(&dice, DATA_REFS);
}

/* Random bytes, with an operation and counts that get past first checks. */
static void block_slot(uint8_t *slot)
{
    slot[0] = (uint8_t)random_below(&dice, 8);
    slot[1] = (uint8_t)random_below(&dice, 14);
    if (random_below(&dice, 2) == 0) {
        memset(slot + 16, 0, 8); /* sector */
        slot[16] = (uint8_t)random_next(&dice);
    }
    for (unsigned int i = 0; i < 11; i++) {
        uint32_t ref = some_ref();

        memcpy(slot + 24 + (size_t)i * 8, &ref, sizeof(ref));
        slot[28 + i * 8] &= 7;
        slot[29 + i * 8] &= 7;
    }
}

static void net_slot(uint8_t *slot)
{
    uint32_t ref = some_ref();

    memcpy(slot, &ref, sizeof(ref));
    if (random_below(&dice, 2) == 0) {
        slot[5] &= 3; /* offset below 1024 */
        slot[11] &= 7;
    }
}

static void fill(const struct frontend *f, uint8_t *ring)
{
    for (unsigned int i = 0; i < f->slots; i++) {
        uint8_t *slot = ring + RING_HEADER + (size_t)i * f->slot_bytes;

        for (unsigned int b = 0; b < f->slot_bytes; b++) {
            slot[b] = (uint8_t)random_next(&dice);
        }
        if (f->slots == BLOCK_SLOTS) {
            block_slot(slot);
        } else {
            net_slot(slot);
        }
    }
}

static void burst(const struct frontend *f, unsigned int step)
{
    for (unsigned int r = 0; r < 2 && f->rings[r] != NULL; r++) {
        fill(f, f->rings[r]);
        *producer(f->rings[r]) += step;
    }
    evtchn_send(f->port);
    clock_delay(BURST_NS);
}

static void announce_rings(const struct frontend *f, bool wrong)
{
    uint32_t ref = wrong ? (uint32_t)random_next(&dice) >> 8 : FIRST_REF;

    if (f->rings[1] == NULL) {
        put(f, "ring-ref", ref);
    } else {
        put(f, "tx-ring-ref", ref);
        put(f, "rx-ring-ref", FIRST_REF + 1);
        put(f, "request-rx-copy", 1);
        put(f, "feature-rx-notify", 1);
        put(f, "feature-sg", 1);
        put(f, "feature-gso-tcpv4", 1);
    }
    put(f, "event-channel", wrong ? 4000 : f->port);
}

/* One life of the device: connect, lie, close. */
static void one_round(struct frontend *f, unsigned int round)
{
    bool wrong = round == 1;

    put(f, "state", STATE_INITIAL);
    if (!backend_reaches(f, STATE_WAIT)) {
        print("%s: backend stays in state %u\n", f->path, backend_state(f));
        return;
    }
    for (unsigned int r = 0; r < 2 && f->rings[r] != NULL; r++) {
        memset(f->rings[r], 0, PAGE_BYTES);
        gnttab_grant(FIRST_REF + r, 0, mm_va_to_mfn(f->rings[r]), false);
    }
    announce_rings(f, wrong);
    put(f, "state", f->rings[1] == NULL ? STATE_READY : STATE_CONNECT);
    if (!wrong && backend_reaches(f, STATE_CONNECT)) {
        f->connected++;
        put(f, "state", STATE_CONNECT);
        for (unsigned int i = 0; i < BURSTS; i++) {
            burst(f, 1 + random_below(&dice, f->slots));
        }
        burst(f, 1U << (16 + round));
    }
    print("%s: round %u, backend in state %u\n", f->path, round,
          backend_state(f));
    put(f, "state", STATE_CLOSING);
    put(f, "state", STATE_CLOSED);
    (void)backend_reaches(f, STATE_CLOSED);
}

static bool find_backend(struct frontend *f)
{
    char path[96];

    format_text(path, sizeof(path), "%s/backend", f->path);
    return xenbus_read(path, f->backend, sizeof(f->backend)) > 0;
}

static void connect(struct frontend *f, unsigned int rings)
{
    for (unsigned int r = 0; r < rings; r++) {
        f->rings[r] = mm_page_alloc();
    }
    check_true(f->path, find_backend(f), 0);
    check_eq("ring-channel", evtchn_alloc_unbound(DOMID_SELF, 0, &f->port), 0);
}

void guest_main(void)
{
    static struct frontend disk = {.path = "device/vbd/51712",
                                   .slots = BLOCK_SLOTS,
                                   .slot_bytes = BLOCK_BYTES};
    static struct frontend net = {
        .path = "device/vif/0", .slots = NET_SLOTS, .slot_bytes = NET_BYTES};

    if (guest_is_dom0()) {
        check_skip("badring", "this is dom0");
        check_finish(SHUTDOWN_poweroff);
    }
    check_eq("grant-table", gnttab_init(), 0);
    check_true("store", xenbus_init(), 0);
    for (unsigned int i = 0; i < DATA_REFS; i++) {
        data[i] = mm_page_alloc();
        gnttab_grant(DATA_REF + i, 0, mm_va_to_mfn(data[i]), i % 4 == 3);
    }
    connect(&disk, 1);
    connect(&net, 2);
    for (unsigned int i = 0; i < ROUNDS || guest_option("forever"); i++) {
        one_round(&disk, i % ROUNDS);
        one_round(&net, i % ROUNDS);
    }
    check_true("disk-connected", disk.connected != 0, disk.connected);
    check_true("net-connected", net.connected != 0, net.connected);
    check_finish(SHUTDOWN_poweroff);
}
