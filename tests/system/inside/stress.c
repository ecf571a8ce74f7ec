// SPDX-License-Identifier: MIT
/*
 * fork, exec, mmap and mprotect from several processes at once, then more
 * memory than there is, so that it goes to swap and comes back whole.
 *   stress          forks and mappings
 *   stress swap MB  so much memory, written twice and read twice
 */
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "inside.h"

#define PROCESSES 4
#define ROUNDS    40
#define BYTES     (512 * 1024)

static sigjmp_buf fault;

static void on_fault(int signal)
{
    siglongjmp(fault, signal);
}

static int write_faults(volatile char *at)
{
    if (sigsetjmp(fault, 1) == 0) {
        *at = 1;
        return 0;
    }
    return 1;
}

/* A child that sees its parent's page, changes its own copy, and execs. */
static int child_works(char *page, char *self)
{
    int status;
    pid_t child = fork();

    if (child == 0) {
        page[0]++;
        execl(self, self, page[0] == 'b' ? "child" : "broken", (char *)NULL);
        _exit(2);
    }
    return child > 0 && waitpid(child, &status, 0) == child && status == 0 &&
           page[0] == 'a';
}

static int one_process(int who, char *self)
{
    for (int round = 0; round < ROUNDS; round++) {
        char *at = mmap(NULL, BYTES, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        if (at == MAP_FAILED) {
            return 1;
        }
        memset(at, who * 16 + round % 16, BYTES);
        mprotect(at, BYTES, PROT_READ);
        for (int i = 0; i < BYTES; i += 65536) {
            if (!write_faults(at + i)) {
                return 1;
            }
        }
        mprotect(at, BYTES, PROT_READ | PROT_WRITE);
        for (int i = 0; i < BYTES; i += 4096) {
            if (at[i] != (char)(who * 16 + round % 16)) {
                return 1;
            }
        }
        at[0] = 'a';
        if (!child_works(at, self)) {
            return 1;
        }
        munmap(at, BYTES);
    }
    return 0;
}

static unsigned long swapped_out(void)
{
    unsigned long value = 0;
    char line[128];
    FILE *file = fopen("/proc/vmstat", "r");

    while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
        sscanf(line, "pswpout %lu", &value);
    }
    if (file != NULL) {
        fclose(file);
    }
    return value;
}

static int swap(unsigned long megabytes)
{
    unsigned long words = megabytes * 1024 * 1024 / sizeof(unsigned long);
    unsigned long before = swapped_out();
    unsigned long *at = mmap(NULL, words * sizeof(*at), PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    for (unsigned long pass = 1; pass <= 2; pass++) {
        for (unsigned long i = 0; i < words; i += 64) {
            at[i] = i * 2654435761UL + pass;
        }
        for (unsigned long i = 0; i < words; i += 64) {
            if (at[i] != i * 2654435761UL + pass) {
                not_ok("swap", "word %lu is wrong in pass %lu", i, pass);
            }
        }
    }
    if (swapped_out() == before) {
        not_ok("swap", "nothing was swapped out");
    }
    printf("ok swap (%lu MiB, %lu pages out)\n", megabytes,
           swapped_out() - before);
    return 0;
}

int main(int argc, char **argv)
{
    int status, bad = 0;

    if (argc == 2) {
        return strcmp(argv[1], "child") != 0;
    }
    if (argc == 3) {
        return swap(strtoul(argv[2], NULL, 0));
    }
    signal(SIGSEGV, on_fault);
    for (int who = 0; who < PROCESSES; who++) {
        if (fork() == 0) {
            _exit(one_process(who, argv[0]));
        }
    }
    for (int who = 0; who < PROCESSES; who++) {
        wait(&status);
        bad += status != 0;
    }
    if (bad != 0) {
        not_ok("stress", "%d of %d processes failed", bad, PROCESSES);
    }
    printf("ok stress (%d processes, %d rounds)\n", PROCESSES, ROUNDS);
    return 0;
}
