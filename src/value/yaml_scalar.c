// SPDX-License-Identifier: Apache-2.0
// The core schema of YAML 1.2 (chapter 10.3.2). Not that of 1.1: "yes", "on", "1_000", "12:30" and dates are strings,
// "0123" is one hundred and twenty-three.
#include "value/yaml_scalar.h"

#include <math.h>

#include "value/number.h"

static bool is_one_of(Str text, const char *lower, const char *title, const char *upper)
{
    return str_is(text, lower) || str_is(text, title) || str_is(text, upper);
}

static bool is_null(Str text) { return text.len == 0 || str_is(text, "~") || is_one_of(text, "null", "Null", "NULL"); }

static size_t skip_digits(Str text, size_t at)
{
    while (at < text.len && text.data[at] >= '0' && text.data[at] <= '9')
        at++;
    return at;
}

static size_t skip_sign(Str text, size_t at)
{
    return at + (at < text.len && (text.data[at] == '-' || text.data[at] == '+'));
}

// [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?
static bool is_decimal(Str text, bool *integral)
{
    size_t at = skip_sign(text, 0), whole = skip_digits(text, at), digits = whole - at;
    at = whole;
    *integral = true;
    if (at < text.len && text.data[at] == '.') {
        *integral = false;
        size_t end = skip_digits(text, ++at);
        digits += end - at;
        at = end;
    }
    if (digits == 0)
        return false;
    if (at < text.len && (text.data[at] | 32) == 'e') {
        *integral = false;
        size_t first = skip_sign(text, at + 1);
        at = skip_digits(text, first);
        if (at == first)
            return false;
    }
    return at == text.len;
}

static int digit_value(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : 99;
}

// 0o[0-7]+ and 0x[0-9a-fA-F]+
static bool read_based(Str text, Value *out)
{
    bool octal = str_starts(text, STR("0o"));
    if (text.len < 3 || (!octal && !str_starts(text, STR("0x"))))
        return false;
    int base = octal ? 8 : 16;
    int64_t integer = 0;
    double real = 0;
    bool fits = true;
    for (size_t i = 2; i < text.len; i++) {
        int digit = digit_value(text.data[i]);
        if (digit >= base)
            return false;
        fits = fits && !__builtin_mul_overflow(integer, base, &integer)
            && !__builtin_add_overflow(integer, digit, &integer);
        real = real * base + digit;
    }
    *out = fits ? value_int(integer) : value_float(real);
    return true;
}

static enum scalar_result read_number(Str text, Value *out)
{
    bool integral;
    if (is_decimal(text, &integral))
        *out = integral ? number_read_int(text) : value_float(number_read(text));
    else if (!read_based(text, out))
        return SCALAR_NOT_OF_KIND;
    return out->kind == VALUE_FLOAT && isinf(out->real) ? SCALAR_TOO_LARGE : SCALAR_OK;
}

static bool read_special(Str text, Value *out)
{
    bool negative = text.len && text.data[0] == '-';
    Str name = str_from(text, skip_sign(text, 0));
    if (is_one_of(name, ".inf", ".Inf", ".INF"))
        *out = value_float(negative ? -INFINITY : INFINITY);
    else if (is_one_of(text, ".nan", ".NaN", ".NAN"))
        *out = value_float(NAN);
    else
        return false;
    return true;
}

static bool read_bool(Str text, Value *out)
{
    bool is_true = is_one_of(text, "true", "True", "TRUE");
    if (!is_true && !is_one_of(text, "false", "False", "FALSE"))
        return false;
    *out = value_bool(is_true);
    return true;
}

enum scalar_result scalar_resolve(struct arena *a, Str text, Value *out)
{
    *out = value_null;
    if (is_null(text) || read_bool(text, out))
        return SCALAR_OK;
    char c = text.data[0];
    if ((c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.') {
        enum scalar_result result = read_number(text, out);
        if (result != SCALAR_NOT_OF_KIND)
            return result;
        if (read_special(text, out))
            return SCALAR_OK;
    }
    *out = value_string(a, text);
    return SCALAR_OK;
}

enum scalar_result scalar_as(struct arena *a, enum value_kind kind, Str text, Value *out)
{
    if (kind == VALUE_STRING) {
        *out = value_string(a, text);
        return SCALAR_OK;
    }
    enum scalar_result result = scalar_resolve(a, text, out);
    if (result == SCALAR_OK && kind == VALUE_FLOAT && out->kind == VALUE_INT)
        *out = value_float((double)out->integer);
    return result == SCALAR_OK && out->kind != kind ? SCALAR_NOT_OF_KIND : result;
}
