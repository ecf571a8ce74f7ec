// SPDX-License-Identifier: MIT
/*
 * Builds dom0 from a boot module, as the tools build other domains: its
 * memory, its kernel image, a p2m list, page tables that the usual validation
 * then checks and pins, start_info, and one vCPU's context
 * (<xen/xen.h>: "Start-of-day memory layout").
 */
#include "dom0.h"

#include <xen/features.h>
#include <xen/xen.h>

#include "bug.h"
#include "core.h"
#include "dom0_layout.h"
#include "domain.h"
#include "elf.h"
#include "hypercall_page.h"
#include "mm.h"
#include "printk.h"
#include "pte.h"
#include "pv.h"
#include "softirq.h"
#include "string.h"
#include "unpack_kernel.h"

#define MAPPING_FLAGS (PTE_PRESENT | PTE_WRITABLE | PTE_ACCESSED | PTE_DIRTY)
#define TABLE_FLAGS   (PTE_PRESENT | PTE_WRITABLE | PTE_ACCESSED | PTE_USER)

struct builder {
    const struct dom0_config *config;
    const struct unpacked_kernel *image;
    struct domain *d;
    struct pv_kernel kernel;
    struct dom0_layout layout;
    /* dom0's own list, contiguous in the direct map; 0: no frame yet. */
    uint64_t *p2m;
};

/* Page-table frames still to be used, by pfn. */
struct table_pool {
    unsigned long next_pfn;
    unsigned long end_pfn;
};

static mfn_t pfn_frame(const struct builder *b, unsigned long pfn)
{
    return mfn_make(b->p2m[pfn]);
}

static void *pfn_page(const struct builder *b, unsigned long pfn)
{
    return machine_map(pfn_frame(b, pfn));
}

/* -- memory ---------------------------------------------------------------- */

static unsigned int order_below(unsigned long count)
{
    unsigned int order = 0;

    while (order < FRAME_MAX_ORDER && (2UL << order) <= count) {
        order++;
    }
    return order;
}

static void set_p2m(struct builder *b, unsigned long pfn, mfn_t mfn)
{
    b->p2m[pfn] = mfn.number;
    m2p_set(mfn, pfn);
}

/*
 * The p2m's own pages come first and in one piece, so that all the others can
 * be noted in it as they are allocated.
 */
static int allocate_p2m(struct builder *b)
{
    unsigned long wanted = b->layout.p2m_pages;
    unsigned int order = order_below(wanted * 2 - 1);
    struct page *page = frame_alloc_unscrubbed(order);
    mfn_t first;

    if (page == NULL) {
        return -XEN_ENOMEM;
    }
    first = page_mfn(page);
    b->p2m = machine_map(first);
    memset(b->p2m, 0, wanted * PAGE_BYTES);
    for (unsigned long i = 0; i < 1UL << order; i++) {
        if (i >= wanted) {
            frame_free(page + i, 0);
        } else if (domain_assign_pages(b->d, page + i, 0) != 0) {
            return -XEN_ENOMEM;
        }
    }
    for (unsigned long i = 0; i < wanted; i++) {
        set_p2m(b, b->layout.p2m_pfn + i, mfn_make(first.number + i));
    }
    return 0;
}

static int allocate_chunk(struct builder *b, unsigned long pfn,
                          unsigned long count, unsigned long *done)
{
    unsigned int order = order_below(count);
    struct page *page;

    while ((page = frame_alloc_unscrubbed(order)) == NULL) {
        if (order-- == 0) {
            return -XEN_ENOMEM;
        }
    }
    if (domain_assign_pages(b->d, page, order) != 0) {
        frame_free(page, order);
        return -XEN_ENOMEM;
    }
    *done = 1UL << order;
    for (unsigned long i = 0; i < *done; i++) {
        set_p2m(b, pfn + i, mfn_make(page_mfn(page).number + i));
    }
    return 0;
}

/* Memory for all of [@pfn, @end) that has none. */
static int allocate_range(struct builder *b, unsigned long pfn,
                          unsigned long end)
{
    unsigned long gap_end = pfn;

    while (pfn < end) {
        unsigned long done = 1;
        int rc = 0;

        while (gap_end < end && b->p2m[gap_end] == 0) {
            gap_end++;
        }
        if (pfn < gap_end) {
            rc = allocate_chunk(b, pfn, gap_end - pfn, &done);
        } else {
            gap_end++;
        }
        if (rc != 0) {
            return rc;
        }
        pfn += done;
    }
    return 0;
}

/*
 * @count frames from @frames on become dom0's as @pfn on, with what they hold:
 * no copy. Those that already serve for another pfn are passed over.
 */
