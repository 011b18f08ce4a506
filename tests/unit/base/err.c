// SPDX-License-Identifier: Apache-2.0
// Errors, the log and the clock's texts.
#include "base/err.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "unit/test.h"

TEST(err_set_fails_with_code_and_text)
{
    struct err err;
    EXPECT(!err_set(&err, ERR_LIMIT, "%s of %d", "depth", 200));
    EXPECT_INT(err.code, ERR_LIMIT);
    EXPECT_STR(str_of(err.text), STR("depth of 200"));
}

TEST(err_wrap_adds_the_outside_and_keeps_the_code)
{
    struct err err;
    err_set(&err, ERR_DENIED, "inner");
    EXPECT(!err_wrap(&err, "middle %d", 1));
    EXPECT(!err_wrap(&err, "outer"));
    EXPECT_INT(err.code, ERR_DENIED);
    EXPECT_STR(str_of(err.text), STR("outer: middle 1: inner"));
}

TEST(err_texts_are_cut_never_overrun)
{
    struct err err;
    char text[3000];
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    err_set(&err, ERR_INVALID, "%s", text);
    EXPECT_INT(strlen(err.text), sizeof err.text - 1);
    err_wrap(&err, "%s", text);
    EXPECT_INT(strlen(err.text), sizeof err.text - 1);
    errno = ENOENT;
    err_errno(&err, "%s", text);
    EXPECT_INT(strlen(err.text), sizeof err.text - 1);
    err_set(&err, ERR_INVALID, "inner");
    text[1020] = '\0';
    err_wrap(&err, "%s", text);
    EXPECT_STR(str_from(str_of(err.text), 1020), STR(": i"));
}

TEST(err_errno_maps_numbers_to_what_the_caller_does_next)
{
    static const struct { int number; enum err_code code; } cases[] = {
        { ENOENT, ERR_NOT_FOUND }, { ENOTDIR, ERR_NOT_FOUND }, { EACCES, ERR_DENIED }, { EPERM, ERR_DENIED },
        { EROFS, ERR_DENIED }, { EEXIST, ERR_CONFLICT }, { ENOSPC, ERR_UNAVAILABLE }, { EDQUOT, ERR_UNAVAILABLE },
        { EAGAIN, ERR_UNAVAILABLE }, { EMFILE, ERR_UNAVAILABLE }, { ENFILE, ERR_UNAVAILABLE },
        { ENOMEM, ERR_UNAVAILABLE }, { ENAMETOOLONG, ERR_LIMIT }, { EFBIG, ERR_LIMIT }, { EIO, ERR_INTERNAL },
    };
    for (size_t i = 0; i < LEN(cases); i++) {
        struct err err;
        errno = cases[i].number;
        EXPECT(!err_errno(&err, "opening %s", "x"));
        EXPECT_INT(err.code, cases[i].code);
        EXPECT(str_starts(str_of(err.text), STR("opening x: ")));
    }
}

TEST(err_codes_have_names)
{
    EXPECT_STR(str_of(err_code_name(ERR_NONE)), STR("none"));
    EXPECT_STR(str_of(err_code_name(ERR_NOT_FOUND)), STR("not found"));
    EXPECT_STR(str_of(err_code_name(ERR_INTERNAL)), STR("internal"));
    EXPECT_STR(str_of(err_code_name((enum err_code)99)), STR("unknown"));
}

// What `LOG(level, "%s", text)` writes.
static Str logged(enum log_level level, const char *text)
{
    static char line[8192];
    char path[256];
    snprintf(path, sizeof path, "%s/log", test_dir());
    int file = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600), before = dup(STDERR_FILENO);
    EXPECT(file >= 0 && before >= 0 && dup2(file, STDERR_FILENO) >= 0);
    LOG(level, "said=%s", text);
    EXPECT(dup2(before, STDERR_FILENO) >= 0);
    ssize_t len = pread(file, line, sizeof line, 0);
    EXPECT(len >= 0);
    close(before);
    close(file);
    return (Str){ line, (size_t)len };
}

TEST(log_below_the_threshold_says_nothing)
{
    EXPECT_INT(log_threshold, LOG_WARN);
    EXPECT_STR(logged(LOG_INFO, "x"), STR(""));
    log_threshold = LOG_DEBUG;
    EXPECT(logged(LOG_DEBUG, "x").len > 0);
}

TEST(log_writes_one_line_whatever_the_text)
{
    Str line = logged(LOG_WARN, "a\nb\033[31m\tc");
    EXPECT(str_ends(line, STR("Z level=warn at=logged said=a b [31m c\n")));
    EXPECT_INT(str_find_char(line, '\n'), line.len - 1);
    static char text[6000];
    memset(text, 'x', sizeof text - 1);
    line = logged(LOG_ERROR, text);
    EXPECT(line.len < 4096 && str_ends(line, STR("xx\n")));
}

static Str text_of(void (*write)(Time, char *), Time t)
{
    static char text[TIME_TEXT];
    write(t, text);
    return str_of(text);
}

TEST(time_text_is_utc_with_milliseconds)
{
    EXPECT_STR(text_of(time_text, 0), STR("1970-01-01T00:00:00.000Z"));
    EXPECT_STR(text_of(time_text, 1772368496 * SECOND + 789999999), STR("2026-03-01T12:34:56.789Z"));
    EXPECT_STR(text_of(time_text, -1), STR("1969-12-31T23:59:59.999Z"));
    EXPECT_STR(text_of(time_text, -SECOND), STR("1969-12-31T23:59:59.000Z"));
}

TEST(durations_read_well_at_every_size)
{
    static const struct { Time t; const char *text; } cases[] = {
        { 0, "0 ms" }, { 340 * MILLISECOND, "340 ms" }, { SECOND - 1, "999 ms" }, { SECOND, "1.0 s" },
        { 12340 * MILLISECOND, "12.3 s" }, { 99940 * MILLISECOND, "99.9 s" }, { 99960 * MILLISECOND, "1 m 40 s" },
        { 245 * SECOND, "4 m 05 s" }, { 3599600 * MILLISECOND, "1 h 00 m" }, { 7400 * SECOND, "2 h 03 m" },
        { 86400 * SECOND, "1 d 0 h" }, { (3 * 24 + 4) * 3600 * SECOND, "3 d 4 h" },
    };
    for (size_t i = 0; i < LEN(cases); i++)
        EXPECT_STR(text_of(time_duration_text, cases[i].t), str_of(cases[i].text));
}

TEST(sizes_read_well_at_every_size)
{
    static const struct { int64_t bytes; const char *text; } cases[] = {
        { 0, "0 B" }, { 1023, "1023 B" }, { 1024, "1.0 KiB" }, { 12897485, "12.3 MiB" }, { 1048575, "1.0 MiB" },
        { 1048576, "1.0 MiB" }, { (int64_t)1 << 40, "1.0 TiB" }, { INT64_MAX, "8192.0 PiB" },
    };
    for (size_t i = 0; i < LEN(cases); i++)
        EXPECT_STR(text_of(size_text, cases[i].bytes), str_of(cases[i].text));
}

TEST(clocks_run_forward)
{
    Time steady = time_steady(), now = time_now();
    EXPECT(now > 1700000000 * SECOND);
    EXPECT(steady > 0 && time_steady() >= steady);
}
