// SPDX-License-Identifier: Apache-2.0
#include <float.h>
#include <math.h>

#include "base/arena.h"
#include "base/err.h"
#include "unit/test.h"
#include "value/read.h"

static Str written(struct arena *a, Value v, int indent)
{
    struct strbuf out = { 0 };
    json_write(&out, v, indent);
    return strbuf_take(&out, a);
}

static Str canonical(struct arena *a, Value v)
{
    struct strbuf out = { 0 };
    json_write_canonical(&out, v);
    return strbuf_take(&out, a);
}

static Value parsed(struct arena *a, Str text)
{
    struct err err;
    Value v;
    EXPECT_OK(json_parse(a, text, &v, &err), err);
    return v;
}

TEST(floats_are_written_as_short_as_they_read_back_the_same)
{
    static const struct { double real; const char *text; } cases[] = {
        { 1.0, "1.0" }, { -0.0, "-0.0" }, { 0.0, "0.0" }, { 0.1, "0.1" }, { 0.5, "0.5" }, { -2.5, "-2.5" }, { 37.5, "37.5" },
        { 1e15, "1e+15" }, { 123456789012345.0, "123456789012345.0" }, { 999999999999999.0, "999999999999999.0" },
        { 1e-4, "0.0001" }, { 1e-5, "1e-05" }, { 0.00012345, "0.00012345" }, { 1e300, "1e+300" }, { 5e-324, "5e-324" },
        { DBL_MAX, "1.7976931348623157e+308" }, { 1.0 / 3, "0.3333333333333333" }, { 2.0 / 3, "0.6666666666666666" },
        { 0.1 + 0.2, "0.30000000000000004" }, { 4.35, "4.35" }, { 100.0, "100.0" }, { 1e22, "10000000000000000000000" }, { 4.2e42, "4200000000000000000000000000000000000000000" }, { -0x1p63, "-9223372036854776000" },
        { 1e60, "1e+60" }, { 3.0e-10, "3e-10" },
        { NAN, "null" }, { INFINITY, "null" }, { -INFINITY, "null" },
    };
    for (size_t i = 0; i < LEN(cases); i++) {
        struct arena a = { 0 };
        EXPECT_STR(written(&a, value_float(cases[i].real), 0), str_of(cases[i].text));
        EXPECT_STR(canonical(&a, value_float(cases[i].real)), str_of(cases[i].text));
        arena_release(&a);
    }
}

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    return *state ^= *state << 17;
}

// What the C library would write with the fewest of 15, 16 or 17 digits.
static Str written_slowly(char out[48], double real)
{
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(out, 40, "%.*g", digits, real);
        if (strtod(out, NULL) == real)
            break;
    }
    size_t len = strlen(out);
    if (strcspn(out, ".e") == len)
        memcpy(out + len, ".0", 3);
    return str_of(out);
}

TEST(the_short_way_of_writing_floats_gives_what_the_c_library_gives)
{
    uint64_t state = 88172645463325252u;
    for (int i = 0; i < 60000; i++) {
        struct arena a = { 0 };
        char text[48];
        uint64_t bits = next_random(&state);
        double real = (double)(int64_t)(bits % 2000000000000) / pow(10, (double)(bits >> 45 & 15));
        if (i % 3 == 0)
            memcpy(&real, &bits, sizeof real);
        if (!isfinite(real) || fabs(real) < DBL_MIN || (fabs(real) >= 0x1p63 && fabs(real) < 1e60))
            continue;
        Str got = written(&a, value_float(real), 0);
        EXPECT_STR(got, written_slowly(text, real));
        EXPECT(parsed(&a, got).real == real);
        arena_release(&a);
    }
}

TEST(ints_are_written_whole)
{
    struct arena a = { 0 };
    EXPECT_STR(written(&a, value_int(INT64_MIN), 0), STR("-9223372036854775808"));
    EXPECT_STR(written(&a, value_int(INT64_MAX), 0), STR("9223372036854775807"));
    EXPECT_STR(written(&a, value_int(0), 0), STR("0"));
    arena_release(&a);
}

TEST(strings_are_escaped_where_they_must_be_and_nowhere_else)
{
    struct arena a = { 0 };
    struct strbuf out = { 0 };
    json_write_string(&out, STR("\"\\/\b\f\n\r\t\x01\x1f\x7f\0 \xc3\xa9\xe2\x80\xa8"));
    EXPECT_STR(strbuf_str(&out), STR("\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\\u0000 \xc3\xa9\xe2\x80\xa8\""));
    strbuf_clear(&out);
    json_write_string(&out, STR("a\xff\xfe" "b\xe2\x82"));
    EXPECT_STR(strbuf_str(&out), STR("\"a\xef\xbf\xbd\xef\xbf\xbd" "b\xef\xbf\xbd\xef\xbf\xbd\""));
    strbuf_clear(&out);
    json_write_string(&out, (Str){ 0 });
    EXPECT_STR(strbuf_str(&out), STR("\"\""));
    strbuf_release(&out);
    arena_release(&a);
}

TEST(indented_json_has_a_line_for_every_item)
{
    struct arena a = { 0 };
    Value v = parsed(&a, STR("{\"a\":[1,{}],\"b\":{\"c\":[]}}"));
    EXPECT_STR(written(&a, v, 0), STR("{\"a\":[1,{}],\"b\":{\"c\":[]}}"));
    EXPECT_STR(written(&a, v, 2), STR("{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": {\n    \"c\": []\n  }\n}"));
    EXPECT(value_eq(parsed(&a, written(&a, v, 40)), v));
    arena_release(&a);
}

TEST(the_canonical_form_sorts_keys_by_bytes_at_every_level)
{
    struct arena a = { 0 };
    Value v = parsed(&a,
        STR("{\"b\":1,\"\xc3\xa9\":2,\"a\":{\"z\":[ {\"y\":null,\"x\":1.50} ],\"B\":true,\"\":\"t\\u0041\\/\"},\"aa\":-3,\"a\\n\":0}"));
    EXPECT_STR(canonical(&a, v),
               STR("{\"a\":{\"\":\"tA/\",\"B\":true,\"z\":[{\"x\":1.5,\"y\":null}]},\"a\\n\":0,\"aa\":-3,\"b\":1,\"\xc3\xa9\":2}"));
    EXPECT_STR(written(&a, v, 0),
               STR("{\"b\":1,\"\xc3\xa9\":2,\"a\":{\"z\":[{\"y\":null,\"x\":1.5}],\"B\":true,\"\":\"tA/\"},\"aa\":-3,\"a\\n\":0}"));
    arena_release(&a);
}

TEST(the_canonical_form_does_not_depend_on_the_order_of_building)
{
    struct arena a = { 0 };
    for (int count = 10; count < 90; count += 23) {
        struct value_builder up = value_map_begin(&a), down = value_map_begin(&a);
        for (int i = 0; i < count; i++) {
            value_map_set(&up, str_printf(&a, "%d", i), value_int(i));
            value_map_set(&down, str_printf(&a, "%d", count - 1 - i), value_int(count - 1 - i));
        }
        EXPECT_STR(canonical(&a, value_map_end(&up)), canonical(&a, value_map_end(&down)));
    }
    arena_release(&a);
}

TEST(a_buffer_that_is_full_says_so)
{
    struct arena a = { 0 };
    struct strbuf out = { .limit = 5 };
    json_write(&out, parsed(&a, STR("[1,2,3,4,5]")), 0);
    EXPECT(out.overflow);
    strbuf_release(&out);
    arena_release(&a);
}