static int adopt(struct builder *b, struct page *frames, unsigned long pfn,
                 unsigned long count)
{
    for (unsigned long i = 0; i < count; i++) {
        if (b->p2m[pfn + i] != 0 || page_owner(&frames[i]) != DOMID_NOBODY) {
            continue;
        }
        if (domain_assign_pages(b->d, &frames[i], 0) != 0) {
            return -XEN_ENOMEM;
        }
        set_p2m(b, pfn + i, page_mfn(&frames[i]));
    }
    return 0;
}

/* For elf_load(): whole pages of the image that are whole pages of dom0. */
static int adopt_segment(void *context, uint64_t offset, const void *from,
                         size_t bytes)
{
    struct builder *b = context;
    size_t at;

    if (from == NULL || b->image->frames == NULL) {
        return 0;
    }
    at = (size_t)((const char *)from - (const char *)b->image->start);
    if ((at | offset) % PAGE_BYTES != 0) {
        return 0;
    }
    if (offset + bytes > b->layout.kernel_end_pfn << PAGE_SHIFT) {
        return -XEN_EINVAL;
    }
    return adopt(b, b->image->frames + at / PAGE_BYTES, offset / PAGE_BYTES,
                 bytes / PAGE_BYTES);
}

static int allocate_memory(struct builder *b)
{
    const struct dom0_layout *l = &b->layout;
    int rc = allocate_p2m(b);

    if (rc == 0) {
        rc = elf_load(b->image->start, b->image->bytes, &b->kernel,
                      adopt_segment, b);
    }
    if (rc == 0 && b->config->initrd_frames != NULL) {
        rc = adopt(b, b->config->initrd_frames, l->initrd_pfn,
                   b->config->initrd_bytes / PAGE_BYTES);
    }
    if (rc == 0) {
        rc = allocate_range(b, 0, l->p2m_pfn);
    }
    if (rc == 0) {
        rc = allocate_range(b, l->p2m_pfn + l->p2m_pages, b->config->pages);
    }
    if (rc != 0) {
        log_error("dom0: not enough memory for %lu MiB\n",
                  b->config->pages >> 8);
    }
    return rc;
}

/* -- contents -------------------------------------------------------------- */

/* Unless the frame is the very one that holds it (adopt()). */
static void copy(void *to, const void *from, size_t bytes)
{
    if (to != from) {
        memcpy(to, from, bytes);
    }
}

/* Copy, or with a null source clear, at @offset of dom0's memory. */
static int write_memory(void *context, uint64_t offset, const void *from,
                        size_t bytes)
{
    const struct builder *b = context;
    const char *source = from;

    if (offset + bytes > b->layout.kernel_end_pfn << PAGE_SHIFT) {
        return -XEN_EINVAL;
    }
    while (bytes != 0) {
        size_t in_page = offset % PAGE_BYTES;
        size_t part = PAGE_BYTES - in_page;
        char *to = (char *)pfn_page(b, offset / PAGE_BYTES) + in_page;

        part = part < bytes ? part : bytes;
        if (source != NULL) {
            copy(to, source, part);
            source += part;
        } else {
            memset(to, 0, part);
        }
        offset += part;
        bytes -= part;
    }
    return 0;
}

/* The page of call stubs that an older kernel asks for by its note. */
static int fill_hypercall_page(const struct builder *b)
{
    unsigned long offset = b->kernel.hypercall_page - b->layout.virt_base;

    if (!b->kernel.has_hypercall_page) {
        return 0;
    }
    if (offset % PAGE_BYTES != 0 ||
        offset >> PAGE_SHIFT >= b->layout.kernel_end_pfn) {
        log_error("dom0: its hypercall page is not in the kernel\n");
        return -XEN_EINVAL;
    }
    hypercall_page_fill(pfn_page(b, offset >> PAGE_SHIFT));
    return 0;
}

static void copy_initrd(const struct builder *b)
{
    const char *from = b->config->initrd;
    size_t left = b->config->initrd_bytes;

    for (unsigned long i = 0; i < b->layout.initrd_pages; i++) {
        size_t part = left < PAGE_BYTES ? left : PAGE_BYTES;
        char *to = pfn_page(b, b->layout.initrd_pfn + i);

        copy(to, from, part);
        memset(to + part, 0, PAGE_BYTES - part);
        from += part;
        left -= part;
    }
}

/* -- page tables ----------------------------------------------------------- */

static unsigned long take_table(const struct builder *b,
                                struct table_pool *pool)
{
    unsigned long pfn = pool->next_pfn++;

    BUG_ON(pfn >= pool->end_pfn);
    memset(pfn_page(b, pfn), 0, PAGE_BYTES);
    return pfn;
}

