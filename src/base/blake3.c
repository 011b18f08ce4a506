// SPDX-License-Identifier: Apache-2.0
// BLAKE3, hash mode, 32 bytes: the compression function in plain C, the tree and the streaming state. The input is cut
// into chunks of 1024 bytes; chunks are the leaves of a binary tree whose left subtrees are always full:
//
//        root            Chaining values wait on a stack, one for each full subtree. With 6 chunks done the stack holds
//       /    \           [4][2]: one entry for each one-bit of the count. Merging is put off until more input comes,
//      P      P          because the last merge must carry the root flag.
//     / \    / \         .
//    P   P  c4  c5       .
//
// Not here: keyed mode, key derivation, longer output. The wide kernels are in blake3_avx2.c and blake3_avx512.c.
#include "base/blake3.h"

#include <stdatomic.h>

// The largest subtree hashed at once. Its chaining values (8 KiB) and its bytes stay in the L2 cache.
enum { PIECE_CHUNKS = 256 };

const uint32_t blake3_iv[8] = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 };

// A compression that waits for its flags: whether it is the root is known only at the end.
struct node {
    uint32_t cv[8], m[16];
    uint64_t counter;
    uint32_t len, flags;
};

static inline uint32_t rotate_right(uint32_t x, int n) { return x >> n | x << (32 - n); }

static inline void mix(uint32_t v[16], int a, int b, int c, int d, uint32_t x, uint32_t y)
{
    v[a] += v[b] + x, v[d] = rotate_right(v[d] ^ v[a], 16);
    v[c] += v[d], v[b] = rotate_right(v[b] ^ v[c], 12);
    v[a] += v[b] + y, v[d] = rotate_right(v[d] ^ v[a], 8);
    v[c] += v[d], v[b] = rotate_right(v[b] ^ v[c], 7);
}

static void compress(const struct node *node, uint32_t more_flags, blake3_cv out)
{
    const uint32_t *m = node->m;
    uint32_t v[16];
    memcpy(v, node->cv, sizeof node->cv);
    memcpy(v + 8, blake3_iv, 4 * sizeof *v);
    v[12] = (uint32_t)node->counter, v[13] = (uint32_t)(node->counter >> 32);
    v[14] = node->len, v[15] = node->flags | more_flags;
    BLAKE3_ROUNDS(BLAKE3_ROUND)
    for (int i = 0; i < 8; i++)
        out[i] = v[i] ^ v[i + 8];
}

