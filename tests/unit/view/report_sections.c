// SPDX-License-Identifier: Apache-2.0
#include "view/report/sections.h"

#include "base/err.h"
#include "unit/test.h"
#include "view/report/chart.h"

#define METRICS(sample, values) \
    "{\"petri_report\":1,\"id\":\"q\",\"title\":\"Q\",\"blocks\":[{\"kind\":\"metrics\",\"id\":\"m\",\"columns\":[{\"id\":\"d\",\"warn_below\":20,\"fail_below\":10}," \
    "{\"id\":\"e\",\"format\":\"percent\",\"fail_above\":0.5}],\"rows\":[{\"sample\":\"" sample "\",\"values\":" values "}]}]}"

static void add(struct sections *s, const char *json) { sections_add(s, STR("f.petri-report.json"), str_of(json)); }

TEST(every_mistake_of_a_file_is_told_with_its_place_and_nothing_of_it_is_taken)
{
    static const struct { const char *json, *says; } cases[] = {
        { "", "line 1" }, { "[]", "expected a report section" }, { "{}", "'petri_report': expected 1" }, { "{\"petri_report\":1}", "no 'title'" },
        { "{\"petri_report\":1,\"title\":\"t\"}", "'blocks' is missing" },
        { "{\"petri_report\":1,\"title\":\"t\",\"id\":\"a b\",\"blocks\":[]}", "'id': expected at most" },
        { "{\"petri_report\":1,\"title\":\"t\",\n \"blocks\":[\n{\"kind\":\"tabel\"}]}", "line 3, column 9: 'kind'" },
        { "{\"petri_report\":1,\"title\":\"t\",\"blocks\":[{\"kind\":\"table\",\"columns\":[{\"id\":\"a\"}],\"rows\":[[1,2]]}]}", "expected a list of 1 values" },
        { "{\"petri_report\":1,\"title\":\"t\",\"blocks\":[{\"kind\":\"table\",\"columns\":[{\"id\":\"a\"},{\"id\":\"a\"}],\"rows\":[]}]}", "two columns have the id 'a'" },
        { "{\"petri_report\":1,\"title\":\"t\",\"blocks\":[{\"kind\":\"metrics\",\"columns\":[],\"rows\":[{\"values\":{}}]}]}", "neither 'sample' nor 'name'" },
        { "{\"petri_report\":1,\"title\":\"t\",\"blocks\":[{\"kind\":\"histogram\",\"series\":[{\"name\":\"a\",\"start\":0,\"width\":0,\"counts\":[1]}]}]}", "'width' (more than 0)" },
        { "{\"petri_report\":1,\"title\":\"t\",\"blocks\":[{\"kind\":\"histogram\",\"series\":[{\"name\":\"a\",\"edges\":[2,1],\"counts\":[1]}]}]}", "2 rising numbers" },
        { "{\"petri_report\":1,\"title\":\"t\",\"blocks\":[{\"kind\":\"line\",\"x\":{\"scale\":\"log\",\"min\":0},\"series\":[]}]}", "above 0" },
        { "{\"petri_report\":1,\"title\":\"t\",\"blocks\":[{\"kind\":\"bars\",\"categories\":[\"a\"],\"series\":[{\"name\":\"s\",\"values\":[1,2]}]}]}", "expected 1 numbers" },
        { "{\"petri_report\":1,\"title\":\"t\",\"blocks\":[{\"kind\":\"checks\",\"checks\":[{\"name\":\"n\",\"status\":\"ok\"}]}]}", "\"pass\", \"warn\" or \"fail\"" },
        { "{\"petri_report\":1,\"title\":\"t\",\"blocks\":[{\"kind\":\"note\"}]}", "no 'text'" },
    };
    for (size_t i = 0; i < LEN(cases); i++) {
        struct arena a = { 0 };
        struct sections s = { .arena = &a };
        add(&s, cases[i].json);
        EXPECT_INT(s.at.len, 0);
        EXPECT_INT(s.faults.len, 1);
        if (str_find(s.faults.at[0].text, str_of(cases[i].says)) < 0)
            test_fail(__FILE__, __LINE__, "'%s' is not in: " STR_FMT, cases[i].says, STR_ARG(s.faults.at[0].text));
        EXPECT_INT(sections_judge(&a, &s).verdict, VERDICT_WARN);
        arena_release(&a);
    }
}

