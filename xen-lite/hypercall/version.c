/* SPDX-License-Identifier: MIT */
/*
 * HYPERVISOR_xen_version: what this hypervisor is and does. <xen/version.h>,
 * <xen/features.h>. The answers keep what tools and kernels parse: 4.17, and
 * the guest types in the capabilities.
 */
#include "hypercall.h"

#include <xen/features.h>
#include <xen/version.h>

#include "domain.h"
#include "guest_copy.h"
#include "layout.h"
#include "platform.h"
#include "string.h"

#define VERSION_MAJOR 4
#define VERSION_MINOR 17
#define EXTRAVERSION  ".7-lite"
#define CAPABILITIES  "xen-3.0-x86_64 "

/* Everything up to the end of the buffer that the ABI promises is written. */
static long version_string(guest_va_t arg, const char *text, size_t bytes)
{
    size_t length = strlen(text);
    char piece[64];

    for (size_t done = 0; done < bytes; done += sizeof(piece)) {
        size_t left = bytes - done;
        size_t count = left < sizeof(piece) ? left : sizeof(piece);

        memset(piece, 0, sizeof(piece));
        if (done < length) {
            memcpy(piece, text + done,
                   length - done < count ? length - done : count);
        }
        if (count == left) {
            piece[count - 1] = '\0';
        }
        if (copy_to_guest(guest_va_make(arg.address + done), piece, count) !=
            0) {
            return -XEN_EFAULT;
        }
    }
    return 0;
}

/* No dates and no places: the same source makes the same image. */
static long version_compile_info(guest_va_t arg)
{
    struct xen_compile_info info;

    memset(&info, 0, sizeof(info));
    (void)string_copy(info.compiler, __VERSION__, sizeof(info.compiler));
    (void)string_copy(info.compile_by, "xen-lite", sizeof(info.compile_by));
    return write_guest(arg, &info);
}

static long version_platform(guest_va_t arg)
{
    struct xen_platform_parameters parameters = {.virt_start = HV_M2P_RO};

    return write_guest(arg, &parameters);
}

static uint32_t features_of(const struct domain *d)
{
    uint32_t features =
        1U << XENFEAT_memory_op_vnode_supported |
        1U << XENFEAT_mmu_pt_update_preserve_ad | 1U << XENFEAT_highmem_assist |
        1U << XENFEAT_gnttab_map_avail_bits | 1U << XENFEAT_not_direct_mapped;

    if ((atomic_load(&d->vm_assist) & (1UL << VMASST_TYPE_pae_extended_cr3)) !=
        0) {
        features |= 1U << XENFEAT_pae_pgdir_above_4gb;
    }
    if (d->privileged) {
        features |= 1U << XENFEAT_dom0;
    }
    return features;
}

static long version_features(const struct domain *d, guest_va_t arg)
{
    struct xen_feature_info info;

    if (read_guest(&info, arg) != 0) {
        return -XEN_EFAULT;
    }
    if (info.submap_idx >= XENFEAT_NR_SUBMAPS) {
        return -XEN_EINVAL;
    }
    info.submap = features_of(d);
    return write_guest(arg, &info);
}

static long version_pagesize(guest_va_t arg)
{
    return arg.address == 0 ? (long)PAGE_BYTES : -XEN_EINVAL;
}

static long version_commandline(const struct domain *d, guest_va_t arg)
{
    return version_string(
        arg, d->privileged ? platform_info.command_line : "<denied>",
        sizeof(xen_commandline_t));
}

static long version_build_id(const struct domain *d)
{
    return d->privileged ? -XEN_ENODATA : -XEN_EPERM;
}

long hc_xen_version(struct vcpu *v, struct hypercall_args *args)
{
    guest_va_t arg = guest_va_make(args->a[1]);

    switch ((int)args->a[0]) {
    case XENVER_version:
        return VERSION_MAJOR << 16 | VERSION_MINOR;
    case XENVER_extraversion:
        return version_string(arg, EXTRAVERSION, XEN_EXTRAVERSION_LEN);
    case XENVER_compile_info:
        return version_compile_info(arg);
    case XENVER_capabilities:
        return version_string(arg, CAPABILITIES, XEN_CAPABILITIES_INFO_LEN);
    case XENVER_changeset:
        return version_string(arg, "xen-lite", XEN_CHANGESET_INFO_LEN);
    case XENVER_platform_parameters:
        return version_platform(arg);
    case XENVER_get_features:
        return version_features(v->domain, arg);
    case XENVER_pagesize:
        return version_pagesize(arg);
    case XENVER_guest_handle:
        return copy_to_guest(arg, v->domain->handle, sizeof(v->domain->handle));
    case XENVER_commandline:
        return version_commandline(v->domain, arg);
    case XENVER_build_id:
        return version_build_id(v->domain);
    default:
        return -XEN_ENOSYS;
    }
}
