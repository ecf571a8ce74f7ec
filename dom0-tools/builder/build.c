// SPDX-License-Identifier: MIT
/*
 * The PV domain builder: memory, kernel, ramdisk, p2m, start_info, page
 * tables, shared_info, grants, first vCPU (<xen/xen.h>, start of day).
 */
#include "builder/build.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <xenforeignmemory.h>

#include "builder/grants.h"
#include "builder/guest_memory.h"
#include "builder/tables.h"

#define START_MAGIC "xen-3.0-x86_64"
#define RFLAGS_IF   0x200U
#define DR6_DEFAULT 0xffff0ff0U
#define DR7_DEFAULT 0x400U

struct building {
    struct pv_guest *g;
    struct layout l;
    struct guest_memory memory;
    struct build_error *e;
};

static int failed(struct building *b, const char *what)
{
    return build_fail(b->e, BUILD_FAILED, "cannot %s domain %u: %s", what,
                      b->g->domid, strerror(errno));
}

int pv_layout(const struct pv_guest *g, struct layout *l, struct build_error *e)
{
    const struct kernel_notes *notes = &g->kernel->notes;
    struct layout_request request = {
        .nr_pages = g->nr_pages,
        .virt_base = g->kernel->virt_base,
        .kernel_end = g->kernel->guest_end,
        .initrd_bytes = g->initrd.size,
        .initrd_unmapped = notes->mod_start_pfn,
        .p2m_outside = notes->init_p2m != NOTE_UNSET,
        .init_p2m = notes->init_p2m,
    };

    return layout_compute(&request, l, e);
}

static int set_address_size(struct building *b)
{
    struct xen_domctl domctl = {
        .cmd = XEN_DOMCTL_set_address_size,
        .domain = (domid_t)b->g->domid,
        .u.address_size.size = 64,
    };

    return xc_domctl(b->g->xch, &domctl) == 0 ? 0 : failed(b, "make 64-bit");
}

static int load_images(struct building *b)
{
    const struct kernel *k = b->g->kernel;

    for (unsigned int i = 0; i < k->segment_count; i++) {
        const struct kernel_segment *s = &k->segments[i];

        if (guest_memory_write(&b->memory, s->guest_offset, s->file,
                               s->memory_bytes, b->e) < 0) {
            return -1;
        }
    }
    return guest_memory_write(&b->memory, b->l.initrd.start * PAGE_BYTES,
                              b->g->initrd, b->g->initrd.size, b->e);
}

static int write_p2m(struct building *b)
{
    struct bytes list = {
        .data = (const uint8_t *)b->memory.p2m,
        .size = b->memory.nr_pages * sizeof(*b->memory.p2m),
    };

    return guest_memory_write(&b->memory, b->l.p2m.start * PAGE_BYTES, list,
                              list.size, b->e);
}

static void fill_start_info(const struct building *b, start_info_t *si,
                            uint64_t shared_info_frame)
{
    const struct layout *l = &b->l;

    memcpy(si->magic, START_MAGIC, sizeof(START_MAGIC));
    si->nr_pages = l->nr_pages;
    si->shared_info = shared_info_frame << XC_PAGE_SHIFT;
    si->store_mfn = b->memory.p2m[l->xenstore];
    si->store_evtchn = b->g->xenstore_port;
    si->console.domU.mfn = b->memory.p2m[l->console];
    si->console.domU.evtchn = b->g->console_port;
    si->pt_base = layout_va(l, l->tables.start);
    si->nr_pt_frames = l->tables.count;
    si->mfn_list = l->p2m_va;
    si->first_p2m_pfn = l->p2m_frames.start;
    si->nr_p2m_frames = l->p2m_frames.count;
    if (b->g->initrd.size != 0 && b->g->kernel->notes.mod_start_pfn) {
        si->flags |= SIF_MOD_START_PFN;
        si->mod_start = l->initrd.start;
        si->mod_len = b->g->initrd.size;
    } else if (b->g->initrd.size != 0) {
        si->mod_start = layout_va(l, l->initrd.start);
        si->mod_len = b->g->initrd.size;
    }
    (void)strncpy((char *)si->cmd_line, b->g->cmdline,
                  sizeof(si->cmd_line) - 1);
}

