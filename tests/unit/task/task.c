// SPDX-License-Identifier: Apache-2.0
#include "base/arena.h"
#include "base/err.h"
#include "task/spec.h"
#include "unit/test.h"
#include "value/read.h"

static const Str argv[] = { STR_CONST("bwa"), STR_CONST("mem"), STR_CONST("bad \xff name") };
static const struct env_var env[] = { { STR_CONST("LANG"), STR_CONST("C") }, { STR_CONST("X\xfe"), STR_CONST("1") } };
static const struct stage stages[] = {
    { .kind = STAGE_DIR, .path = STR_CONST(TASK_IN "/1") },
    { .kind = STAGE_FILE,
      .path = STR_CONST(TASK_IN "/1/ref.fa"),
      .hash = { { 1, 2, 3 } },
      .size = 7,
      .source = STR_CONST("/ref.fa") },
    { .kind = STAGE_TEXT,
      .path = STR_CONST(TASK_OUT "/conf"),
      .text = STR_CONST("a\0b"),
      .is_writable = true,
      .is_executable = true },
};
static const Str globs[] = { STR_CONST("*.bam") };
static const int codes[] = { 3, 4 };

static struct task_spec full_spec(void)
{
    return (struct task_spec){
        .name = STR("align[3]"),
        .step = STR("align"),
        .argv = argv,
        .argc = LEN(argv),
        .tool_digest = STR("blake3:11"),
        .image = STR("img@sha256:22"),
        .env = env,
        .env_count = LEN(env),
        .stdin_path = STR(TASK_IN "/1/ref.fa"),
        .stdout_name = STR("out.txt"),
        .stderr_name = STR("err.txt"),
        .stages = stages,
        .stage_count = LEN(stages),
        .globs = globs,
        .glob_count = LEN(globs),
        .keep_all = true,
        .network = true,
        .policy = { .success_codes = codes, .success_count = 1, .temporary_codes = codes + 1, .temporary_count = 1 },
    };
}

static Hash key_of(const struct task_spec *spec)
{
    return task_key(spec, NULL, NULL);
}

TEST(an_identity_with_a_wrong_or_unknown_field_is_refused_by_name)
{
    static const char *const bad[][2] = {
        { "[]", "task" },
        { "{\"task\":2,\"argv\":[\"x\"]}", "task" },
        { "{\"argv\":[\"x\"]}", "task" },
        { "{\"task\":1}", "argv" },
        { "{\"task\":1,\"argv\":\"x\"}", "argv" },
        { "{\"task\":1,\"argv\":[1]}", "argv" },
        { "{\"task\":1,\"argv\":[\"x\"],\"gpu\":1}", "gpu" },
        { "{\"task\":1,\"argv\":[\"x\"],\"network\":false}", "network" },
        { "{\"task\":1,\"argv\":[\"x\"],\"env\":[]}", "env" },
        { "{\"task\":1,\"argv\":[\"x\"],\"env\":{\"A\":1}}", "A" },
        { "{\"task\":1,\"argv\":[\"x\"],\"env\":{\"=*\":\"\"}}", "=*" },
        { "{\"task\":1,\"argv\":[\"x\"],\"stages\":[{\"kind\":\"pipe\",\"path\":\"/a\"}]}", "stages.kind" },
        { "{\"task\":1,\"argv\":[\"x\"],\"stages\":[{\"kind\":\"dir\"}]}", "stages.path" },
        { "{\"task\":1,\"argv\":[\"x\"],\"stages\":[{\"kind\":\"dir\",\"path\":\"/a\",\"mode\":7}]}", "/a" },
        { "{\"task\":1,\"argv\":[\"x\"],\"stages\":[{\"kind\":\"file\",\"path\":\"/a\",\"hash\":\"\",\"size\":1}]}",
          "stages.hash" },
        { "{\"task\":1,\"argv\":[\"x\"],\"stages\":[{\"kind\":\"text\",\"path\":\"/a\"}]}", "stages.text" },
        { "{\"task\":1,\"argv\":[\"x\"],\"stages\":[{\"kind\":\"dir\",\"path\":\"/a\",\"writable\":false}]}",
          "stages" },
    };
    struct arena a = { 0 };
    for (size_t i = 0; i < LEN(bad); i++) {
        struct task_spec out;
        struct err err;
        Value v;
        EXPECT_OK(json_parse(&a, str_of(bad[i][0]), &v, &err), err);
        EXPECT_ERR(task_from_identity(&a, v, &out, &err), err, ERR_INVALID);
        if (str_find(str_of(err.text), str_of(bad[i][1])) < 0)
            test_fail(__FILE__, __LINE__, "%s: '%s' does not name %s", bad[i][0], err.text, bad[i][1]);
    }
    arena_release(&a);
}

