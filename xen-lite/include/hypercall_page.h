/* SPDX-License-Identifier: MIT */
/* The page of stubs that older kernels call their hypercalls through. */
#ifndef XEN_LITE_HYPERCALL_PAGE_H
#define XEN_LITE_HYPERCALL_PAGE_H

/* Write the stubs into the frame at @page: start-of-day of the PV ABI. */
void hypercall_page_fill(void *page);

#endif
