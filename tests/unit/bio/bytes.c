// SPDX-License-Identifier: Apache-2.0
#include "bio/bytes.h"
#include "bio/columns.h"
#include "bio/kind.h"
#include "bio/lengths.h"
#include "base/arena.h"
#include "unit/test.h"

// Every length around the chunks that counters work in, against one byte after the other.
TEST(counts_are_those_of_a_plain_loop)
{
    char text[1000];
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = "ACGTNacgtn!~"[(i * 7 + i / 13) % 12];
    for (size_t len = 0; len <= sizeof text; len += len < 500 ? 1 : 37) {
        int64_t from = 0, gc = 0, n = 0;
        uint64_t sum = 0;
        uint8_t least = 255, most = 0, got_least, got_most;
        for (size_t i = 0; i < len; i++) {
            uint8_t c = (uint8_t)text[i];
            from += c >= 'T', gc += strchr("GCgc", c) != NULL, n += (c & 0xdf) == 'N', sum += c;
            least = MIN(least, c), most = MAX(most, c);
        }
        Str s = { text, len };
        struct base_counts bases = { 0 };
        struct quality_counts q = { .least = 255, .levels = { 'T', 1 } };
        bytes_range(s, &got_least, &got_most);
        bytes_count_bases(s, &bases);
        bytes_count_qualities(s, &q);
        bytes_end_bases(&bases);
        bytes_end_qualities(&q);
        EXPECT_INT(q.from_level[0], from);
        EXPECT_INT(q.from_level[1], len);
        EXPECT_INT(q.sum, sum);
        EXPECT_INT(bases.gc, gc);
        EXPECT_INT(bases.n, n);
        EXPECT_INT(bases.others, (int64_t)len - gc - n);
        EXPECT_INT(got_least, least);
        EXPECT_INT(got_most, most);
        EXPECT_INT(q.least, least);
        EXPECT_INT(q.greatest, most);
    }
}

TEST(counts_do_not_overflow_over_many_reads)
{
    char text[77];
    struct base_counts bases = { 0 };
    struct quality_counts q = { .least = 255, .levels = { 1, 255 } };
    memset(text, 'G', sizeof text);
    for (int i = 0; i < 1000; i++)
        bytes_count_bases((Str){ text, sizeof text }, &bases);
    memset(text, 255, sizeof text);
    for (int i = 0; i < 1000; i++)
        bytes_count_qualities((Str){ text, sizeof text }, &q);
    bytes_end_bases(&bases);
    bytes_end_qualities(&q);
    EXPECT_INT(bases.gc, 77000);
    EXPECT_INT(bases.others, 0);
    EXPECT_INT(q.from_level[1], 77000);
    EXPECT_INT(q.sum, 77000 * 255);
}

static bool are_nucleotides(const char *letters)
{
    struct alphabet a = { 0 };
    alphabet_add(&a, str_of(letters), bytes_are_bases(str_of(letters)));
    return alphabet_is_nucleotides(&a);
}

TEST(a_short_protein_of_letters_that_are_codes_of_nucleotides_too_is_a_protein)
{
    EXPECT(!are_nucleotides("MKV"));
    EXPECT(!are_nucleotides("mkvhsrd"));
    EXPECT(!are_nucleotides(""));
    EXPECT(!are_nucleotides("ACGTACGTE"));
    EXPECT(are_nucleotides("ACGTRYKMACGT"));
    EXPECT(are_nucleotides("----acgu.n--------"));
}

TEST(bases_nucleotides_and_residues_are_told_apart)
{
    EXPECT(bytes_are_bases(STR("ACGTNacgtn")));
    EXPECT(bytes_are_bases(STR("")));
    EXPECT(!bytes_are_bases(STR("ACGTU")));
    EXPECT_INT(bytes_find_no_nucleotide(STR("ACGTRYKM.-*u")), -1);
    EXPECT_INT(bytes_find_no_nucleotide(STR("ACGE")), 3);
    EXPECT_INT(bytes_find_no_residue(STR("MKLEQ*")), -1);
    EXPECT_INT(bytes_find_no_residue(STR("MK 1")), 2);
    EXPECT_INT(bytes_find_no_residue(STR("\0")), 0);
    EXPECT_INT(bytes_find_no_residue(STR("AC\xc3\xa9")), 2);
}

TEST(a_hash_depends_on_every_byte_the_length_and_the_seed_and_on_nothing_else)
{
    char text[] = "0123456789abcdefg", other[18];
    uint64_t hash = bytes_hash(str_of(text), 1);
    EXPECT_INT(hash, bytes_hash((Str){ memcpy(other, text, 18), 17 }, 1));
    EXPECT(hash != bytes_hash(str_of(text), 2));
    EXPECT(hash != bytes_hash((Str){ text, 16 }, 1));
    for (size_t i = 0; i < 17; i++) {
        text[i]++;
        EXPECT(hash != bytes_hash(str_of(text), 1));
        text[i]--;
    }
    EXPECT(bytes_hash(STR(""), 0) != bytes_hash(STR("\0"), 0));
}

