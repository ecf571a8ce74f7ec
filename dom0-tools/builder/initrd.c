// SPDX-License-Identifier: MIT
/*
 * Initial ramdisks (Linux Documentation/driver-api/early-userspace/
 * buffer-format.rst): cpio archives, plain or compressed, in any number.
 */
#include "builder/initrd.h"

#include "builder/unpack.h"

#define CPIO_HEADER_BYTES 110U
#define CPIO_FIELD_DIGITS 8U
#define CPIO_MAGIC_DIGITS 6U
#define CPIO_FIELD_SIZE   6U  /* index of the file's size */
#define CPIO_FIELD_NAME   11U /* index of the name's size */
#define CPIO_TRAILER      "TRAILER!!!"

static int throw_away(void *context, const uint8_t *data, size_t size)
{
    (void)context;
    (void)data;
    (void)size;
    return 0;
}

static bool is_cpio(struct bytes in)
{
    return in.size >= CPIO_MAGIC_DIGITS &&
           (memcmp(in.data, "070701", CPIO_MAGIC_DIGITS) == 0 ||
            memcmp(in.data, "070702", CPIO_MAGIC_DIGITS) == 0);
}

static bool hex_field(struct bytes header, unsigned int index, uint64_t *value)
{
    const uint8_t *p =
        header.data + CPIO_MAGIC_DIGITS + (size_t)index * CPIO_FIELD_DIGITS;

    *value = 0;
    for (unsigned int i = 0; i < CPIO_FIELD_DIGITS; i++) {
        unsigned int digit;

        if (p[i] >= '0' && p[i] <= '9') {
            digit = p[i] - '0';
        } else if ((p[i] | 0x20) >= 'a' && (p[i] | 0x20) <= 'f') {
            digit = (p[i] | 0x20) - 'a' + 10U;
        } else {
            return false;
        }
        *value = *value << 4 | digit;
    }
    return true;
}

static uint64_t padded(uint64_t size)
{
    return (size + 3) & ~3ULL;
}

/* One member; @last says that it was the trailer. Returns its bytes or 0. */
static size_t cpio_member(struct bytes in, bool *last)
{
    uint64_t name_bytes;
    uint64_t file_bytes;
    uint64_t file_at;

    if (in.size < CPIO_HEADER_BYTES || !is_cpio(in) ||
        !hex_field(in, CPIO_FIELD_NAME, &name_bytes) ||
        !hex_field(in, CPIO_FIELD_SIZE, &file_bytes)) {
        return 0;
    }
    file_at = padded(CPIO_HEADER_BYTES + name_bytes);
    if (!bytes_hold(in, file_at, file_bytes)) {
        return 0;
    }
    *last = name_bytes == sizeof(CPIO_TRAILER) &&
            memcmp(in.data + CPIO_HEADER_BYTES, CPIO_TRAILER,
                   sizeof(CPIO_TRAILER)) == 0;
    file_at = padded(file_at + file_bytes);
    return file_at < in.size ? (size_t)file_at : in.size;
}

static int check_cpio(struct bytes in, size_t *consumed, struct build_error *e)
{
    bool last = false;
    size_t at = 0;

    while (!last) {
        size_t bytes =
            cpio_member((struct bytes){in.data + at, in.size - at}, &last);

        if (bytes == 0) {
            return build_fail(e, BUILD_BAD_IMAGE,
                              "damaged: the cpio archive breaks off near byte "
                              "%zu",
                              at);
        }
        at += bytes;
    }
    *consumed = at;
    return 0;
}

static int check_part(struct bytes in, size_t *consumed, struct build_error *e)
{
    if (is_cpio(in)) {
        return check_cpio(in, consumed, e);
    }
    switch (pack_detect(in)) {
    case PACK_NONE:
        return build_fail(e, BUILD_BAD_IMAGE,
                          "not an initial ramdisk: neither a cpio archive nor "
                          "a compressed one");
    case PACK_BZIP2:
    case PACK_LZO:
        *consumed = in.size; /* the guest's kernel may know it */
        return 0;
    default:
        return unpack_stream(in, throw_away, NULL, consumed, e);
    }
}

int initrd_check(struct bytes file, struct build_error *e)
{
    struct bytes rest = file;
    size_t consumed = 0;

    if (file.size == 0) {
        return build_fail(e, BUILD_BAD_IMAGE, "the file is empty");
    }
    while (rest.size > 0) {
        if (check_part(rest, &consumed, e) < 0) {
            return -1;
        }
        rest.data += consumed;
        rest.size -= consumed;
        while (rest.size > 0 && rest.data[0] == 0) {
            rest.data++;
            rest.size--;
        }
    }
    return 0;
}