/* start_info, and the cleared xenstore page, console page and boot stack. */
static int write_special_pages(struct building *b, uint64_t shared_info_frame)
{
    const uint64_t cleared[] = {b->l.xenstore, b->l.console, b->l.stack};
    const struct bytes nothing = {0};
    start_info_t si = {0};
    struct bytes page = {(const uint8_t *)&si, sizeof(si)};

    fill_start_info(b, &si, shared_info_frame);
    if (guest_memory_write(&b->memory, b->l.start_info * PAGE_BYTES, page,
                           PAGE_BYTES, b->e) < 0) {
        return -1;
    }
    for (unsigned int i = 0; i < 3; i++) {
        if (guest_memory_write(&b->memory, cleared[i] * PAGE_BYTES, nothing,
                               PAGE_BYTES, b->e) < 0) {
            return -1;
        }
    }
    return 0;
}

/* Two windows: the main tables, and those of a p2m outside of it. */
struct windows {
    struct pfn_range range[2];
    uint8_t *mem[2];
};

static uint64_t *window_page(void *context, uint64_t pfn)
{
    struct windows *w = context;
    unsigned int i = pfn - w->range[0].start < w->range[0].count ? 0 : 1;

    return (uint64_t *)(void *)(w->mem[i] +
                                (pfn - w->range[i].start) * PAGE_BYTES);
}

static int write_tables(struct building *b)
{
    struct windows w = {
        .range = {b->l.tables,
                  {b->l.p2m_frames.start,
                   b->l.p2m_frames.count == 0
                       ? 0
                       : b->l.p2m.start - b->l.p2m_frames.start}},
    };
    struct table_pages pages = {b->memory.p2m, window_page, &w};
    int rc = 0;

    for (unsigned int i = 0; i < 2 && rc == 0; i++) {
        if (w.range[i].count == 0) {
            continue;
        }
        w.mem[i] = guest_memory_map(&b->memory, w.range[i].start,
                                    w.range[i].count, b->e);
        if (w.mem[i] == NULL) {
            rc = -1;
        } else {
            memset(w.mem[i], 0, w.range[i].count * PAGE_BYTES);
        }
    }
    if (rc == 0) {
        tables_write(&b->l, &pages);
    }
    for (unsigned int i = 0; i < 2; i++) {
        if (w.mem[i] != NULL) {
            guest_memory_unmap(&b->memory, w.mem[i], w.range[i].count);
        }
    }
    return rc;
}

/*
 * Upcalls start masked. The rest of the page is the hypervisor's: zero but
 * for the time it may have written already.
 */
static int init_shared_info(struct building *b, xen_pfn_t frame)
{
    struct xenforeignmemory_handle *fmem = xc_interface_fmem_handle(b->g->xch);
    shared_info_t *shared = xenforeignmemory_map(
        fmem, b->g->domid, PROT_READ | PROT_WRITE, 1, &frame, NULL);

    if (shared == NULL) {
        return failed(b, "map the shared page of");
    }
    for (unsigned int i = 0; i < XEN_LEGACY_MAX_VCPUS; i++) {
        shared->vcpu_info[i].evtchn_upcall_mask = 1;
    }
    (void)xenforeignmemory_unmap(fmem, shared, 1);
    return 0;
}

/* The whole tree is checked here; no window onto it may be open. */
static int pin_tables(struct building *b)
{
    struct mmuext_op op = {
        .cmd = MMUEXT_PIN_L4_TABLE,
        .arg1.mfn = b->memory.p2m[b->l.tables.start],
    };

    return xc_mmuext_op(b->g->xch, &op, 1, b->g->domid) == 0
               ? 0
               : failed(b, "have the page tables accepted for");
}

