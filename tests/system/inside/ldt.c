// SPDX-License-Identifier: MIT
/*
 * modify_ldt: a data segment with a base of its own is used through GS, read
 * back, changed while another thread runs in the same address space, and gone
 * when removed; a child inherits the table.
 */
#include <asm/ldt.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "inside.h"

#define SELECTOR(n) (((n) << 3) | 7)

static sigjmp_buf fault;
static volatile int stop;

static void on_fault(int signal)
{
    siglongjmp(fault, signal);
}

static long modify_ldt(int func, void *ptr, unsigned long bytes)
{
    return syscall(SYS_modify_ldt, func, ptr, bytes);
}

static long set_entry(unsigned int n, unsigned int base, int present)
{
    struct user_desc desc = {
        .entry_number = n,
        .base_addr = base,
        .limit = 0xfffff,
        .seg_32bit = 1,
        .limit_in_pages = 1,
        .useable = 1,
        .seg_not_present = !present,
    };

    return modify_ldt(0x11, &desc, sizeof(desc));
}

static unsigned int through_gs(unsigned int n)
{
    unsigned int value;

    __asm__ volatile("mov %1, %%gs\n\t"
                     "mov %%gs:0, %0\n\t"
                     "mov %2, %%gs"
                     : "=r"(value)
                     : "r"(SELECTOR(n)), "r"(0));
    return value;
}

static void *spin(void *arg)
{
    while (!stop) {
        getppid();
    }
    return arg;
}

static void use_and_change(unsigned int *low)
{
    for (unsigned int round = 0; round < 1000; round++) {
        unsigned int slot = round % 1024;

        low[slot] = 0xabcd0000 + round;
        if (set_entry(round % 600, (unsigned int)(unsigned long)&low[slot],
                      1) != 0) {
            not_ok("ldt", "modify_ldt fails in round %u", round);
        }
        if (through_gs(round % 600) != 0xabcd0000 + round) {
            not_ok("ldt", "round %u: wrong word through GS", round);
        }
    }
}

int main(void)
{
    unsigned int *low = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
    static unsigned char table[8192 * 8];
    volatile int got;
    int status;
    pthread_t other;

    signal(SIGSEGV, on_fault);
    signal(SIGBUS, on_fault);
    pthread_create(&other, NULL, spin, NULL);
    use_and_change(low);
    stop = 1;
    pthread_join(other, NULL);
    if (modify_ldt(0, table, sizeof(table)) < 600 * 8) {
        not_ok("ldt", "the table reads back short");
    }
    if (set_entry(5, 0, 0) != 0) {
        not_ok("ldt", "an entry cannot be made absent");
    }
    got = sigsetjmp(fault, 1);
    if (got == 0) {
        through_gs(5);
        not_ok("ldt", "an absent segment can be loaded");
    }
    if (fork() == 0) {
        _exit(through_gs(6) == low[606] ? 0 : 1);
    }
    wait(&status);
    if (status != 0) {
        not_ok("ldt", "a child has not its parent's table");
    }
    printf("ok ldt (signal %d for an absent segment)\n", got);
    return 0;
}
