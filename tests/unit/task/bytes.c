// SPDX-License-Identifier: Apache-2.0
#include "base/arena.h"
#include "task/bytes.h"
#include "unit/test.h"

TEST(base64_that_has_another_spelling_is_refused)
{
    static const char *const bad[] = { "A",    "AAA",  "AB==",  "AAB=",     "A===", "====",
                                       "AA=A", "A A=", "AAAA=", "QQ==QQ==", "-_==" };
    struct arena a = { 0 };
    Str out;
    for (size_t i = 0; i < LEN(bad); i++)
        if (base64_decode(&a, str_of(bad[i]), &out))
            test_fail(__FILE__, __LINE__, "'%s' was decoded", bad[i]);
    arena_release(&a);
}

TEST(base64_follows_the_vectors_of_the_rfc)
{
    static const char *const pairs[][2] = { { "", "" },
                                            { "f", "Zg==" },
                                            { "fo", "Zm8=" },
                                            { "foo", "Zm9v" },
                                            { "foob", "Zm9vYg==" },
                                            { "fooba", "Zm9vYmE=" },
                                            { "foobar", "Zm9vYmFy" } };
    struct arena a = { 0 };
    for (size_t i = 0; i < LEN(pairs); i++) {
        Str out;
        EXPECT_STR(base64_encode(&a, str_of(pairs[i][0])), str_of(pairs[i][1]));
        EXPECT(base64_decode(&a, str_of(pairs[i][1]), &out));
        EXPECT_STR(out, str_of(pairs[i][0]));
    }
    arena_release(&a);
}

TEST(every_byte_sequence_has_one_form_and_comes_back)
{
    struct arena a = { 0 };
    char bytes[512];
    for (int i = 0; i < 512; i++)
        bytes[i] = (char)(i * 7);
    for (size_t len = 0; len <= sizeof bytes; len++) {
        Str out, in = { bytes, len };
        Value v = bytes_value(&a, in);
        EXPECT_INT(v.kind == VALUE_STRING, bytes_are_text(in));
        EXPECT(bytes_from_value(&a, v, &out));
        EXPECT_STR(out, in);
    }
    Str out;
    struct value_builder b = value_map_begin(&a);
    value_map_set(&b, STR("base64"), value_string(&a, STR("Zm9v")));       // "foo" has a form already
    EXPECT(!bytes_from_value(&a, value_map_end(&b), &out));
    EXPECT(!bytes_from_value(&a, value_int(1), &out));
    arena_release(&a);
}
