// SPDX-License-Identifier: Apache-2.0
// Numbers to text and back, exactly. The C library decides every hard case; the short ways in front of it are taken
// only where double arithmetic is exact or rounds once, so that they cannot give another result. No locale.
#include "value/number.h"

#include <float.h>
#include <math.h>

static const double powers[] = { 1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };
enum { POWER_MAX = 22, MANTISSA_DIGITS_MAX = 18 };
static const uint64_t mantissa_max = UINT64_C(1) << 53;

struct decimal {                        // digits × 10^exponent
    uint64_t digits;
    int exponent, digit_count;
};

// False if the text has more digits than fit, or a large exponent: that is for strtod.
static bool read_short(Str text, struct decimal *d)
{
    bool fraction = false;
    size_t i = 0;
    for (; i < text.len && (text.data[i] | 32) != 'e'; i++) {
        if (text.data[i] == '.') {
            fraction = true;
            continue;
        }
        if (++d->digit_count > MANTISSA_DIGITS_MAX)
            return false;
        d->digits = d->digits * 10 + (uint64_t)(text.data[i] - '0');
        d->exponent -= fraction;
    }
    int64_t exponent = 0;
    if (i < text.len && (text.len - i > 5 || !str_to_int(str_from(text, i + 1), &exponent)))
        return false;
    d->exponent += (int)exponent;
    return d->digits <= mantissa_max && d->exponent >= -POWER_MAX && d->exponent <= POWER_MAX;
}

static double read_by_libc(Str text)
{
    char small[128], *z = text.len < sizeof small ? small : xmalloc(text.len + 1);
    memcpy(z, text.data, text.len);
    z[text.len] = '\0';
    double real = strtod(z, NULL);
    if (z != small)
        free(z);
    return real;
}

double number_read(Str text)
{
    bool negative = text.data[0] == '-';
    if (negative || text.data[0] == '+')
        text = str_from(text, 1);
    struct decimal d = { 0 };
    double real;
    if (read_short(text, &d))                           // both factors exact, one rounding
        real = d.exponent < 0 ? (double)d.digits / powers[-d.exponent] : (double)d.digits * powers[d.exponent];
    else
        real = read_by_libc(text);
    return negative ? -real : real;
}

Value number_read_int(Str text)
{
    int64_t integer;
    return str_to_int(text, &integer) ? value_int(integer) : value_float(number_read(text));
}

size_t number_write_int(char out[NUMBER_TEXT], int64_t integer)
{
    char digits[NUMBER_TEXT];
    size_t at = sizeof digits, len = 0;
    uint64_t rest = integer < 0 ? 0 - (uint64_t)integer : (uint64_t)integer;
    do
        digits[--at] = (char)('0' + rest % 10);
    while (rest /= 10);
    if (integer < 0)
        out[len++] = '-';
    memcpy(out + len, digits + at, sizeof digits - at);
    return len + sizeof digits - at;
}

// digits / 10^decimals in plain notation, with at least one decimal.
static size_t write_plain(char out[NUMBER_TEXT], bool negative, int64_t scaled, size_t decimals)
{
    char digits[NUMBER_TEXT];
    size_t len = number_write_int(digits, scaled), at = 0;
    size_t whole = len > decimals ? len - decimals : 0;
    if (negative)
        out[at++] = '-';
    for (size_t i = 0; i < whole; i++)
        out[at++] = digits[i];
    if (whole == 0)
        out[at++] = '0';
    out[at++] = '.';
    for (size_t i = len; i < decimals; i++)
        out[at++] = '0';
    for (size_t i = whole; i < len; i++)
        out[at++] = digits[i];
    if (decimals == 0)
        out[at++] = '0';
    return at;
}

// Numbers people write (0.25, 37.5, 0.001): the fewest decimals k for which real × 10^k is the integer that gives
// `real` back when divided. Below 10^15 that is what %.15g prints. 0 if there is none: then the C library writes.
static size_t write_short(char out[NUMBER_TEXT], double real)
{
    double size = fabs(real);
    if (!(size >= 1e-4 && size < 1e15))
        return 0;
    for (int decimals = 0; decimals <= POWER_MAX && size * powers[decimals] < 1e15; decimals++) {
        double scaled = rint(size * powers[decimals]);
        if (scaled / powers[decimals] == size && scaled < 1e15)
            return write_plain(out, real < 0, (int64_t)scaled, (size_t)decimals);
    }
    return 0;
}

// "4.2e+42" as the integer that it is: the form that other runners print, and expect.
static size_t write_large(char out[NUMBER_TEXT], size_t mantissa_len, size_t exponent)
{
    char digits[NUMBER_TEXT];
    size_t len = 0, at = 0;
    for (size_t i = 0; i < mantissa_len; i++)
        if (out[i] >= '0' && out[i] <= '9')
            digits[len++] = out[i];
    if (out[0] == '-')
        at = 1;
    for (size_t i = 0; i <= exponent || i < len; i++)
        out[at++] = i < len ? digits[i] : '0';
    return at;
}

size_t number_write(char out[NUMBER_TEXT], double real)
{
    size_t short_len = write_short(out, real);
    if (short_len)
        return short_len;
    int len = 0;
    // 15 digits always survive in a normal double; one near zero has fewer to lose.
    for (int digits = fabs(real) < DBL_MIN ? 1 : 15; digits <= 17; digits++) {
        len = snprintf(out, NUMBER_TEXT, "%.*g", digits, real);
        if (strtod(out, NULL) == real)
            break;
    }
    char *e = strchr(out, 'e');
    if (e && strtol(e + 1, NULL, 10) > 0 && fabs(real) >= 0x1p63 && fabs(real) < 1e60)
        return write_large(out, (size_t)(e - out), (size_t)strtol(e + 1, NULL, 10));
    if (strcspn(out, ".e") == (size_t)len) {
        memcpy(out + len, ".0", 3);
        len += 2;
    }
    return (size_t)len;
}
