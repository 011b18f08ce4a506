// SPDX-License-Identifier: Apache-2.0
// Reading sequences: FASTA, FASTQ, tables, compressed, broken.
#include <zlib.h>

#include "base/arena.h"
#include "model/seqfile.h"
#include "sys/file.h"
#include "unit/test.h"

static Str write_text(struct arena *a, const char *name, const char *text)
{
    struct err err;
    Str path = str_join_path(a, str_of(test_dir()), str_of(name));
    EXPECT_OK(file_write_atomic(path, str_of(text), &err), err);
    return path;
}

// "id:residues@line " of each sequence, or the error.
static Str all_of(struct arena *a, Str path, enum seqfile_chain chain)
{
    struct err err;
    struct strbuf out = { 0 };
    struct sequence s;
    bool end = false;
    struct seqfile *f = seqfile_open(path, chain, &err);
    bool ok = f != NULL;
    while (ok && !end) {
        ok = seqfile_next(f, &s, &end, &err);
        if (ok && !end)
            strbuf_addf(&out, STR_FMT "=" STR_FMT "@%lld ", STR_ARG(s.id), STR_ARG(s.residues), (long long)s.line);
    }
    if (!ok)
        strbuf_addf(&out, "error %s", strrchr(err.text, '/') ? strrchr(err.text, '/') + 1 : err.text);
    seqfile_close(f);
    return strbuf_take(&out, a);
}

#define EXPECT_FILE(name, text, chain, want) \
    do { \
        struct arena a_ = { 0 }; \
        EXPECT_STR(all_of(&a_, write_text(&a_, name, text), chain), STR(want)); \
        arena_release(&a_); \
    } while (0)

TEST(fasta_of_any_layout_is_read)
{
    EXPECT_FILE("a.fa", ">one first\nAC\nDE\n>two\nFG", CHAIN_ANY, "one=ACDE@1 two=FG@4 ");
    EXPECT_FILE("b.fa", "\r\n>x\r\nA C\tD\r\n\r\nE\r\n", CHAIN_ANY, "x=ACDE@2 ");
    EXPECT_FILE("c.fa", ">empty\n>\nAC\n", CHAIN_ANY, "empty=@1 =AC@2 ");
    EXPECT_FILE("d.fa", "", CHAIN_ANY, "");
}

TEST(fastq_is_read_and_a_broken_record_is_refused_at_its_line)
{
    EXPECT_FILE("a.fq", "@r1 x\nACGT\n+\n!!!!\n@r2\nAC\nGT\n+r2\n@@\n@@\n", CHAIN_ANY, "r1=ACGT@1 r2=ACGT@5 ");
    EXPECT_FILE("b.fq", "@r1\nACGT\n+\n!!!!!\n", CHAIN_ANY, "error b.fq:4: a FASTQ record has more qualities than letters");
    EXPECT_FILE("c.fq", "@r1\nACGT\n", CHAIN_ANY, "error c.fq:2: the file ends within a FASTQ record: expected '+'");
    EXPECT_FILE("d.fq", "@r1\nACGT\n+\n!!!!\nrubbish\n", CHAIN_ANY, "r1=ACGT@1 error d.fq:5: expected a FASTQ record, which begins with '@'");
}

TEST(what_is_no_sequence_file_is_refused_without_showing_it)
{
    EXPECT_FILE("a.txt", "MKSECRET\n", CHAIN_ANY, "error a.txt:1: expected FASTA ('>') or FASTQ ('@'); a table must be named .csv or .tsv");
}

TEST(tables_give_chains_and_their_names)
{
    EXPECT_FILE("a.csv", "name,H,L\nab,EV,DI\n\"x\"\"y\",QV,EI\n", CHAIN_BOTH, "ab=EV:DI@2 x\"y=QV:EI@3 ");
    EXPECT_FILE("a.tsv", "h_sequence\tl_sequence\nEV\tDI\n", CHAIN_LIGHT, "row1=DI@2 ");
    EXPECT_FILE("b.tsv", "sequence\tlabels\nEV\t01\n", CHAIN_ANY, "row1=EV@2 ");
    EXPECT_FILE("c.csv", "name,H\nab\n", CHAIN_HEAVY, "error c.csv:2: the row has fewer columns than the header");
    EXPECT_FILE("d.csv", "name,H\nab,EV\n", CHAIN_BOTH, "error d.csv:1: the table has no column 'L'");
}

TEST(a_cut_off_gzip_file_is_an_error_and_a_whole_one_of_two_members_is_read)
{
    struct arena a = { 0 };
    struct err err;
    Str path = str_join_path(&a, str_of(test_dir()), STR("s.fa.gz")), bytes;
    for (int i = 0; i < 2; i++) {
        gzFile f = gzopen(path.data, i ? "ab" : "wb");
        gzputs(f, i ? ">b\nCC\n" : ">a\nAA\n");
        gzclose(f);
    }
    EXPECT_STR(all_of(&a, path, CHAIN_ANY), STR("a=AA@1 b=CC@3 "));
    EXPECT_OK(file_read(&a, path, 1000, &bytes, &err), err);
    EXPECT_OK(file_write_atomic(path, str_first(bytes, bytes.len - 10), &err), err);
    EXPECT(str_find(all_of(&a, path, CHAIN_ANY), STR("error ")) >= 0);
    arena_release(&a);
}

TEST(folders_and_absent_files_are_errors)
{
    struct arena a = { 0 };
    struct err err;
    EXPECT(seqfile_open(str_of(test_dir()), CHAIN_ANY, &err) == NULL);
    EXPECT_INT(err.code, ERR_INVALID);
    EXPECT(seqfile_open(str_join_path(&a, str_of(test_dir()), STR("none")), CHAIN_ANY, &err) == NULL);
    EXPECT_INT(err.code, ERR_NOT_FOUND);
    arena_release(&a);
}
