// SPDX-License-Identifier: MIT
/*
 * ioperm and iopl in a guest without devices: whatever the kernel answers, an
 * OUT and an IN must fault, before and after.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/io.h>

#include "inside.h"

static sigjmp_buf fault;

static void on_fault(int signal)
{
    siglongjmp(fault, signal);
}

static int faults(int write)
{
    int signal = sigsetjmp(fault, 1);

    if (signal == 0) {
        if (write) {
            outb(0x5a, 0x80);
        } else {
            inb(0x80);
        }
    }
    return signal == SIGSEGV;
}

int main(void)
{
    int rc_perm, rc_pl, before, after_perm, after_pl;

    signal(SIGSEGV, on_fault);
    before = faults(0) && faults(1);
    rc_perm = ioperm(0x80, 1, 1) != 0 ? errno : 0;
    after_perm = faults(0) && faults(1);
    rc_pl = iopl(3) != 0 ? errno : 0;
    after_pl = faults(0) && faults(1);
    if (!before || !after_perm || !after_pl) {
        not_ok("ports",
               "reached a port: faults %d, ioperm (%s) %d, iopl (%s) "
               "%d",
               before, strerror(rc_perm), after_perm, strerror(rc_pl),
               after_pl);
    }
    printf("ok ports (ioperm: %s, iopl: %s, then faults)\n", strerror(rc_perm),
           strerror(rc_pl));
    return 0;
}
