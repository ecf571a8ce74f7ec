// SPDX-License-Identifier: MIT
/* Xen's ELF notes: see elfnote.h. */
#include "elfnote.h"

#include <xen/elfnote.h>
#include <xen/features.h>

#include "string.h"

#define NOTE_ALIGN 4U

struct note {
    uint32_t namesz;
    uint32_t descsz;
    uint32_t type;
};

static size_t aligned(size_t bytes)
{
    return (bytes + NOTE_ALIGN - 1) & ~(size_t)(NOTE_ALIGN - 1);
}

/* A number of 4 or 8 bytes, as the note's writer chose. */
static uint64_t note_number(const void *desc, size_t bytes)
{
    uint64_t number = 0;

    if (bytes == sizeof(uint32_t) || bytes == sizeof(uint64_t)) {
        memcpy(&number, desc, bytes);
    }
    return number;
}

/* Is @text, of @bytes with or without a NUL, the string @want? */
static bool note_is(const char *text, size_t bytes, const char *want)
{
    size_t length = strlen(want);

    return bytes >= length && memcmp(text, want, length) == 0 &&
           (bytes == length || text[length] == '\0');
}

static int take_version(const void *desc, size_t bytes,
                        struct pv_kernel *kernel, struct kernel_fault *fault)
{
    if (!note_is(desc, bytes, "xen-3.0")) {
        fault->why = "its XEN_VERSION note is not xen-3.0";
        return -XEN_EINVAL;
    }
    kernel->is_xen = true;
    return 0;
}

static void take_number(uint32_t type, uint64_t number,
                        struct pv_kernel *kernel)
{
    switch (type) {
    case XEN_ELFNOTE_ENTRY:
        kernel->entry = number;
        break;
    case XEN_ELFNOTE_VIRT_BASE:
        kernel->virt_base = number;
        break;
    case XEN_ELFNOTE_PADDR_OFFSET:
        kernel->paddr_offset = number;
        break;
    case XEN_ELFNOTE_INIT_P2M:
        kernel->init_p2m = number;
        kernel->has_init_p2m = true;
        break;
    case XEN_ELFNOTE_MOD_START_PFN:
        kernel->mod_start_pfn = number != 0;
        break;
    case XEN_ELFNOTE_HYPERCALL_PAGE:
        kernel->hypercall_page = number;
        kernel->has_hypercall_page = true;
        break;
    case XEN_ELFNOTE_SUPPORTED_FEATURES:
        kernel->can_be_dom0 = (number >> XENFEAT_dom0 & 1) != 0;
        break;
    default:
        break; /* informative, or of other kinds of guest */
    }
}

int elfnote_read(const void *notes, size_t bytes, struct pv_kernel *kernel,
                 struct kernel_fault *fault)
{
    const char *at = notes;

    while (bytes >= sizeof(struct note)) {
        struct note note;
        const char *name = at + sizeof(note);
        const char *desc;
        size_t total;
        int rc = 0;

        memcpy(&note, at, sizeof(note));
        total = sizeof(note) + aligned(note.namesz) + aligned(note.descsz);
        if (total > bytes) {
            fault->why = "its notes are truncated";
            return -XEN_EINVAL;
        }
        desc = name + aligned(note.namesz);
        if (note.namesz == 4 && memcmp(name, "Xen", 4) == 0) {
            if (note.type == XEN_ELFNOTE_XEN_VERSION) {
                rc = take_version(desc, note.descsz, kernel, fault);
            } else {
                take_number(note.type, note_number(desc, note.descsz), kernel);
            }
        }
        if (rc != 0) {
            return rc;
        }
        at += total;
        bytes -= total;
    }
    return 0;
}
