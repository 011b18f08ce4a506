// SPDX-License-Identifier: Apache-2.0
#include "cli/command.h"

#include <fcntl.h>
#include <unistd.h>

#include "cli/report.h"
#include "sys/file.h"
#include "unit/test.h"
#include "value/diag.h"

struct said {
    int code;
    Str out, err;
};

// Runs the whole program in this process, with stdout and stderr into files.
static struct said run(struct arena *a, const char *const *argv)
{
    struct said said = { 0 };
    struct err err;
    int argc = 0, saved[2] = { dup(1), dup(2) };
    Str paths[2] = { str_join_path(a, str_of(test_dir()), STR("out")), str_join_path(a, str_of(test_dir()), STR("err")) };
    while (argv[argc])
        argc++;
    for (int i = 0; i < 2; i++) {
        int fd = open(paths[i].data, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
        dup2(fd, i + 1);
        close(fd);
    }
    said.code = cli_main(argc, (char **)(uintptr_t)argv);
    fflush(NULL);
    for (int i = 0; i < 2; i++) {
        dup2(saved[i], i + 1);
        close(saved[i]);
    }
    EXPECT_OK(file_read(a, paths[0], 1 << 20, &said.out, &err), err);
    EXPECT_OK(file_read(a, paths[1], 1 << 20, &said.err, &err), err);
    return said;
}
#define RUN(a, ...) run((a), (const char *const[]){ "petri", __VA_ARGS__, NULL })

static bool has(Str text, const char *what) { return str_find(text, str_of(what)) >= 0; }

static void use_home(struct arena *a, const char *name)
{
    setenv("PETRI_HOME", str_join_path(a, str_of(test_dir()), str_of(name)).data, 1);
    setenv("XDG_CONFIG_HOME", "/nonexistent", 1);
}

TEST(every_wrong_command_line_ends_with_code_two_and_a_hint_on_stderr)
{
    static const char *const lines[][4] = {
        { "rnu" }, { "zzzzzzz" }, { "run" }, { "run", "--outdri" }, { "runs", "extra" }, { "show" }, { "show", "a", "b" }, { "logs" }, { "cancel" },
        { "resume" }, { "validate" }, { "gc", "--older-than", "soon" }, { "store" }, { "store", "get" }, { "store", "ls", "x" }, { "store", "put" },
        { "config", "a", "b" }, { "help", "zzzzzz" }, { "help", "man", "zzzzz" },
    };
    for (size_t i = 0; i < LEN(lines); i++) {
        struct arena a = { 0 };
        const char *argv[6] = { "petri" };
        memcpy(argv + 1, lines[i], sizeof lines[i]);
        struct said said = run(&a, argv);
        if (said.code != EXIT_USAGE || said.out.len || !str_starts(said.err, STR("petri: ")))
            test_fail(__FILE__, __LINE__, "petri %s: code %d, '" STR_FMT "'", lines[i][0], said.code, STR_ARG(said.err));
        arena_release(&a);
    }
}

TEST(a_misspelt_command_is_answered_by_the_nearest)
{
    struct arena a = { 0 };
    EXPECT(has(RUN(&a, "valdate").err, "did you mean 'petri validate'?"));
    EXPECT(has(run(&a, (const char *const[]){ "petri", NULL }).err, "Commands:"));
    EXPECT_INT(run(&a, (const char *const[]){ "petri", NULL }).code, EXIT_USAGE);
    arena_release(&a);
}

TEST(commands_that_need_a_home_folder_say_where_they_looked)
{
    static const char *const lines[][3] = { { "runs" }, { "show", "x" }, { "logs", "x" }, { "resume", "x" }, { "cancel", "x" }, { "gc" }, { "store", "ls" } };
    for (size_t i = 0; i < LEN(lines); i++) {
        struct arena a = { 0 };
        const char *argv[5] = { "petri" };
        memcpy(argv + 1, lines[i], sizeof lines[i]);
        use_home(&a, "none");
        struct said said = run(&a, argv);
        EXPECT_INT(said.code, EXIT_NOT_FOUND);
        EXPECT(has(said.err, "/none"));
        arena_release(&a);
    }
}

TEST(the_help_of_a_command_is_the_same_by_option_and_by_command)
{
    struct arena a = { 0 };
    struct said by_option = RUN(&a, "run", "--help"), by_command = RUN(&a, "help", "run");
    EXPECT_INT(by_option.code, EXIT_OK);
    EXPECT_STR(by_option.out, by_command.out);
    EXPECT(has(by_option.out, "--subset"));
    EXPECT_INT(by_option.err.len, 0);
    EXPECT(has(RUN(&a, "--help").out, "Commands:"));
    EXPECT(has(RUN(&a, "help").out, "Commands:"));
    EXPECT(has(RUN(&a, "help", "exit-codes").out, " 33 "));
    EXPECT_STR(RUN(&a, "--version").out, STR("petri " PETRI_VERSION "\n"));
    arena_release(&a);
}

TEST(called_as_cwl_runner_it_is_the_run_command)
{
    struct arena a = { 0 };
    struct said said = run(&a, (const char *const[]){ "/usr/bin/cwl-runner", "--help", NULL });
    EXPECT(str_starts(said.out, STR("petri run: ")));
    EXPECT_STR(run(&a, (const char *const[]){ "cwl-runner", "--version", NULL }).out, STR("petri " PETRI_VERSION "\n"));
    EXPECT_INT(run(&a, (const char *const[]){ "cwl-runner", NULL }).code, EXIT_USAGE);
    arena_release(&a);
}

TEST(the_settings_are_listed_one_by_one_and_as_json)
{
    struct arena a = { 0 };
    use_home(&a, "none");
    setenv("PETRI_ENGINE_CORES", "3", 1);
    EXPECT(has(RUN(&a, "config").out, "engine.cores                3       PETRI_ENGINE_CORES\n"));
    EXPECT(has(RUN(&a, "config", "engine.cores").out, "default:     auto\n"));
    EXPECT(has(RUN(&a, "config", "engine.cores", "--json").out, "\"value\": \"3\""));
    EXPECT(str_starts(RUN(&a, "config", "--json").out, STR("[")));
    struct said said = RUN(&a, "config", "engine.croes");
    EXPECT_INT(said.code, EXIT_NOT_FOUND);
    EXPECT(has(said.err, "did you mean 'engine.cores'?"));
    setenv("PETRI_ENGINE_CORES", "none", 1);
    EXPECT_INT(RUN(&a, "config").code, EXIT_USAGE);
    arena_release(&a);
}

TEST(an_empty_home_has_no_runs)
{
    struct arena a = { 0 };
    struct err err;
    use_home(&a, "home");
    EXPECT_OK(dir_make_all(str_of(getenv("PETRI_HOME")), &err), err);
    EXPECT_STR(RUN(&a, "runs").out, STR("no runs yet\n"));
    EXPECT_STR(RUN(&a, "runs", "--json").out, STR("[]\n"));
    EXPECT_STR(RUN(&a, "runs", "--names").out, STR(""));
    EXPECT_INT(RUN(&a, "show", "last").code, EXIT_NOT_FOUND);
    arena_release(&a);
}

TEST(a_document_is_unsupported_only_when_that_is_all_that_is_wrong)
{
    struct arena a = { 0 };
    struct diags diags = { .arena = &a };
    struct span nowhere = { 0 };
    diag_warn(&diags, nowhere, "a warning");
    EXPECT_INT(diags_exit_code(&diags), EXIT_FAILED);
    diag_add(&diags, nowhere, "unsupported: X");
    EXPECT_INT(diags_exit_code(&diags), EXIT_NOT_SUPPORTED);
    diag_add(&diags, nowhere, "also wrong");
    EXPECT_INT(diags_exit_code(&diags), EXIT_FAILED);
    arena_release(&a);
}

TEST(every_command_is_found_by_its_name)
{
    for (const struct command *const *c = commands; *c; c++)
        EXPECT(command_find(str_of((*c)->name)) == *c);
    EXPECT(command_find(STR("")) == NULL);
}
