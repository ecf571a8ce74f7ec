/* SPDX-License-Identifier: MIT */
/* Grants to oneself: mapped and unmapped, and copied. */
#include "bench.h"
#include "gnttab.h"
#include "hypercall.h"
#include "mm.h"
#include "start.h"

#define BATCH     32
#define FIRST_REF 16

static uint64_t *table; /* a pinned L1, whose entries grants are mapped at */
static uint64_t *window;
static struct gnttab_map_grant_ref maps[BATCH];
static struct gnttab_unmap_grant_ref unmaps[BATCH];
static struct gnttab_copy copies[BATCH];

static void map_unmap(unsigned int batch)
{
    hc_grant_table_op(GNTTABOP_map_grant_ref, maps, batch);
    for (unsigned int i = 0; i < batch; i++) {
        unmaps[i].handle = maps[i].handle;
    }
    hc_grant_table_op(GNTTABOP_unmap_grant_ref, unmaps, batch);
}

static void map_1(unsigned long count)
{
    while (count-- != 0) {
        map_unmap(1);
    }
}

static void map_32(unsigned long count)
{
    while (count-- != 0) {
        map_unmap(BATCH);
    }
}

static void map_va(unsigned long count)
{
    grant_handle_t handle = 0;

    while (count-- != 0) {
        gnttab_map(0, FIRST_REF, window, GNTMAP_host_map, &handle);
        gnttab_unmap(window, handle);
    }
}

static void copy_bytes(unsigned long count, unsigned int batch, uint16_t length)
{
    for (unsigned int i = 0; i < batch; i++) {
        copies[i].len = length;
    }
    while (count-- != 0) {
        hc_grant_table_op(GNTTABOP_copy, copies, batch);
    }
}

static void copy_1(unsigned long count)
{
    copy_bytes(count, 1, PAGE_BYTES);
}

static void copy_32(unsigned long count)
{
    copy_bytes(count, BATCH, PAGE_BYTES);
}

/* What each copy costs besides its bytes. */
static void copy_32_short(unsigned long count)
{
    copy_bytes(count, BATCH, 8);
}

static void prepare(void)
{
    table = mm_page_alloc();
    window = mm_page_alloc();
    if (gnttab_init() != 0 || mm_set_readonly(table) != 0 ||
        mm_ext(MMUEXT_PIN_L1_TABLE, table) != 0 || mm_map(window, 0, 0) != 0) {
        guest_panic("cannot prepare grants");
    }
    for (unsigned int i = 0; i < BATCH; i++) {
        gnttab_grant(FIRST_REF + i, 0, mm_va_to_mfn(mm_page_alloc()), false);
        maps[i].host_addr = mm_va_to_maddr(&table[i]);
        maps[i].flags = GNTMAP_host_map | GNTMAP_contains_pte;
        maps[i].ref = FIRST_REF + i;
        unmaps[i].host_addr = maps[i].host_addr;
        copies[i].source.u.ref = FIRST_REF + i;
        copies[i].source.domid = 0;
        copies[i].dest.u.gmfn = mm_va_to_mfn(mm_page_alloc());
        copies[i].dest.domid = DOMID_SELF;
        copies[i].flags = GNTCOPY_source_gref;
    }
}

static void check_statuses(void)
{
    map_unmap(BATCH);
    hc_grant_table_op(GNTTABOP_copy, copies, BATCH);
    for (unsigned int i = 0; i < BATCH; i++) {
        if (maps[i].status != GNTST_okay || unmaps[i].status != GNTST_okay ||
            copies[i].status != GNTST_okay) {
            guest_panic("a grant does not work");
        }
    }
}

void bench_grants(void)
{
    prepare();
    check_statuses();
    bench_run("grant-map-unmap-1", map_1);
    bench_run("grant-map-unmap-va", map_va);
    bench_run_rounds("grant-map-unmap-32", map_32, 20);
    bench_run("grant-copy-1", copy_1);
    bench_run_rounds("grant-copy-32", copy_32, 20);
    bench_run_rounds("grant-copy-32-short", copy_32_short, 20);
}
