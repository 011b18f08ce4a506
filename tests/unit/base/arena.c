// SPDX-License-Identifier: Apache-2.0
#include "base/arena.h"

#include "base/vec.h"
#include "unit/base/dies.h"
#include "unit/test.h"

static void ask_for_too_much(void *a) { arena_alloc(a, SIZE_MAX); }
static void ask_for_too_many(void *a) { arena_array(a, SIZE_MAX / 4, 8); }

#if defined(HAS_ASAN)
static void write_24(void *object) { ((volatile char *)object)[24] = 1; }

TEST(arena_overrun_is_caught_under_asan)
{
    struct arena a = { 0 };
    char *small = arena_alloc(&a, 24);
    arena_alloc(&a, 24);                                // a neighbour, so that the overrun stays inside the chunk
    EXPECT(dies(write_24, small));
    char *large = arena_alloc(&a, 100000);
    EXPECT(dies(write_24, large + 100000 - 24));
    EXPECT(!dies(write_24, large));
    arena_release(&a);
}
#endif

TEST(arena_refuses_impossible_sizes)
{
    struct arena a = { 0 };
    EXPECT(dies(ask_for_too_much, &a));
    EXPECT(dies(ask_for_too_many, &a));
    arena_release(&a);
}

TEST(arena_memory_is_zeroed_aligned_and_apart)
{
    struct arena a = { 0 };
    char *last = NULL;
    for (size_t size = 0; size < 3000; size += 7) {
        char *object = arena_alloc(&a, size);
        EXPECT(object && object != last);
        EXPECT_INT((uintptr_t)object % 16, 0);
        for (size_t i = 0; i < size; i++)
            EXPECT_INT(object[i], 0);
        memset(object, 0xff, size);                     // overlapping objects would be found by the next ones
        last = object;
    }
    arena_release(&a);
}

TEST(arena_copy_copies_and_takes_nothing)
{
    struct arena a = { 0 };
    EXPECT(memcmp(arena_copy(&a, "abc", 3), "abc", 3) == 0);
    EXPECT(arena_copy(&a, NULL, 0) != NULL);
    arena_release(&a);
}

TEST(arena_starts_small_and_grows_to_64_kilobytes)
{
    struct arena a = { 0 };
    arena_alloc(&a, 1);
    EXPECT_INT(a.total, 1024);
    for (int i = 0; i < 5000; i++)
        arena_alloc(&a, 100);
    EXPECT_INT(a.chunk_size, 64 * 1024);
    EXPECT(a.total < 2 * 5000 * 128);
    arena_release(&a);
}

TEST(arena_keeps_the_room_of_its_chunk_beside_large_objects)
{
    struct arena a = { 0 };
    char *before = arena_alloc(&a, 16);
    char *large = arena_alloc(&a, 1000000);
    char *after = arena_alloc(&a, 16);
    EXPECT(after > before && after < before + 1024);
    EXPECT_INT(large[999999], 0);
    EXPECT(a.total < 1000000 + 2048);
    arena_release(&a);
}

TEST(arena_of_large_objects_only_works)
{
    struct arena a = { 0 };
    for (int i = 0; i < 4; i++)
        memset(arena_alloc(&a, 70000), i, 70000);
    EXPECT(a.total < 4 * 71000);
    arena_release(&a);
}

static char order[8];
static size_t ordered;
static void note(void *letter) { order[ordered++] = *(char *)letter; }

TEST(arena_runs_deferred_functions_last_first_once)
{
    struct arena a = { 0 };
    char letters[] = "abc";
    ordered = 0;
    for (int i = 0; i < 3; i++)
        arena_defer(&a, note, &letters[i]);
    EXPECT_INT(ordered, 0);
    arena_release(&a);
    arena_release(&a);
    EXPECT_STR(((Str){ order, ordered }), STR("cba"));
}

TEST(arena_is_usable_after_release)
{
    struct arena a = { 0 };
    arena_release(&a);
    arena_alloc(&a, 5000);
    arena_release(&a);
    EXPECT_INT(a.total, 0);
    *NEW(&a, int) = 1;
    EXPECT_INT(a.total, 1024);
    arena_release(&a);
}

TEST(new_array_gives_zeroed_items)
{
    struct arena a = { 0 };
    int64_t *items = NEW_ARRAY(&a, int64_t, 10);
    for (int i = 0; i < 10; i++)
        EXPECT_INT(items[i], 0);
    EXPECT(NEW_ARRAY(&a, int64_t, 0) != NULL);
    arena_release(&a);
}

TEST(vec_keeps_its_items_while_it_grows)
{
    struct arena a = { 0 };
    VEC(int) in_arena = { 0 };
    VEC(int) on_heap = { 0 };
    for (int i = 0; i < 1000; i++) {
        vec_push(&a, &in_arena, i);
        vec_push_heap(&on_heap, i * 2);
    }
    EXPECT_INT(in_arena.len, 1000);
    for (int i = 0; i < 1000; i++) {
        EXPECT_INT(in_arena.at[i], i);
        EXPECT_INT(on_heap.at[i], i * 2);
    }
    free(on_heap.at);
    arena_release(&a);
}

TEST(heap_allocation_never_returns_null_for_something)
{
    char *bytes = xmalloc(10);
    bytes = xrealloc(bytes, 100);
    EXPECT(bytes != NULL);
    int *zeroed = xcalloc(3, sizeof *zeroed);
    EXPECT_INT(zeroed[2], 0);
    char *copy = xstrdup("text");
    EXPECT_STR(str_of(copy), STR("text"));
    free(bytes);
    free(zeroed);
    free(copy);
}

static void fail_a_check(void *arg) { CHECK(arg == NULL); }

TEST(check_aborts_only_when_it_does_not_hold)
{
    EXPECT(dies(fail_a_check, order));
    EXPECT(!dies(fail_a_check, NULL));
}
