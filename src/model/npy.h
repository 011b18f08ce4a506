// SPDX-License-Identifier: Apache-2.0
#pragma once
// NumPy's array files (NEP 1, "numpy/lib/format.py"): "\x93NUMPY", version, length of the header, the header as a Python dictionary, the bytes.
// Versions 1 to 3, C order, little-endian numbers.
#include "base/err.h"
#include "model/tensor.h"

enum { NPY_HEADER_MAX = 4096 };

// The header of an array, its length a multiple of 64. Types: F16, F32, F64 and integers.
size_t npy_header(enum tensor_type type, int rank, const int64_t *shape, char out[NPY_HEADER_MAX]);
// Reads `bytes`, which must outlive the tensor. ERR_INVALID: no npy, another byte order, Fortran order, types of Python objects or records, a size
// that is not that of the bytes.
bool npy_parse(Str bytes, struct tensor *out, struct err *err) MUST_CHECK;
