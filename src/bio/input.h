// SPDX-License-Identifier: Apache-2.0
#pragma once
// The bytes of a file, unpacked, in order, in blocks: plain, gzip (RFC 1952, any number of members) or BGZF (SAM specification
// 4.1, blocks unpacked by several threads). Unpacking runs in threads of its own while the caller works on the block before.
// Memory is constant: a ring of blocks.
#include "base/err.h"
#include "base/hash.h"

struct input;

enum input_packing { INPUT_PLAIN, INPUT_GZIP, INPUT_BGZF };
enum { INPUT_HEADROOM = 64 * 1024 };
struct input_block {
    char *data;                         // writable, and so are INPUT_HEADROOM bytes in front of it; valid until the next call
    size_t len;                         // 0: the end
};
struct input_info {                     // complete once the end was seen
    enum input_packing packing;
    int64_t packed_bytes;               // read from the file
    int64_t members;                    // of gzip; BGZF blocks
    bool has_bgzf_end;                  // the file ends with the empty block that BGZF wants there
    bool has_trailing_bytes;            // something that is no gzip stands behind the last member (zeros do not count)
    bool is_hashed;
    Hash hash;                          // BLAKE3 of the file's bytes, if asked for and all were read
};
struct input_options {
    bool hash;                          // digest the file on the way
    int threads;                        // for BGZF; 0: one per core
};

// Opens the file ("-": standard input, not closed). Folders are refused.
struct input *input_open(Str path, struct input_options options, struct err *err);
// The next block. False: the bytes could not be read (err as the system says) or unpacked (ERR_DAMAGED: "the gzip data end
// early: …"). After that, and after the end, there is nothing more.
bool input_next(struct input *in, struct input_block *block, struct err *err) MUST_CHECK;
struct input_info input_info(struct input *in);         // before the end: the packing alone
void input_close(struct input *in);                     // NULL is allowed; may be called at any time
