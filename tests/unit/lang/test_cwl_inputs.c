// SPDX-License-Identifier: Apache-2.0
// Job objects against the inputs of a process. Faults that a document can show are in the corpus of test_cwl_bad.c.
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "cwl_files.h"
#include "sys/file.h"
#include "value/read.h"

#define TOOL "cwlVersion: v1.2\nclass: CommandLineTool\nbaseCommand: cat\n"

static Value parse(const char *json)
{
    Value v;
    struct err err;
    EXPECT_OK(json_parse(&cwl_arena, str_of(json), &v, &err), err);
    return v;
}

static Str folder_iri(const char *rest) { return str_printf(&cwl_arena, "file://%s/%s", test_dir(), rest); }

TEST(a_job_that_is_not_there_is_reported)
{
    Value job;
    EXPECT(!cwl_read_job(&cwl_arena, STR("/no/such/job.yml"), &job, &cwl_diags));
    EXPECT_REPORT("No such file");
}

TEST(an_empty_job_is_an_empty_map)
{
    Value job;
    EXPECT(cwl_read_job(&cwl_arena, cwl_write("job.yml", "# nothing\n"), &job, &cwl_diags));
    EXPECT(job.kind == VALUE_MAP && value_len(job) == 0);
}

TEST(files_of_a_job_are_made_complete)
{
    const struct cwl_process *p = cwl_good(TOOL "$namespaces: {edam: 'http://edamontology.org/'}\n"
                                                "inputs: {bam: {type: File, secondaryFiles: [.bai, '^.dict?', ^.none?]}, dir: Directory, "
                                                "text: File, n: {type: int, default: 3}, any: Any}\noutputs: []\n");
    cwl_write("data/a b.bam", "x");
    cwl_write("data/a b.bam.bai", "x");
    cwl_write("data/a b.dict", "x");
    Str path = cwl_write("job.yml",
                         "bam: {class: File, location: data/a%20b.bam, format: edam:format_2572}\ndir: {class: Directory, path: data/}\n"
                         "text: {class: File, contents: hello, basename: h.txt}\nany: [{x: {class: File, path: "
                         "job.yml}}]\ncwl:requirements: []\nns:note: 1\n");
    Value job, all;
    EXPECT(cwl_read_job(&cwl_arena, path, &job, &cwl_diags));
    EXPECT(value_has(job, STR("cwl:requirements")));
    EXPECT(node_is(cwl_read_job_tree(&cwl_arena, path, &cwl_diags), VALUE_MAP));
    bool good = cwl_check_job(&cwl_arena, p, job, path, &all, &cwl_diags);
    EXPECT_STR(cwl_report((Str){ 0 }), STR(""));
    EXPECT(good);
    Value bam = value_get(all, STR("bam")), secondary = value_get(bam, STR("secondaryFiles"));
    EXPECT_STR(value_get_str(bam, STR("location")), folder_iri("data/a%20b.bam"));
    EXPECT_STR(value_get_str(bam, STR("basename")), STR("a b.bam"));
    EXPECT_STR(value_get_str(bam, STR("format")), STR("http://edamontology.org/format_2572"));
    EXPECT_INT(value_len(secondary), 2);
    EXPECT_STR(value_get_str(value_at(secondary, 0), STR("location")), folder_iri("data/a%20b.bam.bai"));
    EXPECT_STR(value_get_str(value_at(secondary, 1), STR("basename")), STR("a b.dict"));
    EXPECT_STR(value_get_str(value_get(all, STR("dir")), STR("basename")), STR("data"));
    EXPECT_STR(value_get_str(value_get(all, STR("text")), STR("contents")), STR("hello"));
    EXPECT_INT(value_get_int(all, STR("n"), 0), 3);
    Value inner = value_get(value_at(value_get(all, STR("any")), 0), STR("x"));
    EXPECT_STR(value_get_str(inner, STR("location")), folder_iri("job.yml"));
    EXPECT(!value_has(all, STR("ns:note")));
}

