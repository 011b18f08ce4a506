// SPDX-License-Identifier: Apache-2.0
// A slice of `make lengths` (tests/golden/lengths.c): the whole of it takes half an hour.
#include "unit/model/models.h"
#include "unit/test.h"

TEST(sequences_of_lengths_around_tiles_pieces_and_the_longest_are_within_2e_5)
{
    // Tokens. 16 lanes, tiles of 8 rows and 48 queries, blocks of rows: one less, as many, one more; and two residues with cls and eos.
    static const int64_t mixes[][MODEL_CHECK_MAX] = { { 3, 7, 8, 9, 15, 16, 17, 47, 48, 49, 95, 96, 97, 4, 3 }, { 257, 1, 191, 193, 33 }, { 1024, 5 } };
    struct model_config c = *config_known(STR("esm2_t6_8M"));
    c.layers = 1, c.hidden = c.embedding = 64, c.heads = 4, c.ffn = 160;
    struct model m = model_make(&c, &(struct encoder_options){ .threads = 2 });
    for (size_t i = 0; i < LEN(mixes); i++) {
        size_t count = 0;
        while (count < MODEL_CHECK_MAX && mixes[i][count])
            count++;
        model_check(&m, mixes[i], count, c.layers, 2e-5);
    }
    model_end(&m);
}
