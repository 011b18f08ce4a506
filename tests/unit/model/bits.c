// SPDX-License-Identifier: Apache-2.0
// The very bits of what models compute. Another compiler, option or order of sums would change them, and with them the digests of everybody's
// embeddings. Where they are meant to change, the name of the arithmetic (encoder_arithmetic_name) and these digests change together.
//
// The math library takes part (sines of positions): these are the bits of glibc 2.36 on processors with FMA, where it has variants of its own.
#include "model/create.h"
#include "unit/model/models.h"
#include "unit/test.h"

enum { LENGTHS = 6, LONGEST = 150, SIDE = 30 };         // tokens; a map of contacts is of SIDE - 2 residues

static const int64_t lengths[LENGTHS] = { 1, 2, 17, 49, 97, LONGEST };

// Digests' first 8 bytes in hex, of floats by multiply-add, of plain floats, and of the same in 8 bits.
struct pinned {
    const char *like;
    bool is_small;                                      // model_small(): no width is a multiple of a vector's; else one layer of the real widths
    const char *fused32, *plain32, *fused8, *plain8;
};
static const struct pinned pinned[] = {
    { "esm2_t6_8M", false, "74e38c5067f72d82", "c75fba636b3ebaa6", "fbb23aab9fac4f10", "0fbe197fa970063c" },
    { "esm2_t12_35M", false, "88ca9fda920ead9e", "983dfbf44d944251", "119308c08aef4db8", "15b80416440eae72" },
    { "esm2_t6_8M", true, "2515ad43a634030f", "c96e1ab9e4869b63", "c0965f47c1a71104", "360122a151dc6de7" },
    { "esm1b_t33_650M", true, "72360ef7932d7eab", "460190dd22b6fe78", "36b81a8650f818ed", "9b91459fb6226050" },
    { "antiberty", true, "4e4a722f96329d24", "722c225682a93ac6", "b41b1bef808b647e", "c0ee65306b750b70" },
    { "balm", true, "df7d953ce4c1e458", "098f0638defca90d", "0b57cd097cf370c0", "095425fcea49ae26" },
    { "antiberta2", true, "7ca5162e89833b98", "411b5bd636f91b6e", "251d0e2d09cbc0df", "1827c4c1c8dc5742" },
};

static struct model_config config_of(const struct pinned *p)
{
    struct model_config c = p->is_small ? model_small(p->like, HEAD_MLM) : *config_known(str_of(p->like));
    c.layers = p->is_small ? c.layers : 1;
    c.max_positions = c.max_positions ? LONGEST + 2 : 0;
    return c;
}

static void add_rows(struct hasher *h, const struct model *m, const float *rows, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        hasher_update(h, rows + (size_t)i * encoder_stride(m->encoder), (size_t)m->checkpoint->config.hidden * sizeof *rows);
}

// Hidden states of all layers, logits and contacts.
static void digest_of(struct model *m, char out[HASH_HEX + 1])
{
    const struct model_config *c = &m->checkpoint->config;
    int64_t starts[LENGTHS + 1] = { 0 };
    struct hasher h;
    struct err err;
    for (int i = 0; i < LENGTHS; i++)
        starts[i + 1] = starts[i] + lengths[i];
    int32_t *tokens = xcalloc((size_t)starts[LENGTHS], sizeof *tokens);
    float *logits = xcalloc((size_t)LONGEST * (size_t)c->vocab, sizeof *logits), contacts[(SIDE - 2) * (SIDE - 2)];
    model_tokens(tokens, starts[LENGTHS], c->vocab, 11);
    hasher_init(&h);
    for (int layer = 0; layer <= c->layers; layer++) {
        const float *rows = encoder_run(m->encoder, &(struct batch){ LENGTHS, starts, tokens }, layer);
        add_rows(&h, m, rows, starts[LENGTHS]);
        if (layer == c->layers)
            encoder_mlm(m->encoder, rows + (size_t)starts[LENGTHS - 1] * encoder_stride(m->encoder), LONGEST, logits);
    }
    hasher_update(&h, logits, (size_t)LONGEST * (size_t)c->vocab * sizeof *logits);
    if (c->family == FAMILY_ESM) {
        EXPECT_OK(encoder_contacts(m->encoder, tokens, SIDE, contacts, &err), err);
        hasher_update(&h, contacts, sizeof contacts);
    }
    hash_hex(hasher_finish(&h), out);
    out[16] = 0;
    free(tokens), free(logits);
}

