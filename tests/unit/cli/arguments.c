// SPDX-License-Identifier: Apache-2.0
#include "cli/arguments.h"

#include "base/arena.h"
#include "unit/test.h"

static const struct option options[] = {
    { "outdir", OPTION_FOLDER, "DIR", "h", .letter = 'o' },   { "quiet", OPTION_FLAG, NULL, "h", .letter = 'q' },
    { "keep-going", OPTION_FLAG, NULL, "h" },                 { "cores", OPTION_NUMBER, "N", "h" },
    { "subset", OPTION_COUNT, "N", "h" },                     { "memory", OPTION_SIZE, "SIZE", "h" },
    { "older-than", OPTION_DURATION, NULL, "h" },             { "reads", OPTION_TEXT, NULL, "h", .is_repeatable = true },
    { "trim", OPTION_FLAG, NULL, "h", .can_negate = true, .takes_word = true },
};

// Reads a line of arguments separated by '|'.
static bool read_line(struct arena *a, struct arguments *args, const char *line, struct err *err)
{
    Str rest = str_of(line), argv[16];
    size_t argc = 0, used;
    while (rest.len)
        argv[argc++] = str_copy(a, str_cut(&rest, '|'));
    *args = arguments_begin(a, options, LEN(options));
    return arguments_read(args, arena_copy(a, argv, sizeof argv), argc, false, &used, err);
}

TEST(every_mistake_on_the_command_line_says_what_was_expected)
{
    static const struct { const char *line, *want; } cases[] = {
        { "--outdri|x", "unknown option '--outdri': did you mean '--outdir'?" },
        { "--zzzzzzzzz", "unknown option '--zzzzzzzzz'" },
        { "--no-quiet", "unknown option '--no-quiet'" },
        { "-x", "unknown option '-x'" },
        { "-qo", "unknown option '-qo': long options begin with two dashes" },
        { "-outdir", "long options begin with two dashes" },
        { "--outdir", "'--outdir' needs a value: --outdir DIR" },
        { "-o", "'--outdir' needs a value: --outdir DIR" },
        { "--older-than", "'--older-than' needs a value: --older-than VALUE" },
        { "--outdir=", "'--outdir': expected a path, found nothing" },
        { "--quiet=maybe", "takes 'true' or 'false'" },
        { "--cores|0", "'--cores 0': expected a number greater than 0" },
        { "--cores|two", "'--cores two': expected a number greater than 0" },
        { "--subset|-1", "'--subset -1': expected an integer that is not negative" },
        { "--subset=1.5", "expected an integer that is not negative" },
        { "--memory|lots", "'--memory': expected a size such as '512M' or '4 GiB', found 'lots'" },
        { "--older-than|soon", "'--older-than': expected a duration" },
    };
    for (size_t i = 0; i < LEN(cases); i++) {
        struct arena a = { 0 };
        struct arguments args;
        struct err err;
        EXPECT_ERR(read_line(&a, &args, cases[i].line, &err), err, ERR_INVALID);
        if (str_find(str_of(err.text), str_of(cases[i].want)) < 0)
            test_fail(__FILE__, __LINE__, "%s: '%s', expected '%s'", cases[i].line, err.text, cases[i].want);
        arena_release(&a);
    }
}

TEST(values_stand_behind_an_option_or_an_equals_sign)
{
    struct arena a = { 0 };
    struct arguments args;
    struct err err;
    EXPECT_OK(read_line(&a, &args, "one|--outdir|x|--cores=1.5|--keep_going|-q|--memory|2K|--older-than=2m|--subset|0|two", &err), err);
    EXPECT_STR(arguments_text(&args, "outdir"), STR("x"));
    EXPECT(arguments_get(&args, "cores")->number == 1.5);
    EXPECT(arguments_flag(&args, "keep-going"));
    EXPECT(arguments_flag(&args, "quiet"));
    EXPECT_INT(arguments_get(&args, "memory")->integer, 2048);
    EXPECT_INT(arguments_get(&args, "older-than")->integer, 120000000000LL);
    EXPECT_INT(arguments_get(&args, "subset")->count, 1);
    EXPECT_INT(args.word_count, 2);
    EXPECT_STR(args.words[1], STR("two"));
    arena_release(&a);
}