TEST(a_file_that_is_too_large_is_refused_before_it_is_read)
{
    struct arena a = { 0 };
    struct sections s = { .arena = &a };
    sections_add(&s, STR("f"), (Str){ "", SECTION_FILE_MAX + 1 });
    EXPECT_INT(s.faults.len, 1);
    arena_release(&a);
}

TEST(files_of_one_id_are_one_section_and_rows_of_one_sample_one_row)
{
    struct arena a = { 0 };
    struct sections s = { .arena = &a };
    add(&s, METRICS("A", "{\"d\":30}"));
    add(&s, METRICS("B", "{\"d\":15,\"e\":0.25}"));
    add(&s, METRICS("A", "{\"e\":0.75}"));
    add(&s, "{\"petri_report\":1,\"id\":\"q\",\"title\":\"other\",\"blocks\":[{\"kind\":\"metrics\",\"id\":\"m\",\"columns\":[{\"id\":\"z\"}],\"rows\":[{\"sample\":\"B\",\"values\":{\"z\":7}}]}]}");
    EXPECT_INT(s.faults.len, 0);
    EXPECT_INT(s.at.len, 1);
    const struct section_block *b = s.at.at[0]->blocks.at[0];
    EXPECT_INT(b->columns.len, 3);
    EXPECT_INT(b->rows.len, 2);
    EXPECT(b->rows.at[0].cells.at[0].number == 30 && b->rows.at[0].cells.at[1].number == 0.75);
    EXPECT(b->rows.at[1].cells.at[2].number == 7);
    arena_release(&a);
}

TEST(the_worst_value_is_the_verdict_and_failures_are_told_before_warnings)
{
    struct arena a = { 0 };
    struct sections s = { .arena = &a };
    EXPECT_INT(sections_judge(&a, &s).verdict, VERDICT_NONE);
    add(&s, METRICS("A", "{\"d\":20,\"e\":0.5}"));      // on the limit is inside
    EXPECT_INT(sections_judge(&a, &s).verdict, VERDICT_PASSED);
    add(&s, METRICS("B", "{\"d\":19.9}"));
    add(&s, METRICS("C", "{\"d\":null,\"e\":0.51}"));
    struct sections_verdict v = sections_judge(&a, &s);
    EXPECT_INT(v.verdict, VERDICT_FAILED);
    EXPECT_INT(v.judged, 4);
    EXPECT_INT(v.failures, 1);
    EXPECT_INT(v.warnings, 1);
    EXPECT_STR(v.reasons.at[0].subject, STR("C"));
    EXPECT_STR(v.reasons.at[0].limit, STR("above 50.0\xc2\xa0%"));
    EXPECT_STR(v.reasons.at[1].subject, STR("B"));
    EXPECT_STR(v.reasons.at[1].value, STR("19.9"));
    arena_release(&a);
}

