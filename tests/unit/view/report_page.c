// SPDX-License-Identifier: Apache-2.0
#include "view/report/report.h"

#include "engine/record.h"
#include "unit/test.h"
#include "view/report/facts.h"
#include "view/report/graph.h"
#include "view/report/suggest.h"

#define GIB ((int64_t)1 << 30)

static struct run_record *record_begin(struct arena *a)
{
    struct run_record *r = run_record_new(a, STR("r"));
    EXPECT_OK(run_record_add(r, RECORD_RUN, STR("{\"run\":\"r\",\"workflow\":\"/w/flow.cwl\",\"host\":\"h\",\"cores\":4,\"memory\":1073741824,\"time\":1000000000}")), r->err);
    return r;
}

// A task that ran from `from` to `to` seconds after the run's begin, and took the file `in` (may be empty) to make `out`.
static void add_task(struct run_record *r, int number, const char *name, const char *step, int from, int to, const char *in, const char *out)
{
    struct strbuf b = { 0 };
    struct err err;
    char hash_in[HASH_HEX + 1], hash_out[HASH_HEX + 1];
    hash_hex(hash_bytes(in, strlen(in)), hash_in);
    hash_hex(hash_bytes(out, strlen(out)), hash_out);
    strbuf_addf(&b, "{\"task\":%d,\"attempt\":1,\"name\":\"%s\",\"step\":\"%s\",\"key\":\"blake3:%s\",\"cores\":1,\"memory\":1000,\"time\":%d000000000,\"inputs\":[", number, name, step,
                hash_out, from + 1);
    if (*in)
        strbuf_addf(&b, "[\"in/0/x\",\"blake3:%s\",10]", hash_in);
    strbuf_addz(&b, "]}");
    EXPECT_OK(run_record_add(r, RECORD_INTENT, strbuf_str(&b)), (err = r->err));
    strbuf_clear(&b);
    strbuf_addf(&b, "{\"task\":%d,\"attempt\":1,\"name\":\"%s\",\"step\":\"%s\",\"key\":\"blake3:%s\",\"exit\":0,\"time\":%d000000000,\"measured\":{\"started\":%d000000000,"
                    "\"ended\":%d000000000,\"wall\":%d000000000,\"user\":1000000000,\"system\":0,\"peak_memory\":100,\"read\":1,\"written\":1},"
                    "\"outputs\":[[\"x\",\"blake3:%s\",10]]}", number, name, step, hash_out, to + 1, from + 1, to + 1, to - from, hash_out);
    EXPECT_OK(run_record_add(r, RECORD_DONE, strbuf_str(&b)), (err = r->err));
    strbuf_release(&b);
}

TEST(the_critical_path_follows_what_ended_last_among_what_was_waited_for)
{
    struct arena a = { 0 };
    struct run_record *r = record_begin(&a);
    struct sections s = { .arena = &a };
    add_task(r, 1, "quick", "quick", 0, 1, "", "q");
    add_task(r, 2, "slow", "slow", 0, 5, "", "s");
    add_task(r, 3, "unrelated", "unrelated", 0, 8, "", "u");
    add_task(r, 4, "last", "last", 6, 10, "s", "l");
    run_record_finish(r, false);
    struct report report = { .record = r, .sections = &s, .now = 20 * SECOND };
    struct facts *f = facts_new(&a, &report);
    EXPECT_INT(f->critical.len, 2);
    EXPECT_STR(f->tasks.at[f->critical.at[0]].task->name, STR("slow"));
    EXPECT_STR(f->tasks.at[f->critical.at[1]].task->name, STR("last"));
    EXPECT_INT(f->steps.at[3].after.len, 1);
    EXPECT_INT(f->steps.at[3].after.at[0], 1);
    arena_release(&a);
}

TEST(a_task_that_leaves_the_bytes_it_took_is_linked_to_who_made_them_and_equal_bytes_make_no_endless_path)
{
    struct arena a = { 0 };
    struct run_record *r = record_begin(&a);
    struct sections s = { .arena = &a };
    add_task(r, 1, "a[0]", "a", 0, 1, "other", "same");
    add_task(r, 2, "b[0]", "b", 1, 2, "same", "same");
    add_task(r, 3, "c[0]", "c", 2, 3, "same", "same");
    run_record_finish(r, false);
    struct report report = { .record = r, .sections = &s, .now = 20 * SECOND };
    struct facts *f = facts_new(&a, &report);
    EXPECT_INT(f->tasks.at[0].after_count, 0);
    EXPECT_INT(f->tasks.at[1].after[0], 0);
    EXPECT_INT(f->tasks.at[2].after[0], 1);
    EXPECT_INT(f->critical.len, 3);
    arena_release(&a);
}

TEST(of_tasks_that_made_the_same_bytes_the_one_of_the_same_row_is_meant_else_the_last_that_was_ready)
{
    struct arena a = { 0 };
    struct run_record *r = record_begin(&a);
    struct sections s = { .arena = &a };
    add_task(r, 1, "make[0]", "make", 0, 1, "", "same");
    add_task(r, 2, "make[1]", "make", 0, 3, "", "same");
    add_task(r, 3, "make[2]", "make", 0, 9, "", "same");
    add_task(r, 4, "take[0]", "take", 4, 5, "same", "x");
    add_task(r, 5, "gather", "gather", 5, 6, "same", "y");
    run_record_finish(r, false);
    struct report report = { .record = r, .sections = &s, .now = 20 * SECOND };
    struct facts *f = facts_new(&a, &report);
    EXPECT_INT(f->tasks.at[3].after_count, 1);
    EXPECT_INT(f->tasks.at[3].after[0], 0);
    EXPECT_INT(f->tasks.at[4].after_count, 1);
    EXPECT_INT(f->tasks.at[4].after[0], 1);             // make[2] was not ready when it began
    arena_release(&a);
}

