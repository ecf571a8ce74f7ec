// SPDX-License-Identifier: MIT
/*
 * CLOCK_MONOTONIC read on every CPU at once, for argv[1] seconds: no reading
 * is before one that another CPU has already published.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#include "inside.h"

static _Atomic long long latest;
static _Atomic long long worst;
static long long end_ns;
static _Atomic long reads;

static long long now_ns(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

static void *reader(void *arg)
{
    long long seen, now = 0;
    cpu_set_t set;
    long count = 0;

    CPU_ZERO(&set);
    CPU_SET((size_t)(long)arg, &set);
    pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
    while (now < end_ns) {
        seen = atomic_load(&latest);
        now = now_ns();
        if (now < seen && seen - now > atomic_load(&worst)) {
            atomic_store(&worst, seen - now);
        }
        while (now > seen &&
               !atomic_compare_exchange_weak(&latest, &seen, now)) {
        }
        count++;
    }
    atomic_fetch_add(&reads, count);
    return NULL;
}

int main(int argc, char **argv)
{
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    pthread_t threads[64];

    end_ns = now_ns() + (argc > 1 ? atoll(argv[1]) : 10) * 1000000000LL;
    for (long i = 0; i < cpus && i < 64; i++) {
        pthread_create(&threads[i], NULL, reader, (void *)i);
    }
    for (long i = 0; i < cpus && i < 64; i++) {
        pthread_join(threads[i], NULL);
    }
    if (worst != 0) {
        not_ok("clocks", "went back by %lld ns", (long long)worst);
    }
    printf("ok clocks (%ld CPUs, %ld readings)\n", cpus, (long)reads);
    return 0;
}