/* The entry for @va in its L1, with tables from @pool where some are missing.
 */
static pte_t *table_entry(const struct builder *b, struct table_pool *pool,
                          unsigned long va)
{
    pte_t *table = pfn_page(b, b->layout.tables_pfn);

    for (unsigned int level = PT_LEVELS; level > 1; level--) {
        pte_t *entry = &table[pt_index(va, level)];

        if (*entry == 0) {
            *entry = pte_make(pfn_frame(b, take_table(b, pool)), TABLE_FLAGS);
        }
        table = machine_map(pte_mfn(*entry));
    }
    return &table[pt_index(va, 1)];
}

static bool is_table(const struct builder *b, unsigned long pfn)
{
    return pfn >= b->layout.tables_pfn &&
           pfn < b->layout.tables_pfn + b->layout.table_pages;
}

static void map_memory(const struct builder *b)
{
    struct table_pool pool = {
        b->layout.tables_pfn,
        b->layout.tables_pfn + b->layout.table_pages,
    };

    (void)take_table(b, &pool); /* the L4 */
    for (unsigned long pfn = 0; pfn < b->layout.mapped_pages; pfn++) {
        unsigned long va = b->layout.virt_base + pfn * PAGE_BYTES;
        uint64_t flags = MAPPING_FLAGS;

        if (is_table(b, pfn)) {
            flags &= ~PTE_WRITABLE;
        }
        *table_entry(b, &pool, va) = pte_make(pfn_frame(b, pfn), flags);
    }
    /* Tables that were counted and not needed stay ordinary, unused pages. */
    while (pool.next_pfn < pool.end_pfn) {
        (void)take_table(b, &pool);
    }
}

static void map_p2m(const struct builder *b)
{
    struct table_pool pool = {
        b->layout.p2m_tables_pfn,
        b->layout.p2m_tables_pfn + b->layout.p2m_table_pages,
    };

    if (b->layout.p2m_mapped) {
        return;
    }
    for (unsigned long i = 0; i < b->layout.p2m_pages; i++) {
        unsigned long va = b->layout.p2m_va + i * PAGE_BYTES;

        *table_entry(b, &pool, va) =
            pte_make(pfn_frame(b, b->layout.p2m_pfn + i), MAPPING_FLAGS);
    }
}

/* -- start_info and registers ---------------------------------------------- */

static unsigned long va_of(const struct builder *b, unsigned long pfn)
{
    return b->layout.virt_base + pfn * PAGE_BYTES;
}

static void write_start_info(const struct builder *b)
{
    const struct dom0_layout *l = &b->layout;
    struct start_info *info = pfn_page(b, l->start_info_pfn);

    memset(info, 0, PAGE_BYTES);
    (void)string_copy(info->magic, "xen-3.0-x86_64p", sizeof(info->magic));
    info->nr_pages = b->config->pages;
    info->shared_info = b->d->shared_mfn.number << PAGE_SHIFT;
    info->flags = SIF_PRIVILEGED | SIF_INITDOMAIN;
    info->pt_base = va_of(b, l->tables_pfn);
    info->nr_pt_frames = l->table_pages;
    info->mfn_list = l->p2m_va;
    if (l->initrd_pages != 0) {
        info->mod_len = b->config->initrd_bytes;
        info->mod_start = l->initrd_pfn;
        if (l->initrd_mapped) {
            info->mod_start = va_of(b, l->initrd_pfn);
        } else {
            info->flags |= SIF_MOD_START_PFN;
        }
    }
    if (!l->p2m_mapped) {
        info->first_p2m_pfn = l->p2m_pfn;
        info->nr_p2m_frames = l->p2m_pages + l->p2m_table_pages;
    }
    (void)string_copy((char *)info->cmd_line, b->config->command_line,
                      sizeof(info->cmd_line));
}

static int start_vcpu(const struct builder *b)
{
    struct vcpu_guest_context *context = heap_alloc(sizeof(*context));
    struct vcpu *v = b->d->vcpu[0];
    int rc;

    if (context == NULL) {
        return -XEN_ENOMEM;
    }
    context->flags = VGCF_in_kernel | VGCF_online;
    context->user_regs.rip = b->kernel.entry;
    context->user_regs.rsp = va_of(b, b->layout.stack_pfn + 1);
    context->user_regs.rsi = va_of(b, b->layout.start_info_pfn);
    context->user_regs.cs = GUEST_SELECTOR_CS64;
    context->user_regs.ss = GUEST_SELECTOR_DS;
    context->user_regs.rflags = X86_FLAG_IF;
    context->kernel_ss = GUEST_SELECTOR_DS;
    context->ctrlreg[3] =
        xen_pfn_to_cr3(pfn_frame(b, b->layout.tables_pfn).number);
    context->debugreg[6] = X86_DR6_FIXED;
    context->debugreg[7] = X86_DR7_FIXED;
    /* Validating the tables takes time: what is due goes ahead of it. */
    do {
        softirq_run();
        rc = vcpu_set_context(v, context);
    } while (rc == -XEN_ERESTART);
    heap_free(context);
    if (rc == 0) {
        atomic_fetch_and(&v->sched.pause_flags, ~VCPU_DOWN);
    }
    return rc;
}

