// SPDX-License-Identifier: Apache-2.0
#include "cli/help.h"

#include "cli/config.h"
#include "cli/report.h"
#include "sys/file.h"
#include "unit/test.h"
#include "view/text.h"

static bool has(const struct strbuf *text, const char *what) { return str_find(strbuf_str(text), str_of(what)) >= 0; }

static bool has_option(const struct strbuf *text, const char *before, const char *name)
{
    char option[64];
    snprintf(option, sizeof option, "%s%s", before, name);
    return has(text, option);
}

// Writes the text to a file and lets `command` judge it as $FILE; skips where the program is not installed.
static void judge(struct strbuf *text, const char *program, const char *command)
{
    struct arena a = { 0 };
    struct err err;
    Str path = str_join_path(&a, str_of(test_dir()), STR("generated"));
    if (path_find_program(&a, str_of(program), str_of(getenv("PATH"))).len == 0) {
        strbuf_release(text);
        arena_release(&a);
        test_skip("the program that judges it is not installed");
    }
    EXPECT_OK(file_write_atomic(path, strbuf_str(text), &err), err);
    setenv("FILE", path.data, 1);
    EXPECT_INT(system(command), 0);
    strbuf_release(text);
    arena_release(&a);
}

TEST(the_help_of_every_command_names_all_its_options_in_lines_of_eighty_columns)
{
    for (const struct command *const *c = commands; *c; c++) {
        struct strbuf text = { 0 };
        help_command(*c, &text);
        EXPECT(has(&text, (*c)->summary));
        EXPECT(has(&text, "--help"));
        for (size_t i = 0; i < (*c)->option_count; i++) {
            if (!has_option(&text, (*c)->options[i].can_negate ? "--[no-]" : "--", (*c)->options[i].name))
                test_fail(__FILE__, __LINE__, "the help of %s lacks --%s", (*c)->name, (*c)->options[i].name);
            EXPECT(str_ends(str_of((*c)->options[i].help), STR(".")));
        }
        for (Str rest = strbuf_str(&text); rest.len;) {
            Str line = str_cut(&rest, '\n');
            if (text_width(line) > 80)
                test_fail(__FILE__, __LINE__, "a line of %zu columns: " STR_FMT, text_width(line), STR_ARG(line));
        }
        strbuf_release(&text);
    }
}

TEST(the_overview_lists_the_commands_that_are_for_people)
{
    struct strbuf text = { 0 };
    help_overview(&text);
    for (const struct command *const *c = commands; *c; c++)
        EXPECT_INT(has(&text, (*c)->summary), !(*c)->is_hidden);
    strbuf_release(&text);
}

TEST(long_help_is_wrapped_and_indented_lines_are_kept)
{
    struct strbuf text = { 0 };
    help_wrap(STR("one two\nthree\n\n  kept as is\n"), 2, &text);
    EXPECT_STR(strbuf_str(&text), STR("  one two three\n\n    kept as is\n"));
    strbuf_clear(&text);
    for (int i = 0; i < 40; i++)
        strbuf_addz(&text, "word ");
    struct strbuf out = { 0 };
    help_wrap(strbuf_str(&text), 4, &out);
    for (Str rest = strbuf_str(&out); rest.len;)
        EXPECT(str_cut(&rest, '\n').len <= 80);
    strbuf_clear(&out);
    help_wrap(STR(""), 4, &out);
    EXPECT_INT(out.len, 0);
    strbuf_release(&text);
    strbuf_release(&out);
}

TEST(every_exit_code_is_documented_once)
{
    struct strbuf text = { 0 };
    help_exit_codes(&text);
    for (enum err_code code = ERR_NONE; code <= ERR_INTERNAL; code++) {
        int found = 0;
        for (const struct exit_meaning *m = exit_meanings; m->meaning; m++)
            found += (int)m->code == exit_code_of(code);
        EXPECT_INT(found, 1);
    }
    EXPECT_INT(exit_code_of(ERR_UNSUPPORTED), 33);
    EXPECT_INT(exit_code_of(ERR_CANCELLED), 130);
    EXPECT_INT(exit_code_of(ERR_NONE), 0);
    EXPECT(has(&text, " 33 "));
    strbuf_release(&text);
}

TEST(the_bash_completion_is_sound_and_knows_every_option)
{
    struct strbuf text = { 0 };
    help_bash(&text);
    for (const struct command *const *c = commands; *c; c++)
        for (size_t i = 0; i < (*c)->option_count; i++)
            EXPECT(has_option(&text, " --", (*c)->options[i].name));
    judge(&text, "bash", "bash -n \"$FILE\"");
}

TEST(the_bash_completion_completes_commands_and_options)
{
    struct strbuf text = { 0 };
    help_bash(&text);
    judge(&text, "bash", "bash -c '. \"$FILE\"; COMP_WORDS=(petri res); COMP_CWORD=1; _petri; [ \"${COMPREPLY[*]}\" = resume ] || exit 1; "
                         "COMP_WORDS=(petri gc --old); COMP_CWORD=2; _petri; [ \"${COMPREPLY[*]}\" = --older-than ]'");
}

TEST(the_zsh_completion_knows_every_command_and_option)
{
    struct strbuf text = { 0 };
    help_zsh(&text);
    EXPECT(str_starts(strbuf_str(&text), STR("#compdef petri\n")));
    for (const struct command *const *c = commands; *c; c++)
        for (size_t i = 0; i < (*c)->option_count; i++)
            EXPECT(has_option(&text, "--", (*c)->options[i].name));
    judge(&text, "zsh", "zsh -n \"$FILE\"");
}

TEST(every_man_page_formats_without_a_warning)
{
    for (const struct command *const *c = commands;; c++) {
        struct strbuf text = { 0 };
        help_man(*c, &text);
        EXPECT(str_starts(strbuf_str(&text), STR(".TH \"PETRI")));
        for (size_t i = 0; *c && i < (*c)->option_count; i++)
            EXPECT(has(&text, "\\fB\\-\\-"));
        judge(&text, "groff", "test -z \"$(groff -man -Tutf8 -ww -z $FILE 2>&1)\"");
        if (*c == NULL)
            return;
    }
}

TEST(the_main_man_page_documents_every_setting)
{
    struct strbuf text = { 0 };
    help_man(NULL, &text);
    for (size_t i = 0; i < setting_count; i++)
        EXPECT(has(&text, settings[i].name));
    strbuf_release(&text);
}
