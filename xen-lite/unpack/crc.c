/* SPDX-License-Identifier: MIT */
/*
 * Table-driven CRCs. Table k holds the CRC of a byte followed by k zero
 * bytes; so the CRC over eight bytes is the sum of one look-up for each.
 */
#include "crc.h"

#include "bytes.h"

#define CRC32_POLYNOMIAL 0xedb88320U
#define CRC64_POLYNOMIAL UINT64_C(0xc96c5795d7870f42)

void crc32_prepare(struct crc_tables *tables)
{
    unsigned int i;
    unsigned int k;

    for (i = 0; i < 256; i++) {
        uint32_t crc = i;

        for (k = 0; k < 8; k++) {
            crc = (crc >> 1) ^ (CRC32_POLYNOMIAL & (0U - (crc & 1)));
        }
        tables->crc32[0][i] = crc;
    }
    for (k = 1; k < 8; k++) {
        for (i = 0; i < 256; i++) {
            uint32_t crc = tables->crc32[k - 1][i];

            tables->crc32[k][i] = (crc >> 8) ^ tables->crc32[0][crc & 0xff];
        }
    }
}

uint32_t crc32(const struct crc_tables *tables, const void *data, size_t bytes)
{
    const uint32_t(*t)[256] = tables->crc32;
    const uint8_t *in = data;
    uint32_t crc = UINT32_MAX;

    for (; bytes >= 8; bytes -= 8, in += 8) {
        uint64_t x = load_le64(in) ^ crc;

        crc = t[7][x & 0xff] ^ t[6][(x >> 8) & 0xff] ^ t[5][(x >> 16) & 0xff] ^
              t[4][(x >> 24) & 0xff] ^ t[3][(x >> 32) & 0xff] ^
              t[2][(x >> 40) & 0xff] ^ t[1][(x >> 48) & 0xff] ^ t[0][x >> 56];
    }
    for (; bytes > 0; bytes--) {
        crc = (crc >> 8) ^ t[0][(crc ^ *in++) & 0xff];
    }
    return ~crc;
}

void crc64_prepare(struct crc_tables *tables)
{
    unsigned int i;
    unsigned int k;

    for (i = 0; i < 256; i++) {
        uint64_t crc = i;

        for (k = 0; k < 8; k++) {
            crc = (crc >> 1) ^ (CRC64_POLYNOMIAL & (UINT64_C(0) - (crc & 1)));
        }
        tables->crc64[0][i] = crc;
    }
    for (k = 1; k < 8; k++) {
        for (i = 0; i < 256; i++) {
            uint64_t crc = tables->crc64[k - 1][i];

            tables->crc64[k][i] = (crc >> 8) ^ tables->crc64[0][crc & 0xff];
        }
    }
}

uint64_t crc64(const struct crc_tables *tables, const void *data, size_t bytes)
{
    const uint64_t(*t)[256] = tables->crc64;
    const uint8_t *in = data;
    uint64_t crc = UINT64_MAX;

    for (; bytes >= 8; bytes -= 8, in += 8) {
        uint64_t x = load_le64(in) ^ crc;

        crc = t[7][x & 0xff] ^ t[6][(x >> 8) & 0xff] ^ t[5][(x >> 16) & 0xff] ^
              t[4][(x >> 24) & 0xff] ^ t[3][(x >> 32) & 0xff] ^
              t[2][(x >> 40) & 0xff] ^ t[1][(x >> 48) & 0xff] ^ t[0][x >> 56];
    }
    for (; bytes > 0; bytes--) {
        crc = (crc >> 8) ^ t[0][(crc ^ *in++) & 0xff];
    }
    return ~crc;
}
