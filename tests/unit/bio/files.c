// SPDX-License-Identifier: Apache-2.0
// What end-to-end tests can't reach: a machine without htslib, and BAM and CRAM bytes that no program writes.
#include "base/arena.h"
#include "bio/bam.h"
#include "bio/cram.h"
#include "bio/hts.h"
#include "bio/index.h"
#include "unit/test.h"

TEST(without_htslib_an_index_says_which_package_is_missing)
{
    struct arena a = { 0 };
    struct err err;
    struct index_result result;
    hts_library = "libno-such-library.so.9";
    EXPECT_ERR(index_file(&a, STR("x.bam"), &(struct index_options){ 0 }, &result, &err), err, ERR_UNSUPPORTED);
    EXPECT(strstr(err.text, "libhts3") != NULL);
    arena_release(&a);
}

TEST(tags_of_bam_are_walked_and_what_is_longer_than_its_record_is_refused)
{
    EXPECT(bam_tags(STR("NMc\1XZZab\0XBBC\2\0\0\0\1\2"), NULL, NULL));
    EXPECT(bam_tags(STR(""), NULL, NULL));
    EXPECT(!bam_tags(STR("NMi\1\2"), NULL, NULL));
    EXPECT(!bam_tags(STR("XZZab"), NULL, NULL));
    EXPECT(!bam_tags(STR("XBBC\xff\xff\xff\xff\1"), NULL, NULL));
    EXPECT(!bam_tags(STR("XB?a"), NULL, NULL));
}

TEST(a_bam_record_that_says_more_than_it_has_is_refused)
{
    struct arena a = { 0 };
    struct bam_record r;
    struct err err;
    char bytes[64] = { 60 };
    struct window w;
    bytes[4 + 8] = 1;                                   // the name's length
    bytes[4 + 16] = 100;                                // bases
    window_open_text(&w, bytes, sizeof bytes);
    EXPECT_INT(bam_next(&w, &r, &err), BAM_BAD);
    bytes[4 + 16] = 2;
    window_open_text(&w, bytes, sizeof bytes);
    EXPECT_INT(bam_next(&w, &r, &err), BAM_RECORD);
    EXPECT_INT(r.name.len, 0);
    EXPECT_INT(bam_next(&w, &r, &err), BAM_END);
    arena_release(&a);
}

TEST(a_cram_is_walked_to_the_container_that_ends_it_and_a_wrong_checksum_is_found)
{
    static const char end[] = "\x0f\0\0\0\xff\xff\xff\xff\x0f\xe0\x45\x4f\x46\0\0\0\0\1\0\x05\xbd\xd9\x4f\0\1\0\6\6\1\0\1\0\1\0\xee\x63\1\x4b";
    char bytes[26 + 38] = "CRAM\3";
    struct window w;
    struct cram_layout layout;
    struct err err;
    memcpy(bytes + 26, end, 38);
    window_open_text(&w, bytes, sizeof bytes);
    EXPECT_OK(cram_walk(&w, &layout, &err), err);
    EXPECT(layout.has_end);
    EXPECT_INT(layout.containers, 1);
    for (size_t i = 26 + 4; i < sizeof bytes; i++) {
        bytes[i] ^= 0x10;
        window_open_text(&w, bytes, sizeof bytes);
        EXPECT_ERR(cram_walk(&w, &layout, &err), err, ERR_INVALID);
        bytes[i] ^= 0x10;
    }
}
