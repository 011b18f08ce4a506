// SPDX-License-Identifier: Apache-2.0
#include "base/arena.h"
#include "bio/reference.h"
#include "bio/region.h"
#include "sys/file.h"
#include "unit/test.h"

TEST(regions_are_read_merged_and_found)
{
    struct arena a = { 0 };
    struct regions r = { 0 };
    struct err err;
    EXPECT_OK(regions_add(&a, &r, STR("c1:11-20"), &err), err);
    EXPECT_OK(regions_add(&a, &r, STR("c1:1,016-1,030"), &err), err);
    EXPECT_OK(regions_add(&a, &r, STR("c1:15-25"), &err), err);
    EXPECT_OK(regions_add(&a, &r, STR("HLA:01:02"), &err), err);        // a start, behind a name with a colon
    EXPECT_OK(regions_add(&a, &r, STR("x:y"), &err), err);
    regions_sort(&r);
    EXPECT_INT(r.len, 4);
    EXPECT(regions_overlap(&r, STR("c1"), 24, 25) && !regions_overlap(&r, STR("c1"), 25, 1015) && regions_overlap(&r, STR("c1"), 0, 11));
    EXPECT(!regions_overlap(&r, STR("c1"), 0, 10) && !regions_overlap(&r, STR("c2"), 0, 10));
    EXPECT(regions_overlap(&r, STR("HLA:01"), 5, 6) && regions_overlap(&r, STR("x:y"), 0, 1));
    EXPECT(regions_overlap(&r, STR("c1"), 24, 24));     // an insertion has no length
    EXPECT_ERR(regions_add(&a, &r, STR("c1:5-3"), &err), err, ERR_INVALID);
    EXPECT_ERR(regions_add(&a, &r, STR("c1:0-3"), &err), err, ERR_INVALID);
    EXPECT_ERR(regions_add(&a, &r, STR(""), &err), err, ERR_INVALID);
    arena_release(&a);
}

TEST(a_reference_gives_its_bases_with_and_without_an_index)
{
    struct arena a = { 0 };
    struct err err;
    char bases[32], md5[33];
    Str path = str_join_path(&a, str_of(test_dir()), STR("r.fa"));
    EXPECT_OK(file_write_atomic(path, STR(">c1 x\nACGTACGTAC\nacgtn\n>c2\nGG\n>odd\nAC\nACGT\n"), &err), err);
    for (int pass = 0; pass < 2; pass++) {
        struct reference *r = reference_open(&a, path, &err);
        EXPECT(r != NULL);
        EXPECT_INT(reference_contigs(r)->at[0].length, 15);
        EXPECT(reference_bases(r, 0, 8, 5, bases));
        EXPECT_STR(((Str){ bases, 5 }), STR("ACACG"));
        EXPECT(!reference_bases(r, 0, 12, 4, bases));
        EXPECT(reference_bases(r, 1, 0, 2, bases));
        EXPECT(pass == 1 || !reference_bases(r, 2, 0, 2, bases));       // lines of different lengths
        EXPECT(reference_md5(r, 1, md5));
        EXPECT_STR(str_of(md5), STR("86d8d92aba9ecf9bbf89f69cb3e49588"));
        reference_close(r);
        EXPECT_OK(file_write_atomic(str_concat(&a, path, STR(".fai")), STR("c1\t15\t6\t10\t11\nc2\t2\t27\t2\t3\n"), &err), err);
    }
    arena_release(&a);
}

TEST(names_of_one_sequence_in_two_manners_are_known)
{
    struct arena a = { 0 };
    struct contigs c = { 0 };
    EXPECT(contigs_alias(&c, STR("20")) == NULL);
    EXPECT(contigs_add(&a, &c, (struct contig){ .name = STR("chr20") }) && contigs_add(&a, &c, (struct contig){ .name = STR("MT") }));
    EXPECT(!contigs_add(&a, &c, (struct contig){ .name = STR("MT") }));
    EXPECT_STR(contigs_alias(&c, STR("20"))->name, STR("chr20"));
    EXPECT_STR(contigs_alias(&c, STR("chrM"))->name, STR("MT"));
    EXPECT(contigs_alias(&c, STR("21")) == NULL);
    arena_release(&a);
}
