// SPDX-License-Identifier: MIT
/*
 * The setup header of a bzImage (Linux Documentation/arch/x86/boot.rst).
 */
#include "builder/bzimage.h"

#include "builder/unpack.h"

#define OFF_SETUP_SECTS    0x1f1U
#define OFF_BOOT_FLAG      0x1feU
#define OFF_HEADER         0x202U
#define OFF_VERSION        0x206U
#define OFF_PAYLOAD_OFFSET 0x248U
#define OFF_PAYLOAD_LENGTH 0x24cU
#define HEADER_END         0x250U

#define BOOT_FLAG    0xaa55U
#define HEADER_MAGIC 0x53726448U /* "HdrS" */
#define VERSION_MIN  0x0208U     /* the first with payload fields */
#define SECTOR_BYTES 512U
#define LENGTH_BYTES 4U          /* unpacked size, last of the payload */
#define UNPACKED_MAX (1UL << 30) /* no kernel is that large */

bool bzimage_detect(struct bytes file)
{
    return bytes_hold(file, 0, OFF_VERSION) &&
           bytes_u16(file, OFF_BOOT_FLAG) == BOOT_FLAG &&
           bytes_u32(file, OFF_HEADER) == HEADER_MAGIC;
}

static uint64_t setup_bytes(struct bytes file)
{
    uint8_t sectors = file.data[OFF_SETUP_SECTS];

    return ((sectors == 0 ? 4ULL : sectors) + 1) * SECTOR_BYTES;
}

int bzimage_parse(struct bytes file, struct bzimage *out, struct build_error *e)
{
    uint64_t offset;
    uint32_t length;
    uint32_t unpacked;

    if (!bytes_hold(file, 0, HEADER_END)) {
        return build_fail(e, BUILD_BAD_IMAGE,
                          "truncated: a bzImage whose header ends too early");
    }
    if (bytes_u16(file, OFF_VERSION) < VERSION_MIN) {
        return build_fail(e, BUILD_BAD_IMAGE,
                          "boot protocol %#x is too old (2.08 or newer is "
                          "needed)",
                          bytes_u16(file, OFF_VERSION));
    }
    offset = setup_bytes(file) + bytes_u32(file, OFF_PAYLOAD_OFFSET);
    length = bytes_u32(file, OFF_PAYLOAD_LENGTH);
    if (!bytes_hold(file, offset, length)) {
        return build_fail(e, BUILD_BAD_IMAGE,
                          "truncated: its header promises %llu bytes, but the "
                          "file has %zu; copy it again",
                          (unsigned long long)offset + length, file.size);
    }
    if (length <= LENGTH_BYTES) {
        return build_fail(e, BUILD_BAD_IMAGE,
                          "bzImage without a compressed kernel in it");
    }
    unpacked = bytes_u32(file, (size_t)offset + length - LENGTH_BYTES);
    if (unpacked == 0 || unpacked > UNPACKED_MAX) {
        return build_fail(e, BUILD_BAD_IMAGE,
                          "damaged: unpacked size %u is not credible",
                          unpacked);
    }
    out->payload.data = file.data + offset;
    out->payload.size = length;
    if (pack_detect(out->payload) != PACK_GZIP) {
        out->payload.size -= LENGTH_BYTES; /* gzip's own is the same word */
    }
    out->unpacked_bytes = unpacked;
    return 0;
}
