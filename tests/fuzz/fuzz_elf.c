/* SPDX-License-Identifier: MIT */
/*
 * Fuzz the ELF loader: whatever it accepts lies inside the file and inside
 * the extent that it announced.
 */
#include "elf.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

struct image {
    const struct pv_kernel *kernel;
    const uint8_t *data;
    size_t bytes;
};

static int check_write(void *context, uint64_t offset, const void *from,
                       size_t bytes)
{
    const struct image *image = context;
    const uint8_t *source = from;

    if (bytes == 0) {
        return 0;
    }
    if (offset < image->kernel->start_pfn << PAGE_SHIFT ||
        offset + bytes > image->kernel->end_pfn << PAGE_SHIFT ||
        offset + bytes < offset) {
        abort();
    }
    if (source != NULL &&
        (source < image->data || source + bytes > image->data + image->bytes)) {
        abort();
    }
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct kernel_fault fault = {NULL};
    struct pv_kernel kernel;
    uint8_t *copy = malloc(bytes);
    struct image image = {&kernel, copy, bytes};
    int rc;

    memcpy(copy, data, bytes);
    rc = elf_parse_pv_kernel(copy, bytes, &kernel, &fault);
    if (rc == 0) {
        (void)elf_load(copy, bytes, &kernel, check_write, &image);
    } else if (fault.why == NULL) {
        abort();
    }
    free(copy);
    return 0;
}
