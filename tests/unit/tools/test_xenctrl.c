// SPDX-License-Identifier: MIT
/*
 * dom0-tools/libxenctrl against a fake kernel: which call goes out, what
 * comes back, and the contract of -1 and errno.
 */
#include "tools.h"

#include <errno.h>
#include <stdlib.h>

#include <xenctrl.h>

#include <xencall.h>

#include "fake_kernel.h"

/* What the fake hypervisor saw last, and what it shall answer. */
static struct xen_domctl domctl;
static struct xen_sysctl sysctl;
static long answer;
static uint64_t memory_args[2];
static void (*on_domctl)(struct xen_domctl *d);
static void (*on_sysctl)(struct xen_sysctl *s);

static long hypercall(uint64_t op, const uint64_t args[5])
{
    void *arg = (void *)(uintptr_t)args[0];

    switch (op) {
    case __HYPERVISOR_domctl:
        memcpy(&domctl, arg, sizeof(domctl));
        if (on_domctl != NULL) {
            on_domctl(arg);
        }
        break;
    case __HYPERVISOR_sysctl:
        memcpy(&sysctl, arg, sizeof(sysctl));
        if (on_sysctl != NULL) {
            on_sysctl(arg);
        }
        break;
    case __HYPERVISOR_memory_op:
        memory_args[0] = args[0];
        memory_args[1] = args[1];
        break;
    default:
        break;
    }
    return answer;
}

static int open_all(void **state)
{
    (void)fake_kernel_open(state);
    fake_kernel.hypercall = hypercall;
    answer = 0;
    on_domctl = NULL;
    on_sysctl = NULL;
    memset(&domctl, 0, sizeof(domctl));
    memset(&sysctl, 0, sizeof(sysctl));
    return 0;
}

static void sent(uint32_t cmd)
{
    assert_int_equal(fake_kernel.last_op, __HYPERVISOR_domctl);
    assert_int_equal(domctl.cmd, cmd);
    assert_int_equal(domctl.domain, 7);
    assert_int_equal(domctl.interface_version, XEN_DOMCTL_INTERFACE_VERSION);
}

static void simple_calls_name_command_and_domain(void **state)
{
    xen_domain_handle_t handle = {1, 2, 3};

    (void)state;
    assert_int_equal(xc_domain_pause(xch, 7), 0);
    sent(XEN_DOMCTL_pausedomain);
    assert_int_equal(xc_domain_unpause(xch, 7), 0);
    sent(XEN_DOMCTL_unpausedomain);
    assert_int_equal(xc_domain_destroy(xch, 7), 0);
    sent(XEN_DOMCTL_destroydomain);
    assert_int_equal(xc_domain_max_vcpus(xch, 7, 4), 0);
    sent(XEN_DOMCTL_max_vcpus);
    assert_int_equal(domctl.u.max_vcpus.max, 4);
    assert_int_equal(xc_domain_setmaxmem(xch, 7, 4096), 0);
    sent(XEN_DOMCTL_max_mem);
    assert_int_equal(domctl.u.max_mem.max_memkb, 4096);
    assert_int_equal(xc_domain_sethandle(xch, 7, handle), 0);
    sent(XEN_DOMCTL_setdomainhandle);
    assert_memory_equal(domctl.u.setdomainhandle.handle, handle, 16);
    assert_int_equal(xc_domain_set_time_offset(xch, 7, -60), 0);
    sent(XEN_DOMCTL_settimeoffset);
    assert_int_equal(domctl.u.settimeoffset.time_offset_seconds, -60);
    assert_int_equal(xc_domain_set_tsc_info(xch, 7, 1, 2, 3, 4), 0);
    sent(XEN_DOMCTL_settscinfo);
    assert_int_equal(domctl.u.tsc_info.elapsed_nsec, 2);
    assert_int_equal(xc_domain_ioport_permission(xch, 7, 0x60, 5, 1), 0);
    sent(XEN_DOMCTL_ioport_permission);
    assert_int_equal(domctl.u.ioport_permission.nr_ports, 5);
    assert_int_equal(xc_domain_irq_permission(xch, 7, 9, true), 0);
    sent(XEN_DOMCTL_irq_permission);
    assert_int_equal(xc_domain_iomem_permission(xch, 7, 0xfee00, 1, 0), 0);
    sent(XEN_DOMCTL_iomem_permission);
    assert_int_equal(domctl.u.iomem_permission.first_mfn, 0xfee00);
    assert_int_equal(xc_domain_send_trigger(xch, 7, 0, 1), 0);
    sent(XEN_DOMCTL_sendtrigger);
    assert_int_equal(xc_assign_device(xch, 7, 0x1234, 1), 0);
    sent(XEN_DOMCTL_assign_device);
    assert_int_equal(domctl.u.assign_device.u.pci.machine_sbdf, 0x1234);
}

