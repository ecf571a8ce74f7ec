/* SPDX-License-Identifier: MIT */
/*
 * Doubly linked lists through a struct list_node inside each entry. The head
 * is a node too: an empty list is a head that points at itself, and so is a
 * node that is on no list.
 */
#ifndef XEN_LITE_LIST_H
#define XEN_LITE_LIST_H

#include "types.h"

struct list_node {
    struct list_node *next;
    struct list_node *prev;
};

#define LIST_INIT(head) \
    { \
        &(head), &(head) \
    }

static inline void list_init(struct list_node *node)
{
    node->next = node;
    node->prev = node;
}

static inline bool list_is_empty(const struct list_node *head)
{
    return head->next == head;
}

/* Put @node, which is on no list, behind @at. */
static inline void list_add_after(struct list_node *at, struct list_node *node)
{
    node->prev = at;
    node->next = at->next;
    at->next->prev = node;
    at->next = node;
}

static inline void list_add_head(struct list_node *head, struct list_node *node)
{
    list_add_after(head, node);
}

static inline void list_add_tail(struct list_node *head, struct list_node *node)
{
    list_add_after(head->prev, node);
}

/* Take @node off its list; harmless when it is on none. */
static inline void list_remove(struct list_node *node)
{
    node->prev->next = node->next;
    node->next->prev = node->prev;
    list_init(node);
}

/* Take the first node off. Returns it, or NULL when the list is empty. */
static inline struct list_node *list_pop(struct list_node *head)
{
    struct list_node *node = head->next;

    if (node == head) {
        return NULL;
    }
    list_remove(node);
    return node;
}

/* Move all of @from to the end of @to, in order; @from is empty after. */
static inline void list_splice_tail(struct list_node *to,
                                    struct list_node *from)
{
    if (list_is_empty(from)) {
        return;
    }
    from->next->prev = to->prev;
    to->prev->next = from->next;
    from->prev->next = to;
    to->prev = from->prev;
    list_init(from);
}

#define LIST_ENTRY(node, type, member) CONTAINER_OF(node, type, member)

#define list_next_entry_(entry, member) \
    LIST_ENTRY((entry)->member.next, __typeof__(*(entry)), member)

/* Each @entry of the list; the body must not remove it. */
#define list_for_each_entry(entry, head, member) \
    for ((entry) = LIST_ENTRY((head)->next, __typeof__(*(entry)), member); \
         &(entry)->member != (head); \
         (entry) = list_next_entry_(entry, member))

/* Each @entry of the list; the body may remove it, but not @spare. */
#define list_for_each_entry_safe(entry, spare, head, member) \
    for ((entry) = LIST_ENTRY((head)->next, __typeof__(*(entry)), member), \
        (spare) = list_next_entry_(entry, member); \
         &(entry)->member != (head); \
         (entry) = (spare), (spare) = list_next_entry_(spare, member))

#endif
