// SPDX-License-Identifier: Apache-2.0
// BLAKE3 over memory on every backend this CPU has, the text forms, and the standards' sums.
#include "base/hash.h"

#include "base/arena.h"
#include "base/blake3.h"
#include "unit/base/blake3_vectors.h"
#include "unit/test.h"

enum { LEN_MAX = 3145733 };

static const char *const backends[] = { "portable", "avx2", "avx512" };
#define EACH_BACKEND(i) for (size_t i = 0; i < LEN(backends); i++) if (hash_use_backend(backends[i]))

static uint8_t *vector_bytes(void)
{
    uint8_t *bytes = xmalloc(LEN_MAX);
    for (size_t i = 0; i < LEN_MAX; i++)
        bytes[i] = (uint8_t)(i % 251);
    return bytes;
}

static Str hex(Hash h)
{
    static char text[HASH_HEX + 1];
    hash_hex(h, text);
    return str_of(text);
}

TEST(hash_use_backend_refuses_unknown_names)
{
    const char *before = hash_backend();
    EXPECT(!hash_use_backend("sse9"));
    EXPECT(!hash_use_backend(""));
    EXPECT(hash_backend() == before);
    EXPECT(hash_use_backend("portable"));
    EXPECT_STR(str_of(hash_backend()), STR("portable"));
}

TEST(blake3_gives_the_official_vectors_on_every_backend)
{
    uint8_t *bytes = vector_bytes();
    EACH_BACKEND(b)
        for (size_t i = 0; i < LEN(blake3_vectors); i++) {
            EXPECT_STR(hex(hash_bytes(bytes, blake3_vectors[i].len)), str_of(blake3_vectors[i].hex));
            for (int threads = 0; threads < 4; threads++)
                EXPECT_STR(hex(hash_bytes_parallel(bytes, blake3_vectors[i].len, threads)), str_of(blake3_vectors[i].hex));
        }
    free(bytes);
}

static Hash hash_in_steps(const uint8_t *bytes, size_t len, size_t step, size_t growth)
{
    struct hasher h;
    hasher_init(&h);
    for (size_t at = 0; at < len; step += growth) {
        size_t now = MIN(step, len - at);
        hasher_update(&h, bytes + at, now);
        at += now;
    }
    return hasher_finish(&h);
}

TEST(hasher_gives_the_same_however_the_input_is_split)
{
    static const size_t steps[] = { 1, 7, 63, 64, 65, 1000, 1023, 1024, 1025, 2048, 3000, 4097, 65537, 262144, 1048577 };
    uint8_t *bytes = vector_bytes();
    EACH_BACKEND(b)
        for (size_t i = 0; i < LEN(blake3_vectors); i++) {
            size_t len = blake3_vectors[i].len;
            for (size_t s = 0; s < LEN(steps); s++) {
                if (len / steps[s] > 50000)
                    continue;
                EXPECT_STR(hex(hash_in_steps(bytes, len, steps[s], 0)), str_of(blake3_vectors[i].hex));
                EXPECT_STR(hex(hash_in_steps(bytes, len, steps[s], 997)), str_of(blake3_vectors[i].hex));
            }
        }
    free(bytes);
}

TEST(hasher_goes_on_after_a_finish)
{
    uint8_t *bytes = vector_bytes();
    struct hasher h;
    hasher_init(&h);
    hasher_update(&h, NULL, 0);
    size_t done = 0;
    for (size_t i = 0; i < LEN(blake3_vectors); i++) {
        size_t len = blake3_vectors[i].len;
        if (len < done)
            continue;
        hasher_update(&h, bytes + done, len - done);
        done = len;
        EXPECT_STR(hex(hasher_finish(&h)), str_of(blake3_vectors[i].hex));
    }
    free(bytes);
}

TEST(hash_bytes_parallel_is_hash_bytes_for_any_number_of_threads)
{
    static const size_t lens[] = { 1048576, 1048577, 1049600, 2097152, 2097153, 2098176, 2098177, 3145728, 3145733 };
    static const int threads[] = { -1, 0, 1, 2, 3, 7, 1000 };
    uint8_t *bytes = vector_bytes();
    for (size_t i = 0; i < LEN(lens); i++)
        for (size_t t = 0; t < LEN(threads); t++)
            EXPECT(hash_eq(hash_bytes_parallel(bytes, lens[i], threads[t]), hash_bytes(bytes, lens[i])));
    free(bytes);
}

