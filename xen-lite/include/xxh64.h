/* SPDX-License-Identifier: MIT */
/* XXH64, the checksum of Zstandard frames. */
#ifndef XEN_LITE_XXH64_H
#define XEN_LITE_XXH64_H

#include <stddef.h>
#include <stdint.h>

/* XXH64 of @data with seed 0. */
uint64_t xxh64(const void *data, size_t bytes);

#endif
