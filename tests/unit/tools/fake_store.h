/* SPDX-License-Identifier: MIT */
/*
 * A small xenstore for host tests (ld --wrap): nodes in an array, with their
 * permissions, and somebody who may act on each change.
 */
#ifndef XEN_LITE_TESTS_FAKE_STORE_H
#define XEN_LITE_TESTS_FAKE_STORE_H

#include "tools.h"

#include <xenstore.h>
#include <xenstore_lib.h>

#define HANDLE ((struct xs_handle *)(void *)&fake_store)

struct node {
    char path[128];
    char value[2048];
    struct xs_permissions perms[2];
    unsigned int perm_count;
};

#define NODES_MAX 200U

struct fake_store {
    struct node nodes[NODES_MAX];
    unsigned int node_count;
    unsigned int conflicts; /* transactions to refuse with EAGAIN */
    unsigned int transactions;
    int fail_write_after; /* -1: never */
    bool aborted;
    unsigned int introduced;
    void (*changed)(const char *path); /* after a write or a removal */
    const char *meanwhile; /* another's node, when its directory looks empty */
};

extern struct fake_store fake_store;

/* For cmocka_unit_test_setup(). */
int fake_store_reset(void **state);

struct node *fake_store_find(const char *path);
/* Write without a transaction, and without telling anybody. */
void fake_store_put(const char *path, const char *value);
/* The node is there with this value. */
void fake_store_has(const char *path, const char *value);

#endif