/* Kernels with the note want a page of call stubs there. */
static int init_hypercall_page(struct building *b)
{
    const struct kernel *k = b->g->kernel;
    uint64_t pfn;
    struct xen_domctl domctl = {
        .cmd = XEN_DOMCTL_hypercall_init,
        .domain = (domid_t)b->g->domid,
    };

    if (k->notes.hypercall_page == NOTE_UNSET) {
        return 0;
    }
    pfn = (k->notes.hypercall_page - k->virt_base) / PAGE_BYTES;
    if (k->notes.hypercall_page < k->virt_base || pfn >= b->l.nr_pages) {
        return build_fail(b->e, BUILD_BAD_IMAGE,
                          "damaged: its hypercall page lies outside it");
    }
    domctl.u.hypercall_init.gmfn = b->memory.p2m[pfn];
    return xc_domctl(b->g->xch, &domctl) == 0
               ? 0
               : failed(b, "fill the hypercall page of");
}

static int set_first_vcpu(struct building *b)
{
    uint64_t stack_top = layout_va(&b->l, b->l.stack + 1);
    vcpu_guest_context_any_t *any = calloc(1, sizeof(*any));
    vcpu_guest_context_x86_64_t *c;
    int rc;

    if (any == NULL) {
        return build_fail(b->e, BUILD_FAILED, "out of memory in dom0");
    }
    c = &any->x64;
    c->flags = VGCF_in_kernel_X86_64 | VGCF_online_X86_64;
    c->user_regs.rip = b->g->kernel->entry;
    c->user_regs.rsp = stack_top;
    c->user_regs.rsi = layout_va(&b->l, b->l.start_info);
    c->user_regs.rflags = RFLAGS_IF;
    c->user_regs.cs = FLAT_KERNEL_CS_X86_64;
    c->user_regs.ss = FLAT_KERNEL_SS_X86_64;
    c->user_regs.ds = FLAT_KERNEL_DS_X86_64;
    c->user_regs.es = FLAT_KERNEL_DS_X86_64;
    c->user_regs.fs = FLAT_KERNEL_DS_X86_64;
    c->user_regs.gs = FLAT_KERNEL_DS_X86_64;
    c->kernel_ss = c->user_regs.ss;
    c->kernel_sp = stack_top;
    c->debugreg[6] = DR6_DEFAULT;
    c->debugreg[7] = DR7_DEFAULT;
    c->ctrlreg[3] = b->memory.p2m[b->l.tables.start] << XC_PAGE_SHIFT;
    rc = xc_vcpu_setcontext(b->g->xch, b->g->domid, 0, any);
    free(any);
    return rc == 0 ? 0 : failed(b, "set the first vCPU of");
}

static int load_guest(struct building *b)
{
    xc_dominfo_t info;

    if (xc_domain_getinfo(b->g->xch, b->g->domid, 1, &info) != 1 ||
        info.domid != b->g->domid) {
        return failed(b, "find");
    }
    if (load_images(b) < 0 || write_p2m(b) < 0 ||
        write_special_pages(b, info.shared_info_frame) < 0 ||
        write_tables(b) < 0 ||
        init_shared_info(b, info.shared_info_frame) < 0 ||
        init_hypercall_page(b) < 0) {
        return -1;
    }
    return pin_tables(b);
}

static int give_grants(struct building *b)
{
    b->g->xenstore_mfn = b->memory.p2m[b->l.xenstore];
    b->g->console_mfn = b->memory.p2m[b->l.console];
    return grants_seed(b->g->xch, b->g->domid, b->g->console_mfn,
                       b->g->console_domid, b->g->xenstore_mfn,
                       b->g->xenstore_domid, b->e);
}

int pv_build(struct pv_guest *g, struct build_error *e)
{
    struct building b = {
        .g = g,
        .memory = {.xch = g->xch, .domid = g->domid},
        .e = e,
    };
    int rc = -1;

    if (pv_layout(g, &b.l, e) == 0 && set_address_size(&b) == 0 &&
        guest_memory_populate(&b.memory, g->nr_pages, e) == 0 &&
        load_guest(&b) == 0 && give_grants(&b) == 0) {
        rc = set_first_vcpu(&b);
    }
    guest_memory_free(&b.memory);
    return rc;
}
