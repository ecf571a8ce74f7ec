/* SPDX-License-Identifier: MIT */
/* The loader's information (Multiboot2 specification 3.6) into boot_info. */
#include "boot_info.h"

#include "layout.h"
#include "printk.h"
#include "string.h"

enum {
    TAG_END = 0,
    TAG_COMMAND_LINE = 1,
    TAG_LOADER_NAME = 2,
    TAG_MODULE = 3,
    TAG_MEMORY_MAP = 6,
    TAG_EFI64_SYSTEM_TABLE = 12,
    TAG_RSDP_OLD = 14,
    TAG_RSDP_NEW = 15,
    TAG_EFI_MEMORY_MAP = 17,
    TAG_COUNT,
};

struct tag {
    uint32_t type;
    uint32_t bytes;
};

struct tag_module {
    struct tag tag;
    uint32_t start;
    uint32_t end;
    char text[];
};

struct tag_memory_map {
    struct tag tag;
    uint32_t entry_bytes;
    uint32_t version;
    uint8_t entries[];
};

struct memory_map_entry {
    uint64_t start;
    uint64_t bytes;
    uint32_t type;
    uint32_t reserved;
};

struct tag_u64 {
    struct tag tag;
    uint64_t value;
} __attribute__((packed, aligned(8)));

typedef int tag_fn_t(struct boot_info *boot, const struct tag *tag);

static uint64_t phys_of(const void *p)
{
    return (uint64_t)p - HV_DIRECT_MAP;
}

/* The text that ends the tag, if it is ended within the tag. */
static const char *tag_text(const struct tag *tag, size_t offset)
{
    const char *text = (const char *)tag + offset;

    if (tag->bytes <= offset ||
        strnlen(text, tag->bytes - offset) == tag->bytes - offset) {
        return "";
    }
    return text;
}

static int take_command_line(struct boot_info *boot, const struct tag *tag)
{
    boot->command_line = cmdline_skip_word(tag_text(tag, sizeof(*tag)));
    return 0;
}

static int take_loader_name(struct boot_info *boot, const struct tag *tag)
{
    boot->loader_name = tag_text(tag, sizeof(*tag));
    return 0;
}

static int take_module(struct boot_info *boot, const struct tag *tag)
{
    const struct tag_module *m = (const void *)tag;
    struct boot_module *to = &boot->module[boot->module_count];

    if (tag->bytes < sizeof(*m) || m->end < m->start) {
        return -XEN_EINVAL;
    }
    if (boot->module_count == BOOT_MODULES_MAX) {
        log_warning("More than %u modules: the rest is ignored\n",
                    BOOT_MODULES_MAX);
        return 0;
    }
    to->start = m->start;
    to->bytes = m->end - m->start;
    to->command_line = cmdline_skip_word(tag_text(tag, sizeof(*m)));
    boot->module_count++;
    return 0;
}

static int take_memory_map(struct boot_info *boot, const struct tag *tag)
{
    const struct tag_memory_map *m = (const void *)tag;
    size_t at;

    if (tag->bytes < sizeof(*m) ||
        m->entry_bytes < sizeof(struct memory_map_entry)) {
        return -XEN_EINVAL;
    }
    for (at = sizeof(*m); at + m->entry_bytes <= tag->bytes;
         at += m->entry_bytes) {
        struct memory_map_entry e;

        memcpy(&e, (const uint8_t *)tag + at, sizeof(e));
        if (e820_add(&boot->map, e.start, e.bytes, e.type) != 0) {
            log_warning("Memory map too long: the rest is ignored\n");
            return 0;
        }
    }
    return 0;
}

static int take_efi_table(struct boot_info *boot, const struct tag *tag)
{
    const struct tag_u64 *t = (const void *)tag;

    if (tag->bytes < sizeof(*t)) {
        return -XEN_EINVAL;
    }
    boot->efi_system_table = t->value;
    return 0;
}

static int take_efi_map(struct boot_info *boot, const struct tag *tag)
{
    const struct tag_memory_map *m = (const void *)tag;

    if (tag->bytes < sizeof(*m)) {
        return -XEN_EINVAL;
    }
    boot->efi_map = m->entries;
    boot->efi_map_bytes = tag->bytes - (uint32_t)sizeof(*m);
    boot->efi_descriptor_bytes = m->entry_bytes;
    return 0;
}

static int take_rsdp(struct boot_info *boot, const struct tag *tag)
{
    /* The newer form of the pointer wins, in whatever order they come. */
    if (tag->type == TAG_RSDP_NEW || boot->rsdp_phys == 0) {
        boot->rsdp_phys = phys_of(tag + 1);
    }
    return 0;
}

static tag_fn_t *const tag_fns[TAG_COUNT] = {
    [TAG_COMMAND_LINE] = take_command_line,
    [TAG_LOADER_NAME] = take_loader_name,
    [TAG_MODULE] = take_module,
    [TAG_MEMORY_MAP] = take_memory_map,
    [TAG_EFI64_SYSTEM_TABLE] = take_efi_table,
    [TAG_RSDP_OLD] = take_rsdp,
    [TAG_RSDP_NEW] = take_rsdp,
    [TAG_EFI_MEMORY_MAP] = take_efi_map,
};

int multiboot_parse(struct boot_info *boot, uint64_t info_phys)
{
    const uint8_t *info = (const uint8_t *)(HV_DIRECT_MAP + info_phys);
    uint32_t total, at;
    int rc = 0;

    memcpy(&total, info, sizeof(total));
    boot->info_phys = info_phys;
    boot->info_bytes = total;
    boot->command_line = "";
    boot->loader_name = "";
    for (at = 8; rc == 0 && at + sizeof(struct tag) <= total;) {
        const struct tag *tag = (const void *)(info + at);

        if (tag->bytes < sizeof(*tag) || tag->bytes > total - at) {
            return -XEN_EINVAL;
        }
        if (tag->type == TAG_END) {
            break;
        }
        if (tag->type < TAG_COUNT && tag_fns[tag->type] != NULL) {
            rc = tag_fns[tag->type](boot, tag);
        }
        at += (tag->bytes + 7U) & ~7U;
    }
    if (rc == 0 && boot->map.count == 0) {
        rc = -XEN_ENOENT;
    }
    return rc != 0 ? rc : e820_normalise(&boot->map);
}
