// SPDX-License-Identifier: Apache-2.0
#include "cli/units.h"

#include "unit/test.h"

TEST(sizes_that_are_none_are_refused)
{
    static const char *const wrong[] = { "", " ", "G", "-1", "+1", "1X", "1 G x", "1..5G", "0x10", "1e3G", "nan", "inf", "4 G iB", "1GiBs", "99999P", "1,5G" };
    for (size_t i = 0; i < LEN(wrong); i++) {
        int64_t bytes;
        struct err err;
        EXPECT_ERR(size_parse(str_of(wrong[i]), &bytes, &err), err, ERR_INVALID);
        EXPECT(str_has(str_of(err.text), '\''));
    }
}

TEST(sizes_are_read_with_all_their_units)
{
    static const struct { const char *text; int64_t want; } cases[] = {
        { "0", 0 }, { "100", 100 }, { "7b", 7 }, { "1k", 1024 }, { "1KB", 1024 }, { "1 KiB", 1024 }, { "512M", 512LL << 20 }, { "4 GiB", 4LL << 30 },
        { "1.5g", 3LL << 29 }, { " 2 T ", 2LL << 40 }, { "1P", 1LL << 50 },
    };
    for (size_t i = 0; i < LEN(cases); i++) {
        int64_t bytes;
        struct err err;
        EXPECT_OK(size_parse(str_of(cases[i].text), &bytes, &err), err);
        EXPECT_INT(bytes, cases[i].want);
    }
}

TEST(durations_that_are_none_are_refused)
{
    static const char *const wrong[] = { "", "d", "-1d", "1y", "1d 2", "30 5d", "1h30", "1.d.", "1d-2h", "1e3s", "400000d", "one day" };
    for (size_t i = 0; i < LEN(wrong); i++) {
        Time t;
        struct err err;
        EXPECT_ERR(duration_parse(str_of(wrong[i]), &t, &err), err, ERR_INVALID);
    }
}

TEST(durations_are_read_with_all_their_units)
{
    static const struct { const char *text; Time want; } cases[] = {
        { "0", 0 }, { "90", 90 * SECOND }, { "500 ms", SECOND / 2 }, { "0.5s", SECOND / 2 }, { "30d", 30 * 86400 * SECOND },
        { "1h30m", 5400 * SECOND }, { "1 h 30 min", 5400 * SECOND }, { "2 weeks", 14 * 86400 * SECOND }, { "1 Day", 86400 * SECOND },
        { "2hours", 7200 * SECOND },
    };
    for (size_t i = 0; i < LEN(cases); i++) {
        Time t;
        struct err err;
        EXPECT_OK(duration_parse(str_of(cases[i].text), &t, &err), err);
        EXPECT_INT(t, cases[i].want);
    }
}
