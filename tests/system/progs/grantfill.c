// SPDX-License-Identifier: MIT
/*
 * Grants pages of its own until no entry of the table is left, says how many
 * it could, and keeps them until it is killed.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <xen/gntalloc.h>

int main(void)
{
    struct ioctl_gntalloc_alloc_gref one;
    int fd = open("/dev/xen/gntalloc", O_RDWR);
    unsigned int count = 0;

    if (fd < 0) {
        perror("/dev/xen/gntalloc");
        return 1;
    }
    for (;;) {
        memset(&one, 0, sizeof(one));
        one.count = 1;
        if (ioctl(fd, IOCTL_GNTALLOC_ALLOC_GREF, &one) < 0) {
            break;
        }
        count++;
    }
    printf("granted %u: %s\n", count, strerror(errno));
    (void)fflush(stdout);
    for (;;) {
        (void)pause();
    }
}