TEST(a_run_of_ten_thousand_tasks_has_a_page_of_bounded_size_that_says_what_is_left_out)
{
    struct arena a = { 0 };
    struct run_record *r = record_begin(&a);
    struct sections s = { .arena = &a };
    struct strbuf out = { 0 };
    for (int i = 0; i < 10000; i++) {
        char name[40], made[40];
        snprintf(name, sizeof name, "step%d[%d]", i % 4, i / 4);
        snprintf(made, sizeof made, "%d", i);
        add_task(r, i + 1, name, i % 4 == 0 ? "step0" : i % 4 == 1 ? "step1" : i % 4 == 2 ? "step2" : "step3", i / 10, i / 10 + 3, "", made);
    }
    run_record_finish(r, false);
    struct report report = { .record = r, .sections = &s, .now = 2000 * SECOND };
    report_write(&report, &out);
    EXPECT(out.len > 100000 && out.len < (size_t)5 << 20);
    EXPECT(str_find(strbuf_str(&out), STR("1,000 of 10,000 tasks")) > 0);
    EXPECT(str_find(strbuf_str(&out), STR("500 scattered items")) > 0);
    strbuf_release(&out);
    arena_release(&a);
}

TEST(a_run_that_has_only_begun_has_a_page)
{
    struct arena a = { 0 };
    struct run_record *r = record_begin(&a);
    struct sections s = { .arena = &a };
    struct strbuf out = { 0 };
    run_record_finish(r, true);
    struct report report = { .record = r, .sections = &s, .now = 20 * SECOND };
    report_write(&report, &out);
    EXPECT(str_find(strbuf_str(&out), STR("Still running")) > 0);
    EXPECT(str_find(strbuf_str(&out), STR("</html>")) > 0);
    strbuf_release(&out);
    arena_release(&a);
}

TEST(a_request_is_suggested_from_what_was_used_and_never_from_what_was_not_measured)
{
    static const struct { struct usage usage; enum advice memory; int64_t bytes; enum advice cores; double count; } cases[] = {
        { { 0 }, ADVICE_NONE, 0, ADVICE_NONE, 0 },
        { { 1, 10 * SECOND, 0, 3, 0, 5 * GIB, 0 }, ADVICE_NONE, 0, ADVICE_NONE, 0 },                    // nothing was asked
        { { 1, 10 * SECOND, 4, 3.9, 4 * GIB, 3 * GIB, 0 }, ADVICE_FITS, 0, ADVICE_FITS, 0 },
        { { 1, 10 * SECOND, 8, 1.1, 8 * GIB, GIB / 2, 0 }, ADVICE_LESS, 640 << 20, ADVICE_LESS, 1 },
        { { 2, 10 * SECOND, 1, 2.5, GIB, GIB, 0 }, ADVICE_MORE, GIB + GIB / 4, ADVICE_MORE, 3 },
        { { 1, SECOND / 2, 8, 1, 8 * GIB, 4 << 20, 0 }, ADVICE_NONE, 0, ADVICE_NONE, 0 },               // too short to tell
        { { 1, SECOND / 2, 8, 1, 8 * GIB, 9 * GIB, 0 }, ADVICE_MORE, 12 * GIB, ADVICE_NONE, 0 },
        { { 3, 30 * SECOND, 1, 1, 2 * GIB, 2 * GIB, 2 * GIB }, ADVICE_MORE, 3 * GIB, ADVICE_FITS, 0 },  // killed: how much it wanted is not known
        { { 3, 30 * SECOND, 1, 1, 2 * GIB, 3 * GIB, 2 * GIB }, ADVICE_MORE, 3840LL << 20, ADVICE_FITS, 0 },     // a later attempt had enough
    };
    for (size_t i = 0; i < LEN(cases); i++) {
        struct suggestion s = suggest_request(&cases[i].usage);
        EXPECT_INT(s.memory, cases[i].memory);
        EXPECT_INT(s.cores, cases[i].cores);
        if (s.memory >= ADVICE_MORE)
            EXPECT_INT(s.memory_bytes, cases[i].bytes);
        if (s.cores >= ADVICE_MORE)
            EXPECT(s.core_count == cases[i].count);
    }
}

TEST(every_edge_of_a_laid_out_graph_leads_down_also_of_one_with_circles)
{
    static const size_t edges[][2] = { { 0, 1 }, { 1, 2 }, { 2, 0 }, { 2, 2 }, { 0, 4 }, { 3, 4 }, { 4, 5 }, { 0, 5 }, { 5, 6 }, { 3, 6 } };
    struct arena a = { 0 };
    struct graph *g = graph_new(&a, 8);
    for (size_t i = 0; i < LEN(edges); i++)
        graph_add(g, edges[i][0], edges[i][1]);
    graph_lay_out(g);
    EXPECT_INT(g->edges.len, LEN(edges) - 4);           // without two of circles and two beside longer ways
    for (size_t i = 0; i < g->edges.len; i++) {
        const struct graph_edge *e = &g->edges.at[i];
        EXPECT(g->layer[e->from] < g->layer[e->to]);
        EXPECT_INT(e->through.len, g->layer[e->to] - g->layer[e->from] - 1);
    }
    for (size_t i = 0; i < g->node_count; i++) {
        EXPECT(g->x[i] >= 0.5 - 1e-9 && g->x[i] <= g->width - 0.5 + 1e-9);
        for (size_t k = 0; k < i; k++)                  // none over another
            EXPECT(g->layer[i] != g->layer[k] || g->x[i] - g->x[k] > 0.999 || g->x[k] - g->x[i] > 0.999);
    }
    arena_release(&a);
}
