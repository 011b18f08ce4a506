// SPDX-License-Identifier: Apache-2.0
#include "base/arena.h"
#include "bio/fastq.h"
#include "unit/test.h"

static struct window window_of(struct arena *a, Str text)
{
    struct window w;
    window_open_text(&w, str_z(a, text), text.len);
    return w;
}

// "name:bases:quality" of each record, with a blank behind.
static Str records_of(struct arena *a, Str text, int64_t *broken)
{
    struct window w = window_of(a, text);
    struct fastq f = { .window = &w };
    struct fastq_record r;
    struct strbuf out = { 0 };
    while (fastq_next(&f, &r))
        strbuf_addf(&out, STR_FMT ":" STR_FMT ":" STR_FMT " ", STR_ARG(r.title), STR_ARG(r.bases), STR_ARG(r.quality));
    *broken = f.broken;
    fastq_release(&f);
    return strbuf_take(&out, a);
}

static void expect(Str text, Str want, int64_t want_broken)
{
    struct arena a = { 0 };
    int64_t broken;
    Str got = records_of(&a, text, &broken);
    EXPECT_STR(got, want);
    EXPECT_INT(broken, want_broken);
    arena_release(&a);
}

TEST(records_of_four_lines_wrapped_ones_and_those_without_bases_are_read)
{
    expect(STR("@a\nAC\n+\nI@\n@b\nG\n+b\n+\n"), STR("a:AC:I@ b:G:+ "), 0);
    expect(STR("@a\nAC\nGT\nA\n+\n@I\nII\n+\n@b\nC\n+\nI"), STR("a:ACGTA:@III+ b:C:I "), 0);
    expect(STR("@a\r\nAC\r\n+\r\nII\r\n\r\n"), STR("a:AC:II "), 0);
    expect(STR("@a\n\n+\n\n@b\nA\n+\nI\n"), STR("a:: b:A:I "), 0);
    expect(STR("@a\n+\n@b\n+\n\n"), STR("a:: b:: "), 0);
    expect(STR(""), STR(""), 0);
    expect(STR("\n\n"), STR(""), 0);
}

TEST(broken_records_are_told_and_the_next_good_one_is_read)
{
    expect(STR("@a\nACGT\n+\nIII\n@b\nC\n+\nI\n"), STR("b:C:I "), 1);
    expect(STR("@a\nACGT\n@b\nC\n+\nI\n"), STR("b:C:I "), 1);
    expect(STR("junk\nmore\n@b\nC\n+\nI\n"), STR("b:C:I "), 1);
    expect(STR("@a\nAC\n+\n"), STR(""), 1);
    expect(STR("@a\nAC\n"), STR(""), 1);
    expect(STR("@a"), STR(""), 1);
    expect(STR("@a\nA\n+\nI\nI\n@b\nC\n+\nI\n"), STR("b:C:I "), 1);
}

TEST(mates_are_told_by_their_titles)
{
    EXPECT(fastq_titles_match(STR("x/1"), STR("x/2")));
    EXPECT(fastq_titles_match(STR("x 1:N:0:A"), STR("x 2:N:0:A")));
    EXPECT(fastq_titles_match(STR("SRR1.5.1 z"), STR("SRR1.5.2 z")));
    EXPECT(!fastq_titles_match(STR("x/2"), STR("x/1")));
    EXPECT(!fastq_titles_match(STR("x1"), STR("x2")));
    EXPECT(!fastq_titles_match(STR("x/1"), STR("y/2")));
    EXPECT(!fastq_titles_match(STR(""), STR("")));
    EXPECT_INT(fastq_mate(STR("x/2")), 2);
    EXPECT_INT(fastq_mate(STR("x 1:Y:18:ACGT")), 1);
    EXPECT_INT(fastq_mate(STR("x 12:N")), 0);
    EXPECT_STR(fastq_template(STR("x/1 y")), STR("x"));
    EXPECT_STR(fastq_template(STR("x.1")), STR("x.1"));
}
