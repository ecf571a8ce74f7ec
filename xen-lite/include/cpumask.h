/* SPDX-License-Identifier: MIT */
/* Sets of physical CPUs; every operation on one bit is atomic. */
#ifndef XEN_LITE_CPUMASK_H
#define XEN_LITE_CPUMASK_H

#include <stdatomic.h>

#include "types.h"

#define CPUMASK_WORDS (MAX_CPUS / 64U)

struct cpumask {
    _Atomic uint64_t word[CPUMASK_WORDS];
};

static inline void cpumask_clear_all(struct cpumask *mask)
{
    for (unsigned int i = 0; i < CPUMASK_WORDS; i++) {
        atomic_store_explicit(&mask->word[i], 0, memory_order_relaxed);
    }
}

static inline void cpumask_set_all(struct cpumask *mask)
{
    for (unsigned int i = 0; i < CPUMASK_WORDS; i++) {
        atomic_store_explicit(&mask->word[i], UINT64_MAX, memory_order_relaxed);
    }
}

static inline void cpumask_set(struct cpumask *mask, unsigned int cpu)
{
    atomic_fetch_or(&mask->word[cpu / 64], 1ULL << (cpu % 64));
}

static inline void cpumask_clear(struct cpumask *mask, unsigned int cpu)
{
    atomic_fetch_and(&mask->word[cpu / 64], ~(1ULL << (cpu % 64)));
}

static inline bool cpumask_test(const struct cpumask *mask, unsigned int cpu)
{
    return (atomic_load(&mask->word[cpu / 64]) >> (cpu % 64)) & 1U;
}

static inline bool cpumask_empty(const struct cpumask *mask)
{
    uint64_t any = 0;

    for (unsigned int i = 0; i < CPUMASK_WORDS; i++) {
        any |= atomic_load(&mask->word[i]);
    }
    return any == 0;
}

static inline void cpumask_copy(struct cpumask *to, const struct cpumask *from)
{
    for (unsigned int i = 0; i < CPUMASK_WORDS; i++) {
        atomic_store(&to->word[i], atomic_load(&from->word[i]));
    }
}

static inline void cpumask_and(struct cpumask *to, const struct cpumask *with)
{
    for (unsigned int i = 0; i < CPUMASK_WORDS; i++) {
        atomic_fetch_and(&to->word[i], atomic_load(&with->word[i]));
    }
}

/* First member at or after @from, or MAX_CPUS when there is none. */
static inline unsigned int cpumask_next(const struct cpumask *mask,
                                        unsigned int from)
{
    while (from < MAX_CPUS) {
        uint64_t rest = atomic_load(&mask->word[from / 64]) >> (from % 64);

        if (rest != 0) {
            return from + (unsigned int)__builtin_ctzll(rest);
        }
        from = (from / 64 + 1) * 64;
    }
    return MAX_CPUS;
}

static inline unsigned int cpumask_count(const struct cpumask *mask)
{
    unsigned int count = 0;

    for (unsigned int i = 0; i < CPUMASK_WORDS; i++) {
        count +=
            (unsigned int)__builtin_popcountll(atomic_load(&mask->word[i]));
    }
    return count;
}

/* One more than the highest member; 0: none. */
static inline unsigned int cpumask_limit(const struct cpumask *mask)
{
    for (unsigned int i = CPUMASK_WORDS; i-- > 0;) {
        uint64_t word = atomic_load(&mask->word[i]);

        if (word != 0) {
            return 64 * (i + 1) - (unsigned int)__builtin_clzll(word);
        }
    }
    return 0;
}

#define for_each_cpu_in(cpu, mask) \
    for ((cpu) = cpumask_next((mask), 0); (cpu) < MAX_CPUS; \
         (cpu) = cpumask_next((mask), (cpu) + 1))

#endif
