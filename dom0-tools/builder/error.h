/* SPDX-License-Identifier: MIT */
/* What went wrong while building a guest, in words a person can act on. */
#ifndef XEN_LITE_BUILDER_ERROR_H
#define XEN_LITE_BUILDER_ERROR_H

enum build_failure {
    BUILD_OK = 0,
    BUILD_BAD_IMAGE, /* kernel or initrd cannot be used */
    BUILD_NO_MEMORY, /* the machine has too little free memory */
    BUILD_FAILED,    /* the hypervisor or the system refused */
};

struct build_error {
    enum build_failure failure;
    char text[512];
};

/* Set @e and return -1. errno is not changed. */
int build_fail(struct build_error *e, enum build_failure failure,
               const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
