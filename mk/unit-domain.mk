# SPDX-License-Identifier: MIT
# Host tests of dom0 building that need no machine.
UNIT_SRCS_elf := xen-lite/domain/elf.c xen-lite/domain/elfnote.c
UNIT_SRCS_dom0_layout := xen-lite/domain/dom0_layout.c
