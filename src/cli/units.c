// SPDX-License-Identifier: Apache-2.0
// Sizes and durations from text. Nothing negative, nothing that overflows, no unit guessed.
#include "cli/units.h"

static bool is_digit(char c) { return (c >= '0' && c <= '9') || c == '.'; }
static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// Takes a number and the unit behind it off the front of *rest, with white space around both.
static bool take_part(Str *rest, double *number, Str *unit)
{
    size_t len = 0, start;
    while (len < rest->len && is_digit(rest->data[len]))
        len++;
    if (!str_to_double(str_first(*rest, len), number))
        return false;
    *rest = str_trim(str_from(*rest, len));
    for (start = 0; start < rest->len && is_letter(rest->data[start]);)
        start++;
    *unit = str_first(*rest, start);
    *rest = str_trim(str_from(*rest, start));
    return true;
}

static bool is_unit(Str text, const char *unit)
{
    if (text.len != strlen(unit))
        return false;
    for (size_t i = 0; i < text.len; i++)
        if ((text.data[i] | 0x20) != unit[i])
            return false;
    return true;
}

static int size_power(Str unit)
{
    static const char *const units[][3] = { { "", "b", "b" }, { "k", "kb", "kib" }, { "m", "mb", "mib" },
                                            { "g", "gb", "gib" }, { "t", "tb", "tib" }, { "p", "pb", "pib" } };
    for (size_t i = 0; i < LEN(units); i++)
        for (size_t k = 0; k < LEN(units[i]); k++)
            if (is_unit(unit, units[i][k]))
                return (int)i;
    return -1;
}

bool size_parse(Str text, int64_t *bytes, struct err *err)
{
    Str rest = str_trim(text), unit;
    double number;
    int power = take_part(&rest, &number, &unit) && rest.len == 0 ? size_power(unit) : -1;
    if (power < 0)
        return err_set(err, ERR_INVALID, "expected a size such as '512M' or '4 GiB', found '" STR_FMT "'", STR_ARG(text));
    for (; power > 0; power--)
        number *= 1024;
    if (number >= 9.2e18)
        return err_set(err, ERR_INVALID, "'" STR_FMT "' is more bytes than can be counted", STR_ARG(text));
    *bytes = (int64_t)number;
    return true;
}

static const struct time_unit {
    const char *name;
    Time length;
} time_units[] = {
    { "", SECOND },             { "ms", MILLISECOND },      { "s", SECOND },          { "sec", SECOND },         { "second", SECOND },
    { "seconds", SECOND },      { "m", 60 * SECOND },       { "min", 60 * SECOND },   { "minute", 60 * SECOND }, { "minutes", 60 * SECOND },
    { "h", 3600 * SECOND },     { "hour", 3600 * SECOND },  { "hours", 3600 * SECOND }, { "d", 86400 * SECOND }, { "day", 86400 * SECOND },
    { "days", 86400 * SECOND }, { "w", 604800 * SECOND },   { "week", 604800 * SECOND }, { "weeks", 604800 * SECOND },
};

static Time unit_length(Str unit)
{
    for (size_t i = 0; i < LEN(time_units); i++)
        if (is_unit(unit, time_units[i].name))
            return time_units[i].length;
    return 0;
}

bool duration_parse(Str text, Time *out, struct err *err)
{
    Str rest = str_trim(text), unit;
    double total = 0, number;
    bool is_first = true;
    do {
        Time length = take_part(&rest, &number, &unit) ? unit_length(unit) : 0;
        if (length == 0 || (unit.len == 0 && !(is_first && rest.len == 0)))
            return err_set(err, ERR_INVALID, "expected a duration such as '30d', '1h30m' or '90s', found '" STR_FMT "'", STR_ARG(text));
        total += number * (double)length;
        is_first = false;
    } while (rest.len);
    if (total >= 9.2e18)
        return err_set(err, ERR_INVALID, "'" STR_FMT "' is longer than 292 years", STR_ARG(text));
    *out = (Time)total;
    return true;
}
