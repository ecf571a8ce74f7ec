// SPDX-License-Identifier: MIT
/*
 * mmstress ROUNDS: two processes a CPU fork, map, change and drop memory, and
 * check that each page holds what was put there: copy on write in parent and
 * child, mprotect with the fault it must give, mremap, holes, and threads that
 * drop pages which others have in their TLB.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE  4096UL
#define PAGES 512UL

static sigjmp_buf fault_jump;

static void die(const char *what)
{
    perror(what);
    _exit(1);
}

static void on_fault(int signal_number)
{
    (void)signal_number;
    siglongjmp(fault_jump, 1);
}

/* 1 if writing there faults */
static int write_faults(volatile uint64_t *p)
{
    if (sigsetjmp(fault_jump, 1) != 0) {
        return 1;
    }
    *p = 0;
    return 0;
}

static void fill(uint64_t *area, uint64_t seed)
{
    for (size_t page = 0; page < PAGES; page++) {
        area[page * PAGE / 8] = seed + page;
        area[page * PAGE / 8 + 511] = ~(seed + page);
    }
}

static void verify(const uint64_t *area, uint64_t seed, const char *what)
{
    for (size_t page = 0; page < PAGES; page++) {
        if (area[page * PAGE / 8] != seed + page ||
            area[page * PAGE / 8 + 511] != ~(seed + page)) {
            fprintf(stderr, "mmstress: %s: page %zu is wrong\n", what, page);
            _exit(1);
        }
    }
}

static uint64_t *map_area(void)
{
    void *area = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (area == MAP_FAILED) {
        die("mmap");
    }
    return area;
}

/* Parent and child write the same pages: neither sees the other's. */
static void copy_on_write(uint64_t *area, uint64_t seed)
{
    pid_t child;
    int status;

    fill(area, seed);
    child = fork();
    if (child < 0) {
        die("fork");
    }
    if (child == 0) {
        verify(area, seed, "in the child");
        fill(area, seed * 3);
        verify(area, seed * 3, "written in the child");
        _exit(0);
    }
    fill(area, seed * 5);
    if (waitpid(child, &status, 0) != child || status != 0) {
        fprintf(stderr, "mmstress: the child failed\n");
        _exit(1);
    }
    verify(area, seed * 5, "written in the parent");
}

static void protect(uint64_t *area, uint64_t seed)
{
    fill(area, seed);
    if (mprotect(area, PAGES * PAGE, PROT_READ) != 0) {
        die("mprotect");
    }
    for (size_t page = 0; page < PAGES; page += 64) {
        if (!write_faults(area + page * PAGE / 8)) {
            fprintf(stderr, "mmstress: a read-only page was written\n");
            _exit(1);
        }
    }
    verify(area, seed, "read-only");
    if (mprotect(area, PAGES * PAGE, PROT_READ | PROT_WRITE) != 0) {
        die("mprotect");
    }
    fill(area, seed + 1);
    verify(area, seed + 1, "writable again");
}

static uint64_t *move(uint64_t *area, uint64_t seed)
{
    void *moved;

    fill(area, seed);
    moved = mremap(area, PAGES * PAGE, PAGES * PAGE,
                   MREMAP_MAYMOVE | MREMAP_FIXED, map_area());
    if (moved == MAP_FAILED) {
        die("mremap");
    }
    verify(moved, seed, "moved");
    return moved;
}

struct reader {
    volatile uint64_t *page;
    volatile int stop;
    uint64_t bad;
};

/* The page is all one number at any time, or empty: nothing else. */
static void *read_page(void *arg)
{
    struct reader *r = arg;

    while (!r->stop) {
        uint64_t value = r->page[7];

        r->bad += value != 0 && value != 0x5a5a5a5a5a5a5a5aUL;
    }
    return NULL;
}

/* Pages dropped while another CPU reads them: it must never see a new owner. */
static void drop_under_reader(uint64_t seed)
{
    uint64_t *area = map_area();
    struct reader r = {.page = area};
    pthread_t thread;

    if (pthread_create(&thread, NULL, read_page, &r) != 0) {
        die("thread");
    }
    for (int i = 0; i < 50; i++) {
        uint64_t *other;

        memset(area, 0x5a, PAGE);
        madvise(area, PAGE, MADV_DONTNEED);
        other = map_area();
        fill(other, seed + (uint64_t)i + 1);
        munmap(other, PAGES * PAGE);
    }
    r.stop = 1;
    pthread_join(thread, NULL);
    if (r.bad != 0) {
        fprintf(stderr, "mmstress: a dropped page showed another's data\n");
        _exit(1);
    }
    munmap(area, PAGES * PAGE);
}

static void worker(uint64_t number, long rounds)
{
    uint64_t *area = map_area();

    for (long round = 1; round <= rounds; round++) {
        uint64_t seed = number << 40 | (uint64_t)round << 16;

        copy_on_write(area, seed);
        protect(area, seed);
        area = move(area, seed);
        if (round % 4 == 0) {
            drop_under_reader(seed);
        }
    }
    _exit(0);
}

int main(int argc, char **argv)
{
    long rounds = argc > 1 ? atol(argv[1]) : 10;
    long workers = 2 * sysconf(_SC_NPROCESSORS_ONLN);
    struct sigaction action = {.sa_handler = on_fault};
    int failures = 0;

    sigaction(SIGSEGV, &action, NULL);
    for (long i = 0; i < workers; i++) {
        pid_t child = fork();

        if (child < 0) {
            die("fork");
        }
        if (child == 0) {
            worker((uint64_t)i + 1, rounds);
        }
    }
    for (long i = 0; i < workers; i++) {
        int status;

        failures += wait(&status) < 0 || status != 0;
    }
    printf("mmstress: %ld processes, %ld rounds, %d failed\n", workers, rounds,
           failures);
    return failures != 0;
}
