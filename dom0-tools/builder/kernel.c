// SPDX-License-Identifier: MIT
/* From the file to an unpacked, parsed PV kernel. */
#include "builder/kernel.h"

#include <stdlib.h>

#include "builder/bzimage.h"
#include "builder/unpack.h"

#define ELF_MAX_BYTES (1UL << 30)

static int unpack_bzimage(struct bytes file, struct kernel *k,
                          struct build_error *e)
{
    struct bzimage image;

    if (bzimage_parse(file, &image, e) < 0) {
        return -1;
    }
    k->elf = malloc(image.unpacked_bytes);
    if (k->elf == NULL) {
        return build_fail(e, BUILD_FAILED,
                          "no memory in dom0 to unpack %zu bytes",
                          image.unpacked_bytes);
    }
    k->elf_bytes = image.unpacked_bytes;
    return unpack_exact(image.payload, k->elf, k->elf_bytes, e);
}

struct growing {
    struct kernel *k;
    size_t room;
    struct build_error *e;
};

static int take_growing(void *context, const uint8_t *data, size_t size)
{
    struct growing *g = context;
    uint8_t *larger;

    if (size == 0) {
        return 0;
    }
    if (size > ELF_MAX_BYTES - g->k->elf_bytes) {
        return build_fail(g->e, BUILD_BAD_IMAGE, "unpacks to over 1 GiB");
    }
    if (g->k->elf_bytes + size > g->room) {
        g->room = 2 * (g->k->elf_bytes + size);
        larger = realloc(g->k->elf, g->room);
        if (larger == NULL) {
            return build_fail(g->e, BUILD_FAILED, "out of memory in dom0");
        }
        g->k->elf = larger;
    }
    memcpy(g->k->elf + g->k->elf_bytes, data, size);
    g->k->elf_bytes += size;
    return 0;
}

static int unpack_elf(struct bytes file, struct kernel *k,
                      struct build_error *e)
{
    struct growing growing = {.k = k, .e = e};
    size_t consumed;

    return unpack_stream(file, take_growing, &growing, &consumed, e);
}

static int copy_elf(struct bytes file, struct kernel *k, struct build_error *e)
{
    struct growing growing = {.k = k, .e = e};

    return take_growing(&growing, file.data, file.size);
}

int kernel_load(struct bytes file, struct kernel *k, struct build_error *e)
{
    int rc;

    memset(k, 0, sizeof(*k));
    if (bzimage_detect(file)) {
        rc = unpack_bzimage(file, k, e);
    } else if (pack_detect(file) != PACK_NONE) {
        rc = unpack_elf(file, k, e);
    } else {
        rc = copy_elf(file, k, e);
    }
    if (rc < 0) {
        return -1;
    }
    return kernel_parse_elf((struct bytes){k->elf, k->elf_bytes}, k, e);
}

void kernel_free(struct kernel *k)
{
    free(k->elf);
    k->elf = NULL;
}