TEST(bars_of_several_files_meet_in_their_categories_which_are_sorted_when_they_are_numbers)
{
    struct arena a = { 0 };
    struct sections s = { .arena = &a };
    add(&s, "{\"petri_report\":1,\"title\":\"t\",\"blocks\":[{\"kind\":\"bars\",\"id\":\"b\",\"categories\":[\"1\",\"-2\"],\"series\":[{\"name\":\"A\",\"values\":[10,20]}]}]}");
    add(&s, "{\"petri_report\":1,\"title\":\"t\",\"blocks\":[{\"kind\":\"bars\",\"id\":\"b\",\"categories\":[\"-2\",\"-10\"],\"series\":[{\"name\":\"B\",\"values\":[5,null]}]}]}");
    sections_sort(&s);
    const struct section_block *b = s.at.at[0]->blocks.at[0];
    EXPECT_INT(b->categories.len, 3);
    EXPECT_STR(b->categories.at[0], STR("-10"));
    EXPECT_STR(b->categories.at[2], STR("1"));
    EXPECT(b->series.at[0].y[1] == 20 && b->series.at[0].y[2] == 10 && b->series.at[1].y[1] == 5 && b->series.at[1].y[2] != b->series.at[1].y[2]);
    struct strbuf out = { 0 };
    chart_add(&out, b);                                 // a series that is shorter than the categories is drawn as far as it goes
    EXPECT(str_find(strbuf_str(&out), STR("A, -2: 20</title>")) > 0);
    strbuf_release(&out);
    arena_release(&a);
}

TEST(bars_whose_categories_are_words_stay_in_their_order_and_what_a_file_does_not_have_is_a_gap)
{
    struct arena a = { 0 };
    struct sections s = { .arena = &a };
    add(&s, "{\"petri_report\":1,\"title\":\"t\",\"blocks\":[{\"kind\":\"bars\",\"id\":\"b\",\"categories\":[\"z\"],\"series\":[{\"name\":\"A\",\"values\":[1]}]}]}");
    add(&s, "{\"petri_report\":1,\"title\":\"t\",\"blocks\":[{\"kind\":\"bars\",\"id\":\"b\",\"categories\":[\"a\",\"b\",\"c\"],\"series\":[{\"name\":\"B\",\"values\":[2,3,4]}]}]}");
    sections_sort(&s);
    const struct section_block *b = s.at.at[0]->blocks.at[0];
    EXPECT_STR(b->categories.at[0], STR("z"));
    EXPECT_INT(b->series.at[0].len, 4);
    EXPECT(b->series.at[0].y[3] != b->series.at[0].y[3]);
    struct strbuf out = { 0 };
    chart_add(&out, b);
    EXPECT(str_find(strbuf_str(&out), STR("B, c: 4</title>")) > 0);
    strbuf_release(&out);
    arena_release(&a);
}

// A line chart of `count` series with 50 points each, as JSON.
static void write_lines(struct strbuf *json, size_t count, const char *kind)
{
    strbuf_addf(json, "{\"petri_report\":1,\"title\":\"t\",\"blocks\":[{\"kind\":\"%s\",\"id\":\"c\",\"title\":\"Chart\",\"series\":[", kind);
    for (size_t i = 0; i < count; i++) {
        strbuf_addf(json, "%s{\"name\":\"s%zu\",\"points\":[", i ? "," : "", i);
        for (size_t k = 0; k < 50; k++)
            strbuf_addf(json, "%s[%zu,%zu]", k ? "," : "", k, (k * 7 + i) % 100);
        strbuf_addz(json, "]}");
    }
    strbuf_addz(json, "]}]}");
}

TEST(a_chart_of_thousands_of_series_or_points_stays_small)
{
    static const struct { size_t series; const char *kind; } cases[] = { { 2000, "line" }, { 2000, "scatter" }, { 3, "line" }, { 1, "scatter" } };
    for (size_t i = 0; i < LEN(cases); i++) {
        struct arena a = { 0 };
        struct sections s = { .arena = &a };
        struct strbuf json = { 0 }, out = { 0 };
        write_lines(&json, cases[i].series, cases[i].kind);
        add(&s, json.data);
        EXPECT_INT(s.faults.len, 0);
        chart_add(&out, s.at.at[0]->blocks.at[0]);
        EXPECT(out.len > 500 && out.len < 300000);
        EXPECT(str_find(strbuf_str(&out), STR("nan")) < 0 && str_find(strbuf_str(&out), STR("role=\"img\"")) > 0);
        strbuf_release(&json);
        strbuf_release(&out);
        arena_release(&a);
    }
}