static void load_words(uint32_t m[16], const uint8_t bytes[BLAKE3_BLOCK])
{
    for (int i = 0; i < 16; i++, bytes += 4)
        m[i] = (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static void parent_node(struct node *node, const blake3_cv left, const blake3_cv right)
{
    memcpy(node->cv, blake3_iv, sizeof node->cv);
    memcpy(node->m, left, sizeof(blake3_cv));
    memcpy(node->m + 8, right, sizeof(blake3_cv));
    node->counter = 0, node->len = BLAKE3_BLOCK, node->flags = BLAKE3_PARENT;
}

static void portable_chunk(const uint8_t *in, uint64_t counter, blake3_cv out)
{
    struct node node = { .counter = counter, .len = BLAKE3_BLOCK };
    memcpy(node.cv, blake3_iv, sizeof node.cv);
    for (int at = 0; at < BLAKE3_CHUNK; at += BLAKE3_BLOCK) {
        load_words(node.m, in + at);
        node.flags = (at == 0 ? BLAKE3_CHUNK_START : 0) | (at == BLAKE3_CHUNK - BLAKE3_BLOCK ? BLAKE3_CHUNK_END : 0);
        compress(&node, 0, node.cv);
    }
    memcpy(out, node.cv, sizeof(blake3_cv));
}

static void portable_one(const uint8_t *in, size_t n UNUSED, enum blake3_kind kind, uint64_t counter, blake3_cv *out)
{
    if (kind == BLAKE3_CHUNKS) {
        portable_chunk(in, counter, *out);
        return;
    }
    blake3_cv children[2];                              // a copy: `in` may be `out`
    memcpy(children, in, sizeof children);
    struct node node;
    parent_node(&node, children[0], children[1]);
    compress(&node, 0, *out);
}

// Widest first. A kernel with empty lanes still beats the next one from `worth` inputs on.
static const struct backend {
    const char *name;
    size_t lanes, worth;
    blake3_kernel *kernel;
} backends[] = {
#if defined(__x86_64__)
    { "avx512", 16, 9, blake3_avx512 },
    { "avx2", 8, 3, blake3_avx2 },
#endif
    { "portable", 1, 1, portable_one },
};
static _Atomic(const struct backend *) widest;          // the first of backends[] in use; NULL: not yet chosen

static bool is_supported(const struct backend *b UNUSED)
{
#if defined(__x86_64__)
    if (b->kernel == blake3_avx512)
        return __builtin_cpu_supports("avx512f");
    if (b->kernel == blake3_avx2)
        return __builtin_cpu_supports("avx2");
#endif
    return true;
}

static const struct backend *backend_in_use(void)
{
    const struct backend *b = atomic_load_explicit(&widest, memory_order_relaxed);
    if (b == NULL) {
        for (b = backends; !is_supported(b); b++) {}
        atomic_store_explicit(&widest, b, memory_order_relaxed);
    }
    return b;
}

const char *hash_backend(void) { return backend_in_use()->name; }

bool hash_use_backend(const char *name)
{
    for (const struct backend *b = backends; b < backends + LEN(backends); b++)
        if (str_is(str_of(name), b->name) && is_supported(b)) {
            atomic_store(&widest, b);
            return true;
        }
    return false;
}

static void hash_many(const uint8_t *in, size_t n, enum blake3_kind kind, uint64_t counter, blake3_cv *out)
{
    size_t stride = kind == BLAKE3_CHUNKS ? BLAKE3_CHUNK : BLAKE3_BLOCK;
    for (const struct backend *b = backend_in_use(); n > 0; b++)
        while (n >= b->worth) {
            size_t now = MIN(n, b->lanes);
            b->kernel(in, now, kind, counter, out);
            in += now * stride, out += now, n -= now;
            counter += now;
        }
}

// Merges neighbours, level by level, until two are left; an odd one moves up as it is. Left subtrees stay full.
static void reduce_to_two(blake3_cv *cvs, size_t n)
{
    while (n > 2) {
        size_t pairs = n / 2;
        hash_many((const uint8_t *)cvs, pairs, BLAKE3_PARENTS, 0, cvs);
        if (n % 2)
            memcpy(cvs[pairs], cvs[n - 1], sizeof *cvs);
        n = pairs + n % 2;
    }
}

static void chunk_reset(struct hasher *h)
{
    memcpy(h->cv, blake3_iv, sizeof h->cv);
    h->block_len = h->blocks_compressed = 0;
}

void blake3_subtree_init(struct hasher *h, uint64_t first_chunk)
{
    h->first_chunk = h->chunk_counter = first_chunk;
    h->stack_len = 0;
    chunk_reset(h);
}

void hasher_init(struct hasher *h) { blake3_subtree_init(h, 0); }

static void merge_full_subtrees(struct hasher *h)
{
    int full = __builtin_popcountll(h->chunk_counter - h->first_chunk);
    for (; h->stack_len > full; h->stack_len--) {
        struct node node;
        parent_node(&node, h->cv_stack[h->stack_len - 2], h->cv_stack[h->stack_len - 1]);
        compress(&node, 0, h->cv_stack[h->stack_len - 2]);
    }
}

static void push(struct hasher *h, const blake3_cv cv, size_t chunks)
{
    merge_full_subtrees(h);
    memcpy(h->cv_stack[h->stack_len++], cv, sizeof(blake3_cv));
    h->chunk_counter += chunks;
}

static size_t chunk_len(const struct hasher *h)
{
    return (size_t)h->blocks_compressed * BLAKE3_BLOCK + h->block_len;
}

// The open block of the open chunk, with everything but CHUNK_END and ROOT.
static void block_node(struct node *node, const struct hasher *h)
{
    uint8_t padded[BLAKE3_BLOCK] = { 0 };
    memcpy(padded, h->block, h->block_len);
    load_words(node->m, padded);
    memcpy(node->cv, h->cv, sizeof node->cv);
    node->counter = h->chunk_counter, node->len = h->block_len;
    node->flags = h->blocks_compressed == 0 ? BLAKE3_CHUNK_START : 0;
}

// `len` fits into the open chunk. A full block is compressed only when more comes: it may be the chunk's last.
static void chunk_add(struct hasher *h, const uint8_t *in, size_t len)
{
    while (len > 0) {
        if (h->block_len == BLAKE3_BLOCK) {
            struct node node;
            block_node(&node, h);
            compress(&node, 0, h->cv);
            h->blocks_compressed++;
            h->block_len = 0;
        }
        size_t take = MIN(len, (size_t)BLAKE3_BLOCK - h->block_len);
        memcpy(h->block + h->block_len, in, take);
        h->block_len += (uint8_t)take;
        in += take, len -= take;
    }
}

static void chunk_close(struct hasher *h)
{
    struct node node;
    blake3_cv cv;
    block_node(&node, h);
    compress(&node, BLAKE3_CHUNK_END, cv);
    push(h, cv, 1);
    chunk_reset(h);
}

// Hashes the largest full subtree that may stand at this place; returns its bytes. It goes onto the stack as two
// halves, because it may turn out to be the whole input; a single chunk can't: the caller has more than one.
static size_t add_subtree(struct hasher *h, const uint8_t *in, size_t len)
{
    uint64_t done = h->chunk_counter - h->first_chunk;
    size_t chunks = PIECE_CHUNKS;
    while (chunks > len / BLAKE3_CHUNK || done % chunks != 0)
        chunks /= 2;
    blake3_cv cvs[PIECE_CHUNKS];
    hash_many(in, chunks, BLAKE3_CHUNKS, h->chunk_counter, cvs);
    reduce_to_two(cvs, chunks);
    if (chunks == 1) {
        push(h, cvs[0], 1);
    } else {
        push(h, cvs[0], chunks / 2);
        push(h, cvs[1], chunks / 2);
    }
    return chunks * BLAKE3_CHUNK;
}

void hasher_update(struct hasher *h, const void *bytes, size_t len)
{
    const uint8_t *in = bytes;
    while (len > 0) {
        size_t have = chunk_len(h), take;
        if (have == BLAKE3_CHUNK) {
            chunk_close(h);
            have = 0;
        }
        if (have == 0 && len > BLAKE3_CHUNK) {
            take = add_subtree(h, in, len);
        } else {
            take = MIN(len, BLAKE3_CHUNK - have);
            merge_full_subtrees(h);
            chunk_add(h, in, take);
        }
        in += take, len -= take;
    }
}

// The top of the tree over everything so far. With no open chunk the stack is empty or has two entries at least.
static void top_node(struct node *node, const struct hasher *h)
{
    size_t left = h->stack_len;
    if (left == 0 || chunk_len(h) > 0) {
        block_node(node, h);
        node->flags |= BLAKE3_CHUNK_END;
    } else {
        left -= 2;
        parent_node(node, h->cv_stack[left], h->cv_stack[left + 1]);
    }
    while (left-- > 0) {
        blake3_cv right;
        compress(node, 0, right);
        parent_node(node, h->cv_stack[left], right);
    }
}

void blake3_subtree_finish(const struct hasher *h, blake3_cv out)
{
    struct node node;
    top_node(&node, h);
    compress(&node, 0, out);
}

static Hash root_hash(const struct node *node)
{
    blake3_cv words;
    compress(node, BLAKE3_ROOT, words);
    Hash hash;
    for (size_t i = 0; i < sizeof hash.bytes; i++)
        hash.bytes[i] = (uint8_t)(words[i / 4] >> (i % 4 * 8));
    return hash;
}

Hash hasher_finish(const struct hasher *h)
{
    struct node node;
    top_node(&node, h);
    return root_hash(&node);
}

Hash blake3_root(blake3_cv *cvs, size_t n)
{
    CHECK(n >= 2);
    reduce_to_two(cvs, n);
    struct node node;
    parent_node(&node, cvs[0], cvs[1]);
    return root_hash(&node);
}

Hash hash_bytes(const void *bytes, size_t len)
{
    struct hasher h;
    hasher_init(&h);
    hasher_update(&h, bytes, len);
    return hasher_finish(&h);
}
