// SPDX-License-Identifier: MIT
/*
 * dom0-tools/libxenctrl over the kernel's devices for foreign memory, grants
 * and events, played by the fake kernel.
 */
#include "tools.h"

#include <errno.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include <xenctrl.h>

#include <xenevtchn.h>
#include <xenforeignmemory.h>
#include <xengnttab.h>

#include <xen/sys/evtchn.h>
#include <xen/sys/gntalloc.h>
#include <xen/sys/gntdev.h>
#include <xen/sys/privcmd.h>

#include "fake_kernel.h"

/* -- foreign memory -------------------------------------------------------- */

static long map_all_but_second(unsigned long number, void *arg)
{
    privcmd_mmapbatch_v2_t *batch = arg;

    assert_int_equal(number, (unsigned long)IOCTL_PRIVCMD_MMAPBATCH_V2);
    assert_int_equal(batch->dom, 7);
    for (unsigned int i = 0; i < batch->num; i++) {
        batch->err[i] = i == 1 ? -EINVAL : 0;
    }
    return 0;
}

static void foreign_map_reports_each_frame(void **state)
{
    xenforeignmemory_handle *fmem = xc_interface_fmem_handle(xch);
    const xen_pfn_t frames[3] = {10, 11, 12};
    int err[3];
    void *p;

    (void)state;
    fake_kernel.request = map_all_but_second;
    p = xenforeignmemory_map(fmem, 7, PROT_READ, 3, frames, err);
    assert_non_null(p);
    assert_int_equal(err[0], 0);
    assert_int_equal(err[1], EINVAL);
    assert_int_equal(xenforeignmemory_unmap(fmem, p, 3), 0);
    assert_null(xenforeignmemory_map(fmem, 7, PROT_READ, 3, frames, NULL));
    assert_int_equal(errno, EINVAL);
    assert_null(xenforeignmemory_map(fmem, 7, PROT_READ, 0, frames, NULL));
}

static unsigned int paged_tries;

static long frame_comes_back_later(unsigned long number, void *arg)
{
    privcmd_mmapbatch_v2_t *batch = arg;

    assert_int_equal(number, (unsigned long)IOCTL_PRIVCMD_MMAPBATCH_V2);
    paged_tries++;
    if (paged_tries < 3) {
        batch->err[batch->num - 1] = -ENOENT;
        return -ENOENT;
    }
    batch->err[0] = 0;
    return 0;
}

static void paged_out_frames_are_tried_again(void **state)
{
    xenforeignmemory_handle *fmem = xc_interface_fmem_handle(xch);
    const xen_pfn_t frames[2] = {10, 11};
    void *p;

    (void)state;
    paged_tries = 0;
    fake_kernel.request = frame_comes_back_later;
    p = xenforeignmemory_map(fmem, 7, PROT_READ, 2, frames, NULL);
    assert_non_null(p);
    assert_int_equal(paged_tries, 3);
    (void)xenforeignmemory_unmap(fmem, p, 2);
}

static long no_resources(unsigned long number, void *arg)
{
    (void)arg;
    assert_int_equal(number, (unsigned long)IOCTL_PRIVCMD_MMAP_RESOURCE);
    return -ENOTTY;
}

static long resource_of_three(unsigned long number, void *arg)
{
    privcmd_mmap_resource_t *request = arg;

    assert_int_equal(number, (unsigned long)IOCTL_PRIVCMD_MMAP_RESOURCE);
    if (request->num == 0) {
        request->num = 3;
    }
    return 0;
}

static void old_kernels_have_no_resources(void **state)
{
    xenforeignmemory_handle *fmem = xc_interface_fmem_handle(xch);
    xenforeignmemory_resource_handle *fres;
    void *p = NULL;
    size_t size;

    (void)state;
    fake_kernel.request = no_resources;
    assert_null(
        xenforeignmemory_map_resource(fmem, 7, 1, 0, 0, 1, &p, PROT_READ, 0));
    assert_int_equal(errno, EOPNOTSUPP);
    fake_kernel.request = resource_of_three;
    assert_int_equal(xenforeignmemory_resource_size(fmem, 7, 1, 0, &size), 0);
    assert_int_equal(size, 3 * XC_PAGE_SIZE);
    fres = xenforeignmemory_map_resource(fmem, 7, 1, 0, 0, 1, &p, PROT_READ, 0);
    assert_non_null(fres);
    assert_non_null(p);
    assert_int_equal(xenforeignmemory_unmap_resource(fmem, fres), 0);
}

/* -- grants and events ----------------------------------------------------- */

static unsigned int released;

