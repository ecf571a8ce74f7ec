/* SPDX-License-Identifier: MIT */
/*
 * Fuzz event channels, grants, pirqs and the console by hypercalls of three
 * domains, with whatever the input says in their arguments. Whoever calls
 * what, the books of ports and grants are right, and when all are dead nothing
 * of theirs is left.
 */
#include "grant_world.h"

#include "../../xen-lite/grant/grant.h"

#include <stdlib.h>
#include <string.h>

#include <xen/event_channel.h>
#include <xen/physdev.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

#define PAGES     6U
#define ARG_BYTES 192U
#define MAX_CALLS 200U

static struct {
    uint8_t arg[ARG_BYTES];
    uint8_t list[4096];
} window;

static mfn_t pages[3][PAGES];

struct input {
    const uint8_t *data;
    size_t left;
};

static uint8_t next(struct input *in)
{
    if (in->left == 0) {
        return 0;
    }
    in->left--;
    return *in->data++;
}

static struct domain *pick_domain(uint8_t byte)
{
    return byte % 3 == 0 ? dom0 : byte % 3 == 1 ? guest : other;
}

static uint64_t pick_frame(uint64_t number)
{
    return number % 8 == 7 ? number
                           : pages[number / 8 % 3][number / 32 % PAGES].number;
}

/* Random bytes seldom name a frame, a domain or a place: help them. */
static void help_event(uint8_t command)
{
    struct evtchn_bind_interdomain *bind = (void *)window.arg;
    struct evtchn_init_control *control = (void *)window.arg;

    switch (command) {
    case EVTCHNOP_bind_interdomain:
        bind->remote_dom = pick_domain((uint8_t)bind->remote_dom)->domid;
        bind->remote_port %= 80;
        break;
    case EVTCHNOP_init_control:
    case EVTCHNOP_expand_array:
        control->control_gfn = pick_frame(control->control_gfn);
        control->vcpu %= 3;
        break;
    default:
        break;
    }
}

static void help_grant(uint8_t command)
{
    struct gnttab_map_grant_ref *map = (void *)window.arg;
    struct gnttab_unmap_grant_ref *unmap = (void *)window.arg;
    struct gnttab_setup_table *table = (void *)window.arg;
    struct gnttab_get_status_frames *status = (void *)window.arg;
    struct gnttab_transfer *transfer = (void *)window.arg;
    struct gnttab_cache_flush *flush = (void *)window.arg;
    struct gnttab_set_version *version = (void *)window.arg;
    struct gnttab_copy *copy = (void *)window.arg;

    switch (command) {
    case GNTTABOP_map_grant_ref:
        map->dom = pick_domain((uint8_t)map->dom)->domid;
        map->ref %= 40;
        map->host_addr = WORLD_PTE_VA(map->host_addr % (WORLD_PTES + 1));
        break;
    case GNTTABOP_unmap_grant_ref:
    case GNTTABOP_unmap_and_replace:
        unmap->handle %= 40;
        unmap->host_addr = WORLD_PTE_VA(unmap->host_addr % (WORLD_PTES + 1));
        unmap->dev_bus_addr = pick_frame(unmap->dev_bus_addr) << PAGE_SHIFT;
        break;
    case GNTTABOP_setup_table:
        table->frame_list.p = (void *)window.list;
        break;
    case GNTTABOP_copy:
        copy->source.domid = pick_domain((uint8_t)copy->source.domid)->domid;
        copy->dest.domid = pick_domain((uint8_t)copy->dest.domid)->domid;
        copy->source.u.ref %= 40;
        copy->dest.u.ref %= 40;
        break;
    case GNTTABOP_transfer:
        transfer->mfn = pick_frame(transfer->mfn);
        transfer->domid = pick_domain((uint8_t)transfer->domid)->domid;
        transfer->ref %= 40;
        break;
    case GNTTABOP_set_version:
        version->version = 1 + version->version % 2;
        break;
    case GNTTABOP_get_status_frames:
        status->frame_list.p = (void *)window.list;
        break;
    case GNTTABOP_cache_flush:
        flush->a.dev_bus_addr = pick_frame(flush->a.dev_bus_addr) << PAGE_SHIFT;
        break;
    default:
        break;
    }
}

