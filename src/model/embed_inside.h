// SPDX-License-Identifier: Apache-2.0
#pragma once
// Inside the embedding farm only: what embed.c, embed_shard.c and embed_files.c share.
#include "base/map.h"
#include "base/vec.h"
#include "model/embed.h"

enum { SHARD_SEQUENCES_MAX = 65536, SHARD_RESIDUES_MAX = 16 * 1024 * 1024, SHARD_BYTES = 256 * 1024 * 1024, PART_NAME = 32 };

struct record {                         // one sequence of a shard
    Str id;
    Hash digest;
    int64_t body, body_len;             // its tokens in the shard's
    struct vocab_notes notes;
    int64_t same_as;                    // the first record of the shard with these letters; its own number: itself
    int64_t first_row, rows;            // in the part
    bool truncated;
    int64_t windows;
};
struct shard {
    struct arena arena;                 // of ids
    int64_t number;
    VEC(struct record) records;
    VEC(int32_t) tokens;
    VEC(uint8_t) is_residue;
    int64_t residues, rows;
    struct hasher hasher;
    Hash input;                         // of ids and letters
    char *data;                         // rows × width elements
};
struct farm {
    struct arena *arena;
    const struct embed_options *o;
    struct embed_summary *summary;
    const struct model_config *config;
    const struct vocab *vocab;
    struct encoder *encoder;            // made when the first part has to be
    struct batcher *batcher;
    int layer;
    int64_t width;                      // of a row
    struct length_policy policy;
    int64_t shard_sequences, shard_residues;
    Value settings_value;
    Str progress_dir;
    struct map finished;                // part name -> struct part *
    VEC(Value) parts;                   // of the manifest
    struct shard shard;
    size_t input;                       // the file that is being read
    struct seqfile *file;
};

// Reads the next shard. *end: nothing was left.
bool shard_read(struct farm *f, bool *end, struct err *err) MUST_CHECK;
// Fills shard.data.
bool shard_compute(struct farm *f, struct err *err) MUST_CHECK;
bool shard_take_rows(void *farm, size_t index, const struct batcher_rows *rows, struct err *err);     // a batcher_fn
void shard_release(struct shard *s);

// The part of this shard as the manifest tells it, if an earlier call finished it from the same input and its files are there; else null.
Value part_find_finished(struct farm *f);
// Writes the part's files. is_last: the manifest follows at once, so no note of progress is made.
bool part_write(struct farm *f, bool is_last, Value *out, struct err *err) MUST_CHECK;
// Settings against those in the folder; takes the lock and reads what is finished.
bool folder_open(struct farm *f, int *lock, struct err *err) MUST_CHECK;
bool folder_finish(struct farm *f, struct err *err) MUST_CHECK;         // the manifest; removes what is left of earlier calls
Value settings_make(struct farm *f, Hash model);
// "part-00012" and `end`.
void part_name(int64_t number, const char *end, char out[PART_NAME]);
// The manifest of these parts: their sums before them.
Value manifest_make(struct arena *a, Value settings, int64_t width, const Value *parts, size_t count);
// Writes manifest.json of the folder `dir` and syncs it.
bool manifest_write(struct arena *a, Str dir, Value manifest, struct err *err) MUST_CHECK;
