// SPDX-License-Identifier: Apache-2.0
#include "base/arena.h"
#include "base/heap.h"
#include "base/link.h"
#include "base/map.h"
#include "unit/base/dies.h"
#include "unit/test.h"

enum { MANY = 20000 };

TEST(map_finds_nothing_in_an_empty_map)
{
    struct map m = { 0 };
    EXPECT(map_find(&m, STR("a")) == NULL);
    EXPECT(!map_has(&m, STR("a")));
    EXPECT(!map_remove(&m, STR("a")));
    map_release(&m);
}

TEST(map_keeps_the_order_of_insertion)
{
    struct map m = { 0 };
    int one, two, three;
    EXPECT(map_set(&m, STR("z"), &one));
    EXPECT(map_set(&m, STR("a"), &two));
    EXPECT(map_set(&m, STR("m"), NULL));
    EXPECT(!map_set(&m, STR("z"), &three));             // replaced where it stands
    EXPECT_INT(m.len, 3);
    EXPECT_STR(m.entries[0].key, STR("z"));
    EXPECT_STR(m.entries[1].key, STR("a"));
    EXPECT_STR(m.entries[2].key, STR("m"));
    EXPECT(map_find(&m, STR("z")) == &three);
    EXPECT(map_find(&m, STR("m")) == NULL && map_has(&m, STR("m")));
    map_release(&m);
    EXPECT_INT(m.len, 0);
}

TEST(map_remove_keeps_the_order_of_the_rest)
{
    struct map m = { 0 };
    int values[4];
    Str keys[] = { STR_CONST("a"), STR_CONST("b"), STR_CONST("c"), STR_CONST("") };
    for (size_t i = 0; i < LEN(keys); i++)
        map_set(&m, keys[i], &values[i]);
    EXPECT(map_remove(&m, STR("b")));
    EXPECT(!map_remove(&m, STR("b")));
    EXPECT(!map_has(&m, STR("b")));
    EXPECT_STR(m.entries[1].key, STR("c"));
    EXPECT(map_find(&m, STR("c")) == &values[2]);
    EXPECT(map_find(&m, STR("")) == &values[3]);
    EXPECT(map_set(&m, STR("b"), &values[0]));          // comes back at the end
    EXPECT_STR(m.entries[3].key, STR("b"));
    for (size_t i = 0; i < LEN(keys); i++)
        EXPECT(map_remove(&m, keys[i]));
    EXPECT_INT(m.len, 0);
    EXPECT(map_set(&m, STR("a"), &values[1]) && map_find(&m, STR("a")) == &values[1]);
    map_release(&m);
}

TEST(map_holds_many_keys)
{
    struct arena a = { 0 };
    struct map m = { 0 };
    map_in(&a, &m);
    static int values[MANY];
    for (int i = 0; i < MANY; i++)
        EXPECT(map_set(&m, str_printf(&a, "key-%d", i), &values[i]));
    for (int i = 0; i < MANY; i++)
        EXPECT(map_find(&m, str_printf(&a, "key-%d", i)) == &values[i]);
    EXPECT(!map_has(&m, STR("key-")));
    EXPECT_INT(m.len, MANY);
    arena_release(&a);                                  // the map's memory goes with it; the leak checker watches
    EXPECT_INT(m.len, 0);
}

// Numbers from a fixed seed.
static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525 + 1013904223;
    return *state >> 8;
}

static void push_twice(void *heap)
{
    struct heap_item item = { 0 };
    heap_push(heap, &item, 1);
    heap_push(heap, &item, 2);
}

TEST(heap_refuses_an_item_twice)
{
    struct heap h = { 0 };
    EXPECT(dies(push_twice, &h));
}

TEST(heap_without_items_is_empty)
{
    struct heap h = { 0 };
    struct heap_item item = { 0 };
    EXPECT(heap_peek(&h) == NULL);
    heap_remove(&h, &item);                             // in none: nothing happens
    heap_push(&h, &item, 1);
    EXPECT(heap_peek(&h) == &item);
    heap_release(&h);
    EXPECT(heap_peek(&h) == NULL);
}

TEST(heap_gives_least_first)
{
    struct heap h = { 0 };
    static struct heap_item items[MANY];
    uint32_t seed = 1;
    for (int i = 0; i < MANY; i++)
        heap_push(&h, &items[i], (int64_t)next_random(&seed) - (1 << 23));
    int64_t last = INT64_MIN;
    for (int i = 0; i < MANY; i++) {
        struct heap_item *least = heap_peek(&h);
        EXPECT(least->order >= last);
        last = least->order;
        heap_remove(&h, least);
        EXPECT_INT(least->place, 0);
    }
    EXPECT(heap_peek(&h) == NULL);
    heap_release(&h);
}

TEST(heap_removes_from_the_middle_and_stays_ordered)
{
    struct heap h = { 0 };
    static struct heap_item items[2000];
    uint32_t seed = 7;
    for (size_t i = 0; i < LEN(items); i++)
        heap_push(&h, &items[i], next_random(&seed) % 500);
    for (size_t i = 0; i < LEN(items); i += 3)
        heap_remove(&h, &items[i]);
    heap_remove(&h, &items[0]);
    for (size_t i = 0; i < h.len; i++) {
        EXPECT_INT(h.items[i]->place, i + 1);
        EXPECT(i == 0 || h.items[(i - 1) / 2]->order <= h.items[i]->order);
    }
    EXPECT_INT(h.len, LEN(items) - (LEN(items) + 2) / 3);
    heap_release(&h);
}

struct item {
    int number;
    struct link link;
};

TEST(link_list_keeps_order_and_survives_removal_while_walking)
{
    struct link head;
    struct item items[5] = { { 0 } };
    link_init(&head);
    EXPECT(link_is_empty(&head));
    for (int i = 0; i < 5; i++) {
        items[i].number = i;
        EXPECT(!link_is_linked(&items[i].link));
        link_append(&head, &items[i].link);
        EXPECT(link_is_linked(&items[i].link));
    }
    int expected = 0;
    LINK_EACH(&head, l) {
        struct item *item = CONTAINER_OF(l, struct item, link);
        EXPECT_INT(item->number, expected++);
        if (item->number % 2)
            link_remove(l);
    }
    EXPECT_INT(expected, 5);
    link_remove(&items[1].link);                        // in none: nothing happens
    EXPECT(!link_is_linked(&items[1].link));
    expected = 0;
    LINK_EACH(&head, l) {
        EXPECT_INT(CONTAINER_OF(l, struct item, link)->number, expected);
        expected += 2;
    }
    EXPECT_INT(expected, 6);
}

TEST(link_list_walk_over_nothing_does_nothing)
{
    struct link head;
    link_init(&head);
    LINK_EACH(&head, l)
        test_fail(__FILE__, __LINE__, "there is nothing to walk over");
    EXPECT(link_is_empty(&head));
}