TEST(a_value_may_begin_with_a_dash_or_be_empty)
{
    struct arena a = { 0 };
    struct arguments args;
    struct err err;
    EXPECT_OK(read_line(&a, &args, "--reads|-3|--reads=|--reads=a=b|--outdir|first|--outdir|last|-", &err), err);
    EXPECT_INT(arguments_get(&args, "reads")->count, 3);
    EXPECT_STR(arguments_get(&args, "reads")->texts[0], STR("-3"));
    EXPECT_STR(arguments_get(&args, "reads")->texts[1], STR(""));
    EXPECT_STR(arguments_get(&args, "reads")->texts[2], STR("a=b"));
    EXPECT_STR(arguments_text(&args, "outdir"), STR("last"));
    EXPECT_STR(args.words[0], STR("-"));
    arena_release(&a);
}

TEST(flags_can_be_given_as_true_or_false_and_some_can_be_negated)
{
    static const struct { const char *line; bool want; } cases[] = {
        { "--trim", true },       { "--trim=true", true },     { "--trim=false", false },  { "--no-trim", false },
        { "--no-trim=true", false }, { "--no-trim=false", true }, { "--trim|--no-trim", false }, { "--no-trim|--trim", true },
        { "--trim|true", true },  { "--trim|false", false },   { "--no-trim|false", true }, { "--trim|x", true },
    };
    for (size_t i = 0; i < LEN(cases); i++) {
        struct arena a = { 0 };
        struct arguments args;
        struct err err;
        EXPECT_OK(read_line(&a, &args, cases[i].line, &err), err);
        EXPECT_INT(arguments_flag(&args, "trim"), cases[i].want);
        arena_release(&a);
    }
}

TEST(two_dashes_end_the_options)
{
    struct arena a = { 0 };
    struct arguments args;
    struct err err;
    EXPECT_OK(read_line(&a, &args, "--quiet|--|--quiet|-x|--", &err), err);
    EXPECT_INT(args.word_count, 3);
    EXPECT_STR(args.words[0], STR("--quiet"));
    EXPECT_STR(args.words[2], STR("--"));
    arena_release(&a);
}

TEST(nothing_behind_help_is_read)
{
    struct arena a = { 0 };
    struct arguments args;
    struct err err;
    EXPECT_OK(read_line(&a, &args, "--help|--outdri", &err), err);
    EXPECT(args.wants_help);
    EXPECT_OK(read_line(&a, &args, "-h", &err), err);
    EXPECT(args.wants_help);
    arena_release(&a);
}

TEST(reading_stops_at_the_first_word_and_goes_on_with_more_options)
{
    static const struct option more[] = { { "threshold", OPTION_TEXT, NULL, "h" }, { "outdir", OPTION_TEXT, NULL, "h" }, { "a_b", OPTION_TEXT, NULL, "h" },
                                          { "a-b", OPTION_TEXT, NULL, "h" } };
    struct arena a = { 0 };
    struct err err;
    size_t used;
    const Str argv[] = { STR("--quiet"), STR("wf.cwl"), STR("--threshold"), STR("3"), STR("--outdir"), STR("x"), STR("--a-b=1"), STR("--a_b=2") };
    struct arguments args = arguments_begin(&a, options, LEN(options));
    EXPECT_OK(arguments_read(&args, argv, LEN(argv), true, &used, &err), err);
    EXPECT_INT(used, 2);
    EXPECT_INT(args.word_count, 1);
    arguments_extend(&args, more, LEN(more));
    EXPECT_OK(arguments_read(&args, argv + used, LEN(argv) - used, false, &used, &err), err);
    EXPECT(arguments_flag(&args, "quiet"));
    EXPECT_STR(arguments_text(&args, "threshold"), STR("3"));
    EXPECT_STR(arguments_text(&args, "outdir"), STR("x"));
    EXPECT_INT(args.given[LEN(options) + 1].count, 0);          // Petri's own wins
    EXPECT_STR(arguments_text(&args, "a_b"), STR("2"));
    EXPECT_STR(arguments_text(&args, "a-b"), STR("1"));
    arena_release(&a);
}

TEST(the_value_of_an_option_has_a_name_for_the_help)
{
    EXPECT_STR(str_of(option_value_name(&options[0])), STR("DIR"));
    EXPECT_STR(str_of(option_value_name(&options[1])), STR(""));
    EXPECT_STR(str_of(option_value_name(&options[6])), STR("VALUE"));
}
