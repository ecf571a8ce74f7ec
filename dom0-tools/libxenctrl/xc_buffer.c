// SPDX-License-Identifier: MIT
/*
 * Hypercall buffers: the DECLARE_HYPERCALL_BUFFER family of <xenctrl.h>, and
 * the short-lived copies this library makes of its callers' memory.
 */
#include "private.h"

#include <stdlib.h>

xc_hypercall_buffer_t XC__HYPERCALL_BUFFER_NAME(HYPERCALL_BUFFER_NULL) = {
    .hbuf = NULL,
    .param_shadow = NULL,
    HYPERCALL_BUFFER_INIT_NO_BOUNCE,
};

struct xc_hypercall_buffer_array {
    unsigned int count;
    xc_hypercall_buffer_t *buffers;
};

void *xc__hypercall_buffer_alloc(xc_interface *xch, xc_hypercall_buffer_t *b,
                                 size_t size)
{
    b->hbuf = xencall_alloc_buffer(xch->xcall, size);
    return b->hbuf;
}

void xc__hypercall_buffer_free(xc_interface *xch, xc_hypercall_buffer_t *b)
{
    xencall_free_buffer(xch->xcall, b->hbuf);
}

void *xc__hypercall_buffer_alloc_pages(xc_interface *xch,
                                       xc_hypercall_buffer_t *b, int nr_pages)
{
    b->hbuf = xencall_alloc_buffer_pages(xch->xcall, (size_t)nr_pages);
    return b->hbuf;
}

void xc__hypercall_buffer_free_pages(xc_interface *xch,
                                     xc_hypercall_buffer_t *b, int nr_pages)
{
    xencall_free_buffer_pages(xch->xcall, b->hbuf, (size_t)nr_pages);
}

xc_hypercall_buffer_array_t *xc_hypercall_buffer_array_create(xc_interface *xch,
                                                              unsigned n)
{
    xc_hypercall_buffer_array_t *array = calloc(1, sizeof(*array));

    (void)xch;
    if (array == NULL) {
        return NULL;
    }
    array->buffers = calloc(n, sizeof(*array->buffers));
    if (array->buffers == NULL) {
        free(array);
        return NULL;
    }
    array->count = n;
    return array;
}

void *xc__hypercall_buffer_array_alloc(xc_interface *xch,
                                       xc_hypercall_buffer_array_t *array,
                                       unsigned index,
                                       xc_hypercall_buffer_t *hbuf, size_t size)
{
    void *p;

    if (index >= array->count || array->buffers[index].hbuf != NULL) {
        errno = EINVAL;
        return NULL;
    }
    p = xc__hypercall_buffer_alloc(xch, hbuf, size);
    array->buffers[index] = *hbuf;
    return p;
}

void *xc__hypercall_buffer_array_get(xc_interface *xch,
                                     xc_hypercall_buffer_array_t *array,
                                     unsigned index,
                                     xc_hypercall_buffer_t *hbuf)
{
    (void)xch;
    if (index >= array->count) {
        errno = EINVAL;
        return NULL;
    }
    *hbuf = array->buffers[index];
    return hbuf->hbuf;
}

void xc_hypercall_buffer_array_destroy(xc_interface *xc,
                                       xc_hypercall_buffer_array_t *array)
{
    if (array == NULL) {
        return;
    }
    for (unsigned int i = 0; i < array->count; i++) {
        xc__hypercall_buffer_free(xc, &array->buffers[i]);
    }
    free(array->buffers);
    free(array);
}

int buf_get(xc_interface *xch, struct buf *b, void *user, size_t bytes,
            enum buf_direction direction)
{
    memset(b, 0, sizeof(*b));
    if (user == NULL || bytes == 0) {
        return 0;
    }
    b->p = xencall_alloc_buffer(xch->xcall, bytes);
    if (b->p == NULL) {
        errno = ENOMEM;
        return -1;
    }
    b->user = user;
    b->bytes = bytes;
    b->direction = direction;
    if ((direction & BUF_IN) != 0) {
        memcpy(b->p, user, bytes);
    }
    return 0;
}

int buf_get_const(xc_interface *xch, struct buf *b, const void *user,
                  size_t bytes)
{
    union {
        const void *in;
        void *out;
    } plain = {.in = user};

    return buf_get(xch, b, plain.out, bytes, BUF_IN);
}

void buf_put(xc_interface *xch, struct buf *b)
{
    if (b->p == NULL) {
        return;
    }
    if ((b->direction & BUF_OUT) != 0) {
        memcpy(b->user, b->p, b->bytes);
    }
    xencall_free_buffer(xch->xcall, b->p);
    b->p = NULL;
}