TEST(secondary_files_that_are_named_are_not_looked_for)
{
    const struct cwl_process *p = cwl_good(TOOL "inputs: {bams: {type: 'File[]', secondaryFiles: .bai}}\noutputs: []\n");
    cwl_write("a.bam", "x");
    cwl_write("other/a.bam.bai", "x");
    Value all, job = parse(str_printf(&cwl_arena,
                                      "{\"bams\": [{\"class\": \"File\", \"path\": \"%s/a.bam\", \"secondaryFiles\":"
                                      "[{\"class\": \"File\", \"path\": \"%s/other/a.bam.bai\"}]}]}",
                                      test_dir(), test_dir())
                               .data);
    EXPECT(cwl_check_job(&cwl_arena, p, job, STR("command line"), &all, &cwl_diags));
    EXPECT_INT(value_len(value_get(value_at(value_get(all, STR("bams")), 0), STR("secondaryFiles"))), 1);
}

TEST(a_default_that_is_missing_on_disk_is_reported_at_the_document)
{
    const struct cwl_process *p = cwl_good(TOOL "inputs:\n  x: {type: File, default: {class: File, location: gone.txt}}\noutputs: []\n");
    Value all;
    EXPECT(!cwl_check_job(&cwl_arena, p, parse("{}"), STR("job.yml"), &all, &cwl_diags));
    EXPECT_REPORT("gone.txt' does not exist");
    EXPECT_INT(cwl_diags.at[0].span.line, 5);
    EXPECT(cwl_check_job(&cwl_arena, p, parse("{\"x\": {\"class\": \"File\", \"contents\": \"\"}}"), STR("job.yml"), &all, &cwl_diags));
}

TEST(a_value_given_on_the_command_line_has_no_place_in_the_job)
{
    const struct cwl_process *p = cwl_good(TOOL "inputs: {n: int, m: int}\noutputs: []\n");
    Value all;
    Str path = cwl_write("job.yml", "n: 1\nm: x\n");
    EXPECT(!cwl_check_job(&cwl_arena, p, parse("{\"n\": \"y\", \"m\": \"x\"}"), path, &all, &cwl_diags));
    EXPECT_INT(cwl_diags.len, 2);
    EXPECT_INT(cwl_diags.at[0].span.line, 0);
    EXPECT_INT(cwl_diags.at[1].span.line, 2);
}

TEST(nothing_of_a_text_value_is_shown)
{
    const struct cwl_process *p = cwl_good(TOOL "inputs: {n: int, f: File, r: {type: {type: record, fields: {a: int}}}}\noutputs: []\n");
    Value all;
    EXPECT(!cwl_check_job(&cwl_arena, p, parse("{\"n\": \"SECRET\", \"f\": \"SECRET\", \"r\": {\"a\": [\"SECRET\"]}}"), STR("j"), &all,
                          &cwl_diags));
    EXPECT_INT(cwl_diags.errors, 3);
    EXPECT(str_find(cwl_report((Str){ 0 }), STR("SECRET")) < 0);
}

TEST(a_union_takes_the_first_member_that_fits)
{
    const struct cwl_process *p = cwl_good(TOOL "inputs:\n"
                                                "  u: [\"null\", int, long, {type: record, fields: {a: {type: {type: enum, symbols: "
                                                "[x]}}}}, {type: record, fields: {a: {type: {type: enum, symbols: [y]}}, b: File?}}]\n"
                                                "  d: double\noutputs: []\n");
    const struct cwl_type *u = p->inputs[0].type, *member;
    EXPECT(cwl_type_accepts(u, value_int(5), &member) && member->kind == CWL_INT);
    EXPECT(cwl_type_accepts(u, value_int((int64_t)1 << 40), &member) && member->kind == CWL_LONG);
    EXPECT(cwl_type_accepts(u, parse("{\"a\": \"y\"}"), &member) && member == u->members[4]);
    EXPECT(!cwl_type_accepts(u, parse("{\"a\": \"z\"}"), &member));
    EXPECT(!cwl_type_accepts(u, value_float(1.5), NULL));
    EXPECT(cwl_type_accepts(p->inputs[1].type, value_int(1), &member) && member->kind == CWL_DOUBLE);
}

TEST(checking_again_adds_nothing)
{
    struct arena *a = &cwl_arena;
    const struct cwl_document *document = cwl_try(TOOL "inputs: {x: File}\noutputs: {y: stdout}\n");
    EXPECT(document);
    cwl_check(a, document, &cwl_diags);
    EXPECT_INT(cwl_diags.len, 0);
}
