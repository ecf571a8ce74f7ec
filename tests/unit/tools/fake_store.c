// SPDX-License-Identifier: MIT
/* See fake_store.h. */
#include "fake_store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

struct fake_store fake_store;

bool __wrap_xs_write(struct xs_handle *h, xs_transaction_t t, const char *path,
                     const void *data, unsigned int len);
void *__wrap_xs_read(struct xs_handle *h, xs_transaction_t t, const char *path,
                     unsigned int *len);
bool __wrap_xs_set_permissions(struct xs_handle *h, xs_transaction_t t,
                               const char *path, struct xs_permissions *perms,
                               unsigned int num_perms);
xs_transaction_t __wrap_xs_transaction_start(struct xs_handle *h);
bool __wrap_xs_transaction_end(struct xs_handle *h, xs_transaction_t t,
                               bool abort);
bool __wrap_xs_introduce_domain(struct xs_handle *h, unsigned int domid,
                                unsigned long mfn, unsigned int eventchn);
bool __wrap_xs_rm(struct xs_handle *h, xs_transaction_t t, const char *path);
char **__wrap_xs_directory(struct xs_handle *h, xs_transaction_t t,
                           const char *path, unsigned int *num);

struct node *fake_store_find(const char *path)
{
    for (unsigned int i = 0; i < fake_store.node_count; i++) {
        if (strcmp(fake_store.nodes[i].path, path) == 0) {
            return &fake_store.nodes[i];
        }
    }
    return NULL;
}

static void tell(const char *path)
{
    if (fake_store.changed != NULL) {
        fake_store.changed(path);
    }
}

void fake_store_put(const char *path, const char *value)
{
    void (*changed)(const char *path) = fake_store.changed;

    fake_store.changed = NULL;
    (void)__wrap_xs_write(HANDLE, XBT_NULL, path, value,
                          (unsigned int)strlen(value));
    fake_store.changed = changed;
}

bool __wrap_xs_write(struct xs_handle *h, xs_transaction_t t, const char *path,
                     const void *data, unsigned int len)
{
    struct node *n = fake_store_find(path);

    assert_ptr_equal(h, HANDLE);
    (void)t;
    if (fake_store.fail_write_after == 0) {
        errno = ENOSPC;
        return false;
    }
    fake_store.fail_write_after -= fake_store.fail_write_after > 0;
    if (n == NULL) {
        assert_true(fake_store.node_count < NODES_MAX);
        n = &fake_store.nodes[fake_store.node_count++];
        (void)snprintf(n->path, sizeof(n->path), "%s", path);
    }
    (void)snprintf(n->value, sizeof(n->value), "%.*s", (int)len,
                   (const char *)data);
    tell(path);
    return true;
}

void *__wrap_xs_read(struct xs_handle *h, xs_transaction_t t, const char *path,
                     unsigned int *len)
{
    struct node *n = fake_store_find(path);

    (void)h;
    (void)t;
    *len = n != NULL ? (unsigned int)strlen(n->value) : 0;
    errno = n != NULL ? errno : ENOENT;
    return n != NULL ? strdup(n->value) : NULL;
}

bool __wrap_xs_set_permissions(struct xs_handle *h, xs_transaction_t t,
                               const char *path, struct xs_permissions *perms,
                               unsigned int num_perms)
{
    struct node *n = fake_store_find(path);

    (void)h;
    (void)t;
    assert_non_null(n);
    assert_int_equal(num_perms, 2);
    memcpy(n->perms, perms, sizeof(n->perms));
    n->perm_count = num_perms;
    return true;
}

xs_transaction_t __wrap_xs_transaction_start(struct xs_handle *h)
{
    (void)h;
    fake_store.transactions++;
    return fake_store.transactions;
}

bool __wrap_xs_transaction_end(struct xs_handle *h, xs_transaction_t t,
                               bool abort)
{
    (void)h;
    (void)t;
    fake_store.aborted = abort;
    errno = 0;
    if (!abort && fake_store.conflicts > 0) {
        fake_store.conflicts--;
        errno = EAGAIN;
        return false;
    }
    return true;
}

bool __wrap_xs_introduce_domain(struct xs_handle *h, unsigned int domid,
                                unsigned long mfn, unsigned int eventchn)
{
    (void)h;
    assert_int_equal(domid, 7);
    assert_int_equal(mfn, 0x1111);
    assert_int_equal(eventchn, 11);
    fake_store.introduced++;
    return true;
}

static bool below(const char *path, const char *top)
{
    size_t length = strlen(top);

    return strncmp(path, top, length) == 0 &&
           (path[length] == '/' || path[length] == '\0');
}

bool __wrap_xs_rm(struct xs_handle *h, xs_transaction_t t, const char *path)
{
    unsigned int kept = 0;
    bool found;

    (void)h;
    if (t != XBT_NULL && fake_store.conflicts > 0) {
        return true; /* the transaction will come to nothing */
    }
    for (unsigned int i = 0; i < fake_store.node_count; i++) {
        if (!below(fake_store.nodes[i].path, path)) {
            fake_store.nodes[kept++] = fake_store.nodes[i];
        }
    }
    found = kept != fake_store.node_count;
    fake_store.node_count = kept;
    errno = found ? errno : ENOENT;
    tell(path);
    return found;
}

/* The part of @path that follows @top, if any: a name, with its length. */
static const char *child(const char *path, const char *top, size_t *length)
{
    const char *name = path + strlen(top) + 1;

    if (!below(path, top) || strcmp(path, top) == 0) {
        return NULL;
    }
    *length = strcspn(name, "/");
    return name;
}

/* As libxenstore's: one block of memory holds pointers and names. */
char **__wrap_xs_directory(struct xs_handle *h, xs_transaction_t t,
                           const char *path, unsigned int *num)
{
    char **list = calloc(1, NODES_MAX * (sizeof(char *) + 128));
    char *text = (char *)(list + NODES_MAX);
    size_t length;

    (void)h;
    assert_non_null(list);
    *num = 0;
    for (unsigned int i = 0; i < fake_store.node_count; i++) {
        const char *name = child(fake_store.nodes[i].path, path, &length);
        bool known = name == NULL;

        for (unsigned int j = 0; j < *num && !known; j++) {
            known = strlen(list[j]) == length &&
                    strncmp(list[j], name, length) == 0;
        }
        if (!known) {
            list[*num] = text;
            memcpy(text, name, length);
            text += length + 1;
            ++*num;
        }
    }
    if (*num == 0 && fake_store.meanwhile != NULL &&
        below(fake_store.meanwhile, path)) {
        fake_store_put(fake_store.meanwhile, "x");
        fake_store.meanwhile = NULL;
        fake_store.conflicts += t != XBT_NULL;
    }
    return list;
}

int fake_store_reset(void **state)
{
    (void)state;
    memset(&fake_store, 0, sizeof(fake_store));
    fake_store.fail_write_after = -1;
    return 0;
}

void fake_store_has(const char *path, const char *value)
{
    struct node *n = fake_store_find(path);

    if (n == NULL) {
        fail_msg("no node %s", path);
        return;
    }
    assert_string_equal(n->value, value);
}
