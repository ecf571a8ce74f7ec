/* SPDX-License-Identifier: MIT */
/* See grant_world.h. */
#include "grant_world.h"

#include "../../xen-lite/grant/grant.h"

struct domain *dom0;
struct domain *guest;
struct domain *other;
mfn_t granted_frame;

const uint16_t grant_bad_flags[GRANT_BAD_FLAGS] = {
    GTF_invalid,
    GTF_accept_transfer,
    GTF_transitive,
    GTF_permit_access | GTF_readonly,
    GTF_permit_access | GTF_sub_page,
};

static struct domain *make(domid_t domid, bool privileged)
{
    struct domain *d = world_domain(domid, 2, privileged);

    assert_int_equal(grant_table_init(d, 4, 1, 2), 0);
    return d;
}

int grant_setup(void **state)
{
    world_setup(state);
    dom0 = make(0, true);
    guest = make(5, false);
    other = make(6, false);
    return 0;
}

int grant_frame_setup(void **state)
{
    grant_setup(state);
    granted_frame = world_page(guest);
    grant_give(guest, 8, 0, granted_frame, GTF_permit_access);
    return 0;
}

unsigned int grant_audit_all(void)
{
    return grant_audit(dom0) + grant_audit(guest) + grant_audit(other);
}

void grant_kill(struct domain *d)
{
    world_kill(d);
    while (grant_table_release_maps(d) == -XEN_ERESTART) {
    }
    world_drop_ptes(d);
}

int grant_teardown(void **state)
{
    struct domain *all[] = {dom0, guest, other};

    assert_int_equal(grant_audit_all(), 0);
    for (unsigned int i = 0; i < ARRAY_COUNT(all); i++) {
        grant_kill(all[i]);
    }
    assert_int_equal(grant_audit_all(), 0);
    for (unsigned int i = 0; i < ARRAY_COUNT(all); i++) {
        grant_table_destroy(all[i]);
    }
    return world_teardown(state);
}

long grant_call(struct domain *d, unsigned int command, void *array,
                unsigned int count)
{
    return world_call(d->vcpu[0], hc_grant_table_op, command, WORLD_VA(array),
                      count);
}

grant_entry_v1_t *grant_entry(struct domain *d, grant_ref_t ref)
{
    return entry_v1(d->grant, ref);
}

void grant_give(struct domain *d, grant_ref_t ref, domid_t to, mfn_t mfn,
                uint16_t flags)
{
    grant_entry_v1_t *entry = grant_entry(d, ref);

    entry->domid = to;
    entry->frame = (uint32_t)mfn.number;
    entry->flags = flags;
}

void grant_give_v2(struct domain *d, grant_ref_t ref, domid_t to,
                   uint16_t flags, grant_entry_v2_t with)
{
    grant_entry_v2_t *entry = entry_v2(d->grant, ref);

    *entry = with;
    entry->hdr.domid = to;
    entry->hdr.flags = flags;
}

int grant_set_version(struct domain *d, uint32_t version)
{
    struct gnttab_set_version op = {.version = version};
    long rc = grant_call(d, GNTTABOP_set_version, &op, 1);

    assert_int_equal(op.version, d->grant->version);
    return (int)rc;
}

uint16_t grant_flags(struct domain *d, grant_ref_t ref)
{
    return grant_entry(d, ref)->flags;
}

int grant_map_at(struct domain *d, struct domain *granter, grant_ref_t ref,
                 uint32_t flags, unsigned int pte, grant_handle_t *handle)
{
    bool contains_pte = (flags & GNTMAP_contains_pte) != 0;
    struct gnttab_map_grant_ref map = {
        .host_addr = contains_pte ? WORLD_PTE_MA(pte) : WORLD_PTE_VA(pte),
        .flags = flags,
        .ref = ref,
        .dom = granter->domid,
        .status = 77,
    };

    assert_int_equal(grant_call(d, GNTTABOP_map_grant_ref, &map, 1), 0);
    *handle = map.handle;
    return map.status;
}

int grant_unmap_at(struct domain *d, unsigned int pte, grant_handle_t handle)
{
    struct gnttab_unmap_grant_ref unmap = {
        .host_addr = WORLD_PTE_VA(pte), .handle = handle, .status = 77};

    assert_int_equal(grant_call(d, GNTTABOP_unmap_grant_ref, &unmap, 1), 0);
    return unmap.status;
}

int grant_unmap_device(struct domain *d, uint64_t dev_bus_addr,
                       grant_handle_t handle)
{
    struct gnttab_unmap_grant_ref unmap = {
        .dev_bus_addr = dev_bus_addr, .handle = handle, .status = 77};

    assert_int_equal(grant_call(d, GNTTABOP_unmap_grant_ref, &unmap, 1), 0);
    return unmap.status;
}
