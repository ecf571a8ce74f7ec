// SPDX-License-Identifier: MIT
/*
 * ELF notes of owner "Xen". A note is: size of name, size of description,
 * type, then both, each padded to 4 bytes.
 */
#include "builder/kernel.h"

#include <stdio.h>

#include <xen/elfnote.h>

#define NOTE_HEADER_BYTES 12U

struct note {
    uint32_t type;
    struct bytes desc;
};

static uint64_t padded(uint32_t size)
{
    return ((uint64_t)size + 3) & ~3ULL;
}

/* Numbers are 4 or 8 bytes; others are left unset. */
static uint64_t note_number(const struct note *note)
{
    if (note->desc.size == sizeof(uint64_t)) {
        return bytes_u64(note->desc, 0);
    }
    if (note->desc.size == sizeof(uint32_t)) {
        return bytes_u32(note->desc, 0);
    }
    return NOTE_UNSET;
}

static void note_string(const struct note *note, char *text, size_t size)
{
    size_t length = note->desc.size < size - 1 ? note->desc.size : size - 1;

    memcpy(text, note->desc.data, length);
    text[length] = '\0';
}

static void take_number(struct kernel_notes *notes, const struct note *note)
{
    uint64_t value = note_number(note);

    switch (note->type) {
    case XEN_ELFNOTE_ENTRY:
        notes->entry = value;
        break;
    case XEN_ELFNOTE_HYPERCALL_PAGE:
        notes->hypercall_page = value;
        break;
    case XEN_ELFNOTE_VIRT_BASE:
        notes->virt_base = value;
        break;
    case XEN_ELFNOTE_PADDR_OFFSET:
        notes->paddr_offset = value;
        break;
    case XEN_ELFNOTE_INIT_P2M:
        notes->init_p2m = value;
        break;
    case XEN_ELFNOTE_HV_START_LOW:
        notes->hv_start_low = value;
        break;
    case XEN_ELFNOTE_PHYS32_ENTRY:
        notes->phys32_entry = value;
        break;
    case XEN_ELFNOTE_MOD_START_PFN:
        notes->mod_start_pfn = value != 0 && value != NOTE_UNSET;
        break;
    default:
        break;
    }
}

static void take_note(struct kernel_notes *notes, const struct note *note)
{
    notes->count++;
    switch (note->type) {
    case XEN_ELFNOTE_XEN_VERSION:
        note_string(note, notes->xen_version, sizeof(notes->xen_version));
        break;
    case XEN_ELFNOTE_GUEST_OS:
        note_string(note, notes->guest_os, sizeof(notes->guest_os));
        break;
    case XEN_ELFNOTE_GUEST_VERSION:
        note_string(note, notes->guest_version, sizeof(notes->guest_version));
        break;
    case XEN_ELFNOTE_LOADER:
        note_string(note, notes->loader, sizeof(notes->loader));
        break;
    case XEN_ELFNOTE_FEATURES:
        note_string(note, notes->features, sizeof(notes->features));
        break;
    default:
        take_number(notes, note);
        break;
    }
}

void kernel_parse_notes(struct bytes section, struct kernel_notes *notes)
{
    uint64_t at = 0;

    while (bytes_hold(section, at, NOTE_HEADER_BYTES)) {
        uint32_t name_bytes = bytes_u32(section, at);
        uint32_t desc_bytes = bytes_u32(section, at + 4);
        uint64_t name = at + NOTE_HEADER_BYTES;
        uint64_t desc = name + padded(name_bytes);

        if (!bytes_hold(section, name, padded(name_bytes)) ||
            !bytes_hold(section, desc, desc_bytes)) {
            return;
        }
        if (name_bytes == sizeof("Xen") &&
            memcmp(section.data + name, "Xen", sizeof("Xen")) == 0) {
            struct note note = {
                .type = bytes_u32(section, at + 8),
                .desc = {section.data + desc, desc_bytes},
            };

            take_note(notes, &note);
        }
        at = desc + padded(desc_bytes);
    }
}
