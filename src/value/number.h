// SPDX-License-Identifier: Apache-2.0
#pragma once
// For this folder only: numbers as text. JSON and YAML share them.
#include "value/value.h"

enum { NUMBER_TEXT = 80 };

// `text` is a decimal number: sign? digits? ("." digits?)? (e sign? digits)?, with at least one digit. The nearest
// double, or an infinity when it is too large for one.
double number_read(Str text);
// `text` is sign? digits. INT if int64 holds it, else the nearest FLOAT (which may be infinite).
Value number_read_int(Str text);
// The shortest text that reads back the same, with ".0" where it would look like an int64. From 2^63 to 10^60 it is
// written as an integer (which reads back as a FLOAT, being too large for an INT). `real` is finite.
size_t number_write(char out[NUMBER_TEXT], double real);
size_t number_write_int(char out[NUMBER_TEXT], int64_t integer);
