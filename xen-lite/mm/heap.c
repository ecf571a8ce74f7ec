/* SPDX-License-Identifier: MIT */
/*
 * Small objects of the hypervisor. A frame serves objects of one size; those
 * above half a frame get whole frames. What a frame serves is in its struct
 * page: table_progress has the size class, type the number of objects in use
 * and the first free one; frames with room are on a list of their class.
 */
#include "mm.h"

#include "bug.h"
#include "spinlock.h"
#include "string.h"

#define NO_OBJECT   0xffffU
#define WHOLE       0x80000000U /* table_progress: or-ed to order */
#define CLASS_FIRST 1U          /* table_progress of class 0 */

static const uint16_t class_bytes[] = {32,  64,  96,  128,  192,  256,
                                       384, 512, 768, 1024, 1360, 2048};

#define CLASSES ARRAY_COUNT(class_bytes)

static struct spinlock heap_objects_lock = SPINLOCK_INIT(LOCK_HEAP_OBJECTS);
/* Frames with room, by class; ends with PAGE_LINK_END. 0 is "not yet set": no
 * heap frame has number 0. Guarded by heap_objects_lock, as are their pages. */
static uint32_t with_room[CLASSES];

/* page.type of a frame of small objects. */
static uint64_t state_make(unsigned int used, unsigned int first_free)
{
    return (uint64_t)used << 16 | first_free;
}

static unsigned int state_used(const struct page *page)
{
    return (unsigned int)(atomic_load(&page->type) >> 16);
}

static unsigned int state_first_free(const struct page *page)
{
    return (unsigned int)(atomic_load(&page->type) & 0xffff);
}

static void list_add(struct page *page, unsigned int class_index)
{
    uint32_t first = with_room[class_index];

    page->prev = PAGE_LINK_END;
    page->next = first != 0 ? first : PAGE_LINK_END;
    if (page->next != PAGE_LINK_END) {
        page_of(mfn_make(page->next))->prev = (uint32_t)page_mfn(page).number;
    }
    with_room[class_index] = (uint32_t)page_mfn(page).number;
}

static void list_remove(struct page *page, unsigned int class_index)
{
    if (page->next != PAGE_LINK_END) {
        page_of(mfn_make(page->next))->prev = page->prev;
    }
    if (page->prev != PAGE_LINK_END) {
        page_of(mfn_make(page->prev))->next = page->next;
    } else {
        with_room[class_index] = page->next;
    }
}

/* The number of the next free object is in a free object's first bytes. */
static uint16_t *link_in(const struct page *page, unsigned int object,
                         unsigned int class_index)
{
    char *frame = machine_map(page_mfn(page));

    return (uint16_t *)(void *)(frame +
                                (size_t)object * class_bytes[class_index]);
}

/* A new frame of free objects, on the list; false: no memory. */
static bool add_frame(unsigned int class_index)
{
    unsigned int count = PAGE_BYTES / class_bytes[class_index];
    struct page *page = frame_alloc(0, 64);

    if (page == NULL) {
        return false;
    }
    for (unsigned int i = 0; i < count; i++) {
        *link_in(page, i, class_index) =
            (uint16_t)(i + 1 < count ? i + 1 : NO_OBJECT);
    }
    page->table_progress = CLASS_FIRST + class_index;
    atomic_store(&page->type, state_make(0, 0));
    list_add(page, class_index);
    return true;
}

static void *small_alloc(unsigned int class_index)
{
    void *object = NULL;
    struct page *page;
    unsigned int index;

    spin_lock(&heap_objects_lock);
    if ((with_room[class_index] == 0 ||
         with_room[class_index] == PAGE_LINK_END) &&
        !add_frame(class_index)) {
        goto unlock;
    }
    page = page_of(mfn_make(with_room[class_index]));
    index = state_first_free(page);
    object = link_in(page, index, class_index);
    atomic_store(&page->type, state_make(state_used(page) + 1,
                                         *link_in(page, index, class_index)));
    if (state_first_free(page) == NO_OBJECT) {
        list_remove(page, class_index);
    }

unlock:
    spin_unlock(&heap_objects_lock);
    return object;
}

static void *whole_alloc(size_t bytes)
{
    unsigned int order = 0;
    struct page *page;

    while ((PAGE_BYTES << order) < bytes) {
        order++;
    }
    page = frame_alloc(order, 64);
    if (page == NULL) {
        return NULL;
    }
    page->table_progress = WHOLE | order;
    return machine_map(page_mfn(page));
}

void *heap_alloc(size_t bytes)
{
    void *object;

    if (bytes > (PAGE_BYTES << FRAME_MAX_ORDER)) {
        return NULL;
    }
    for (unsigned int i = 0; i < CLASSES; i++) {
        if (bytes <= class_bytes[i]) {
            object = small_alloc(i);
            if (object != NULL) {
                memset(object, 0, class_bytes[i]);
            }
            return object;
        }
    }
    object = whole_alloc(bytes);
    return object;
}

static void small_free(struct page *page, void *object)
{
    unsigned int class_index = page->table_progress - CLASS_FIRST;
    unsigned long offset = (unsigned long)object & (PAGE_BYTES - 1);
    unsigned int index;
    bool was_full;

    BUG_ON(class_index >= CLASSES || offset % class_bytes[class_index] != 0);
    index = (unsigned int)(offset / class_bytes[class_index]);
    BUG_ON(state_used(page) == 0 || state_first_free(page) == index);
    was_full = state_first_free(page) == NO_OBJECT;
    *link_in(page, index, class_index) = (uint16_t)state_first_free(page);
    atomic_store(&page->type, state_make(state_used(page) - 1, index));
    if (was_full) {
        list_add(page, class_index);
    }
    if (state_used(page) == 0) {
        list_remove(page, class_index);
        frame_free(page, 0);
    }
}

void heap_free(void *object)
{
    struct page *page;

    if (object == NULL) {
        return;
    }
    page = page_of(machine_mfn_of(object));
    if ((page->table_progress & WHOLE) != 0) {
        frame_free(page, page->table_progress & ~WHOLE);
        return;
    }
    spin_lock(&heap_objects_lock);
    small_free(page, object);
    spin_unlock(&heap_objects_lock);
}

void heap_reset(void)
{
    memset(with_room, 0, sizeof(with_room));
    spin_init(&heap_objects_lock, LOCK_HEAP_OBJECTS);
}
