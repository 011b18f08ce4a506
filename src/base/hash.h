// SPDX-License-Identifier: Apache-2.0
#pragma once
// Digests. Petri's own is BLAKE3 (https://github.com/BLAKE3-team/BLAKE3-specs), written "blake3:<64 hex>".
// SHA-1, SHA-256 and MD5 (OpenSSL) stand beside it only where a standard wants them.
#include "base/str.h"

typedef struct {
    uint8_t bytes[32];
} Hash;

enum { HASH_HEX = 64, HASH_TEXT = 7 + 64 };             // without NUL; HASH_TEXT counts "blake3:"

struct hasher {                                         // streaming BLAKE3, hash mode, 32 bytes out; fields are private
    uint32_t cv_stack[55][8];
    uint32_t cv[8];
    uint64_t first_chunk, chunk_counter;
    uint8_t stack_len, block_len, blocks_compressed;
    uint8_t block[64];
};
void hasher_init(struct hasher *h);                     // no release: a hasher owns nothing
void hasher_update(struct hasher *h, const void *bytes, size_t len);     // any number of times, split as you like
Hash hasher_finish(const struct hasher *h);             // h may be updated further afterwards

Hash hash_bytes(const void *bytes, size_t len);         // one thread
// As hash_bytes, with up to `threads` threads (0: one per core) where the input is large enough to pay.
Hash hash_bytes_parallel(const void *bytes, size_t len, int threads);
// Digest of the bytes of an open regular file from offset 0, read in large blocks; the file's position stays.
// *size: bytes hashed, the file's length at the call. Files up to 64 KiB take one read, up to 1 MiB one thread;
// `threads` as above. A file that shrinks meanwhile (ERR_CONFLICT) or can't be read is an error, never a crash.
// Errors name no path.
struct err;
bool hash_fd(int fd, int threads, Hash *out, int64_t *size, struct err *err) MUST_CHECK;

// The zero digest stands for "none": no input is known that has it.
static inline bool hash_eq(Hash a, Hash b) { return memcmp(a.bytes, b.bytes, 32) == 0; }
bool hash_is_zero(Hash h);
void hash_hex(Hash h, char out[HASH_HEX + 1]);          // lower case, NUL-terminated, without "blake3:"
Str hash_text(struct arena *a, Hash h);                 // "blake3:…"
bool hash_parse(Str text, Hash *out) MUST_CHECK;        // "blake3:<64 lower-case hex>" or the hex alone
const char *hash_backend(void);                         // the widest in use: "avx512", "avx2" or "portable"
// For tests: use at most this backend ("portable", "avx2", "avx512"); false if the CPU lacks it.
bool hash_use_backend(const char *name);

// The standards' digests, by streaming. OpenSSL behind it.
enum sum_kind { SUM_SHA1, SUM_SHA256, SUM_MD5 };
struct sum;
struct sum *sum_new(enum sum_kind kind);
void sum_update(struct sum *s, const void *bytes, size_t len);
// Lower-case hex into out (NUL-terminated, at most 64 + 1); s is freed.
void sum_finish(struct sum *s, char out[HASH_HEX + 1]);