/* -- the domain ------------------------------------------------------------ */

static int create_domain(struct builder *b)
{
    struct xen_domctl_createdomain create = {
        .max_vcpus = b->config->vcpus,
        .max_evtchn_port = EVTCHN_2L_PORTS - 1,
        .max_grant_frames = -1,
        .max_maptrack_frames = -1,
        .grant_opts = XEN_DOMCTL_GRANT_version(grant_options.max_version),
    };
    unsigned int cpu = 0;
    int rc = domain_create(0, &create, true, &b->d);

    for (unsigned int i = 0; i < b->config->vcpus && rc == 0; i++) {
        rc = vcpu_create(b->d, i, cpu);
        cpu = cpumask_next(&cpus_online, cpu + 1);
        cpu = cpu < MAX_CPUS ? cpu : cpumask_next(&cpus_online, 0);
    }
    return rc;
}

/* dom0 may touch all that the machine does not keep for itself. */
static int grant_machine(const struct builder *b)
{
    struct domain *d = b->d;
    int rc = rangeset_add(&d->ioports, 0, 0xffff);

    if (rc == 0) {
        rc = rangeset_add(&d->iomem, 0, (1UL << (52 - PAGE_SHIFT)) - 1);
    }
    if (rc == 0 && b->config->irq_count != 0) {
        rc = rangeset_add(&d->irqs, 0, b->config->irq_count - 1);
    }
    return rc;
}

static int build_contents(struct builder *b)
{
    int rc =
        elf_load(b->image->start, b->image->bytes, &b->kernel, write_memory, b);

    if (rc != 0) {
        log_error("dom0: the kernel's segments cannot be loaded\n");
        return rc;
    }
    rc = fill_hypercall_page(b);
    if (rc != 0) {
        return rc;
    }
    copy_initrd(b);
    map_memory(b);
    map_p2m(b);
    write_start_info(b);
    do {
        softirq_run();
        rc = mm_pin_table(b->d, pfn_frame(b, b->layout.tables_pfn),
                          PAGE_TYPE_L4);
    } while (rc == -XEN_ERESTART);
    return rc;
}

static int build(struct builder *b)
{
    int rc = dom0_layout(&b->layout, &b->kernel, b->config->pages,
                         b->config->initrd_bytes);

    if (rc != 0) {
        log_error("dom0: its kernel and initrd need %lu MiB, it has %lu MiB: "
                  "raise dom0_mem=\n",
                  (b->layout.used_pages >> 8) + 1, b->config->pages >> 8);
        return rc;
    }
    rc = create_domain(b);
    if (rc == 0) {
        b->d->max_pages = b->config->max_pages;
        rc = allocate_memory(b);
    }
    if (rc == 0) {
        rc = build_contents(b);
    }
    if (rc == 0) {
        rc = grant_machine(b);
    }
    return rc == 0 ? start_vcpu(b) : rc;
}

static unsigned long ms_since(uint64_t start_ns)
{
    return (machine_now_ns() - start_ns) / 1000000;
}

int dom0_build(const struct dom0_config *config, struct domain **d)
{
    struct kernel_fault fault = {.why = "its memory cannot be had"};
    struct unpacked_kernel image;
    struct builder builder = {.config = config, .image = &image};
    uint64_t start_ns = machine_now_ns();
    int rc =
        unpack_kernel(config->kernel, config->kernel_bytes, &image, &fault);

    if (rc == 0) {
        log_info("dom0: kernel unpacked in %lu ms\n", ms_since(start_ns));
        start_ns = machine_now_ns();
        rc = elf_parse_pv_kernel(image.start, image.bytes, &builder.kernel,
                                 &fault);
        if (rc == 0) {
            rc = build(&builder);
            unpack_kernel_free(&image);
            if (rc != 0) {
                log_error("dom0: building it failed: error %d\n", -rc);
            } else {
                log_info("dom0: built in %lu ms\n", ms_since(start_ns));
            }
            *d = builder.d;
            return rc;
        }
        unpack_kernel_free(&image);
    }
    log_error("dom0: the kernel module cannot be used: %s\n", fault.why);
    return rc;
}