// Chunk numbers over 32 bits happen above 4 TiB: too much to hash here, but a subtree may begin there.
TEST(blake3_backends_agree_on_chunk_numbers_over_32_bits)
{
    uint8_t *bytes = vector_bytes();
    static const uint64_t firsts[] = { ((uint64_t)1 << 32) - 64, (uint64_t)1 << 32, (uint64_t)0x123456789 << 8 };
    for (size_t i = 0; i < LEN(firsts); i++) {
        blake3_cv expected, got, other;
        struct hasher h;
        EXPECT(hash_use_backend("portable"));
        blake3_subtree_init(&h, firsts[i]);
        hasher_update(&h, bytes, 200000);
        blake3_subtree_finish(&h, expected);
        EACH_BACKEND(b) {
            blake3_subtree_init(&h, firsts[i]);
            hasher_update(&h, bytes, 200000);
            blake3_subtree_finish(&h, got);
            EXPECT(memcmp(got, expected, sizeof got) == 0);
        }
        blake3_subtree_init(&h, firsts[i] ^ (uint64_t)1 << 40);
        hasher_update(&h, bytes, 200000);
        blake3_subtree_finish(&h, other);
        EXPECT(memcmp(other, expected, sizeof other) != 0);
    }
    free(bytes);
}

TEST(blake3_root_joins_subtrees_of_any_number)
{
    uint8_t *bytes = vector_bytes();
    static blake3_cv cvs[100];
    for (size_t n = 2; n <= LEN(cvs); n++)
        EACH_BACKEND(b) {
            size_t len = n * 4096 - 1000;
            for (size_t i = 0; i < n; i++) {
                struct hasher h;
                blake3_subtree_init(&h, i * 4);
                hasher_update(&h, bytes + i * 4096, MIN((size_t)4096, len - i * 4096));
                blake3_subtree_finish(&h, cvs[i]);
            }
            EXPECT(hash_eq(blake3_root(cvs, n), hash_bytes(bytes, len)));
        }
    free(bytes);
}

TEST(hash_parse_refuses_what_is_no_digest)
{
#define HEX63 "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f326"
    static const char *const bad[] = { "", "blake3:", HEX63, HEX63 "22", HEX63 "g", HEX63 "A", "BLAKE3:" HEX63 "2",
                                       "sha256:" HEX63 "2", "blake3:" HEX63, "blake3:blake3:" HEX63 "2", "blake3: " HEX63 };
    Hash h = { { 1 } };
    for (size_t i = 0; i < LEN(bad); i++)
        EXPECT(!hash_parse(str_of(bad[i]), &h));
    EXPECT(!hash_parse((Str){ 0 }, &h));
    EXPECT(hash_eq(h, (Hash){ { 1 } }));
    EXPECT(hash_parse(STR(HEX63 "2"), &h) && hash_eq(h, hash_bytes("", 0)));
    EXPECT(hash_parse(STR("blake3:" HEX63 "2"), &h) && hash_eq(h, hash_bytes("", 0)));
}

TEST(hash_text_is_read_back)
{
    struct arena a = { 0 };
    Hash h = hash_bytes("abc", 3), back;
    Str text = hash_text(&a, h);
    EXPECT_STR(text, STR("blake3:6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85"));
    EXPECT_INT(text.len, HASH_TEXT);
    EXPECT(hash_parse(text, &back) && hash_eq(h, back));
    EXPECT(!hash_is_zero(h) && hash_is_zero((Hash){ { 0 } }));
    h = (Hash){ { 0 } };
    h.bytes[31] = 1;
    EXPECT(!hash_is_zero(h));
    arena_release(&a);
}

static Str sum_of(enum sum_kind kind, Str text, size_t step)
{
    static char out[HASH_HEX + 1];
    struct sum *s = sum_new(kind);
    while (text.len) {
        Str part = str_first(text, step);
        sum_update(s, part.data, part.len);
        text = str_from(text, part.len);
    }
    sum_finish(s, out);
    return str_of(out);
}

TEST(sums_are_those_of_the_standards)
{
    static const struct { enum sum_kind kind; const char *empty, *abc; } cases[] = {
        { SUM_SHA1, "da39a3ee5e6b4b0d3255bfef95601890afd80709", "a9993e364706816aba3e25717850c26c9cd0d89d" },
        { SUM_SHA256, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
          "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
        { SUM_MD5, "d41d8cd98f00b204e9800998ecf8427e", "900150983cd24fb0d6963f7d28e17f72" },
    };
    for (size_t i = 0; i < LEN(cases); i++) {
        EXPECT_STR(sum_of(cases[i].kind, STR(""), 1), str_of(cases[i].empty));
        EXPECT_STR(sum_of(cases[i].kind, STR("abc"), 1), str_of(cases[i].abc));
        EXPECT_STR(sum_of(cases[i].kind, STR("abc"), 3), str_of(cases[i].abc));
    }
}