static void change_argv(struct task_spec *s) { s->argc--; }
static void change_tool(struct task_spec *s) { s->tool_digest = STR("blake3:12"); }
static void change_image(struct task_spec *s) { s->image = (Str){ 0 }; }
static void change_env(struct task_spec *s) { s->env_count--; }
static void change_stdin(struct task_spec *s) { s->stdin_path = (Str){ 0 }; }
static void change_stdout(struct task_spec *s) { s->stdout_name = STR("o"); }
static void change_stderr(struct task_spec *s) { s->stderr_name = STR("e"); }
static void change_stage_count(struct task_spec *s) { s->stage_count--; }
static void change_globs(struct task_spec *s) { s->glob_count = 0; }
static void change_keep_all(struct task_spec *s) { s->keep_all = false; }
static void change_network(struct task_spec *s) { s->network = false; }

TEST(the_key_changes_with_each_field_that_decides_the_bytes)
{
    static void (*const changes[])(struct task_spec *) = {
        change_argv,   change_tool,        change_image, change_env,      change_stdin,   change_stdout,
        change_stderr, change_stage_count, change_globs, change_keep_all, change_network,
    };
    Hash seen[LEN(changes) + 1];
    struct task_spec spec = full_spec();
    seen[0] = key_of(&spec);
    for (size_t i = 0; i < LEN(changes); i++) {
        spec = full_spec();
        changes[i](&spec);
        seen[i + 1] = key_of(&spec);
        for (size_t k = 0; k <= i; k++)
            if (hash_eq(seen[k], seen[i + 1]))
                test_fail(__FILE__, __LINE__, "changes %zu and %zu give one key", k, i + 1);
    }
}

TEST(the_key_changes_with_each_field_of_a_stage)
{
    struct task_spec spec = full_spec();
    Hash before = key_of(&spec);
    for (int field = 0; field < 7; field++) {
        struct stage changed[LEN(stages)];
        memcpy(changed, stages, sizeof stages);
        switch (field) {
        case 0: changed[0].path = STR(TASK_IN "/2"); break;
        case 1: changed[1].hash.bytes[31] ^= 1; break;
        case 2: changed[1].size++; break;
        case 3: changed[2].text = STR("a"); break;
        case 4: changed[2].is_writable = false; break;
        case 5: changed[2].is_executable = false; break;
        case 6: changed[0].kind = STAGE_TEXT; break;
        }
        spec.stages = changed;
        if (hash_eq(key_of(&spec), before))
            test_fail(__FILE__, __LINE__, "field %d of a stage is not in the key", field);
    }
}

TEST(bytes_that_are_no_utf8_are_told_apart_in_the_key)
{
    const Str x[] = { STR("a\xff") }, y[] = { STR("a\xfe") }, z[] = { STR("a\xef\xbf\xbd") };
    struct task_spec spec = { .argv = x, .argc = 1 };
    Hash first = key_of(&spec);
    spec.argv = y;
    EXPECT(!hash_eq(first, key_of(&spec)));
    spec.argv = z;
    EXPECT(!hash_eq(first, key_of(&spec)));
}

