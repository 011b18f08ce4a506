// SPDX-License-Identifier: Apache-2.0
#include "cli/inputs.h"

#include "base/arena.h"
#include "lang/lang.h"
#include "unit/test.h"

static const Str kinds[] = { STR_CONST("single"), STR_CONST("paired") };
static const struct workflow_input inputs[] = {
    { .name = STR_CONST("threshold"), .type_text = STR_CONST("int"), .doc = STR_CONST("How much."), .base = INPUT_INT, .has_default = true,
      .default_value = { .kind = VALUE_INT, .integer = 3 } },
    { .name = STR_CONST("reads"), .type_text = STR_CONST("File[]"), .base = INPUT_FILE, .is_array = true, .is_required = true },
    { .name = STR_CONST("do_trim"), .type_text = STR_CONST("boolean?"), .base = INPUT_BOOL },
    { .name = STR_CONST("quiet"), .type_text = STR_CONST("string?"), .base = INPUT_STRING },
    { .name = STR_CONST("kind"), .type_text = STR_CONST("enum"), .base = INPUT_ENUM, .symbols = kinds, .symbol_count = 2, .is_required = true },
};
static const struct workflow workflow = { .language = "cwl", .path = STR_CONST("/w/wf.cwl"), .label = STR_CONST("A label"), .doc = STR_CONST("Long words."),
                                          .inputs = inputs, .input_count = LEN(inputs) };
static const struct option own_options[] = { { "quiet", OPTION_FLAG, NULL, "h" } };

static bool read_line(struct arena *a, const char *line, Value *out, struct err *err)
{
    Str rest = str_of(line), *argv = NEW_ARRAY(a, Str, 16);
    size_t argc = 0, used;
    while (rest.len)
        argv[argc++] = str_copy(a, str_cut(&rest, '|'));
    struct arguments args = arguments_begin(a, own_options, LEN(own_options));
    size_t own = inputs_extend(&args, &workflow);
    EXPECT_INT(own, LEN(own_options));
    return arguments_read(&args, argv, argc, false, &used, err) && inputs_given(&args, own, &workflow, out, err);
}

TEST(an_input_of_one_value_that_is_given_two_is_refused)
{
    static const char *const wrong[] = { "--threshold|3|--threshold|4", "--threshold|3|--input.threshold=4", "--treshold|3", "--no-threshold", "--reads" };
    for (size_t i = 0; i < LEN(wrong); i++) {
        struct arena a = { 0 };
        struct err err;
        Value v;
        EXPECT_ERR(read_line(&a, wrong[i], &v, &err), err, ERR_INVALID);
        arena_release(&a);
    }
}

TEST(inputs_come_as_strings_booleans_and_arrays)
{
    struct arena a = { 0 };
    struct err err;
    Value v;
    EXPECT_OK(read_line(&a, "--threshold|-3|--reads|a.fq|--no-do-trim|--input.reads=b.fq|--input.quiet|x|--quiet", &v, &err), err);
    EXPECT_STR(value_get_str(v, STR("threshold")), STR("-3"));
    EXPECT_INT(value_len(value_get(v, STR("reads"))), 2);
    EXPECT_STR(value_str(value_at(value_get(v, STR("reads")), 1)), STR("b.fq"));
    EXPECT(value_get(v, STR("do_trim")).kind == VALUE_BOOL && !value_get(v, STR("do_trim")).boolean);
    EXPECT_STR(value_get_str(v, STR("quiet")), STR("x"));
    EXPECT(!value_has(v, STR("kind")));
    arena_release(&a);
}

TEST(one_value_of_an_array_input_is_an_array)
{
    struct arena a = { 0 };
    struct err err;
    Value v;
    EXPECT_OK(read_line(&a, "--reads=a.fq|--do_trim", &v, &err), err);
    EXPECT_INT(value_len(value_get(v, STR("reads"))), 1);
    EXPECT(value_get(v, STR("do_trim")).boolean);
    arena_release(&a);
}

TEST(the_help_lists_every_input_with_type_default_symbols_and_doc)
{
    static const char *const wanted[] = { "flow: A label\n", "Usage: petri run flow [INPUTS.yml]", "Long words.\n", "--threshold int", "Default: 3. How much.", "--reads File[]",
                                          "Required. May be repeated.", "--[no-]do-trim", "--input.quiet string?", "--kind single|paired", "Required.\n" };
    struct arena a = { 0 };
    struct strbuf text = { 0 };
    inputs_help(&a, &workflow, STR("flow"), own_options, LEN(own_options), &text);
    for (size_t i = 0; i < LEN(wanted); i++)
        if (str_find(strbuf_str(&text), str_of(wanted[i])) < 0)
            test_fail(__FILE__, __LINE__, "'%s' is not in\n%s", wanted[i], text.data);
    strbuf_release(&text);
    arena_release(&a);
}
