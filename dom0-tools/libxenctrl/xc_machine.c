// SPDX-License-Identifier: MIT
/*
 * The machine below the hypervisor: machine checks, microcode, MSRs of one
 * CPU, crash kernels (kexec), memory that devices reserve.
 */
#include "private.h"

#include <stdlib.h>

static int mca(xc_interface *xch, struct xen_mc *mc)
{
    struct buf b = {0};
    int rc = -1;

    mc->interface_version = XEN_MCA_INTERFACE_VERSION;
    if (buf_get(xch, &b, mc, sizeof(*mc), BUF_BOTH) == 0) {
        rc = xencall1(xch->xcall, __HYPERVISOR_mca, (uintptr_t)b.p);
    }
    buf_put(xch, &b);
    return rc;
}

int xc_mca_op(xc_interface *xch, struct xen_mc *mc)
{
    return mca(xch, mc);
}

int xc_mca_op_inject_v2(xc_interface *xch, unsigned int flags,
                        xc_cpumap_t cpumap, unsigned int nr_cpus)
{
    struct xen_mc mc = {.cmd = XEN_MC_inject_v2};
    struct buf b = {0};
    int rc = -1;

    mc.u.mc_inject_v2.flags = flags;
    if (buf_get(xch, &b, cpumap, bitmap_bytes((int)nr_cpus), BUF_IN) == 0) {
        set_xen_guest_handle_raw(mc.u.mc_inject_v2.cpumap.bitmap, b.p);
        mc.u.mc_inject_v2.cpumap.nr_bits = nr_cpus;
        rc = mca(xch, &mc);
    }
    buf_put(xch, &b);
    return rc;
}

int xc_microcode_update(xc_interface *xch, const void *buf, size_t len)
{
    struct xen_platform_op op = {.cmd = XENPF_microcode_update};
    struct buf b = {0};
    int rc = -1;

    if (buf_get_const(xch, &b, buf, len) == 0) {
        op.u.microcode.length = (uint32_t)len;
        set_xen_guest_handle_raw(op.u.microcode.data, b.p);
        rc = do_platform_op(xch, &op);
    }
    buf_put(xch, &b);
    return rc;
}

static int one_resource_op(xc_interface *xch, xc_resource_op_t *request)
{
    struct xen_platform_op op = {.cmd = XENPF_resource_op};
    struct buf b = {0};
    int rc = -1;

    if (buf_get(xch, &b, request->entries,
                request->nr_entries * sizeof(*request->entries),
                BUF_BOTH) == 0) {
        op.u.resource_op.nr_entries = request->nr_entries;
        op.u.resource_op.cpu = request->cpu;
        set_xen_guest_handle_raw(op.u.resource_op.entries, b.p);
        rc = do_platform_op(xch, &op);
    }
    buf_put(xch, &b);
    request->result = (uint64_t)(int64_t)(rc < 0 ? -errno : rc);
    return rc;
}

/* Each request carries its own result; the whole fails with the first. */
int xc_resource_op(xc_interface *xch, uint32_t nr_ops, xc_resource_op_t *ops)
{
    int rc = 0;

    for (uint32_t i = 0; i < nr_ops && rc >= 0; i++) {
        rc = one_resource_op(xch, &ops[i]);
    }
    return rc < 0 ? -1 : 0;
}

static int kexec(xc_interface *xch, int cmd, void *arg, size_t bytes)
{
    struct buf b = {0};
    int rc = -1;

    if (buf_get(xch, &b, arg, bytes, BUF_BOTH) == 0) {
        rc = xencall2(xch->xcall, __HYPERVISOR_kexec_op, (uint64_t)cmd,
                      (uintptr_t)b.p);
    }
    buf_put(xch, &b);
    return rc;
}

int xc_kexec_exec(xc_interface *xch, int type)
{
    xen_kexec_exec_t arg = {.type = type};

    return kexec(xch, KEXEC_CMD_kexec, &arg, sizeof(arg));
}

int xc_kexec_get_range(xc_interface *xch, int range, int nr, uint64_t *size,
                       uint64_t *start)
{
    xen_kexec_range_t arg = {.range = range, .nr = nr};

    if (kexec(xch, KEXEC_CMD_kexec_get_range, &arg, sizeof(arg)) < 0) {
        return -1;
    }
    *size = arg.size;
    *start = arg.start;
    return 0;
}

int xc_kexec_unload(xc_interface *xch, int type)
{
    xen_kexec_unload_t arg = {.type = (uint8_t)type};

    return kexec(xch, KEXEC_CMD_kexec_unload, &arg, sizeof(arg));
}

int xc_kexec_status(xc_interface *xch, int type)
{
    xen_kexec_status_t arg = {.type = (uint8_t)type};

    return kexec(xch, KEXEC_CMD_kexec_status, &arg, sizeof(arg));
}

int xc_kexec_load(xc_interface *xch, uint8_t type, uint16_t arch,
                  uint64_t entry_maddr, uint32_t nr_segments,
                  xen_kexec_segment_t *segments)
{
    xen_kexec_load_t arg = {
        .type = type,
        .arch = arch,
        .nr_segments = nr_segments,
        .entry_maddr = entry_maddr,
    };
    struct buf b = {0};
    int rc = -1;

    if (buf_get(xch, &b, segments, nr_segments * sizeof(*segments), BUF_IN) ==
        0) {
        set_xen_guest_handle_raw(arg.segments.h, b.p);
        rc = kexec(xch, KEXEC_CMD_kexec_load, &arg, sizeof(arg));
    }
    buf_put(xch, &b);
    return rc;
}

/* Returns how many entries there are, also in *max_entries. */
int xc_reserved_device_memory_map(xc_interface *xch, uint32_t flags,
                                  uint16_t seg, uint8_t bus, uint8_t devfn,
                                  struct xen_reserved_device_memory entries[],
                                  uint32_t *max_entries)
{
    struct xen_reserved_device_memory_map arg = {
        .flags = flags,
        .nr_entries = *max_entries,
        .dev.pci = {.seg = seg, .bus = bus, .devfn = devfn},
    };
    struct buf b = {0};
    long rc = -1;

    if (buf_get(xch, &b, entries, *max_entries * sizeof(*entries), BUF_OUT) ==
        0) {
        set_xen_guest_handle_raw(arg.buffer, b.p);
        rc = xc_memory_op(xch, XENMEM_reserved_device_memory_map, &arg,
                          sizeof(arg));
    }
    buf_put(xch, &b);
    *max_entries = arg.nr_entries;
    return rc < 0 ? -1 : (int)rc;
}