TEST(the_key_does_not_depend_on_names_resources_policy_labels_or_sources)
{
    struct arena a = { 0 };
    struct task_spec spec = full_spec();
    Hash before = key_of(&spec);
    struct stage moved[LEN(stages)];
    memcpy(moved, stages, sizeof stages);
    moved[1].source = (Str){ 0 };
    spec.stages = moved;
    spec.name = STR("other"), spec.step = STR("other");
    spec.resources = (struct task_resources){ 8, 1, 2, 3, 4 };
    spec.policy = (struct task_policy){ .retries = 3, .no_cache = true };
    spec.labels = value_string(&a, STR("label"));
    EXPECT(hash_eq(before, key_of(&spec)));
    arena_release(&a);
}

TEST(the_canonical_form_is_what_the_key_is_made_of_and_stays_as_it_is)
{
    struct arena a = { 0 };
    const Str echo[] = { STR("echo"), STR("hi") };
    struct task_spec spec = { .argv = echo, .argc = 2, .stdout_name = STR("o") };
    Str canonical;
    Hash key = task_key(&spec, &canonical, &a);
    EXPECT_STR(canonical, STR("{\"argv\":[\"echo\",\"hi\"],\"stdout\":\"o\",\"task\":1}"));
    EXPECT(hash_eq(key, hash_bytes(canonical.data, canonical.len)));
    arena_release(&a);
}

TEST(a_task_comes_back_from_its_identity)
{
    struct arena a = { 0 };
    struct err err;
    struct task_spec spec = full_spec(), back;
    Str canonical, again;
    Value v;
    Hash key = task_key(&spec, &canonical, &a);
    EXPECT_OK(json_parse(&a, canonical, &v, &err), err);
    EXPECT_OK(task_from_identity(&a, v, &back, &err), err);
    EXPECT(hash_eq(task_key(&back, &again, &a), key));
    EXPECT_STR(again, canonical);
    EXPECT_STR(back.argv[2], argv[2]);
    EXPECT_STR(back.stages[2].text, stages[2].text);
    EXPECT_INT(back.stages[1].size, 7);
    EXPECT_INT(back.stages[1].source.len, 0);
    arena_release(&a);
}

TEST(a_copy_of_a_task_shares_nothing_with_it)
{
    struct arena first = { 0 }, second = { 0 };
    struct task_spec spec = full_spec();
    struct value_builder labels = value_map_begin(&first);
    value_map_set(&labels, STR("sample"), value_string(&first, STR("S1")));
    spec.labels = value_map_end(&labels);
    struct task_spec *copy = task_spec_copy(&first, &spec), *again = task_spec_copy(&second, copy);
    arena_release(&first);
    EXPECT(hash_eq(key_of(again), key_of(&spec)));
    EXPECT_STR(again->name, spec.name);
    EXPECT_STR(again->stages[1].source, STR("/ref.fa"));
    EXPECT_STR(value_get_str(again->labels, STR("sample")), STR("S1"));
    EXPECT_INT(task_exit_class(again, 3), EXIT_IS_SUCCESS);
    arena_release(&second);
}

TEST(an_exit_code_is_taken_as_the_policy_says)
{
    struct task_spec spec = { 0 };
    EXPECT_INT(task_exit_class(&spec, 0), EXIT_IS_SUCCESS);
    EXPECT_INT(task_exit_class(&spec, 1), EXIT_IS_PERMANENT);
    spec = full_spec();
    EXPECT_INT(task_exit_class(&spec, 0), EXIT_IS_PERMANENT);
    EXPECT_INT(task_exit_class(&spec, 3), EXIT_IS_SUCCESS);
    EXPECT_INT(task_exit_class(&spec, 4), EXIT_IS_TEMPORARY);
    EXPECT_INT(task_exit_class(&spec, 5), EXIT_IS_PERMANENT);
    spec.policy.permanent_codes = codes, spec.policy.permanent_count = 2;
    EXPECT_INT(task_exit_class(&spec, 4), EXIT_IS_PERMANENT);
}
