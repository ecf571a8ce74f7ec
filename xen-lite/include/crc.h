/* SPDX-License-Identifier: MIT */
/*
 * The CRCs of compressed files, eight bytes a step.
 */
#ifndef XEN_LITE_CRC_H
#define XEN_LITE_CRC_H

#include <stddef.h>
#include <stdint.h>

/* Tables of either CRC; crc32_prepare() or crc64_prepare() fills them. */
struct crc_tables {
    union {
        uint32_t crc32[8][256];
        uint64_t crc64[8][256];
    };
};

/* CRC-32 of IEEE 802.3, as gzip and xz use it. */
void crc32_prepare(struct crc_tables *tables);
uint32_t crc32(const struct crc_tables *tables, const void *data, size_t bytes);

/* CRC-64 of ECMA-182, as xz uses it. */
void crc64_prepare(struct crc_tables *tables);
uint64_t crc64(const struct crc_tables *tables, const void *data, size_t bytes);

#endif
