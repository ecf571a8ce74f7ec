/* SPDX-License-Identifier: MIT */
/* The hypervisor's own heap, here in place of the one over malloc. */
#include "fake.h"

#include <pthread.h>
#include <string.h>

static void objects_are_zeroed_and_apart(void **state)
{
    char *objects[200];

    (void)state;
    for (unsigned int round = 0; round < 2; round++) {
        for (unsigned int i = 0; i < 200; i++) {
            size_t bytes = 1 + i * 13;

            objects[i] = heap_alloc(bytes);
            assert_non_null(objects[i]);
            for (size_t k = 0; k < bytes; k++) {
                assert_int_equal(objects[i][k], 0);
            }
            memset(objects[i], (int)i, bytes);
        }
        for (unsigned int i = 0; i < 200; i++) {
            size_t bytes = 1 + i * 13;

            for (size_t k = 0; k < bytes; k++) {
                assert_int_equal((uint8_t)objects[i][k], i);
            }
            heap_free(objects[i]);
        }
    }
}

static void all_frames_come_back(void **state)
{
    unsigned long free = frame_free_count();
    void *objects[500];

    (void)state;
    for (unsigned int i = 0; i < 500; i++) {
        objects[i] = heap_alloc(i * 7 % 3000 + 1);
    }
    assert_true(frame_free_count() < free);
    for (unsigned int i = 0; i < 500; i++) {
        heap_free(objects[(i * 37) % 500]);
    }
    /* A frame with an object of before may take some of ours. */
    assert_true(frame_free_count() >= free);
}

static void large_objects_get_whole_frames(void **state)
{
    unsigned long free = frame_free_count();
    char *object = heap_alloc(5 * PAGE_BYTES);

    (void)state;
    assert_non_null(object);
    assert_int_equal((unsigned long)object % PAGE_BYTES, 0);
    assert_int_equal(frame_free_count(), free - 8);
    memset(object, 1, 5 * PAGE_BYTES);
    heap_free(object);
    assert_int_equal(frame_free_count(), free);
}

static void impossible_sizes_fail(void **state)
{
    (void)state;
    assert_null(heap_alloc(~0UL));
    assert_null(heap_alloc(PAGE_BYTES << FRAME_MAX_ORDER));
}

static void nothing_is_freed_without_harm(void **state)
{
    (void)state;
    heap_free(NULL);
}

static void no_memory_is_no_object(void **state)
{
    (void)state;
    while (frame_alloc(0, 64) != NULL) {
    }
    while (heap_alloc(2048) != NULL) {
    }
    assert_null(heap_alloc(8000));
}

static void every_size_class_fills_its_frames(void **state)
{
    (void)state;
    for (size_t bytes = 1; bytes <= 2048; bytes = bytes * 3 / 2 + 1) {
        char *first = heap_alloc(bytes);
        char *second = heap_alloc(bytes);

        assert_true(second - first >= (long)bytes ||
                    first - second >= (long)bytes);
        heap_free(first);
        assert_ptr_equal(heap_alloc(bytes), first); /* the last freed */
        heap_free(first);
        heap_free(second);
    }
}

static void free_it(void *object)
{
    heap_free(object);
}

static void freeing_inside_an_object_is_caught(void **state)
{
    char *object = heap_alloc(100);

    (void)state;
    assert_true(fake_catches_bug(free_it, object + 8));
    fake_lock_released(LOCK_HEAP_OBJECTS);
    core_reset();
}

static void freeing_twice_is_caught(void **state)
{
    char *object = heap_alloc(100);

    (void)state;
    (void)heap_alloc(100); /* so that the frame stays */
    heap_free(object);
    assert_true(fake_catches_bug(free_it, object));
    fake_lock_released(LOCK_HEAP_OBJECTS);
    core_reset();
}

static void *allocate_much(void *data)
{
    fake_set_cpu((unsigned int)(unsigned long)data);
    for (unsigned int round = 0; round < 200; round++) {
        char *objects[20];

        for (unsigned int i = 0; i < 20; i++) {
            objects[i] = heap_alloc(i * 60 + 1);
            if (objects[i] != NULL) {
                objects[i][0] = (char)(unsigned long)data;
            }
        }
        for (unsigned int i = 0; i < 20; i++) {
            if (objects[i] != NULL &&
                objects[i][0] != (char)(unsigned long)data) {
                return data; /* an object of another */
            }
            heap_free(objects[i]);
        }
    }
    return NULL;
}

static void several_cpus_share_it(void **state)
{
    pthread_t threads[3];
    void *complaint;

    (void)state;
    for (unsigned long i = 0; i < 3; i++) {
        pthread_create(&threads[i], NULL, allocate_much, (void *)(i + 1));
    }
    for (unsigned int i = 0; i < 3; i++) {
        pthread_join(threads[i], &complaint);
        assert_null(complaint);
    }
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, fake_setup, fake_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(objects_are_zeroed_and_apart),
        CASE(all_frames_come_back),
        CASE(large_objects_get_whole_frames),
        CASE(impossible_sizes_fail),
        CASE(nothing_is_freed_without_harm),
        CASE(no_memory_is_no_object),
        CASE(every_size_class_fills_its_frames),
        CASE(freeing_inside_an_object_is_caught),
        CASE(freeing_twice_is_caught),
        CASE(several_cpus_share_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
