/* SPDX-License-Identifier: MIT */
/*
 * A stand-in for the kernel's Xen devices, in place of open, ioctl and mmap
 * (ld --wrap): what libxenctrl asks for goes to functions of the test.
 */
#ifndef XEN_LITE_TESTS_FAKE_KERNEL_H
#define XEN_LITE_TESTS_FAKE_KERNEL_H

#include <stdbool.h>
#include <stdint.h>

#include <xenctrl.h>

struct fake_kernel {
    /* A hypercall; returns its result, or a negative errno. */
    long (*hypercall)(uint64_t op, const uint64_t args[5]);
    /* Any other request; the same. */
    long (*request)(unsigned long number, void *arg);
    unsigned int maps_open;    /* mmap less munmap, of device pages */
    unsigned int windows_open; /* those that show other domains' frames */
    unsigned int calls;
    uint64_t last_op;
};

extern struct fake_kernel fake_kernel;

void fake_kernel_reset(void);

/* Fixtures: a handle of the library over the fake, and nothing left behind. */
extern xc_interface *xch;
int fake_kernel_open(void **state);
int fake_kernel_close(void **state);

#endif
