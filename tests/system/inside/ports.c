// SPDX-License-Identifier: MIT
/*
 * ioperm and iopl in a guest without devices. Before, IN and OUT fault. After,
 * they go through, and reach nothing: IN reads all ones, from ports that read
 * otherwise where they exist (keyboard status, serial line status).
 */
#include <setjmp.h>
#include <signal.h>
#include <sys/io.h>

#include "inside.h"

static sigjmp_buf fault;

static void on_fault(int signal)
{
    siglongjmp(fault, signal);
}

static const unsigned short ports[] = {0x64, 0x3fd, 0x80};

/* 0 all accesses faulted, 1 some reached nothing, 2 one reached a device */
static int reach(void)
{
    volatile int worst = 0;

    for (volatile unsigned int i = 0; i < 3; i++) {
        if (sigsetjmp(fault, 1) == 0) {
            int value = inb(ports[i]);

            worst = value != 0xff ? 2 : worst == 0 ? 1 : worst;
        }
        if (sigsetjmp(fault, 1) == 0) {
            outb(0, 0x80);
            worst = worst == 0 ? 1 : worst;
        }
    }
    return worst;
}

int main(void)
{
    int before, after_perm, after_pl, may_perm, may_pl;

    signal(SIGSEGV, on_fault);
    before = reach();
    may_perm = ioperm(0x64, 1, 1) == 0 && ioperm(0x80, 1, 1) == 0 &&
               ioperm(0x3fd, 1, 1) == 0;
    after_perm = reach();
    may_pl = iopl(3) == 0;
    after_pl = reach();
    if (before != 0 || !may_perm || after_perm != 1 || !may_pl ||
        after_pl != 1) {
        not_ok("ports", "before %d, ioperm %d and then %d, iopl %d and then %d",
               before, may_perm, after_perm, may_pl, after_pl);
    }
    printf("ok ports (by ioperm and iopl: all ones)\n");
    return 0;
}
