// SPDX-License-Identifier: MIT
/*
 * <xencall.h>: memory that the hypervisor may read and write at any time.
 * /dev/xen/hypercall gives pages that the kernel never moves, shares or takes
 * away; without that node, locked anonymous pages are the next best.
 * The first few single pages are kept for the next call.
 */
#include "private.h"

#include <stdlib.h>
#include <sys/mman.h>

/* Before each buffer of less than pages: its size, for xencall_free_buffer. */
struct buffer_head {
    size_t pages;
    size_t pad; /* keeps the buffer 16-byte aligned */
};

static void *cache_take(xencall_handle *xcall)
{
    void *p = NULL;

    (void)pthread_mutex_lock(&xcall->cache_lock);
    if (xcall->cache_count > 0) {
        xcall->cache_count--;
        p = xcall->cache[xcall->cache_count];
    }
    (void)pthread_mutex_unlock(&xcall->cache_lock);
    return p;
}

static bool cache_give(xencall_handle *xcall, void *p)
{
    bool kept = false;

    (void)pthread_mutex_lock(&xcall->cache_lock);
    if (xcall->cache_count < BUFFER_CACHE_PAGES) {
        xcall->cache[xcall->cache_count] = p;
        xcall->cache_count++;
        kept = true;
    }
    (void)pthread_mutex_unlock(&xcall->cache_lock);
    return kept;
}

static void *map_device_pages(xencall_handle *xcall, size_t bytes)
{
    return mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED,
                xcall->buffer_fd, 0);
}

/* A fork would make the pages copy-on-write under the hypervisor's feet. */
static void *map_locked_pages(size_t bytes)
{
    void *p =
        mmap(NULL, bytes, PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED | MAP_POPULATE, -1, 0);

    if (p == MAP_FAILED) {
        return p;
    }
    if (madvise(p, bytes, MADV_DONTFORK) < 0) {
        (void)munmap(p, bytes);
        return MAP_FAILED;
    }
    return p;
}

void *xencall_alloc_buffer_pages(xencall_handle *xcall, size_t nr_pages)
{
    size_t bytes;
    void *p;

    if (nr_pages == 0 || nr_pages > SIZE_MAX / XC_PAGE_SIZE) {
        errno = EINVAL;
        return NULL;
    }
    bytes = nr_pages * XC_PAGE_SIZE;
    p = nr_pages == 1 ? cache_take(xcall) : NULL;
    if (p == NULL) {
        p = xcall->buffer_fd >= 0 ? map_device_pages(xcall, bytes)
                                  : map_locked_pages(bytes);
    }
    if (p == MAP_FAILED) {
        logger_message(xcall->logger, errno, "xencall",
                       "cannot allocate a hypercall buffer of %zu pages",
                       nr_pages);
        return NULL;
    }
    memset(p, 0, bytes);
    return p;
}

void xencall_free_buffer_pages(xencall_handle *xcall, void *p, size_t nr_pages)
{
    int saved = errno;

    if (p == NULL) {
        return;
    }
    if (nr_pages != 1 || !cache_give(xcall, p)) {
        (void)munmap(p, nr_pages * XC_PAGE_SIZE);
    }
    errno = saved;
}

void *xencall_alloc_buffer(xencall_handle *xcall, size_t size)
{
    struct buffer_head *head;
    size_t pages;

    if (size > SIZE_MAX - sizeof(*head) - XC_PAGE_SIZE) {
        errno = EINVAL;
        return NULL;
    }
    pages = (size + sizeof(*head) + XC_PAGE_SIZE - 1) / XC_PAGE_SIZE;
    head = xencall_alloc_buffer_pages(xcall, pages);
    if (head == NULL) {
        return NULL;
    }
    head->pages = pages;
    return head + 1;
}

void xencall_free_buffer(xencall_handle *xcall, void *p)
{
    struct buffer_head *head = p;

    if (head != NULL) {
        head--;
        xencall_free_buffer_pages(xcall, head, head->pages);
    }
}

int xencall_buffers_never_fault(xencall_handle *xcall)
{
    return xcall->buffer_fd >= 0;
}
