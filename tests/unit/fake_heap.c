/* SPDX-License-Identifier: MIT */
/*
 * heap_alloc() over malloc, so that AddressSanitizer watches every object; it
 * can be told to fail. mm/heap.c is tested by test_heap.
 */
#include "fake.h"
#include "fake_internal.h"

#include <stdlib.h>

/* In front of each object, to find what a test left behind. */
struct header {
    struct header *next;
    struct header *prev;
};

static struct header *first;
static pthread_mutex_t heap_lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned long object_count;
static unsigned long fail_after = ~0UL;

static bool may_allocate(void)
{
    if (fail_after == ~0UL) {
        return true;
    }
    if (fail_after == 0) {
        return false;
    }
    fail_after--;
    return true;
}

/* Weak: test_heap has the real ones. */
#define WEAK __attribute__((weak))

WEAK void *heap_alloc(size_t bytes)
{
    struct header *header = NULL;

    pthread_mutex_lock(&heap_lock);
    if (may_allocate()) {
        header = calloc(1, sizeof(*header) + bytes);
    }
    if (header != NULL) {
        header->next = first;
        if (first != NULL) {
            first->prev = header;
        }
        first = header;
        object_count++;
    }
    pthread_mutex_unlock(&heap_lock);
    return header != NULL ? header + 1 : NULL;
}

WEAK void heap_free(void *object)
{
    struct header *header;

    if (object == NULL) {
        return;
    }
    header = (struct header *)object - 1;
    pthread_mutex_lock(&heap_lock);
    /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): off the list before freed */
    if (header->next != NULL) {
        header->next->prev = header->prev;
    }
    if (header->prev != NULL) {
        header->prev->next = header->next;
    } else {
        first = header->next;
    }
    object_count--;
    pthread_mutex_unlock(&heap_lock);
    free(header);
}

/* Part of core_reset(): fake_heap_reset() gives the objects back. */
WEAK void heap_reset(void)
{
    fail_after = ~0UL;
}

unsigned long fake_heap_objects(void)
{
    return object_count;
}

void fake_heap_fail_after(unsigned long n)
{
    fail_after = n;
}

void fake_heap_reset(void)
{
    while (first != NULL) {
        heap_free(first + 1);
    }
    fail_after = ~0UL;
}
