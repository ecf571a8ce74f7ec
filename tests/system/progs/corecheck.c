// SPDX-License-Identifier: MIT
/*
 * corecheck FILE: is it a core of a PV guest, as `xl dump-core` writes them
 * (docs/misc/dump-core-format of Xen)? Looks at the notes, the vCPUs' contexts,
 * and that each page that the p2m names is there and not all are empty.
 */
#include <elf.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const unsigned char *core;
static size_t core_bytes;

static void fail(const char *why)
{
    printf("corecheck: %s\n", why);
    exit(1);
}

static const void *at(uint64_t offset, uint64_t bytes)
{
    if (offset > core_bytes || bytes > core_bytes - offset) {
        fail("the file is too short");
    }
    return core + offset;
}

static const Elf64_Shdr *section(const char *name)
{
    const Elf64_Ehdr *head = at(0, sizeof(*head));
    const Elf64_Shdr *all =
        at(head->e_shoff, (uint64_t)head->e_shnum * sizeof(*all));
    const Elf64_Shdr *names = &all[head->e_shstrndx];

    for (unsigned int i = 0; i < head->e_shnum; i++) {
        const char *this = at(names->sh_offset + all[i].sh_name, 1);

        if (strcmp(this, name) == 0) {
            return &all[i];
        }
    }
    printf("corecheck: no section %s\n", name);
    exit(1);
}

/* The four notes: an empty one, header, Xen's version, format version. */
static void check_notes(void)
{
    const Elf64_Shdr *notes = section(".note.Xen");
    uint64_t offset = notes->sh_offset;
    uint64_t end = offset + notes->sh_size;
    unsigned int seen = 0;

    while (offset < end) {
        const Elf64_Nhdr *note = at(offset, sizeof(*note));
        const char *owner = at(offset + sizeof(*note), note->n_namesz);
        uint64_t words = (note->n_namesz + 3) / 4 + (note->n_descsz + 3) / 4;

        if (strcmp(owner, "Xen") != 0) {
            fail("a note is not Xen's");
        }
        if (note->n_type >= 0x2000000 && note->n_type <= 0x2000003) {
            seen |= 1U << (note->n_type - 0x2000000);
        }
        offset += sizeof(*note) + words * 4;
    }
    if (seen != 0xf) {
        printf("corecheck: notes %x\n", seen);
        exit(1);
    }
}

static unsigned int check_contexts(void)
{
    const Elf64_Shdr *contexts = section(".xen_prstatus");
    unsigned int count = (unsigned int)(contexts->sh_size / 5168);
    unsigned int i;

    if (count == 0 || contexts->sh_size % 5168 != 0) {
        fail("no whole contexts");
    }
    for (i = 0; i < count; i++) {
        /* fpu_ctxt 512, flags 8; then user_regs, whose rip is the 17th. */
        const uint64_t *user =
            at(contexts->sh_offset + (uint64_t)i * 5168 + 520, 200);

        if (user[16] < 0x1000) {
            fail("a vCPU without RIP");
        }
    }
    return count;
}

int main(int argc, char **argv)
{
    struct stat status;
    const Elf64_Ehdr *head;
    const Elf64_Shdr *p2m;
    const Elf64_Shdr *pages;
    uint64_t count;
    uint64_t filled = 0;
    unsigned int vcpus;
    int fd;

    if (argc != 2 || (fd = open(argv[1], O_RDONLY)) < 0 ||
        fstat(fd, &status) != 0) {
        fail("no file");
    }
    core_bytes = (size_t)status.st_size;
    core = mmap(NULL, core_bytes, PROT_READ, MAP_PRIVATE, fd, 0);
    head = at(0, sizeof(*head));
    if (core == MAP_FAILED || memcmp(head->e_ident, ELFMAG, SELFMAG) != 0 ||
        head->e_type != ET_CORE) {
        fail("not an ELF core");
    }
    check_notes();
    vcpus = check_contexts();
    p2m = section(".xen_p2m");
    pages = section(".xen_pages");
    count = p2m->sh_size / 16;
    if (pages->sh_size != count * 4096) {
        fail("as many pages as the p2m has");
    }
    for (uint64_t i = 0; i < count; i++) {
        const uint64_t *entry = at(p2m->sh_offset + i * 16, 16);
        const uint64_t *page = at(pages->sh_offset + i * 4096, 4096);

        if (entry[1] == 0 || entry[1] == ~0ULL) {
            fail("a page without a frame");
        }
        for (unsigned int word = 0; word < 512; word++) {
            if (page[word] != 0) {
                filled++;
                break;
            }
        }
    }
    if (filled < count / 16) {
        fail("nearly all pages are empty");
    }
    printf("%u vCPUs, %llu MiB of pages\n", vcpus,
           (unsigned long long)(count >> 8));
    return 0;
}
