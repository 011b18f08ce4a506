// SPDX-License-Identifier: Apache-2.0
#pragma once
// The safetensors format (huggingface/safetensors, README "Format"): 8 bytes little-endian length of the header, the header as a JSON map
// from tensor name to {"dtype", "shape", "data_offsets": [begin, end]}, then the bytes; "__metadata__" maps text to text. Files come from
// strangers: everything is checked before any of it is used, and nothing in them is ever executed.
#include "base/err.h"
#include "base/map.h"
#include "model/tensor.h"
#include "value/value.h"

enum { SAFETENSORS_HEADER_MAX = 100 * 1000 * 1000 };    // as the format's own library

struct safetensors {
    struct tensor *tensors;             // in the order of the header
    size_t count;
    struct map *by_name;                // Str -> struct tensor *
    Value metadata;                     // a map of strings, or null
};

// Reads the header of `bytes`, which must outlive the result; tensors point into it. Refused, with the tensor named: unknown types, shapes that
// are no lists of non-negative integers or whose product overflows, offsets out of range, of another size than shape and type say,
// overlapping, or with holes between them; tensors named twice; more than 8 dimensions. ERR_INVALID.
bool safetensors_parse(struct arena *a, Str bytes, struct safetensors *out, struct err *err) MUST_CHECK;
// The same of a file, mapped read-only until the arena is released. The file must not be shortened meanwhile.
bool safetensors_open(struct arena *a, Str path, struct safetensors *out, struct err *err) MUST_CHECK;
const struct tensor *safetensors_find(const struct safetensors *s, Str name);           // NULL: not there

// Gives bytes [start, start + len) of tensor `i` into `out`. False, with err set, ends the writing.
typedef bool safetensors_fill(void *arg, size_t i, int64_t start, int64_t len, void *out, struct err *err);
// Writes a file whole or not at all (temporary file, fsync, rename). The tensors' `data` is not looked at: `fill` is asked for it,
// in order, in pieces of at most 1 MiB. `metadata` is a map of strings or null.
bool safetensors_write(Str path, const struct tensor *tensors, size_t count, Value metadata, safetensors_fill *fill, void *arg,
                       struct err *err) MUST_CHECK;