static void failures_are_minus_one_and_errno(void **state)
{
    unsigned long page;
    xc_dominfo_t info;
    unsigned int width;
    xc_physinfo_t physinfo = {0};

    (void)state;
    answer = -ESRCH;
    errno = 0;
    assert_int_equal(xc_domain_pause(xch, 7), -1);
    assert_int_equal(errno, ESRCH);
    assert_int_equal(xc_domain_getinfo(xch, 7, 1, &info), -1);
    assert_int_equal(errno, ESRCH);
    assert_int_equal(xc_domain_get_guest_width(xch, 7, &width), -1);
    answer = -EPERM;
    assert_int_equal(xc_physinfo(xch, &physinfo), -1);
    assert_int_equal(errno, EPERM);
    assert_int_equal(xc_maximum_ram_page(xch, &page), -1);
    assert_int_equal(errno, EPERM);
    assert_int_equal(xc_get_max_cpus(xch), -1);
    assert_null(xc_cpumap_alloc(xch));
}

static void give_domid_12(struct xen_domctl *d)
{
    d->domain = 12;
}

static void create_returns_the_new_id(void **state)
{
    struct xen_domctl_createdomain config = {.max_vcpus = 3};
    uint32_t domid = 0;

    (void)state;
    on_domctl = give_domid_12;
    assert_int_equal(xc_domain_create(xch, &domid, &config), 0);
    assert_int_equal(domid, 12);
    assert_int_equal(domctl.cmd, XEN_DOMCTL_createdomain);
    assert_int_equal(domctl.u.createdomain.max_vcpus, 3);
}

static void describe_domain(struct xen_domctl *d)
{
    struct xen_domctl_getdomaininfo *info = &d->u.getdomaininfo;

    d->domain = (domid_t)(d->domain < 3 ? 3 : 9);
    memset(info, 0, sizeof(*info));
    info->domain = d->domain;
    info->tot_pages = 1000;
    info->max_pages = 2000;
    info->flags = XEN_DOMINF_paused;
    if (d->domain == 9) {
        info->flags =
            XEN_DOMINF_shutdown | (SHUTDOWN_crash << XEN_DOMINF_shutdownshift);
    }
}

static void getinfo_walks_from_domain_to_domain(void **state)
{
    xc_dominfo_t info[2];

    (void)state;
    on_domctl = describe_domain;
    assert_int_equal(xc_domain_getinfo(xch, 0, 2, info), 2);
    assert_int_equal(info[0].domid, 3);
    assert_true(info[0].paused);
    assert_int_equal(info[0].nr_pages, 1000);
    assert_int_equal(info[0].max_memkb, 8000);
    assert_int_equal(info[1].domid, 9);
    assert_true(info[1].crashed);
    assert_false(info[1].shutdown);
    assert_int_equal(info[1].shutdown_reason, SHUTDOWN_crash);
}

