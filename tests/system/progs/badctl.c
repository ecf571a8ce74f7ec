// SPDX-License-Identifier: MIT
/*
 * badctl DOMID: domctl, sysctl and platform_op calls that must fail, or answer
 * in a set way, made from dom0 on paused guest DOMID (2 vCPUs). One line each:
 * `BAD name errno`. None of them may change anything: the caller looks.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#define __XEN_TOOLS__ 1
#include <xen/xen.h>

#include <xen/domctl.h>
#include <xen/platform.h>
#include <xen/sysctl.h>

struct privcmd_hypercall {
    uint64_t number;
    uint64_t arg[5];
};
#define PRIVCMD_HYPERCALL \
    _IOC(_IOC_NONE, 'P', 0, sizeof(struct privcmd_hypercall))

#define NOBODY 4000U
#define ANY    0xffffU
#define WILD   ((void *)0xffff800000000000UL) /* the hypervisor's */

static int privcmd;
static domid_t guest;
static unsigned char *buffer; /* locked, zeroed before each call */
#define BUFFER_BYTES 65536U

static int call(unsigned int number, void *argument)
{
    struct privcmd_hypercall request = {number, {(uintptr_t)argument}};
    int rc = ioctl(privcmd, PRIVCMD_HYPERCALL, &request);

    return rc < 0 ? -errno : rc;
}

static const char *error_name(int rc)
{
    static char number[16];

    switch (-rc) {
    case EPERM:
        return "EPERM";
    case ENOENT:
        return "ENOENT";
    case ESRCH:
        return "ESRCH";
    case ENOMEM:
        return "ENOMEM";
    case EACCES:
        return "EACCES";
    case EFAULT:
        return "EFAULT";
    case EBUSY:
        return "EBUSY";
    case EEXIST:
        return "EEXIST";
    case EXDEV:
        return "EXDEV";
    case ENODEV:
        return "ENODEV";
    case EINVAL:
        return "EINVAL";
    case ENOSPC:
        return "ENOSPC";
    case ERANGE:
        return "ERANGE";
    case ENOSYS:
        return "ENOSYS";
    case ENODATA:
        return "ENODATA";
    case ENOBUFS:
        return "ENOBUFS";
    case E2BIG:
        return "E2BIG";
    case EIO:
        return "EIO";
    case EADDRNOTAVAIL:
        return "EADDRNOTAVAIL";
    case EOPNOTSUPP:
        return "EOPNOTSUPP";
    case EOVERFLOW:
        return "EOVERFLOW";
    default:
        snprintf(number, sizeof(number), "%d", rc);
        return number;
    }
}

static void say(const char *name, int rc)
{
    printf("BAD %s %s\n", name, error_name(rc));
}

static struct xen_domctl *domctl(uint32_t command, domid_t domid)
{
    struct xen_domctl *op = (struct xen_domctl *)buffer;

    memset(buffer, 0, BUFFER_BYTES);
    op->cmd = command;
    op->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    op->domain = domid;
    return op;
}

static struct xen_sysctl *sysctl(uint32_t command)
{
    struct xen_sysctl *op = (struct xen_sysctl *)buffer;

    memset(buffer, 0, BUFFER_BYTES);
    op->cmd = command;
    op->interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    return op;
}

static struct xen_platform_op *platform(uint32_t command)
{
    struct xen_platform_op *op = (struct xen_platform_op *)buffer;

    memset(buffer, 0, BUFFER_BYTES);
    op->cmd = command;
    op->interface_version = XENPF_INTERFACE_VERSION;
    return op;
}

/* More of the locked buffer, behind the structure. */
static void *more(void)
{
    return buffer + 4096;
}

