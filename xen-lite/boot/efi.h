/* SPDX-License-Identifier: MIT */
/* UEFI's system table into platform_info, for dom0. */
#ifndef XEN_LITE_EFI_H
#define XEN_LITE_EFI_H

#include "boot_info.h"

/* Needs the loader's map of the first 4 GiB: call before hv_map_init(). */
void efi_init(const struct boot_info *boot);

#endif