// True: this processor has these kernels.
static bool check(const char *kernels, enum encoder_arithmetic arithmetic)
{
    bool has = true;
    int differ = 0;
    for (size_t i = 0; i < LEN(pinned) && has; i++) {
        const struct pinned *p = &pinned[i];
        struct err err;
        char got[HASH_HEX + 1];
        struct model_config c = config_of(p);
        struct model m = model_make(&c, &(struct encoder_options){ .threads = 2 });
        encoder_free(m.encoder);
        m.encoder = encoder_new(m.checkpoint, &(struct encoder_options){ .threads = 2, .kernels = kernels, .arithmetic = arithmetic }, &err);
        has = m.encoder != NULL;
        if (has) {
            bool plain = strcmp(kernels, "plain") == 0, bytes = arithmetic == ARITHMETIC_INT8;
            const char *want = plain ? (bytes ? p->plain8 : p->plain32) : bytes ? p->fused8 : p->fused32;
            digest_of(&m, got);
            if (strcmp(got, want) != 0)
                differ++, printf("# %s, %s, %s%s: %s, not %s\n", kernels, bytes ? "8 bits" : "floats", p->like, p->is_small ? " in small" : "", got, want);
        }
        model_end(&m);
    }
    if (differ)
        test_fail(__FILE__, __LINE__, "%d of %zu models give other bits with %s", differ, LEN(pinned), kernels);
    return has;
}

static void pin(const char *kernels, enum encoder_arithmetic arithmetic)
{
#if defined(__x86_64__)
    if (!__builtin_cpu_supports("fma"))
        test_skip("a processor without FMA: its math library rounds otherwise");
#else
    test_skip("no x86: its math library rounds otherwise");
#endif
    if (!check(kernels, arithmetic))
        test_skip("this processor has not these instructions");
}

TEST(embeddings_have_the_bits_that_they_always_had_avx512) { pin("avx512", ARITHMETIC_FLOAT); }
TEST(embeddings_have_the_bits_that_they_always_had_avx2) { pin("avx2", ARITHMETIC_FLOAT); }
TEST(embeddings_have_the_bits_that_they_always_had_plain) { pin("plain", ARITHMETIC_FLOAT); }
TEST(embeddings_in_8_bits_have_the_bits_that_they_always_had_amx) { pin("amx", ARITHMETIC_INT8); }
TEST(embeddings_in_8_bits_have_the_bits_that_they_always_had_avx512) { pin("avx512", ARITHMETIC_INT8); }
TEST(embeddings_in_8_bits_have_the_bits_that_they_always_had_avx2) { pin("avx2", ARITHMETIC_INT8); }
TEST(embeddings_in_8_bits_have_the_bits_that_they_always_had_plain) { pin("plain", ARITHMETIC_INT8); }

TEST(random_weights_have_the_bytes_that_they_always_had)
{
    struct model_config c = model_small("antiberta2", HEAD_MLM);
    struct model m = model_make(&c, &(struct encoder_options){ .threads = 1 });
    Hash hash;
    struct err err;
    char hex[HASH_HEX + 1];
    EXPECT_OK(checkpoint_digest(m.checkpoint, &hash, &err), err);
    hash_hex(hash, hex);
    EXPECT_STR(str_first(str_of(hex), 16), STR("397a3d9c834282f7"));
    model_end(&m);
}