static void fill_list(struct xen_sysctl *s)
{
    xen_domctl_getdomaininfo_t *out = s->u.getdomaininfolist.buffer.p;

    assert_int_equal(s->u.getdomaininfolist.first_domain, 5);
    assert_int_equal(s->u.getdomaininfolist.max_domains, 4);
    out[0].domain = 5;
    out[1].domain = 6;
    s->u.getdomaininfolist.num_domains = 2;
}

static void getinfolist_copies_the_list_back(void **state)
{
    xc_domaininfo_t list[4];

    (void)state;
    on_sysctl = fill_list;
    assert_int_equal(xc_domain_getinfolist(xch, 5, 4, list), 2);
    assert_int_equal(list[1].domain, 6);
}

/* The result of a memory_op may be larger than an int: it comes whole. */
static void memory_op_results_are_long(void **state)
{
    unsigned long page = 0;

    (void)state;
    answer = 0x123456789L;
    assert_int_equal(xc_maximum_ram_page(xch, &page), 0);
    assert_int_equal(page, 0x123456789UL);
    assert_int_equal(fake_kernel.last_op, __HYPERVISOR_memory_op);
    assert_int_equal(memory_args[0], XENMEM_maximum_ram_page);
}

static void exact_forms_want_all(void **state)
{
    xen_pfn_t extents[4] = {0, 1, 2, 3};

    (void)state;
    answer = 4;
    assert_int_equal(xc_domain_populate_physmap_exact(xch, 7, 4, 0, 0, extents),
                     0);
    answer = 3;
    assert_int_equal(xc_domain_populate_physmap_exact(xch, 7, 4, 0, 0, extents),
                     -1);
    assert_int_equal(errno, EBUSY);
    assert_int_equal(xc_domain_populate_physmap(xch, 7, 4, 0, 0, extents), 3);
    assert_int_equal(
        xc_domain_increase_reservation_exact(xch, 7, 4, 0, 0, extents), -1);
    assert_int_equal(errno, ENOMEM);
    assert_int_equal(
        xc_domain_decrease_reservation_exact(xch, 7, 4, 0, extents), -1);
    assert_int_equal(errno, EINVAL);
    assert_int_equal(xc_domain_decrease_reservation(xch, 7, 4, 0, NULL), -1);
    assert_int_equal(errno, EINVAL);
}

static void claims_are_optional(void **state)
{
    (void)state;
    answer = -ENOSYS;
    assert_int_equal(xc_domain_claim_pages(xch, 7, 100), 0);
    answer = -ENOMEM;
    assert_int_equal(xc_domain_claim_pages(xch, 7, 100), -1);
    assert_int_equal(errno, ENOMEM);
}

static void machine_of_ten_cpus(struct xen_sysctl *s)
{
    if (s->cmd == XEN_SYSCTL_physinfo) {
        s->u.physinfo.max_cpu_id = 9;
        s->u.physinfo.nr_cpus = 8;
        s->u.physinfo.max_node_id = 0;
    }
}

static void affinity_masks_go_in_and_out(struct xen_domctl *d)
{
    uint8_t *map = d->u.vcpuaffinity.cpumap_hard.bitmap.p;

    assert_int_equal(d->u.vcpuaffinity.cpumap_hard.nr_bits, 10);
    assert_int_equal(map[0], 0x81);
    assert_int_equal(map[1], 0x02);
    assert_null(d->u.vcpuaffinity.cpumap_soft.bitmap.p);
    map[1] = 0;
}

static void cpu_maps_have_the_machines_size(void **state)
{
    xc_cpumap_t map;

    (void)state;
    on_sysctl = machine_of_ten_cpus;
    on_domctl = affinity_masks_go_in_and_out;
    assert_int_equal(xc_get_max_cpus(xch), 10);
    assert_int_equal(xc_get_online_cpus(xch), 8);
    assert_int_equal(xc_get_cpumap_size(xch), 2);
    map = xc_cpumap_alloc(xch);
    assert_non_null(map);
    xc_cpumap_setcpu(0, map);
    xc_cpumap_setcpu(7, map);
    xc_cpumap_setcpu(9, map);
    assert_true(xc_cpumap_testcpu(9, map));
    assert_int_equal(
        xc_vcpu_setaffinity(xch, 7, 0, map, NULL, XEN_VCPUAFFINITY_HARD), 0);
    assert_int_equal(map[1], 0);
    xc_cpumap_clearcpu(0, map);
    assert_int_equal(map[0], 0x80);
    free(map);
}

