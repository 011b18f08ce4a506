// SPDX-License-Identifier: Apache-2.0
#include <math.h>

#include "base/arena.h"
#include "unit/test.h"
#include "value/value.h"

static Value map_of_numbers(struct arena *a, int count)
{
    struct value_builder b = value_map_begin(a);
    for (int i = 0; i < count; i++)
        value_map_set(&b, str_printf(a, "key %d", i), value_int(i));
    return value_map_end(&b);
}

TEST(asking_a_value_of_another_kind_gives_nothing_and_does_not_fail)
{
    struct arena a = { 0 };
    Value text = value_string(&a, STR("x")), one = value_int(1);
    EXPECT_INT(value_str(one).len, 0);
    EXPECT_INT(value_len(one), 0);
    EXPECT_INT(value_len(text), 0);
    EXPECT(value_is_null(value_at(text, 0)));
    EXPECT(value_is_null(value_get(one, STR("a"))));
    EXPECT(!value_has(one, STR("a")));
    EXPECT_INT(value_get_int(one, STR("a"), 7), 7);
    double d = 5;
    EXPECT(!value_as_double(text, &d) && d == 5);
    EXPECT(!value_is_file(text) && !value_is_directory(value_null));
    arena_release(&a);
}

TEST(an_index_out_of_range_gives_null)
{
    struct arena a = { 0 };
    Value list = value_array(&a, (Value[]){ value_int(1), value_bool(true) }, 2);
    EXPECT_INT(value_at(list, 0).integer, 1);
    EXPECT(value_at(list, 1).boolean);
    EXPECT(value_is_null(value_at(list, 2)));
    EXPECT_INT(value_len(value_array(&a, NULL, 0)), 0);
    arena_release(&a);
}

TEST(maps_of_every_size_around_the_index_find_each_key_and_no_other)
{
    for (int count = 0; count < 140; count++) {
        struct arena a = { 0 };
        Value map = map_of_numbers(&a, count);
        EXPECT_INT(value_len(map), count);
        EXPECT((map.map->index != NULL) == (count > 16));
        for (int i = 0; i < count; i++) {
            EXPECT_INT(value_get_int(map, str_printf(&a, "key %d", i), -1), i);
            EXPECT_STR(((Str){ map.map->at[i].key->data, map.map->at[i].key->len }), str_printf(&a, "key %d", i));
        }
        EXPECT(!value_has(map, str_printf(&a, "key %d", count)));
        EXPECT(!value_has(map, STR("")));
        EXPECT(!value_has(map, (Str){ 0 }));
        arena_release(&a);
    }
}

TEST(setting_a_key_again_replaces_its_value_and_keeps_its_place)
{
    struct arena a = { 0 };
    struct value_builder b = value_map_begin(&a);
    for (int round = 0; round < 3; round++)
        for (int i = 0; i < 40; i++)
            value_map_set(&b, str_printf(&a, "%d", i), value_int(i * 10 + round));
    Value map = value_map_end(&b);
    EXPECT_INT(value_len(map), 40);
    EXPECT_INT(map.map->at[39].value.integer, 392);
    EXPECT_INT(value_get_int(map, STR("17"), 0), 172);
    EXPECT_INT(b.len, 0);
    arena_release(&a);
}

TEST(a_map_copies_its_keys)
{
    struct arena a = { 0 };
    char key[] = "name";
    struct value_builder b = value_map_begin(&a);
    value_map_set(&b, (Str){ key, 4 }, value_bool(true));
    key[0] = 'x';
    Value map = value_map_end(&b);
    EXPECT(value_has(map, STR("name")) && !value_has(map, STR("xame")));
    arena_release(&a);
}

TEST(with_and_without_leave_the_map_they_come_from_alone)
{
    for (int count = 1; count < 40; count += 19) {
        struct arena a = { 0 };
        Value map = map_of_numbers(&a, count);
        Value more = value_with(&a, map, STR("new"), value_int(-5)), other = value_with(&a, map, STR("key 0"),
            value_int(-6));
        Value less = value_without(&a, map, STR("key 0"));
        EXPECT_INT(value_len(map), count);
        EXPECT_INT(value_get_int(map, STR("key 0"), -1), 0);
        EXPECT_INT(value_len(more), count + 1);
        EXPECT_INT(value_get_int(more, STR("new"), 0), -5);
        EXPECT_INT(value_len(other), count);
        EXPECT_INT(value_get_int(other, STR("key 0"), 0), -6);
        EXPECT_INT(value_len(less), count - 1);
        EXPECT(!value_has(less, STR("key 0")));
        EXPECT(value_eq(value_without(&a, more, STR("new")), map));
        EXPECT(value_eq(value_without(&a, map, STR("absent")), map));
        arena_release(&a);
    }
}

TEST(value_map_copy_adds_the_fields_of_another_map_over_its_own)
{
    struct arena a = { 0 };
    struct value_builder b = value_map_begin(&a);
    value_map_set(&b, STR("key 1"), value_int(100));
    value_map_set(&b, STR("mine"), value_int(200));
    value_map_copy(&b, map_of_numbers(&a, 20));
    value_map_copy(&b, value_int(3));
    Value map = value_map_end(&b);
    EXPECT_INT(value_len(map), 21);
    EXPECT_INT(value_get_int(map, STR("key 1"), 0), 1);
    EXPECT_INT(value_get_int(map, STR("mine"), 0), 200);
    arena_release(&a);
}

