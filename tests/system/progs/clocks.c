// SPDX-License-Identifier: MIT
/*
 * clocks SECONDS: one thread on each CPU reads the monotonic clock, under one
 * lock; no reading may be before the one that any CPU took last. Also holds
 * the monotonic clock's pace against the wall clock's. Says what it saw.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S 1000000000L

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int64_t last;  /* under lock */
static int64_t worst; /* furthest step back, under lock */
static long reads;    /* under lock */
static long switches; /* the CPU was another than at the last read */
static long last_cpu;
static int64_t end;

static int64_t now_ns(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return t.tv_sec * NS_PER_S + t.tv_nsec;
}

/* One reading, in one order for all CPUs. */
static int64_t read_once(long cpu)
{
    int64_t now;

    pthread_mutex_lock(&lock);
    now = now_ns(CLOCK_MONOTONIC);
    if (last - now > worst) {
        worst = last - now;
    }
    last = now;
    reads++;
    switches += cpu != last_cpu;
    last_cpu = cpu;
    pthread_mutex_unlock(&lock);
    return now;
}

static void *read_clock(void *arg)
{
    long cpu = (long)arg;
    cpu_set_t set;

    CPU_ZERO(&set);
    CPU_SET((size_t)cpu, &set);
    if (pthread_setaffinity_np(pthread_self(), sizeof(set), &set) != 0) {
        perror("affinity");
        exit(1);
    }
    while (read_once(cpu) < end) {
        sched_yield();
    }
    return NULL;
}

int main(int argc, char **argv)
{
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    long seconds = argc > 1 ? atol(argv[1]) : 10;
    int64_t wall = now_ns(CLOCK_REALTIME);
    int64_t start = now_ns(CLOCK_MONOTONIC);
    pthread_t threads[64];
    int64_t drift;

    last = start;
    end = start + seconds * NS_PER_S;
    for (long cpu = 0; cpu < cpus && cpu < 64; cpu++) {
        pthread_create(&threads[cpu], NULL, read_clock, (void *)cpu);
    }
    for (long cpu = 0; cpu < cpus && cpu < 64; cpu++) {
        pthread_join(threads[cpu], NULL);
    }
    drift = (now_ns(CLOCK_REALTIME) - wall) - (now_ns(CLOCK_MONOTONIC) - start);
    printf("clocks: %ld CPUs, %ld reads, %ld changes of CPU, "
           "worst step back %lld ns, wall clock off by %lld us\n",
           cpus, reads, switches, (long long)worst, (long long)drift / 1000);
    return worst > 0 || drift > NS_PER_S || drift < -NS_PER_S;
}
