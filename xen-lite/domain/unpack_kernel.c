// SPDX-License-Identifier: MIT
/*
 * From a kernel file to its ELF image. A bzImage (Linux: x86 boot protocol
 * 2.08 or later) holds a compressed payload whose last four bytes are its size
 * when unpacked; the numbers are checked before they are used.
 */
#include "unpack_kernel.h"

#include "mm.h"
#include "string.h"
#include "unpack.h"

#define SETUP_SECTS    0x1f1U
#define BOOT_FLAG      0x1feU
#define HEADER_MAGIC   0x202U
#define HEADER_VERSION 0x206U
#define PAYLOAD_OFFSET 0x248U
#define PAYLOAD_LENGTH 0x24cU
#define HEADER_BYTES   0x250U

#define VERSION_WITH_PAYLOAD 0x208U
#define SECTOR_BYTES         512UL
#define SETUP_SECTS_DEFAULT  4U
#define KERNEL_BYTES_MAX     (512UL << 20)

struct payload {
    const uint8_t *start;
    size_t bytes; /* compressed stream, without the size behind it */
    size_t unpacked_bytes;
};

static uint32_t read_u32(const uint8_t *at)
{
    uint32_t value;

    memcpy(&value, at, sizeof(value));
    return value;
}

static uint16_t read_u16(const uint8_t *at)
{
    uint16_t value;

    memcpy(&value, at, sizeof(value));
    return value;
}

static bool is_bzimage(const uint8_t *file, size_t bytes)
{
    return bytes >= HEADER_BYTES && read_u16(file + BOOT_FLAG) == 0xaa55 &&
           memcmp(file + HEADER_MAGIC, "HdrS", 4) == 0;
}

static int fail(struct kernel_fault *fault, const char *why, int rc)
{
    fault->why = why;
    return rc;
}

static int find_payload(const uint8_t *file, size_t bytes,
                        struct payload *payload, struct kernel_fault *fault)
{
    unsigned int sectors =
        file[SETUP_SECTS] != 0 ? file[SETUP_SECTS] : SETUP_SECTS_DEFAULT;
    uint64_t start;
    uint64_t length;

    if (read_u16(file + HEADER_VERSION) < VERSION_WITH_PAYLOAD) {
        return fail(fault, "its boot protocol is too old for a PV kernel",
                    -XEN_ENOEXEC);
    }
    start = (sectors + 1) * SECTOR_BYTES + read_u32(file + PAYLOAD_OFFSET);
    length = read_u32(file + PAYLOAD_LENGTH);
    if (length < sizeof(uint32_t) || start > bytes || length > bytes - start) {
        return fail(fault, "it is truncated: its payload ends behind the file",
                    -XEN_ENOEXEC);
    }
    payload->start = file + start;
    payload->bytes = unpack_stream_bytes(file + start, length);
    payload->unpacked_bytes = read_u32(file + start + length - 4);
    if (payload->unpacked_bytes == 0 ||
        payload->unpacked_bytes > KERNEL_BYTES_MAX) {
        return fail(fault, "its payload says an impossible size", -XEN_ENOEXEC);
    }
    return 0;
}

static unsigned int order_for(size_t bytes)
{
    unsigned int order = 0;

    while (PAGE_BYTES << order < bytes) {
        order++;
    }
    return order;
}

static int decode(const struct payload *payload, uint8_t *out, size_t out_max,
                  size_t *out_bytes, struct kernel_fault *fault)
{
    unsigned int order = order_for(sizeof(struct unpack_work));
    struct page *work = frame_alloc(order, 64);
    int rc;

    if (work == NULL) {
        return fail(fault, "there is no memory to unpack it", -XEN_ENOMEM);
    }
    rc = unpack_payload(machine_map(page_mfn(work)), payload->start,
                        payload->bytes, out, out_max, out_bytes);
    frame_free(work, order);
    if (rc != 0) {
        fault->why = rc == -XEN_EOPNOTSUPP
                         ? "its payload has a compression that is not known"
                         : "its payload is damaged";
    }
    return rc;
}

int unpack_kernel(const void *file, size_t bytes, struct unpacked_kernel *out,
                  struct kernel_fault *fault)
{
    struct payload payload;
    uint8_t *image;
    int rc;

    *out = (struct unpacked_kernel){.start = file, .bytes = bytes};
    if (!is_bzimage(file, bytes)) {
        return 0;
    }
    rc = find_payload(file, bytes, &payload, fault);
    if (rc != 0) {
        return rc;
    }
    out->order = order_for(payload.unpacked_bytes);
    out->frames = frame_alloc_unscrubbed(out->order);
    if (out->frames == NULL) {
        return fail(fault, "there is no memory to unpack it", -XEN_ENOMEM);
    }
    image = machine_map(page_mfn(out->frames));
    out->start = image;
    rc = decode(&payload, image, payload.unpacked_bytes, &out->bytes, fault);
    if (rc == 0 && out->bytes != payload.unpacked_bytes) {
        rc = fail(fault, "its payload is not as long as it says", -XEN_ENOEXEC);
    }
    if (rc != 0) {
        unpack_kernel_free(out);
    }
    return rc;
}

void unpack_kernel_free(struct unpacked_kernel *kernel)
{
    if (kernel->frames != NULL) {
        frame_free_unowned(kernel->frames, 1UL << kernel->order);
        kernel->frames = NULL;
    }
}
