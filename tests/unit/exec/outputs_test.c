// SPDX-License-Identifier: Apache-2.0
// Which files are kept, and which are refused.
#include <unistd.h>

#include "store/store.h"
#include "sys/file.h"
#include "unit/exec/rig.h"
#include "unit/test.h"

static void expect_bad(const char *script, const char *globs, const char *says)
{
    struct rig r;
    rig_init(&r);
    struct tried *t = rig_script(&r, script, globs);
    EXPECT_INT(rig_run(&r, t)->end, ATTEMPT_BAD_OUTPUT);
    if (str_find(str_of(t->outcome.err.text), str_of(says)) < 0)
        test_fail(__FILE__, __LINE__, "'%s' does not say '%s'", t->outcome.err.text, says);
    EXPECT_INT(t->outcome.output_count, 0);
    EXPECT_INT(rig_attempts(&r), 0);
    rig_release(&r);
}

TEST(a_link_to_a_file_of_the_system_is_refused)
{
    expect_bad("ln -s /etc/passwd stolen", "stolen",
               "the output 'stolen' is a link to '/etc/passwd', which is neither");
    expect_bad("mkdir d; ln -s /etc d/e", "d", "the output 'd/e' is a link to '/etc', which is neither");
}

TEST(links_that_lead_nowhere_or_in_circles_are_refused)
{
    expect_bad("ln -s absent x", "x", "the output 'x' is a link to 'absent', which leads nowhere");
    expect_bad("ln -s b a; ln -s a b", "a", "which leads nowhere");
    expect_bad("mkdir d; ln -s .. d/up", "d", "the output 'd/up' is a link to a folder that it lies in");
    expect_bad("echo x > $TMPDIR/t; ln -s $TMPDIR/t x", "x", "neither an output nor an input");
}

TEST(pipes_and_sockets_are_refused)
{
    expect_bad("mkfifo p", "p", "the output 'p' is a named pipe");
    expect_bad("mkdir d; mkfifo d/p", "d", "the output 'd/p' is a named pipe");
}

TEST(a_name_that_is_not_utf8_is_refused_and_shown_with_escapes)
{
    expect_bad("touch $'bad\\xff'", "*", "the output 'bad\\xff' has a name that is not valid UTF-8");
}

TEST(patterns_that_lead_out_are_refused)
{
    expect_bad("true", "../x", "the output pattern '../x' leads out");
    expect_bad("true", "a/../../x", "leads out");
    expect_bad("true", "/etc/*", "leads out");
    expect_bad("true", "/petri/task/output", "leads out");
}

TEST(an_output_folder_that_was_replaced_is_refused)
{
    expect_bad("cd ..; rm -r out; ln -s /etc out", "*", "removed or replaced its output folder");
}

TEST(patterns_keep_what_glob_would_find)
{
    static const struct {
        const char *globs, *kept;
    } table[] = {
        { "*.txt", "a.txt b.txt" },
        { "?.txt", "a.txt b.txt" },
        { "[b-z].txt", "b.txt" },
        { "*", "a.txt b.txt sub sub/c.txt sub/deep sub/deep/d.txt x[1].dat" },
        { ".*", ".hidden" },
        { "*hidden", "" },
        { ".hidden", ".hidden" },
        { "sub", "sub sub/c.txt sub/deep sub/deep/d.txt" },
        { "sub/", "sub sub/c.txt sub/deep sub/deep/d.txt" },
        { "*/c.txt", "sub/c.txt" },
        { "sub/*", "sub/c.txt sub/deep sub/deep/d.txt" },
        { "*/*/d.txt", "sub/deep/d.txt" },
        { "./sub//c.txt", "sub/c.txt" },
        { "x[1].dat", "x[1].dat" },
        { "x\\[1\\].dat", "x[1].dat" },
        { "/petri/task/out/a.txt", "a.txt" },
        { "a.txt *.txt a*", "a.txt b.txt" },
        { "absent", "" },
        { ".", ".hidden a.txt b.txt sub sub/c.txt sub/deep sub/deep/d.txt x[1].dat" },
        { "**", ".hidden a.txt b.txt sub sub/c.txt sub/deep sub/deep/d.txt x[1].dat" },
    };
    struct rig r;
    rig_init(&r);
    for (size_t i = 0; i < LEN(table); i++) {
        struct tried *t =
            rig_script(&r, "touch a.txt b.txt .hidden 'x[1].dat'; mkdir -p sub/deep; touch sub/c.txt sub/deep/d.txt",
                       table[i].globs);
        struct strbuf kept = { 0 };
        EXPECT_INT(rig_run(&r, t)->end, ATTEMPT_EXITED);
        for (size_t j = 0; j < t->outcome.output_count; j++)
            strbuf_addf(&kept, "%s" STR_FMT, j ? " " : "", STR_ARG(t->outcome.outputs[j].path));
        EXPECT_STR(strbuf_str(&kept), str_of(table[i].kept));
        strbuf_release(&kept);
    }
    rig_release(&r);
}

