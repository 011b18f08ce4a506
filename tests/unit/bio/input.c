// SPDX-License-Identifier: Apache-2.0
#include "base/arena.h"
#include "bio/input.h"
#include "bio/output.h"
#include "bio/window.h"
#include "sys/file.h"
#include "unit/test.h"

// Lines of every length around the borders of blocks and headroom, numbered, so that a lost or doubled byte shows.
static Str make_text(struct arena *a, size_t lines)
{
    struct strbuf text = { 0 };
    for (size_t i = 0; i < lines; i++) {
        size_t len = i % 97 == 0 ? 70000 + i : i % 300;
        strbuf_addf(&text, "%zu:", i);
        for (size_t k = 0; k < len; k++)
            strbuf_addc(&text, (char)('a' + (i + k) % 26));
        strbuf_addz(&text, i % 3 ? "\n" : "\r\n");
    }
    return strbuf_take(&text, a);
}

static Str write_file(struct arena *a, const char *name, Str bytes, bool is_packed)
{
    struct err err;
    Str path = str_join_path(a, str_of(test_dir()), str_of(name));
    struct output *out = output_open(path, is_packed, false, &err);
    EXPECT(out != NULL);
    output_add(out, bytes);
    EXPECT_INT(output_bytes(out), bytes.len);
    EXPECT_OK(output_finish(out, &err), err);
    return path;
}

static Str read_lines(struct arena *a, Str path, int threads)
{
    struct window w;
    struct err err;
    struct strbuf text = { 0 };
    Str line;
    EXPECT_OK(window_open(&w, path, (struct input_options){ .threads = threads, .hash = true }, &err), err);
    while (window_next_line(&w, &line)) {
        strbuf_add(&text, line);
        strbuf_addc(&text, '\n');
    }
    EXPECT(!w.broken);
    EXPECT(input_info(w.input).is_hashed);
    window_close(&w);
    return strbuf_take(&text, a);
}

TEST(plain_and_packed_files_give_the_same_lines_with_any_number_of_threads)
{
    struct arena a = { 0 };
    Str text = make_text(&a, 3000), want = read_lines(&a, write_file(&a, "plain", text, false), 1);
    EXPECT_INT(want.len, text.len - 1000);              // CR of every third line
    Str packed = write_file(&a, "packed.gz", text, true);
    for (int threads = 1; threads <= 5; threads += 2)
        EXPECT_STR(read_lines(&a, packed, threads), want);
    arena_release(&a);
}

TEST(a_reader_may_stop_anywhere)
{
    struct arena a = { 0 };
    Str packed = write_file(&a, "p.gz", make_text(&a, 2000), true);
    for (int lines = 0; lines < 40; lines += 13) {
        struct window w;
        struct err err;
        Str line;
        EXPECT_OK(window_open(&w, packed, (struct input_options){ .threads = 3 }, &err), err);
        for (int i = 0; i < lines; i++)
            EXPECT(window_next_line(&w, &line));
        window_close(&w);
    }
    arena_release(&a);
}

TEST(a_truncated_file_is_an_error_at_every_length)
{
    struct arena a = { 0 };
    struct err err;
    Str packed = write_file(&a, "t.gz", make_text(&a, 300), true), bytes;
    EXPECT_OK(file_read(&a, packed, 1 << 24, &bytes, &err), err);
    for (size_t len = 1; len + 28 < bytes.len; len += bytes.len / 29) {
        Str cut = write_file(&a, str_printf(&a, "cut%zu", len).data, str_first(bytes, len), false), piece;
        struct window w;
        EXPECT_OK(window_open(&w, cut, (struct input_options){ .threads = 2 }, &err), err);
        while (window_bytes(&w, 1000, &piece))
            ;
        EXPECT(w.broken || !input_info(w.input).has_bgzf_end);
        window_close(&w);
    }
    arena_release(&a);
}

TEST(what_was_not_finished_leaves_nothing)
{
    struct arena a = { 0 };
    struct err err;
    Str path = str_join_path(&a, str_of(test_dir()), STR("x.gz")), *names;
    size_t count;
    struct output *out = output_open(path, true, false, &err);
    output_add(out, make_text(&a, 500));
    EXPECT(!file_exists(path));
    output_abandon(out);
    EXPECT_OK(dir_list(&a, str_of(test_dir()), &names, &count, &err), err);
    EXPECT_INT(count, 0);
    write_file(&a, "x.gz", STR("a"), true);
    EXPECT(output_open(path, true, false, &err) == NULL);
    EXPECT_INT(err.code, ERR_CONFLICT);
    arena_release(&a);
}

TEST(folders_and_absent_files_are_refused)
{
    struct err err;
    EXPECT(input_open(str_of(test_dir()), (struct input_options){ 0 }, &err) == NULL);
    EXPECT_INT(err.code, ERR_INVALID);
    EXPECT(input_open(STR("/no/such/file"), (struct input_options){ 0 }, &err) == NULL);
    EXPECT_INT(err.code, ERR_NOT_FOUND);
}
