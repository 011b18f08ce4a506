// SPDX-License-Identifier: Apache-2.0
#include "base/arena.h"
#include "unit/test.h"
#include "value/read.h"

static const struct source source = { STR_CONST("t.json"),
    STR_CONST("{\"a\": 1, \"b\": [true, null, 2.5, \"s\"], \"c\": {}, \"d\": 4, \"e\": 5}") };

static struct node *tree(struct arena *a)
{
    struct diags diags = { .arena = a };
    struct node *root = json_read(a, &source, &diags);
    EXPECT(root);
    return root;
}

TEST(looking_into_what_is_no_map_finds_nothing)
{
    struct arena a = { 0 };
    struct node *root = tree(&a);
    EXPECT(node_get(NULL, STR("a")) == NULL);
    EXPECT(node_get(node_get(root, STR("b")), STR("a")) == NULL);
    EXPECT(node_get(root, STR("absent")) == NULL);
    EXPECT_INT(node_str(NULL).len, 0);
    EXPECT_INT(node_str(node_get(root, STR("a"))).len, 0);
    EXPECT(!node_is(NULL, VALUE_NULL));
    EXPECT(value_is_null(node_value(&a, NULL)));
    arena_release(&a);
}

TEST(a_tree_becomes_a_value_and_back)
{
    struct arena a = { 0 }, b = { 0 };
    Value v = node_value(&b, tree(&a));
    arena_release(&a);
    EXPECT_STR(value_str(value_at(value_get(v, STR("b")), 3)), STR("s"));
    struct span span = { &source, 7, 9 };
    struct node *again = node_of_value(&a, v, span);
    EXPECT(value_eq(node_value(&b, again), v));
    EXPECT_INT(node_get(again, STR("b"))->items.at[3]->span.line, 7);
    EXPECT_INT(again->fields.at[1].key->span.column, 9);
    arena_release(&a);
    arena_release(&b);
}

TEST(fields_can_be_set_and_removed_in_place)
{
    struct arena a = { 0 };
    struct node *root = tree(&a);
    struct span span = root->span;
    EXPECT(!node_map_remove(root, STR("absent")));
    EXPECT(node_map_remove(root, STR("a")));
    EXPECT(node_map_remove(root, STR("e")));
    EXPECT_INT(root->fields.len, 3);
    node_map_set(&a, root, node_string(&a, STR("d"), span), node_string(&a, STR("replaced"), span));
    EXPECT_INT(root->fields.len, 3);
    EXPECT_STR(node_str(node_get(root, STR("d"))), STR("replaced"));
    for (int i = 0; i < 50; i++)
        node_map_set(&a, root, node_string(&a, str_printf(&a, "n%d", i), span), node_string(&a, str_printf(&a, "v%d",
            i), span));
    EXPECT_INT(root->fields.len, 53);
    EXPECT_STR(node_str(node_get(root, STR("n49"))), STR("v49"));
    EXPECT_STR(node_str(root->fields.at[0].key), STR("b"));
    EXPECT_INT(value_len(node_value(&a, root)), 53);
    arena_release(&a);
}

TEST(items_can_be_appended_to_a_list_of_any_length)
{
    for (int start = 0; start < 12; start++) {
        struct arena a = { 0 };
        Value items[12] = { 0 };
        struct node *list = node_of_value(&a, value_array(&a, items, (size_t)start), (struct span){ 0 });
        for (int i = 0; i < 20; i++)
            node_array_push(&a, list, node_string(&a, str_printf(&a, "%d", i), (struct span){ 0 }));
        EXPECT_INT(list->items.len, start + 20);
        EXPECT_STR(node_str(list->items.at[start + 19]), STR("19"));
        arena_release(&a);
    }
    struct arena a = { 0 };
    struct node *map = node_new(&a, VALUE_MAP, (struct span){ 0 });
    EXPECT(!node_map_remove(map, STR("x")));
    arena_release(&a);
}