TEST(cwl_output_json_keeps_everything)
{
    struct rig r;
    rig_init(&r);
    struct tried *t = rig_script(&r, "echo '{}' > cwl.output.json; touch other", "nothing");
    EXPECT_INT(rig_run(&r, t)->end, ATTEMPT_EXITED);
    EXPECT_INT(t->outcome.output_count, 2);
    rig_release(&r);
}

TEST(links_to_outputs_and_inputs_are_kept_as_what_they_point_to)
{
    struct rig r;
    struct err err;
    Hash hash;
    int64_t size;
    rig_init(&r);
    char *bytes = arena_alloc(&r.arena, 10001);
    memset(bytes, 'i', 10000);
    rig_write(&r, "source", bytes);
    Str source = rig_path(&r, "source");
    EXPECT_OK(store_hash_file(r.store, source, &hash, &size, &err), err);
    struct tried *t = rig_script(&r,
        "head -c 9000 /dev/zero > big; ln -s big alias; ln big hard; mkdir d; ln -s ../big d/up; ln -s d folder; "
        "ln -s " TASK_IN "/0/x input; ln -s " TASK_IN "/0 inputs; echo small > s; ln -s $PWD/s t", "**");
    rig_stage(&r, t, (struct stage){ .kind = STAGE_FILE, .path = STR(TASK_IN "/0/x"), .hash = hash, .size = size },
              source, (Str){ 0 });
    rig_stage(&r, t, (struct stage){ .kind = STAGE_TEXT, .path = STR(TASK_IN "/0/y"), .text = STR("text") }, (Str){ 0 },
              (Str){ 0 });
    EXPECT_INT(rig_run(&r, t)->end, ATTEMPT_EXITED);
    const struct output *big = rig_output(t, "big");
    const char *const same[] = { "alias", "hard", "d/up", "folder/up" };
    EXPECT_INT(big->size, 9000);
    for (size_t i = 0; i < LEN(same); i++)
        EXPECT(rig_output(t, same[i]) && hash_eq(rig_output(t, same[i])->hash, big->hash));
    EXPECT(hash_eq(rig_output(t, "input")->hash, hash) && hash_eq(rig_output(t, "inputs/x")->hash, hash));
    EXPECT(store_has(r.store, hash) && store_has(r.store, big->hash));
    EXPECT_STR(rig_output(t, "inputs/y")->bytes, STR("text"));
    EXPECT_STR(rig_output(t, "t")->bytes, STR("small\n"));
    EXPECT_INT(rig_output(t, "folder")->kind, OUTPUT_DIR);
    EXPECT(file_exists(source));                        // the user's own file is never moved
    rig_release(&r);
}

TEST(odd_names_are_kept_and_unreadable_files_are_read)
{
    struct rig r;
    rig_init(&r);
    struct tried *t = rig_script(
        &r, "echo 1 > $'new\\nline'; echo 2 > 'späce tab\t'; mkdir d; echo 3 > d/f; chmod 0 d/f; chmod 0 d", "**");
    EXPECT_INT(rig_run(&r, t)->end, ATTEMPT_EXITED);
    EXPECT_STR(rig_output(t, "new\nline")->bytes, STR("1\n"));
    EXPECT_STR(rig_output(t, "späce tab\t")->bytes, STR("2\n"));
    EXPECT_STR(rig_output(t, "d/f")->bytes, STR("3\n"));
    EXPECT_INT(rig_attempts(&r), 0);
    rig_release(&r);
}