TEST(a_copy_shares_nothing_with_the_arena_it_came_from)
{
    struct arena from = { 0 }, to = { 0 };
    Value inner = map_of_numbers(&from, 30);
    Value list = value_array(&from, (Value[]){ inner, value_string(&from, STR("text")), value_float(0.5),
        value_null }, 4);
    Value whole = value_with(&from, map_of_numbers(&from, 2), STR("list"), list);
    Value copy = value_copy(&to, whole);
    EXPECT(value_eq(copy, whole));
    arena_release(&from);
    Value kept = value_get(copy, STR("list"));
    EXPECT_STR(value_str(value_at(kept, 1)), STR("text"));
    EXPECT_INT(value_get_int(value_at(kept, 0), STR("key 29"), -1), 29);
    arena_release(&to);
}

TEST(maps_are_equal_in_any_order_but_not_with_other_keys)
{
    struct arena a = { 0 };
    struct value_builder x = value_map_begin(&a), y = value_map_begin(&a), z = value_map_begin(&a);
    for (int i = 0; i < 25; i++) {
        value_map_set(&x, str_printf(&a, "%d", i), value_int(i));
        value_map_set(&y, str_printf(&a, "%d", 24 - i), value_int(24 - i));
        value_map_set(&z, str_printf(&a, "%d", i + 1), value_int(i));
    }
    Value one = value_map_end(&x), turned = value_map_end(&y), other = value_map_end(&z);
    EXPECT(value_eq(one, turned));
    EXPECT(!value_eq(one, other));
    EXPECT(!value_eq(one, value_without(&a, one, STR("3"))));
    EXPECT(!value_eq(value_with(&a, one, STR("3"), value_null), one));
    arena_release(&a);
}

TEST(numbers_are_equal_by_what_they_are_worth)
{
    EXPECT(value_eq(value_int(1), value_float(1.0)));
    EXPECT(value_eq(value_float(1.0), value_int(1)));
    EXPECT(!value_eq(value_int(1), value_float(1.5)));
    EXPECT(!value_eq(value_int(9007199254740993), value_float(9007199254740992.0)));
    EXPECT(!value_eq(value_int(INT64_MAX), value_float(0x1p63)));
    EXPECT(value_eq(value_int(INT64_MIN), value_float(-0x1p63)));
    EXPECT(value_eq(value_float(0.0), value_float(-0.0)));
    EXPECT(value_eq(value_float(NAN), value_float(NAN)));
    EXPECT(!value_eq(value_int(0), value_float(NAN)));
    EXPECT(!value_eq(value_int(0), value_bool(false)));
    EXPECT(!value_eq(value_int(0), value_null));
}

TEST(lists_and_texts_are_equal_item_by_item)
{
    struct arena a = { 0 };
    Value x = value_string(&a, (Str){ "a\0b", 3 }), y = value_string(&a, (Str){ "a\0c", 3 });
    EXPECT(!value_eq(x, y));
    EXPECT(value_eq(x, value_copy(&a, x)));
    EXPECT(!value_eq(value_array(&a, &x, 1), value_array(&a, &y, 1)));
    EXPECT(!value_eq(value_array(&a, &x, 1), value_array(&a, NULL, 0)));
    EXPECT(value_eq(value_null, value_null) && value_eq(value_bool(true), value_bool(true)));
    EXPECT(!value_eq(value_bool(true), value_bool(false)));
    arena_release(&a);
}

TEST(get_int_takes_a_float_only_when_it_is_a_whole_number_in_range)
{
    struct arena a = { 0 };
    struct value_builder b = value_map_begin(&a);
    value_map_set(&b, STR("whole"), value_float(1e3));
    value_map_set(&b, STR("half"), value_float(0.5));
    value_map_set(&b, STR("huge"), value_float(1e300));
    value_map_set(&b, STR("nan"), value_float(NAN));
    value_map_set(&b, STR("text"), value_string(&a, STR("12")));
    Value map = value_map_end(&b);
    EXPECT_INT(value_get_int(map, STR("whole"), 0), 1000);
    EXPECT_INT(value_get_int(map, STR("half"), -1), -1);
    EXPECT_INT(value_get_int(map, STR("huge"), -1), -1);
    EXPECT_INT(value_get_int(map, STR("nan"), -1), -1);
    EXPECT_INT(value_get_int(map, STR("text"), -1), -1);
    EXPECT_STR(value_get_str(map, STR("text")), STR("12"));
    EXPECT_INT(value_get_str(map, STR("half")).len, 0);
    double d;
    EXPECT(value_as_double(value_int(3), &d) && d == 3.0);
    EXPECT(value_as_double(value_float(2.5), &d) && d == 2.5);
    arena_release(&a);
}

TEST(a_file_is_a_map_that_says_so)
{
    struct arena a = { 0 };
    struct value_builder b = value_map_begin(&a);
    value_map_set(&b, STR("class"), value_string(&a, STR("File")));
    Value file = value_map_end(&b);
    EXPECT(value_is_file(file) && !value_is_directory(file));
    Value folder = value_with(&a, file, STR("class"), value_string(&a, STR("Directory")));
    EXPECT(value_is_directory(folder) && !value_is_file(folder));
    arena_release(&a);
}

TEST(kinds_have_names)
{
    EXPECT_STR(str_of(value_kind_name(VALUE_NULL)), STR("null"));
    EXPECT_STR(str_of(value_kind_name(VALUE_MAP)), STR("map"));
    EXPECT_STR(str_of(value_kind_name((enum value_kind)99)), STR("unknown"));
}
