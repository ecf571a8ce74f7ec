/* SPDX-License-Identifier: MIT */
/*
 * Numbers of either byte order at any address, as file formats hold them.
 */
#ifndef XEN_LITE_BYTES_H
#define XEN_LITE_BYTES_H

#include <stdint.h>

static inline uint16_t load_le16(const void *at)
{
    uint16_t value;

    __builtin_memcpy(&value, at, sizeof(value));
    return value;
}

static inline uint16_t load_be16(const void *at)
{
    return __builtin_bswap16(load_le16(at));
}

static inline uint32_t load_le32(const void *at)
{
    uint32_t value;

    __builtin_memcpy(&value, at, sizeof(value));
    return value;
}

static inline uint64_t load_le64(const void *at)
{
    uint64_t value;

    __builtin_memcpy(&value, at, sizeof(value));
    return value;
}

static inline void store_le32(void *at, uint32_t value)
{
    __builtin_memcpy(at, &value, sizeof(value));
}

static inline void store_le64(void *at, uint64_t value)
{
    __builtin_memcpy(at, &value, sizeof(value));
}

#endif
