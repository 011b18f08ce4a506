// SPDX-License-Identifier: Apache-2.0
#include "cli/config.h"

#include "base/arena.h"
#include "sys/file.h"
#include "unit/test.h"
#include "value/diag.h"

// A home folder with this config.yaml, and no other source of settings.
static Str home_with(struct arena *a, const char *yaml)
{
    struct err err;
    Str home = str_of(test_dir());
    EXPECT_OK(file_write_atomic(str_join_path(a, home, STR("config.yaml")), str_of(yaml), &err), err);
    setenv("XDG_CONFIG_HOME", "/nonexistent", 1);
    return home;
}

TEST(every_mistake_in_a_file_is_told_with_its_place)
{
    static const struct { const char *yaml, *want; } cases[] = {
        { "engine:\n  coers: 4\n", "config.yaml:2:3: error: there is no setting 'engine.coers': did you mean 'engine.cores'?" },
        { "zzzzzzzzzzzz: 1\n", "config.yaml:1:1: error: there is no setting 'zzzzzzzzzzzz'; 'petri config' lists them" },
        { "engine:\n  cores: many\n", "config.yaml:2:10: error: engine.cores: expected auto, or number, 0.01 to 100000, found 'many'" },
        { "engine: {cores: 0}\n", "found '0'" },
        { "engine: {cores: nan}\n", "found 'nan'" },
        { "engine: {max_running: 1.5}\n", "expected integer, 1 to 100000, found '1.5'" },
        { "engine: {memory: 1 K}\n", "expected auto, or size, 1.0 MiB or more, found '1 K'" },
        { "engine: {retry_delay: never}\n", "expected duration, 0 ms to " },
        { "engine: {retries: [1]}\n", "expected one value for 'engine.retries', found array" },
        { "engine: {retries: }\n", "expected one value for 'engine.retries', found null" },
        { "log: {level: loud}\n", "expected error|warn|info|debug, found 'loud'" },
        { "engine: {retries: auto}\n", "found 'auto'" },
        { "- 1\n", "expected settings" },
        { "engine: {\n", "error:" },
    };
    for (size_t i = 0; i < LEN(cases); i++) {
        struct arena a = { 0 };
        struct diags diags = { .arena = &a };
        struct config_state state;
        struct strbuf text = { 0 };
        EXPECT(!config_load(&a, home_with(&a, cases[i].yaml), &state, &diags));
        diag_print(&diags, &text);
        if (str_find(strbuf_str(&text), str_of(cases[i].want)) < 0)
            test_fail(__FILE__, __LINE__, "'%s', expected '%s'", text.data, cases[i].want);
        strbuf_release(&text);
        arena_release(&a);
    }
}

TEST(a_wrong_value_in_the_environment_names_the_variable)
{
    struct arena a = { 0 };
    struct diags diags = { .arena = &a };
    struct config_state state;
    struct strbuf text = { 0 };
    setenv("PETRI_ENGINE_RETRIES", "-1", 1);
    EXPECT(!config_load(&a, home_with(&a, ""), &state, &diags));
    diag_print(&diags, &text);
    EXPECT(str_find(strbuf_str(&text), STR("PETRI_ENGINE_RETRIES")) >= 0);
    strbuf_release(&text);
    arena_release(&a);
}

TEST(without_files_every_setting_has_its_default)
{
    struct arena a = { 0 };
    struct diags diags = { .arena = &a };
    struct config_state state;
    setenv("XDG_CONFIG_HOME", "/nonexistent", 1);
    EXPECT(config_load(&a, STR("/nonexistent"), &state, &diags));
    EXPECT(state.config.cores == 0);
    EXPECT_INT(state.config.max_running, 64);
    EXPECT_INT(state.config.kill_grace, 5 * SECOND);
    EXPECT_INT(state.config.js_timeout, 20 * SECOND);
    EXPECT_INT(state.config.log_level, 1);
    for (size_t i = 0; i < setting_count; i++)
        EXPECT_INT(state.origins[i].source, CONFIG_DEFAULT);
    arena_release(&a);
}

TEST(the_later_source_wins_and_is_named)
{
    struct arena a = { 0 };
    struct diags diags = { .arena = &a };
    struct config_state state;
    struct err err;
    Str home = home_with(&a, "engine: {cores: 2.5, retries: 3}\nengine.memory: 4 GiB\njs.timeout: 2\n");
    setenv("PETRI_ENGINE_RETRIES", "4", 1);
    setenv("PETRI_ENGINE_MAX_RUNNING", "", 1);          // empty: not set
    EXPECT(config_load(&a, home, &state, &diags));
    EXPECT(state.config.cores == 2.5);
    EXPECT_INT(state.config.retries, 4);
    EXPECT_INT(state.config.memory_bytes, 4LL << 30);
    EXPECT_INT(state.config.js_timeout, 2 * SECOND);
    EXPECT_INT(state.config.max_running, 64);
    EXPECT_INT(state.origins[setting_find(STR("engine.cores")) - settings].source, CONFIG_FILE);
    EXPECT_STR(state.origins[setting_find(STR("engine.retries")) - settings].place, STR("PETRI_ENGINE_RETRIES"));
    EXPECT_OK(config_set(&a, &state, STR("engine.retries"), STR("5"), CONFIG_FLAG, STR("--retries"), &err), err);
    EXPECT_INT(state.config.retries, 5);
    EXPECT_ERR(config_set(&a, &state, STR("engine.retires"), STR("5"), CONFIG_FLAG, STR("x"), &err), err, ERR_NOT_FOUND);
    EXPECT_ERR(config_set(&a, &state, STR("engine.retries"), STR("x"), CONFIG_FLAG, STR("x"), &err), err, ERR_INVALID);
    EXPECT_INT(state.config.retries, 5);
    arena_release(&a);
}

TEST(every_setting_has_a_help_a_type_and_a_name_in_the_environment)
{
    struct arena a = { 0 };
    for (size_t i = 0; i < setting_count; i++) {
        EXPECT(strlen(settings[i].help) > 10);
        EXPECT(strlen(setting_type_text(&a, &settings[i])) > 5);
        EXPECT(str_starts(setting_environment_name(&a, &settings[i]), STR("PETRI_")));
    }
    EXPECT_STR(setting_environment_name(&a, setting_find(STR("engine.max_running"))), STR("PETRI_ENGINE_MAX_RUNNING"));
    EXPECT(setting_find(STR("nothing")) == NULL);
    arena_release(&a);
}