/* D(name, command, domain, statements on u): a domctl. S, P: the others. */
#define D(name, command, domid, ...) \
    do { \
        struct xen_domctl *op = domctl(XEN_DOMCTL_##command, domid); \
        { \
            __VA_ARGS__; \
        } \
        say("domctl " #command " " name, call(__HYPERVISOR_domctl, op)); \
    } while (0)
#define S(name, command, ...) \
    do { \
        struct xen_sysctl *op = sysctl(XEN_SYSCTL_##command); \
        { \
            __VA_ARGS__; \
        } \
        say("sysctl " #command " " name, call(__HYPERVISOR_sysctl, op)); \
    } while (0)
#define P(name, command, ...) \
    do { \
        struct xen_platform_op *op = platform(XENPF_##command); \
        { \
            __VA_ARGS__; \
        } \
        say("platform " #command " " name, \
            call(__HYPERVISOR_platform_op, op)); \
    } while (0)
#define HANDLE(field, pointer) ((field).p = (void *)(pointer))

static void any_call(void)
{
    D("version", getdomaininfo, 0, op->interface_version++);
    S("version", physinfo, op->interface_version++);
    P("version", get_cpuinfo, op->interface_version++);
    say("domctl null", call(__HYPERVISOR_domctl, NULL));
    say("sysctl null", call(__HYPERVISOR_sysctl, NULL));
    say("platform null", call(__HYPERVISOR_platform_op, NULL));
    say("domctl wild", call(__HYPERVISOR_domctl, WILD));
    say("sysctl wild", call(__HYPERVISOR_sysctl, WILD));
    D("unknown", pausedomain, 0, op->cmd = 999);
    D("unknown nobody", pausedomain, NOBODY, op->cmd = 999);
    S("unknown", physinfo, op->cmd = 999);
    P("unknown", get_cpuinfo, op->cmd = 999);
    D("zero", pausedomain, 0, op->cmd = 0);
    S("zero", physinfo, op->cmd = 0);
}

static void of_nobody(void)
{
    static const uint16_t commands[] = {
        2,  3,  4,  9,  10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
        22, 24, 25, 27, 28, 29, 35, 36, 37, 42, 43, 45, 46, 54, 59, 60,
        61, 62, 63, 66, 68, 69, 72, 73, 74, 75, 79, 82, 83, 85, 86};
    char name[64];

    for (unsigned int i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        struct xen_domctl *op = domctl(commands[i], NOBODY);

        snprintf(name, sizeof(name), "domctl %u nobody", commands[i]);
        say(name, call(__HYPERVISOR_domctl, op));
    }
    D("self", pausedomain, DOMID_SELF, );
    D("self", getdomaininfo, DOMID_SELF, );
    D("io", pausedomain, DOMID_IO, );
    D("xen", pausedomain, DOMID_XEN, );
    D("xen", getdomaininfo, DOMID_XEN, );
    D("idle", getdomaininfo, DOMID_IDLE, );
    D("invalid", getdomaininfo, DOMID_INVALID, );
    D("nobody above", getdomaininfo, NOBODY, );
    D("self", get_address_size, DOMID_SELF, );
}

static void life(void)
{
    struct xen_domctl_createdomain good = {.max_vcpus = 1,
                                           .max_evtchn_port = -1,
                                           .max_grant_frames = 4,
                                           .max_maptrack_frames = 4,
                                           .grant_opts = 1};

    D("dom0", destroydomain, 0, );
    D("dom0", pausedomain, 0, );
    D("dom0 not paused", unpausedomain, 0, );
    D("dom0", resumedomain, 0, );
    D("not suspended", resumedomain, guest, );
    D("taken", createdomain, guest, op->u.createdomain = good);
    D("flags", createdomain, 3000, op->u.createdomain = good;
      op->u.createdomain.flags = 1U << 31);
    D("hvm", createdomain, 3000, op->u.createdomain = good;
      op->u.createdomain.flags = XEN_DOMCTL_CDF_hvm);
    D("hap", createdomain, 3000, op->u.createdomain = good;
      op->u.createdomain.flags = XEN_DOMCTL_CDF_hap);
    D("iommu", createdomain, 3000, op->u.createdomain = good;
      op->u.createdomain.flags = XEN_DOMCTL_CDF_iommu);
    D("nested", createdomain, 3000, op->u.createdomain = good;
      op->u.createdomain.flags = XEN_DOMCTL_CDF_nested_virt);
    D("vpmu", createdomain, 3000, op->u.createdomain = good;
      op->u.createdomain.flags = XEN_DOMCTL_CDF_vpmu);
    D("no vcpus", createdomain, 3000, op->u.createdomain = good;
      op->u.createdomain.max_vcpus = 0);
    D("vcpus", createdomain, 3000, op->u.createdomain = good;
      op->u.createdomain.max_vcpus = 100000);
    D("pool", createdomain, 3000, op->u.createdomain = good;
      op->u.createdomain.cpupool_id = 77);
    D("emulation", createdomain, 3000, op->u.createdomain = good;
      op->u.createdomain.arch.emulation_flags = 1);
    D("misc", createdomain, 3000, op->u.createdomain = good;
      op->u.createdomain.arch.misc_flags = 1U << 31);
    D("grants", createdomain, 3000, op->u.createdomain = good;
      op->u.createdomain.max_grant_frames = 1U << 30);
    D("grant version", createdomain, 3000, op->u.createdomain = good;
      op->u.createdomain.grant_opts = 9);
    D("vmtrace", createdomain, 3000, op->u.createdomain = good;
      op->u.createdomain.vmtrace_size = 4096);
    D("dom0", max_vcpus, 0, op->u.max_vcpus.max = 4);
    D("more", max_vcpus, guest, op->u.max_vcpus.max = 5);
    D("none", max_vcpus, guest, op->u.max_vcpus.max = 0);
    D("31", set_address_size, guest, op->u.address_size.size = 31);
    D("32", set_address_size, guest, op->u.address_size.size = 32);
    D("64", set_address_size, guest, op->u.address_size.size = 64);
    D("none", sendtrigger, guest,
      op->u.sendtrigger.trigger = XEN_DOMCTL_SENDTRIGGER_POWER);
    D("vcpu", sendtrigger, guest, op->u.sendtrigger.vcpu = 99);
    D("bad", sendtrigger, guest, op->u.sendtrigger.trigger = 99);
}

static void of_vcpus(void)
{
    D("vcpu", setvcpucontext, guest, op->u.vcpucontext.vcpu = 99;
      HANDLE(op->u.vcpucontext.ctxt, more()));
    D("dom0", setvcpucontext, 0, HANDLE(op->u.vcpucontext.ctxt, more()));
    D("handle", setvcpucontext, guest, op->u.vcpucontext.vcpu = 1;
      HANDLE(op->u.vcpucontext.ctxt, WILD));
    D("vcpu", getvcpucontext, guest, op->u.vcpucontext.vcpu = 99;
      HANDLE(op->u.vcpucontext.ctxt, more()));
    D("down", getvcpucontext, guest, op->u.vcpucontext.vcpu = 1;
      HANDLE(op->u.vcpucontext.ctxt, more()));
    D("handle", getvcpucontext, guest, HANDLE(op->u.vcpucontext.ctxt, WILD));
    D("null", getvcpucontext, guest, );
    D("vcpu", getvcpuinfo, guest, op->u.getvcpuinfo.vcpu = 99);
    D("vcpu", setvcpuaffinity, guest, op->u.vcpuaffinity.vcpu = 99;
      op->u.vcpuaffinity.flags = 1);
    D("flags", setvcpuaffinity, guest, );
    D("more flags", setvcpuaffinity, guest, op->u.vcpuaffinity.flags = 8);
    D("handle", setvcpuaffinity, guest, op->u.vcpuaffinity.flags = 1;
      op->u.vcpuaffinity.cpumap_hard.nr_bits = 8;
      HANDLE(op->u.vcpuaffinity.cpumap_hard.bitmap, WILD));
    D("empty", setvcpuaffinity, guest, op->u.vcpuaffinity.flags = 1;
      op->u.vcpuaffinity.cpumap_hard.nr_bits = 8;
      HANDLE(op->u.vcpuaffinity.cpumap_hard.bitmap, more()));
    D("absent CPU", setvcpuaffinity, guest, op->u.vcpuaffinity.flags = 1;
      op->u.vcpuaffinity.cpumap_hard.nr_bits = 8;
      HANDLE(op->u.vcpuaffinity.cpumap_hard.bitmap, more());
      ((uint8_t *)more())[0] = 0x80);
    D("vcpu", getvcpuaffinity, guest, op->u.vcpuaffinity.vcpu = 99;
      op->u.vcpuaffinity.flags = 1);
    D("flags", getvcpuaffinity, guest, );
    D("empty", setnodeaffinity, guest, op->u.nodeaffinity.nodemap.nr_bits = 8;
      HANDLE(op->u.nodeaffinity.nodemap.bitmap, more()));
    D("absent", setnodeaffinity, guest, op->u.nodeaffinity.nodemap.nr_bits = 8;
      HANDLE(op->u.nodeaffinity.nodemap.bitmap, more());
      ((uint8_t *)more())[0] = 0x80);
    D("vcpu", set_ext_vcpucontext, guest, op->u.ext_vcpucontext.vcpu = 99;
      op->u.ext_vcpucontext.size = 64);
    D("size", set_ext_vcpucontext, guest, op->u.ext_vcpucontext.size = 2);
    D("callback", set_ext_vcpucontext, guest, op->u.ext_vcpucontext.size = 128;
      op->u.ext_vcpucontext.sysenter_callback_eip = 1UL << 62);
    D("vcpu", get_ext_vcpucontext, guest, op->u.ext_vcpucontext.vcpu = 99);
    D("self", get_ext_vcpucontext, 0, );
    D("vcpu", getvcpuextstate, guest, op->u.vcpuextstate.vcpu = 99);
    D("vcpu", setvcpuextstate, guest, op->u.vcpuextstate.vcpu = 99);
    D("size", setvcpuextstate, guest, op->u.vcpuextstate.size = 7;
      HANDLE(op->u.vcpuextstate.buffer, more()));
    D("large", setvcpuextstate, guest, op->u.vcpuextstate.size = 65536;
      HANDLE(op->u.vcpuextstate.buffer, more()));
    D("vcpu", get_vcpu_msrs, guest, op->u.vcpu_msrs.vcpu = 99);
    D("vcpu", set_vcpu_msrs, guest, op->u.vcpu_msrs.vcpu = 99);
    D("many", set_vcpu_msrs, guest, op->u.vcpu_msrs.msr_count = 1000;
      HANDLE(op->u.vcpu_msrs.msrs, more()));
    D("handle", set_vcpu_msrs, guest, op->u.vcpu_msrs.msr_count = 1;
      HANDLE(op->u.vcpu_msrs.msrs, WILD));
    D("unknown", set_vcpu_msrs, guest, op->u.vcpu_msrs.msr_count = 1;
      HANDLE(op->u.vcpu_msrs.msrs, more());
      ((uint32_t *)more())[0] = 0x12345678);
}

static void of_guests(void)
{
    D("credit", scheduler_op, guest,
      op->u.scheduler_op.sched_id = XEN_SCHEDULER_CREDIT);
    D("command", scheduler_op, guest,
      op->u.scheduler_op.sched_id = XEN_SCHEDULER_CREDIT2;
      op->u.scheduler_op.cmd = 9);
    D("vcpu", scheduler_op, guest,
      op->u.scheduler_op.sched_id = XEN_SCHEDULER_CREDIT2;
      op->u.scheduler_op.cmd = XEN_DOMCTL_SCHEDOP_getvcpuinfo);
    D("dom0", shadow_op, 0, op->u.shadow_op.op = 2);
    D("off", shadow_op, guest, );
    D("log dirty", shadow_op, guest,
      op->u.shadow_op.op = XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY);
    D("clean", shadow_op, guest,
      op->u.shadow_op.op = XEN_DOMCTL_SHADOW_OP_CLEAN);
    D("peek", shadow_op, guest, op->u.shadow_op.op = XEN_DOMCTL_SHADOW_OP_PEEK);
    D("allocation", shadow_op, guest,
      op->u.shadow_op.op = XEN_DOMCTL_SHADOW_OP_GET_ALLOCATION);
    D("unknown", shadow_op, guest, op->u.shadow_op.op = 99);
    D("many", getpageframeinfo3, guest, op->u.getpageframeinfo3.num = 1025);
    D("handle", getpageframeinfo3, guest, op->u.getpageframeinfo3.num = 1;
      HANDLE(op->u.getpageframeinfo3.array, WILD));
    D("dom0", gettscinfo, 0, );
    D("dom0", settscinfo, 0, );
    D("mode", settscinfo, guest, op->u.tsc_info.tsc_mode = 9);
    D("pirq", irq_permission, guest, op->u.irq_permission.pirq = 5000;
      op->u.irq_permission.allow_access = 1);
    D("wraps", iomem_permission, guest, op->u.iomem_permission.first_mfn = ~0UL;
      op->u.iomem_permission.nr_mfns = 2);
    D("none", iomem_permission, guest, );
    D("wraps", ioport_permission, guest,
      op->u.ioport_permission.first_port = 0xffff;
      op->u.ioport_permission.nr_ports = 2);
    D("frame", hypercall_init, guest, op->u.hypercall_init.gmfn = ~0UL >> 16);
    D("virq", set_virq_handler, guest, op->u.set_virq_handler.virq = 99);
    D("virq of vcpu", set_virq_handler, guest, op->u.set_virq_handler.virq = 0);
    D("dom0", set_cpu_policy, 0, );
    D("large", set_cpu_policy, guest, op->u.cpu_policy.nr_leaves = 100000);
    D("handle", set_cpu_policy, guest, op->u.cpu_policy.nr_leaves = 1;
      HANDLE(op->u.cpu_policy.leaves, WILD));
    D("small", get_cpu_policy, guest, op->u.cpu_policy.nr_leaves = 1;
      op->u.cpu_policy.nr_msrs = 1; HANDLE(op->u.cpu_policy.leaves, more());
      HANDLE(op->u.cpu_policy.msrs, more()));
    D("", subscribe, guest, );
    D("", setdebugging, guest, op->u.setdebugging.enable = 0);
    D("", assign_device, guest, );
    D("", test_assign_device, guest, );
    D("", deassign_device, guest, );
    D("", get_device_group, guest, );
    D("", bind_pt_irq, guest, );
    D("", unbind_pt_irq, guest, );
    D("", memory_mapping, guest, op->u.memory_mapping.nr_mfns = 1);
    D("", ioport_mapping, guest, op->u.ioport_mapping.nr_ports = 1);
    D("", gethvmcontext, guest, );
    D("", sethvmcontext, guest, );
    D("", gethvmcontext_partial, guest, );
    D("", set_target, guest, );
    D("", debug_op, guest, );
    D("", vm_event_op, guest, );
    D("", mem_sharing_op, guest, );
    D("", set_access_required, guest, );
    D("", audit_p2m, guest, );
    D("", set_broken_page_p2m, guest, );
    D("", cacheflush, guest, );
    D("", setvnumainfo, guest, );
    D("", psr_cmt_op, guest, );
    D("", monitor_op, guest, );
    D("", psr_alloc, guest, );
    D("", soft_reset, guest, );
    D("", vuart_op, guest, );
    D("", vmtrace_op, guest, );
    D("", get_paging_mempool_size, guest, );
    D("", set_paging_mempool_size, guest, );
}

static void of_the_machine(void)
{
    S("handle", readconsole, op->u.readconsole.count = 10;
      HANDLE(op->u.readconsole.buffer, WILD));
    S("handle", getdomaininfolist, op->u.getdomaininfolist.max_domains = 1;
      HANDLE(op->u.getdomaininfolist.buffer, WILD));
    S("handle", debug_keys, op->u.debug_keys.nr_keys = 1;
      HANDLE(op->u.debug_keys.keys, WILD));
    S("handle", getcpuinfo, op->u.getcpuinfo.max_cpus = 1;
      HANDLE(op->u.getcpuinfo.info, WILD));
    S("node", availheap, op->u.availheap.node = 99);
    S("node below", availheap, op->u.availheap.node = -2);
    S("", get_pmstat, op->u.get_pmstat.type = PMSTAT_get_max_px);
    S("cx", get_pmstat, op->u.get_pmstat.type = PMSTAT_get_max_cx);
    S("CPU", get_pmstat, op->u.get_pmstat.type = PMSTAT_get_max_px;
      op->u.get_pmstat.cpuid = 99);
    S("type", get_pmstat, op->u.get_pmstat.type = 99);
    S("off", cpu_hotplug, op->u.cpu_hotplug.cpu = 99;
      op->u.cpu_hotplug.op = XEN_SYSCTL_CPU_HOTPLUG_OFFLINE);
    S("on", cpu_hotplug, op->u.cpu_hotplug.cpu = 99;
      op->u.cpu_hotplug.op = XEN_SYSCTL_CPU_HOTPLUG_ONLINE);
    S("unknown", cpu_hotplug, op->u.cpu_hotplug.op = 99);
    S("smt", cpu_hotplug,
      op->u.cpu_hotplug.op = XEN_SYSCTL_CPU_HOTPLUG_SMT_ENABLE);
    S("CPU", pm_op, op->u.pm_op.cpuid = 99; op->u.pm_op.cmd = GET_CPUFREQ_PARA);
    S("para", pm_op, op->u.pm_op.cmd = GET_CPUFREQ_PARA);
    S("average", pm_op, op->u.pm_op.cmd = GET_CPUFREQ_AVGFREQ);
    S("max cstate", pm_op, op->u.pm_op.cmd = XEN_SYSCTL_pm_op_get_max_cstate);
    S("unknown", pm_op, op->u.pm_op.cmd = 0x99);
    S("far", page_offline_op,
      op->u.page_offline.cmd = sysctl_query_page_offline;
      op->u.page_offline.start = ~0U - 1; op->u.page_offline.end = ~0U;
      HANDLE(op->u.page_offline.status, more()));
    S("order", page_offline_op, op->u.page_offline.start = 2;
      op->u.page_offline.end = 1);
    S("", lockprof_op, op->u.lockprof_op.cmd = 1);
    S("handle", cputopoinfo, op->u.cputopoinfo.num_cpus = 1;
      HANDLE(op->u.cputopoinfo.cputopo, WILD));
    S("handle", numainfo, op->u.numainfo.num_nodes = 1;
      HANDLE(op->u.numainfo.meminfo, WILD));
    S("null", pcitopoinfo, op->u.pcitopoinfo.num_devs = 1);
}

static void of_schedulers(void)
{
    S("unknown", cpupool_op, op->u.cpupool_op.op = 99);
    S("destroy 0", cpupool_op, op->u.cpupool_op.op = 2);
    S("destroy none", cpupool_op, op->u.cpupool_op.op = 2;
      op->u.cpupool_op.cpupool_id = 7);
    S("info none", cpupool_op, op->u.cpupool_op.op = 3;
      op->u.cpupool_op.cpupool_id = 7);
    S("info handle", cpupool_op, op->u.cpupool_op.op = 3;
      op->u.cpupool_op.cpumap.nr_bits = 8;
      HANDLE(op->u.cpupool_op.cpumap.bitmap, WILD));
    S("create null", cpupool_op, op->u.cpupool_op.op = 1;
      op->u.cpupool_op.cpupool_id = ~0U; op->u.cpupool_op.sched_id = 99);
    S("create taken", cpupool_op, op->u.cpupool_op.op = 1;
      op->u.cpupool_op.sched_id = XEN_SCHEDULER_CREDIT2);
    S("add CPU", cpupool_op, op->u.cpupool_op.op = 4;
      op->u.cpupool_op.cpu = 99);
    S("add used CPU", cpupool_op, op->u.cpupool_op.op = 4);
    S("add none left", cpupool_op, op->u.cpupool_op.op = 4;
      op->u.cpupool_op.cpu = XEN_SYSCTL_CPUPOOL_PAR_ANY);
    S("add no pool", cpupool_op, op->u.cpupool_op.op = 4;
      op->u.cpupool_op.cpupool_id = 7; op->u.cpupool_op.cpu = 1);
    S("remove CPU", cpupool_op, op->u.cpupool_op.op = 5;
      op->u.cpupool_op.cpu = 99);
    S("remove no pool", cpupool_op, op->u.cpupool_op.op = 5;
      op->u.cpupool_op.cpupool_id = 7; op->u.cpupool_op.cpu = 1);
    S("move nobody", cpupool_op, op->u.cpupool_op.op = 6;
      op->u.cpupool_op.domid = NOBODY);
    S("move dom0", cpupool_op, op->u.cpupool_op.op = 6);
    S("move nowhere", cpupool_op, op->u.cpupool_op.op = 6;
      op->u.cpupool_op.domid = guest; op->u.cpupool_op.cpupool_id = 7);
    S("scheduler", scheduler_op, op->u.scheduler_op.sched_id = 99);
    S("credit", scheduler_op,
      op->u.scheduler_op.sched_id = XEN_SCHEDULER_CREDIT);
    S("pool", scheduler_op, op->u.scheduler_op.sched_id = XEN_SCHEDULER_CREDIT2;
      op->u.scheduler_op.cpupool_id = 7);
    S("command", scheduler_op,
      op->u.scheduler_op.sched_id = XEN_SCHEDULER_CREDIT2;
      op->u.scheduler_op.cmd = 9);
    S("ratelimit", scheduler_op,
      op->u.scheduler_op.sched_id = XEN_SCHEDULER_CREDIT2;
      op->u.scheduler_op.u.sched_credit2.ratelimit_us = 10000000);
}

static void of_the_processor(void)
{
    S("", coverage_op, );
    S("", psr_cmt_op, );
    S("", psr_alloc, );
    S("", livepatch_op, );
    S("index", get_cpu_featureset, op->u.cpu_featureset.index = 99);
    S("small", get_cpu_featureset, op->u.cpu_featureset.nr_features = 1;
      HANDLE(op->u.cpu_featureset.features, more()));
    S("handle", get_cpu_featureset, op->u.cpu_featureset.nr_features = 1;
      HANDLE(op->u.cpu_featureset.features, WILD));
    S("index", get_cpu_policy, op->u.cpu_policy.index = 99);
    S("small", get_cpu_policy, op->u.cpu_policy.nr_leaves = 1;
      HANDLE(op->u.cpu_policy.leaves, more());
      HANDLE(op->u.cpu_policy.msrs, more()));
    S("unknown", tbuf_op, op->u.tbuf_op.cmd = 99);
    S("mask handle", tbuf_op,
      op->u.tbuf_op.cmd = XEN_SYSCTL_TBUFOP_set_cpu_mask;
      op->u.tbuf_op.cpu_mask.nr_bits = 8;
      HANDLE(op->u.tbuf_op.cpu_mask.bitmap, WILD));
}

static void of_platforms(void)
{
    P("firmware", firmware_info, op->u.firmware_info.type = 99);
    P("sleep", enter_acpi_sleep, op->u.enter_acpi_sleep.flags = 9);
    P("CPU", cpu_online, op->u.cpu_ol.cpuid = 999);
    P("CPU off", cpu_offline, op->u.cpu_ol.cpuid = 999);
    P("CPU", set_processor_pminfo, op->u.set_pminfo.id = 9999);
    P("type", set_processor_pminfo, op->u.set_pminfo.type = 99);
    P("", microcode_update, );
    P("", read_memtype, );
    P("", resource_op, op->u.resource_op.nr_entries = 1);
    P("", get_symbol, op->u.symdata.symnum = ~0U);
    P("CPU", cpu_hotadd, op->u.cpu_add.apic_id = 999);
    P("type", core_parking, op->u.core_parking.type = 99);
    P("mbz", settime64, op->u.settime64.mbz = 1);
    P("", efi_runtime_call, );
    P("", getidletime, op->u.getidletime.cpumap_nr_cpus = 0);
    P("", change_freq, );
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        return 2;
    }
    guest = (domid_t)atoi(argv[1]);
    privcmd = open("/dev/xen/privcmd", O_RDWR);
    buffer = mmap(NULL, BUFFER_BYTES, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED, -1, 0);
    if (privcmd < 0 || buffer == MAP_FAILED) {
        perror("badctl");
        return 1;
    }
    any_call();
    of_nobody();
    life();
    of_vcpus();
    of_guests();
    of_the_machine();
    of_schedulers();
    of_the_processor();
    of_platforms();
    return 0;
}
