/* SPDX-License-Identifier: MIT */
/*
 * Intrusive lists: order, removal while walking, splicing.
 */
#include "list.h"

#include "unit.h"

struct item {
    int value;
    struct list_node node;
};

static void fill(struct list_node *head, struct item *items, int count)
{
    int i;

    list_init(head);
    for (i = 0; i < count; i++) {
        items[i].value = i;
        list_add_tail(head, &items[i].node);
    }
}

/* The values as digits of one number, in list order. */
static int digits_of(struct list_node *head)
{
    struct item *item;
    int number = 0;

    list_for_each_entry (item, head, node) {
        number = number * 10 + item->value;
    }
    return number;
}

static void added_nodes_keep_their_order(void **state)
{
    struct list_node head = LIST_INIT(head);
    struct item items[5];
    struct item first = {.value = 7};

    (void)state;
    assert_true(list_is_empty(&head));
    fill(&head, items, 5);
    list_add_head(&head, &first.node);
    assert_int_equal(digits_of(&head), 701234);
    assert_false(list_is_empty(&head));
}

static void removed_node_stands_alone(void **state)
{
    struct list_node head;
    struct item items[3];

    (void)state;
    fill(&head, items, 3);
    list_remove(&items[1].node);
    assert_int_equal(digits_of(&head), 2);
    assert_true(list_is_empty(&items[1].node));
    list_remove(&items[1].node);
    assert_int_equal(digits_of(&head), 2);
    list_remove(&items[0].node);
    list_remove(&items[2].node);
    assert_true(list_is_empty(&head));
}

static void pop_takes_the_first_until_none_is_left(void **state)
{
    struct list_node head;
    struct item items[2];

    (void)state;
    fill(&head, items, 2);
    assert_ptr_equal(list_pop(&head), &items[0].node);
    assert_ptr_equal(list_pop(&head), &items[1].node);
    assert_null(list_pop(&head));
}

static void safe_walk_survives_removal(void **state)
{
    struct list_node head;
    struct item items[6];
    struct item *item;
    struct item *spare;

    (void)state;
    fill(&head, items, 6);
    list_for_each_entry_safe (item, spare, &head, node) {
        if (item->value % 2 == 0) {
            list_remove(&item->node);
        }
    }
    assert_int_equal(digits_of(&head), 135);
}

static void splice_moves_all_to_the_end(void **state)
{
    struct list_node a;
    struct list_node b;
    struct item x[3];
    struct item y[4];

    (void)state;
    fill(&a, x, 3);
    fill(&b, y, 4);
    list_splice_tail(&a, &b);
    assert_true(list_is_empty(&b));
    assert_int_equal(digits_of(&a), 120123);
    assert_ptr_equal(a.prev, &y[3].node);
    list_splice_tail(&a, &b);
    assert_int_equal(digits_of(&a), 120123);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(added_nodes_keep_their_order),
        cmocka_unit_test(removed_node_stands_alone),
        cmocka_unit_test(pop_takes_the_first_until_none_is_left),
        cmocka_unit_test(safe_walk_survives_removal),
        cmocka_unit_test(splice_moves_all_to_the_end),
    };

    return cmocka_run_group_tests_name("list", tests, NULL, NULL);
}