static void ring_has_five(struct xen_sysctl *s)
{
    assert_int_equal(s->u.readconsole.count, 100);
    memcpy(s->u.readconsole.buffer.p, "hello", 5);
    s->u.readconsole.count = 5;
    s->u.readconsole.index = 55;
}

static void console_ring_returns_count_and_index(void **state)
{
    char text[100] = "";
    unsigned int count = sizeof(text);
    uint32_t index = 50;

    (void)state;
    on_sysctl = ring_has_five;
    assert_int_equal(xc_readconsolering(xch, text, &count, 0, 1, &index), 0);
    assert_int_equal(count, 5);
    assert_int_equal(index, 55);
    assert_memory_equal(text, "hello", 5);
    assert_int_equal(sysctl.u.readconsole.incremental, 1);
    assert_int_equal(sysctl.u.readconsole.index, 50);
}

static void no_more_pools(struct xen_sysctl *s)
{
    machine_of_ten_cpus(s);
    if (s->cmd == XEN_SYSCTL_cpupool_op) {
        answer = -ENOENT;
    }
}

static void pools_end_with_enoent(void **state)
{
    (void)state;
    on_sysctl = no_more_pools;
    assert_null(xc_cpupool_getinfo(xch, 1));
    assert_int_equal(errno, ENOENT);
}

static void buffers_are_reused_and_aligned(void **state)
{
    xencall_handle *xcall = xc_interface_xcall_handle(xch);
    void *first = xencall_alloc_buffer(xcall, 100);
    void *large = xencall_alloc_buffer(xcall, 3 * XC_PAGE_SIZE);
    void *again;

    (void)state;
    assert_int_equal((uintptr_t)first % 16, 0);
    memset(large, 0xff, 3 * XC_PAGE_SIZE);
    memset(first, 0xff, 100);
    xencall_free_buffer(xcall, first);
    again = xencall_alloc_buffer(xcall, 50);
    assert_ptr_equal(again, first);
    assert_int_equal(*(uint8_t *)again, 0); /* cleared */
    xencall_free_buffer(xcall, again);
    xencall_free_buffer(xcall, large);
    assert_null(xencall_alloc_buffer_pages(xcall, 0));
    assert_null(xencall_alloc_buffer(xcall, SIZE_MAX));
    assert_null(xencall_alloc_buffer_pages(xcall, SIZE_MAX / 2));
    xencall_free_buffer(xcall, NULL);
}

static void errors_have_words(void **state)
{
    (void)state;
    assert_string_equal(xc_strerror(xch, ENOENT), "No such file or directory");
    assert_string_equal(xc_strerror(xch, 99999), "Unknown error 99999");
    assert_string_equal(xc_error_code_to_desc(XC_OUT_OF_MEMORY),
                        "Out of memory");
    assert_int_equal(xc_get_last_error(xch)->code, XC_ERROR_NONE);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, open_all, fake_kernel_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(simple_calls_name_command_and_domain),
        TEST(failures_are_minus_one_and_errno),
        TEST(create_returns_the_new_id),
        TEST(getinfo_walks_from_domain_to_domain),
        TEST(getinfolist_copies_the_list_back),
        TEST(memory_op_results_are_long),
        TEST(exact_forms_want_all),
        TEST(claims_are_optional),
        TEST(cpu_maps_have_the_machines_size),
        TEST(console_ring_returns_count_and_index),
        TEST(pools_end_with_enoent),
        TEST(buffers_are_reused_and_aligned),
        TEST(errors_have_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
