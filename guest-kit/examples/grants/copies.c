/* SPDX-License-Identifier: MIT */
/* What a copy moves: these bytes of this page, and none beside them. */
#include "grants.h"

#include "string.h"

#define REF_PAGE  20
#define ALL_WORDS (2 * PT_ENTRIES)

/* @len bytes between the page of a reference of ours and one without. */
struct move {
    grant_ref_t ref;
    uint64_t *page; /* of the reference, as we see it */
    uint16_t offset, local_offset, len;
};

static uint64_t *local;

/* No two words of all pages are alike, and neighbours in no byte. */
static void fill(uint64_t *page, uint64_t first)
{
    for (unsigned int i = 0; i < PT_ENTRIES; i++) {
        page[i] = first + i * 0x0101010101010101UL;
    }
}

static void fill_both(const struct move *m)
{
    fill(m->page, 0xa1a2a3a4a5a6a7a8);
    fill(local, 0x0f1e2d3c4b5a6978);
}

static int64_t words_alike(const uint64_t *page, const uint64_t *model)
{
    int64_t count = 0;

    for (unsigned int i = 0; i < PT_ENTRIES; i++) {
        count += page[i] == model[i];
    }
    return count;
}

static int copy(const struct move *m, bool to_ref)
{
    struct gnttab_copy op = {
        .len = m->len,
        .flags = to_ref ? GNTCOPY_dest_gref : GNTCOPY_source_gref,
        .status = 99,
    };
    struct gnttab_copy_ptr of_ref = {
        .u.ref = m->ref, .domid = 0, .offset = m->offset};
    struct gnttab_copy_ptr of_local = {.u.gmfn = mm_va_to_mfn(local),
                                       .domid = DOMID_SELF,
                                       .offset = m->local_offset};

    memcpy(&op.source, to_ref ? &of_local : &of_ref, sizeof(op.source));
    memcpy(&op.dest, to_ref ? &of_ref : &of_local, sizeof(op.dest));
    hc_grant_table_op(GNTTABOP_copy, &op, 1);
    return op.status;
}

/* The words of both pages that are right if only @moved bytes were moved. */
static void check_move(const char *name, const struct move *m, bool to_ref,
                       int status, unsigned int moved)
{
    static uint64_t model_page[PT_ENTRIES];
    static uint64_t model_local[PT_ENTRIES];
    uint8_t *at_page = (uint8_t *)model_page + m->offset;
    uint8_t *at_local = (uint8_t *)model_local + m->local_offset;

    fill_both(m);
    memcpy(model_page, m->page, PAGE_BYTES);
    memcpy(model_local, local, PAGE_BYTES);
    memcpy(to_ref ? at_page : at_local, to_ref ? at_local : at_page, moved);
    check_eq(name, copy(m, to_ref), status);
    check_eq(name,
             words_alike(m->page, model_page) + words_alike(local, model_local),
             ALL_WORDS);
}

static void check_moves(const char *from, const char *to, const struct move *m)
{
    check_move(from, m, false, GNTST_okay, m->len);
    check_move(to, m, true, GNTST_okay, m->len);
}

void grants_copy_sub_page(void)
{
    struct move m = {REF_SUB, fx.page, 128, 1024, 64};

    local = mm_page_alloc();
    grant_sub(REF_SUB, GTF_permit_access | GTF_sub_page, fx.mfn, 128, 64);
    check_moves("sub-bytes-from", "sub-bytes-to", &m);
    m = (struct move){REF_SUB, fx.page, 131, 2045, 13};
    check_moves("sub-odd-bytes-from", "sub-odd-bytes-to", &m);
    m = (struct move){REF_SUB, fx.page, 191, PAGE_BYTES - 1, 1};
    check_moves("sub-last-byte-from", "sub-last-byte-to", &m);
    m = (struct move){REF_SUB, fx.page, 128, 0, 65};
    check_move("sub-too-long-from", &m, false, GNTST_general_error, 0);
    check_move("sub-too-long-to", &m, true, GNTST_general_error, 0);
    m = (struct move){REF_SUB, fx.page, 127, 0, 8};
    check_move("sub-too-early-to", &m, true, GNTST_general_error, 0);
    grant_sub(REF_SUB, GTF_permit_access | GTF_sub_page | GTF_readonly, fx.mfn,
              128, 64);
    m = (struct move){REF_SUB, fx.page, 136, 8, 16};
    check_move("sub-readonly-from", &m, false, GNTST_okay, m.len);
    check_move("sub-readonly-to", &m, true, GNTST_general_error, 0);
    mm_page_free(local);
}

/* The page of @domid's REF_PAGE, through an entry of ours; not that of our own
 * entry of the same number. */
static void check_transitive(domid_t domid)
{
    struct move m = {REF_TRANS, fx.window, 72, 2000, 500};
    static uint64_t others[PT_ENTRIES];

    fill(others, 0x123456789abcdef0);
    memcpy(fx.page, others, PAGE_BYTES);
    grant_full(REF_PAGE, GTF_permit_access, fx.mfn);
    grant_transitive(REF_TRANS, GTF_transitive, domid, REF_PAGE);
    check_moves("trans-bytes-from", "trans-bytes-to", &m);
    m = (struct move){REF_TRANS, fx.window, 4093, 5, 3};
    check_moves("trans-odd-bytes-from", "trans-odd-bytes-to", &m);
    m = (struct move){REF_TRANS, fx.window, 0, 0, PAGE_BYTES};
    check_moves("trans-page-from", "trans-page-to", &m);
    grant_transitive(REF_TRANS, GTF_transitive | GTF_readonly, domid, REF_PAGE);
    check_move("trans-bytes-readonly", &m, true, GNTST_general_error, 0);
    check_eq("trans-others-page", words_alike(fx.page, others), PT_ENTRIES);
    grant_full(REF_PAGE, 0, 0);
}

void grants_copy_transitive(domid_t domid)
{
    grant_handle_t handle = 0;

    local = mm_page_alloc();
    check_eq("trans-bytes-map",
             gnttab_map(domid, REF_PAGE, fx.window, GNTMAP_host_map, &handle),
             GNTST_okay);
    check_transitive(domid);
    check_eq("trans-bytes-unmap", gnttab_unmap(fx.window, handle), GNTST_okay);
    mm_page_free(local);
}