static void help_physdev(uint8_t command)
{
    struct physdev_map_pirq *map = (void *)window.arg;
    struct physdev_pirq_eoi_gmfn *eoi = (void *)window.arg;

    switch (command) {
    case PHYSDEVOP_map_pirq:
        map->domid = pick_domain((uint8_t)map->domid)->domid;
        map->type %= 6;
        map->index %= WORLD_GSIS + 1;
        break;
    case PHYSDEVOP_pirq_eoi_gmfn_v1:
    case PHYSDEVOP_pirq_eoi_gmfn_v2:
        eoi->gmfn = pick_frame(eoi->gmfn);
        break;
    default:
        break;
    }
}

/* The owner writes one of its own entries. */
static void write_entry(struct domain *d, struct input *in)
{
    grant_ref_t ref = next(in) % 40;
    domid_t to = pick_domain(next(in))->domid;
    uint16_t flags = next(in);
    grant_entry_v2_t entry;

    if (d->grant->version == 1) {
        grant_give(d, ref, to, mfn_make(pick_frame(next(in))), flags);
        return;
    }
    entry.full_page.frame = pick_frame(next(in));
    if ((flags & GTF_type_mask) == GTF_transitive) {
        entry.transitive.trans_domid = pick_domain(next(in))->domid;
        entry.transitive.gref = next(in) % 40;
    } else {
        entry.sub_page.page_off = (uint16_t)(next(in) * 16);
        entry.sub_page.length = (uint16_t)(next(in) * 16);
    }
    grant_give_v2(d, ref, to, flags, entry);
}

static void fill_arg(struct input *in)
{
    size_t bytes = next(in) % 64;

    memset(window.arg, 0, sizeof(window.arg));
    for (size_t i = 0; i < bytes; i++) {
        window.arg[i] = next(in);
    }
}

static void one_call(struct input *in)
{
    struct domain *d = pick_domain(next(in));
    struct vcpu *v = d->vcpu[0];
    uint8_t kind = next(in) % 8;
    uint8_t command = next(in) % 34;

    if (kind == 0) {
        write_entry(d, in);
        return;
    }
    if (kind == 1) {
        (void)world_fire(command);
        return;
    }
    fill_arg(in);
    if (kind < 5) {
        help_event(command % 16);
        (void)world_call(v, hc_event_channel_op, command % 16,
                         WORLD_VA(window.arg), 0);
    } else if (kind < 7) {
        help_grant(command % 14);
        (void)world_call(v, hc_grant_table_op, command % 14,
                         WORLD_VA(window.arg), 1 + command / 14);
    } else {
        help_physdev(command);
        (void)world_call(v, hc_physdev_op, command, WORLD_VA(window.arg), 0);
    }
}

static void check(int holds)
{
    if (!holds) {
        abort();
    }
}

static void all_is_sound(void)
{
    check(evtchn_audit(dom0) + evtchn_audit(guest) + evtchn_audit(other) == 0);
    check(grant_audit_all() == 0);
}

static void nothing_is_left(void)
{
    grant_kill(dom0);
    grant_kill(guest);
    grant_kill(other);
    all_is_sound();
    for (unsigned int i = 0; i < 3; i++) {
        check(atomic_load(&pick_domain((uint8_t)i)->refs) == 1);
        for (unsigned int j = 0; j < PAGES; j++) {
            /* Its owner's, or nobody's after a transfer that none took. */
            check(world_page_refs(pages[i][j]) ==
                  (page_owner(page_of(pages[i][j])) != DOMID_INVALID));
            check(world_page_type_refs(pages[i][j]) == 0);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct input in = {data, bytes};

    grant_setup(NULL);
    world_guest_window(&window, sizeof(window));
    (void)rangeset_add(&dom0->irqs, 1, WORLD_GSIS - 1);
    for (unsigned int i = 0; i < 3; i++) {
        for (unsigned int j = 0; j < PAGES; j++) {
            pages[i][j] = world_page(pick_domain((uint8_t)i));
        }
    }
    world_preempt_every(next(&in) % 4);
    for (unsigned int i = 0; i < MAX_CALLS && in.left != 0; i++) {
        one_call(&in);
    }
    all_is_sound();
    nothing_is_left();
    grant_teardown(NULL);
    return 0;
}
