// SPDX-License-Identifier: Apache-2.0
// The forms of "location".
#include "engine/export.h"

#include "base/arena.h"
#include "unit/test.h"

TEST(a_path_becomes_a_file_iri_and_comes_back_whatever_its_bytes)
{
    struct arena a = { 0 };
    const char *paths[] = { "/a/b.fq", "/with space/%41/#x?.txt", "/\xc3\xa4/\n" };
    for (size_t i = 0; i < LEN(paths); i++) {
        Str back, location = location_of_path(&a, str_of(paths[i]));
        EXPECT(str_starts(location, STR("file:///")));
        EXPECT(location_path(&a, location, &back));
        EXPECT_STR(back, str_of(paths[i]));
    }
    arena_release(&a);
}

TEST(other_schemes_and_relative_paths_are_no_local_files)
{
    struct arena a = { 0 };
    Str path;
    EXPECT(!location_path(&a, STR("s3://bucket/key"), &path));
    EXPECT(!location_path(&a, STR("a/b"), &path));
    EXPECT(!location_path(&a, STR("file://host/a"), &path));
    EXPECT(location_path(&a, STR("file://localhost/a"), &path));
    EXPECT_STR(path, STR("/a"));
    arena_release(&a);
}

TEST(a_digest_becomes_a_location_and_comes_back)
{
    struct arena a = { 0 };
    Hash hash = hash_bytes("x", 1), back;
    EXPECT(location_is_hash(location_of_hash(&a, hash), &back));
    EXPECT(hash_eq(hash, back));
    EXPECT(!location_is_hash(STR("petri:dir:blake3:00"), &back));
    EXPECT(!location_is_hash(STR("file:///x"), &back));
    arena_release(&a);
}

TEST(digests_are_taken_out_of_an_output_object_at_every_depth)
{
    struct arena a = { 0 };
    struct value_builder b = value_map_begin(&a);
    value_map_set(&b, STR("class"), value_string(&a, STR("File")));
    value_map_set(&b, STR("petri:digest"), value_string(&a, STR("blake3:00")));
    Value file = value_map_end(&b), list = value_array(&a, &file, 1);
    Value cleaned = outputs_public(&a, list);
    EXPECT_INT(value_len(value_at(cleaned, 0)), 1);
    arena_release(&a);
}
