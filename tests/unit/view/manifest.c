// SPDX-License-Identifier: Apache-2.0
#include "view/manifest.h"

#include "engine/record.h"
#include "sys/file.h"
#include "unit/test.h"

#define DIGEST "blake3:5b4b3e31fa19b2461d4cc2be4c3f78030be2a70cd574c12bb37d992f59c264f2"

static bool read_text(struct arena *a, const char *text, struct manifest *m, struct diags *diags)
{
    struct source *source = NEW(a, struct source);
    *source = (struct source){ STR("m.json"), str_of(text) };
    *diags = (struct diags){ .arena = a };
    return manifest_read(a, source, m, diags);
}

TEST(what_was_written_of_a_record_is_read_again)
{
    struct arena a = { 0 };
    struct run_record *r = run_record_new(&a, STR("r"));
    struct diags diags;
    struct manifest m;
    EXPECT_OK(run_record_add(r, RECORD_RUN, STR("{\"workflow\":\"/w/a.cwl\",\"outdir\":\"/out\",\"time\":1,\"inputs\":{\"f\":{\"class\":\"File\","
        "\"location\":\"file:///d/a%20b\"}},\"sources\":[[\"/w/a.cwl\",\"5b4b3e31fa19b2461d4cc2be4c3f78030be2a70cd574c12bb37d992f59c264f2\",9]]}")), r->err);
    EXPECT_OK(run_record_add(r, RECORD_FILES, STR("{\"files\":[[\"/d/a b\",\"5b4b3e31fa19b2461d4cc2be4c3f78030be2a70cd574c12bb37d992f59c264f2\",6]]}")), r->err);
    EXPECT_OK(run_record_add(r, RECORD_END, STR("{\"status\":\"done\",\"time\":2,\"outputs\":{\"o\":{\"class\":\"Directory\",\"path\":\"/out/s\",\"listing\":"
        "[{\"class\":\"File\",\"path\":\"/out/s/x\",\"size\":6,\"petri:digest\":\"" DIGEST "\"}]}}}")), r->err);
    run_record_finish(r, false);
    Str text = manifest_text(&a, r);
    EXPECT(read_text(&a, str_z(&a, text), &m, &diags));
    EXPECT_STR(m.run, STR("r"));
    EXPECT_STR(m.outdir, STR("/out"));
    EXPECT_INT(m.files.len, 3);
    EXPECT_STR(m.files.at[0].path, STR("s/x"));
    EXPECT_STR(m.files.at[1].path, STR("/d/a b"));
    EXPECT(str_find(text, STR("\"input\": \"f\"")) > 0);
    EXPECT(str_find(text, STR("\"output\": \"o\"")) > 0);
    arena_release(&a);
}

TEST(a_path_that_leads_out_of_the_folder_is_refused_with_its_place)
{
    static const char *const paths[] = { "..", "../a", "a/..", "a/../b", "/a", "", ".", "a//b", "a/", "\\u0000" };
    for (size_t i = 0; i < LEN(paths); i++) {
        struct arena a = { 0 };
        struct diags diags;
        struct manifest m;
        Str text = str_printf(&a, "{\"petri_manifest\":1,\n\"outputs\":[{\"path\":\"%s\",\"digest\":\"" DIGEST "\"}]}", paths[i]);
        EXPECT(!read_text(&a, text.data, &m, &diags));
        EXPECT_INT(diags.len, 1);
        EXPECT_INT(diags.at[0].span.line, 2);
        EXPECT_INT(m.files.len, 0);
        arena_release(&a);
    }
}

TEST(files_are_checked_by_size_first_and_then_by_their_bytes)
{
    struct arena a = { 0 };
    struct diags diags;
    struct manifest m;
    struct manifest_check check;
    struct err err;
    Str root = str_of(test_dir()), digest = hash_text(&a, hash_bytes("same\n", 5));
    EXPECT_OK(file_write_atomic(str_join_path(&a, root, STR("same")), STR("same\n"), &err), err);
    EXPECT_OK(file_write_atomic(str_join_path(&a, root, STR("other")), STR("0ther"), &err), err);
    EXPECT_OK(file_write_atomic(str_join_path(&a, root, STR("longer")), STR("longer\n"), &err), err);
    Str item = str_printf(&a, "\"digest\":\"" STR_FMT "\",\"size\":5}", STR_ARG(digest));
    Str text = str_printf(&a, "{\"petri_manifest\":1,\"outputs\":[{\"path\":\"same\",%s,{\"path\":\"other\",%s,{\"path\":\"longer\",%s,{\"path\":\"gone\",%s,"
                          "{\"path\":\".\",%s]}", item.data, item.data, item.data, item.data, item.data);
    EXPECT(!read_text(&a, text.data, &m, &diags));      // "." is no file inside
    EXPECT_INT(m.files.len, 4);
    manifest_verify(&a, &m, root, false, &check);
    EXPECT_INT(check.checked, 4);
    EXPECT_INT(check.bytes, 10);
    EXPECT_INT(check.differences.len, 3);
    EXPECT_INT(check.differences.at[0].fault, MANIFEST_OTHER_BYTES);
    EXPECT_INT(check.differences.at[1].fault, MANIFEST_OTHER_SIZE);
    EXPECT_INT(check.differences.at[2].fault, MANIFEST_MISSING);
    arena_release(&a);
}
