// SPDX-License-Identifier: Apache-2.0
// Documents with mistakes, in tests/corpus/cwl/bad: each NAME.cwl, with NAME.job.yml where there is one, must give what
// NAME.expect says. With ACCEPT=1 in the environment the .expect files are written instead; read them before you keep them.
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "cwl_files.h"
#include "sys/file.h"

static void enter_corpus(void)
{
    static const char *const places[] = { "tests/corpus/cwl/bad", "../tests/corpus/cwl/bad", "../../tests/corpus/cwl/bad" };
    for (size_t i = 0; i < LEN(places); i++)
        if (chdir(places[i]) == 0)
            return;
    test_fail(__FILE__, __LINE__, "tests/corpus/cwl/bad is not found from here");
}

static Str named(Str name, const char *ending)
{
    return str_printf(&cwl_arena, STR_FMT "%s", STR_ARG(str_first(name, name.len - 4)), ending);
}

static void check_one(Str name)
{
    struct err err;
    Str want = { 0 }, job_name = named(name, ".job.yml"), expect = named(name, ".expect");
    cwl_diags = (struct diags){ .arena = &cwl_arena };
    const struct cwl_document *document = cwl_load(&cwl_arena, name, &cwl_diags);
    Value job, complete;
    bool good = document != NULL;
    if (good && file_exists(job_name))
        good = cwl_read_job(&cwl_arena, job_name, &job, &cwl_diags)
               && cwl_check_job(&cwl_arena, document->process, job, job_name, &complete, &cwl_diags);
    Str got = cwl_report(path_cwd(&cwl_arena));
    if (getenv("ACCEPT")) {
        EXPECT_OK(file_write_atomic(expect, got, &err), err);
        return;
    }
    EXPECT_OK(file_read(&cwl_arena, expect, 1 << 20, &want, &err), err);
    if (good || !str_eq(got, want))
        test_fail("tests/corpus/cwl/bad", 0, STR_FMT " gives\n" STR_FMT "expected\n" STR_FMT, STR_ARG(name), STR_ARG(got), STR_ARG(want));
}

TEST(each_document_of_the_corpus_of_mistakes_is_refused_with_the_expected_words)
{
    struct err err;
    Str *names;
    size_t count, seen = 0;
    enter_corpus();
    EXPECT_OK(dir_list(&cwl_arena, STR("."), &names, &count, &err), err);
    for (size_t i = 0; i < count; i++)
        if (str_ends(names[i], STR(".cwl"))) {
            check_one(names[i]);
            seen++;
        }
    EXPECT(seen >= 55);
}

TEST(a_document_with_unsupported_features_alone_is_told_from_a_wrong_one)
{
    enter_corpus();
    cwl_diags = (struct diags){ .arena = &cwl_arena };
    EXPECT(cwl_load(&cwl_arena, STR("requirement-unknown.cwl"), &cwl_diags) == NULL);
    size_t count = cwl_diags.len;
    EXPECT_INT(cwl_diags.errors, count);
    for (size_t i = 0; i < count; i++)
        EXPECT(str_starts(cwl_diags.at[i].text, STR("unsupported: ")));
    EXPECT(cwl_load(&cwl_arena, STR("field-unknown.cwl"), &cwl_diags) == NULL);
    EXPECT(cwl_diags.len > count && !str_starts(cwl_diags.at[count].text, STR("unsupported: ")));
}
