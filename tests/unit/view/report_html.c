// SPDX-License-Identifier: Apache-2.0
#include "view/report/html.h"

#include <math.h>

#include "base/arena.h"
#include "unit/test.h"
#include "view/report/plot.h"

static void expect(struct strbuf *got, const char *want)
{
    EXPECT_STR(strbuf_str(got), str_of(want));
    strbuf_release(got);
}

TEST(what_could_be_markup_is_escaped_and_what_could_disturb_is_replaced)
{
    struct strbuf out = { 0 };
    html_add(&out, STR("<a href=\"x\" b='y'>&amp;"));
    expect(&out, "&lt;a href=&quot;x&quot; b=&#39;y&#39;&gt;&amp;amp;");
    html_add(&out, (Str){ "a\0b\x1b\x7f\n\t", 7 });
    expect(&out, "a\xef\xbf\xbd" "b\xef\xbf\xbd\xef\xbf\xbd\n\t");
    html_add(&out, STR("\xe2\x80\xae|\xc2\x85|\xff|\xed\xa0\x80|\xc3"));
    expect(&out, "\xef\xbf\xbd|\xef\xbf\xbd|\xef\xbf\xbd|\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd|\xef\xbf\xbd");
    html_add(&out, STR("\xc2\xb5g \xe2\x9c\x93 \xf0\x9f\xa7\xac"));
    expect(&out, "\xc2\xb5g \xe2\x9c\x93 \xf0\x9f\xa7\xac");
}

TEST(a_cut_text_is_cut_between_code_points_and_says_so)
{
    struct strbuf out = { 0 };
    html_add_cut(&out, STR("\xc3\xa4\xc3\xb6<\xc3\xbc"), 3);
    expect(&out, "\xc3\xa4\xc3\xb6&lt;\xe2\x80\xa6");
    html_add_cut(&out, STR("abc"), 3);
    expect(&out, "abc");
}

TEST(logs_lose_colours_and_what_was_overwritten_and_keep_everything_else)
{
    struct strbuf out = { 0 };
    html_add_log(&out, STR("\x1b[1;31mred\x1b[0m\n10%\r20%\r\nlong line\n\x1b]0;title\x07" "end"), 6);
    expect(&out, "red\n20%\nlong l\xe2\x80\xa6\nend\n");
    html_add_log(&out, STR("\x1b[\x1b"), 10);           // sequences that never end
    expect(&out, "\n");
    html_add_log(&out, STR("a\x1b]0;never\n<b>"), 10);
    expect(&out, "a\n&lt;b&gt;\n");
}

TEST(numbers_read_as_people_write_them)
{
    static const struct { double v; int decimals; const char *want; } cases[] = {
        { NAN, 2, "\xe2\x80\x93" }, { -INFINITY, -1, "\xe2\x80\x93" }, { 0, -1, "0" }, { -0.0, 2, "0.00" }, { -0.001, 1, "0.0" },
        { 1234567, 0, "1,234,567" }, { -1234.5, 1, "\xe2\x88\x92" "1,234.5" }, { 0.123456789, -1, "0.12346" }, { 12.5, -1, "12.5" },
        { 100, -1, "100" }, { 123456.7, -1, "123,457" }, { 1e300, 2, "1e+300" }, { 1e-9, -1, "1e-09" }, { 1e-9, 2, "0.00" },
        { 999999.5, -1, "1,000,000" },
    };
    for (size_t i = 0; i < LEN(cases); i++) {
        struct strbuf out = { 0 };
        html_add_number(&out, cases[i].v, cases[i].decimals);
        expect(&out, cases[i].want);
    }
    struct strbuf out = { 0 };
    html_add_int(&out, INT64_MIN);
    expect(&out, "\xe2\x88\x92" "9,223,372,036,854,775,808");
    html_add_bytes(&out, -1);
    html_add_duration(&out, -1);
    html_add_time(&out, 0);
    expect(&out, "\xe2\x80\x93\xe2\x80\x93\xe2\x80\x93");
}

TEST(coordinates_are_plain_decimals_whatever_they_are_of)
{
    static const struct { double v; const char *want; } cases[] = {
        { NAN, "0" }, { INFINITY, "0" }, { 1e300, "10000000" }, { -0.001, "0" }, { 1.5, "1.5" }, { 2.004, "2" }, { 123.456, "123.46" },
    };
    for (size_t i = 0; i < LEN(cases); i++) {
        struct strbuf out = { 0 };
        svg_add_coordinate(&out, cases[i].v);
        expect(&out, cases[i].want);
    }
}

TEST(a_scale_over_any_data_has_a_width_and_round_ticks_within_it)
{
    static const struct { double low, high; bool is_log; } cases[] = {
        { NAN, NAN, false }, { 0, 0, false }, { 5, 5, false }, { -3, -3, false }, { 0, 1e-300, false }, { -1e300, 1e300, false }, { -1.7e308, 1.7e308, false }, { 1.7e308, 1.7e308, true }, { 1, 1 + 1e-16, false },
        { 0, 0, true }, { -5, -1, true }, { 0, 1000, true }, { 3, 3, true }, { 1e-300, 1e300, true }, { 0.17, 38.2, false }, { 1e15, 1e15 + 1, false },
    };
    for (size_t i = 0; i < LEN(cases) * 2; i++) {
        struct scale s = scale_over(cases[i / 2].low, cases[i / 2].high, cases[i / 2].is_log, i % 2);
        double ticks[TICKS_MAX];
        s.start = 0, s.end = 100;
        EXPECT(isfinite(s.from) && isfinite(s.to) && s.from < s.to);
        size_t count = scale_ticks(&s, 5, ticks);
        EXPECT(count <= TICKS_MAX);
        for (size_t k = 0; k < count; k++)
            EXPECT(isfinite(ticks[k]) && scale_at(&s, ticks[k]) >= 0 && scale_at(&s, ticks[k]) <= 100);
        EXPECT(isfinite(scale_at(&s, NAN)) && isfinite(scale_at(&s, INFINITY)) && isfinite(scale_at(&s, -1)));
    }
    struct scale s = scale_over(0.3, 47, false, false);
    double ticks[TICKS_MAX];
    EXPECT(s.from == 0 && s.to == 50);
    EXPECT_INT(scale_ticks(&s, 5, ticks), 6);
    EXPECT(ticks[1] == 10 && ticks[5] == 50);
}