TEST(columns_are_split_and_numbers_read_strictly)
{
    Str c[3];
    int64_t n;
    EXPECT_INT(columns_split(STR("a\t\tb\tc"), '\t', c, 3), 4);
    EXPECT_STR(c[1], STR(""));
    EXPECT_STR(c[2], STR("b"));
    EXPECT_INT(columns_split(STR(""), '\t', c, 3), 1);
    EXPECT(column_count(STR("007"), &n) && n == 7);
    EXPECT(!column_count(STR("-1"), &n) && !column_count(STR(""), &n) && !column_count(STR("1e3"), &n) && !column_count(STR("9999999999999999999"), &n));
    EXPECT(column_integer(STR("-12"), &n) && n == -12);
    EXPECT(!column_integer(STR("-"), &n) && !column_integer(STR("--1"), &n));
    EXPECT(column_number(STR("-1.5e+3")) && column_number(STR(".5")) && column_number(STR("5.")));
    EXPECT(!column_number(STR(".")) && !column_number(STR("1e")) && !column_number(STR("nan")) && !column_number(STR("0x1")) && !column_number(STR("")));
    EXPECT(column_is_one_of(STR("b"), "a b") && !column_is_one_of(STR(""), "a b") && !column_is_one_of(STR("a b"), "a b"));
    EXPECT(!column_is_words(STR("a\0"), "_") && column_is_words(STR("a_"), "_"));
}

TEST(a_kind_is_told_by_name_and_by_content_where_the_name_is_none)
{
    EXPECT_INT(kind_of(STR("d/A.FASTQ.gz"), STR("")), KIND_FASTQ);
    EXPECT_INT(kind_of(STR("x.txt"), STR("BAM\1")), KIND_BAM);
    EXPECT_INT(kind_of(STR("x.fq"), STR("CRAM\3")), KIND_CRAM);
    EXPECT_INT(kind_of(STR("x"), STR("##fileformat=VCFv4.2")), KIND_VCF);
    EXPECT_INT(kind_of(STR("x"), STR("@SQ\tSN:a")), KIND_SAM);
    EXPECT_INT(kind_of(STR("x"), STR("@SQ a\nACGT")), KIND_FASTQ);
    EXPECT_INT(kind_of(STR("x"), STR("\xef\xbb\xbfsample,fastq_1")), KIND_SHEET);
    EXPECT_INT(kind_of(STR("x"), STR("?")), KIND_UNKNOWN);
    for (int k = KIND_UNKNOWN + 1; k <= KIND_SHEET; k++)
        EXPECT_INT(kind_of_name(str_of(kind_name((enum bio_kind)k))), k);
    EXPECT_INT(kind_of_path(STR("a.gz")), KIND_UNKNOWN);
}

TEST(a_packing_that_is_not_read_is_told_by_its_first_bytes)
{
    EXPECT_STR(str_of(kind_packing(STR("BZh61AY&SYxx"))->name), STR("packed as bzip2"));
    EXPECT_STR(str_of(kind_packing(STR("\x1f\x8b\b"))->name), STR("packed by gzip twice"));
    EXPECT(kind_packing(STR("BZh")) == NULL);
    EXPECT(kind_packing(STR("BZhello\t4")) == NULL);
    EXPECT(kind_packing(STR("")) == NULL);
    EXPECT(kind_packing(STR("@r\nA\n+\nI\n")) == NULL);
}

TEST(n50_is_the_length_whose_sequences_hold_half_of_all)
{
    struct arena a = { 0 };
    struct lengths l = { 0 };
    struct value_builder b = value_map_begin(&a);
    const int64_t lengths[] = { 2, 3, 4, 5, 6, 7, 8, 9, 10, 3000000, 0 };
    for (size_t i = 0; i < 9; i++)
        lengths_add(&l, lengths[i]);
    lengths_facts(&l, &b, true);
    Value v = value_map_end(&b);
    EXPECT_INT(value_get_int(v, STR("n50"), -1), 8);
    EXPECT_INT(value_get_int(v, STR("l50"), -1), 3);
    EXPECT_INT(value_get_int(v, STR("n90"), -1), 4);
    lengths_add(&l, lengths[9]);
    lengths_add(&l, lengths[10]);
    b = value_map_begin(&a);
    lengths_facts(&l, &b, true);
    v = value_map_end(&b);
    EXPECT_INT(value_get_int(v, STR("n50"), -1), 3000000);
    EXPECT_INT(value_get_int(v, STR("shortest"), -1), 0);
    lengths_release(&l);
    arena_release(&a);
}