TEST(a_tree_of_two_thousand_files_is_kept)
{
    struct rig r;
    rig_init(&r);
    struct tried *t =
        rig_script(&r, "mkdir d; cd d; for i in {0..19}; do mkdir $i; (cd $i; touch {1..100}); done", "d");
    EXPECT_INT(rig_run(&r, t)->end, ATTEMPT_EXITED);
    EXPECT_INT(t->outcome.output_count, 2021);
    for (size_t i = 1; i < t->outcome.output_count; i++)
        EXPECT(str_compare(t->outcome.outputs[i - 1].path, t->outcome.outputs[i].path) < 0);
    rig_release(&r);
}

// A user's file is read-only for the task by its mode alone, and not even that for who may write it.
static struct tried *written_input(struct rig *r, const char *script, size_t size)
{
    char bytes[8192];
    memset(bytes, 'x', sizeof bytes);
    bytes[size] = '\0';
    rig_write(r, "mine", bytes);
    struct tried *t = rig_script(r, script, "data");
    struct stage stage = { .kind = STAGE_FILE, .path = STR(TASK_OUT "/data"), .hash = hash_bytes(bytes, size), .size = (int64_t)size };
    rig_stage(r, t, stage, rig_path(r, "mine"), (Str){ 0 });
    return t;
}

TEST(an_input_that_is_an_output_unchanged_is_kept_as_it_was)
{
    struct rig r;
    rig_init(&r);
    for (size_t size = 100; size < 8000; size += 7000) {
        struct tried *t = written_input(&r, "true", size);
        EXPECT_INT(rig_run(&r, t)->end, ATTEMPT_EXITED);
        EXPECT_INT(t->outcome.output_count, 1);
        EXPECT_INT(t->outcome.outputs[0].size, size);
        EXPECT(hash_eq(t->outcome.outputs[0].hash, t->spec.stages[0].hash));
    }
    rig_release(&r);
}

TEST(what_was_written_through_the_link_to_an_input_is_never_recorded_as_that_input)
{
    struct rig r;
    rig_init(&r);
    for (size_t size = 100; size < 8000; size += 7000) {
        struct tried *t = written_input(&r, "echo other > data", size);
        EXPECT_INT(rig_run(&r, t)->end, ATTEMPT_BAD_OUTPUT);
        EXPECT(str_find(str_of(t->outcome.err.text), STR("the output 'data' is an input of the task, and was written to")) >= 0);
        EXPECT_INT(t->outcome.output_count, 0);
    }
    rig_release(&r);
}

TEST(an_object_of_the_store_that_was_written_to_is_no_output_and_is_not_served_afterwards)
{
    struct rig r;
    struct err err;
    Hash hash;
    char bytes[5000];
    Str path;
    rig_init(&r);
    memset(bytes, 'y', sizeof bytes);
    EXPECT_OK(store_put_bytes(r.store, (Str){ bytes, sizeof bytes }, &hash, &err), err);
    EXPECT_OK(store_locate(r.store, hash, &r.arena, &path, &err), err);
    struct tried *t = rig_script(&r, "chmod u+w $(readlink data) && echo other > data", "data");
    rig_stage(&r, t, (struct stage){ .kind = STAGE_FILE, .path = STR(TASK_OUT "/data"), .hash = hash, .size = sizeof bytes }, path, (Str){ 0 });
    EXPECT_INT(rig_run(&r, t)->end, ATTEMPT_BAD_OUTPUT);
    EXPECT(!store_locate(r.store, hash, &r.arena, &path, &err));
    EXPECT(err.code == ERR_DAMAGED || err.code == ERR_NOT_FOUND);
    rig_release(&r);
}