static long grant_device(unsigned long number, void *arg)
{
    struct ioctl_gntdev_map_grant_ref *map = arg;
    struct ioctl_gntdev_get_offset_for_vaddr *find = arg;

    if (number == (unsigned long)IOCTL_GNTDEV_MAP_GRANT_REF) {
        assert_int_equal(map->refs[0].domid, 3);
        assert_int_equal(map->refs[map->count - 1].ref, 100 + map->count - 1);
        map->index = 0x5000;
        return 0;
    }
    if (number == (unsigned long)IOCTL_GNTDEV_GET_OFFSET_FOR_VADDR) {
        find->offset = 0x5000;
        find->count = 2;
        return 0;
    }
    if (number == (unsigned long)IOCTL_GNTDEV_SET_UNMAP_NOTIFY) {
        return -EINVAL;
    }
    assert_int_equal(number, (unsigned long)IOCTL_GNTDEV_UNMAP_GRANT_REF);
    assert_int_equal(((struct ioctl_gntdev_unmap_grant_ref *)arg)->index,
                     0x5000);
    released++;
    return 0;
}

static void grants_are_mapped_and_given_back(void **state)
{
    xengnttab_handle *xgt = xengnttab_open(NULL, 0);
    uint32_t refs[2] = {100, 101};
    void *p;

    (void)state;
    released = 0;
    fake_kernel.request = grant_device;
    p = xengnttab_map_domain_grant_refs(xgt, 2, 3, refs, PROT_READ);
    assert_non_null(p);
    assert_int_equal(xengnttab_unmap(xgt, p, 1), -1); /* not its size */
    assert_int_equal(errno, EINVAL);
    assert_int_equal(xengnttab_unmap(xgt, p, 2), 0);
    assert_int_equal(released, 1);
    /* a notification that is refused takes the mapping back */
    p = xengnttab_map_grant_ref_notify(xgt, 3, 100, PROT_READ, 0, 5);
    assert_null(p);
    assert_int_equal(errno, EINVAL);
    assert_int_equal(released, 2);
    assert_int_equal(xengnttab_close(xgt), 0);
}

static long sharing_device(unsigned long number, void *arg)
{
    struct ioctl_gntalloc_alloc_gref *alloc = arg;
    struct ioctl_gntalloc_unmap_notify *notify = arg;

    switch (number) {
    case IOCTL_GNTALLOC_ALLOC_GREF:
        alloc->index = 0x3000;
        alloc->gref_ids[0] = 55;
        return 0;
    case IOCTL_GNTALLOC_SET_UNMAP_NOTIFY:
        assert_int_equal(notify->index, 0x3008);
        assert_int_equal(notify->action,
                         UNMAP_NOTIFY_CLEAR_BYTE | UNMAP_NOTIFY_SEND_EVENT);
        assert_int_equal(notify->event_channel_port, 9);
        return 0;
    default:
        assert_int_equal(number, (unsigned long)IOCTL_GNTALLOC_DEALLOC_GREF);
        released++;
        return 0;
    }
}

static void a_shared_page_tells_of_its_end(void **state)
{
    xengntshr_handle *xgs = xengntshr_open(NULL, 0);
    uint32_t ref = 0;
    void *p;

    (void)state;
    released = 0;
    fake_kernel.request = sharing_device;
    p = xengntshr_share_page_notify(xgs, 3, &ref, 1, 8, 9);
    assert_non_null(p);
    assert_int_equal(ref, 55);
    assert_int_equal(released, 1);
    assert_int_equal(xengntshr_unshare(xgs, p, 1), 0);
    assert_int_equal(xengntshr_close(xgs), 0);
}

static long event_device(unsigned long number, void *arg)
{
    if (number == (unsigned long)IOCTL_EVTCHN_BIND_INTERDOMAIN) {
        struct ioctl_evtchn_bind_interdomain *bind = arg;

        assert_int_equal(bind->remote_domain, 3);
        assert_int_equal(bind->remote_port, 17);
        return 42;
    }
    if (number == (unsigned long)IOCTL_EVTCHN_BIND_VIRQ) {
        return -EEXIST;
    }
    return 0;
}

static void events_bind_and_fail(void **state)
{
    xenevtchn_handle *xce = xenevtchn_open(NULL, 0);

    (void)state;
    fake_kernel.request = event_device;
    assert_int_equal(xenevtchn_bind_interdomain(xce, 3, 17), 42);
    assert_int_equal(xenevtchn_bind_virq(xce, VIRQ_DOM_EXC), -1);
    assert_int_equal(errno, EEXIST);
    assert_int_equal(xenevtchn_notify(xce, 42), 0);
    assert_int_equal(xenevtchn_pending(xce), -1); /* end of file */
    assert_int_equal(errno, EIO);
    assert_int_equal(xenevtchn_close(xce), 0);
    assert_null(xenevtchn_open(NULL, 0xff));
    assert_int_equal(errno, EINVAL);
}

#define TEST(f) \
    cmocka_unit_test_setup_teardown(f, fake_kernel_open, fake_kernel_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(foreign_map_reports_each_frame),
        TEST(paged_out_frames_are_tried_again),
        TEST(old_kernels_have_no_resources),
        TEST(grants_are_mapped_and_given_back),
        TEST(a_shared_page_tells_of_its_end),
        TEST(events_bind_and_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
