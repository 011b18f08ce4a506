// SPDX-License-Identifier: Apache-2.0
#pragma once
// The test runner: TEST(name) registers by constructor; each test runs in a process of its own with an alarm; output is
// TAP. A test fails at its first failed check. `test-x PATTERN` runs the tests whose name contains PATTERN.
#include "base/str.h"

typedef void test_fn(void);
void test_register(const char *name, const char *file, test_fn *fn);
NORETURN void test_fail(const char *file, int line, const char *fmt, ...) PRINTF(3, 4);
NORETURN void test_skip(const char *reason);            // ends the test as skipped; says why
const char *test_dir(void);                             // an empty folder of this test's own, removed at its end

#define TEST(name) \
    static void name(void); \
    __attribute__((constructor)) static void name##_register(void) { test_register(#name, __FILE__, name); } \
    static void name(void)
#define EXPECT(cond) ((cond) ? (void)0 : test_fail(__FILE__, __LINE__, "%s", #cond))
#define EXPECT_INT(got, want) test_expect_int(__FILE__, __LINE__, #got, (int64_t)(got), (int64_t)(want))
#define EXPECT_STR(got, want) test_expect_str(__FILE__, __LINE__, #got, (got), (want))
#define EXPECT_OK(call, err) ((call) ? (void)0 : test_fail(__FILE__, __LINE__, "%s: %s", #call, (err).text))
#define EXPECT_ERR(call, err, want) \
    ((call) ? test_fail(__FILE__, __LINE__, "%s should have failed", #call) : test_expect_int(__FILE__, __LINE__, (err).text, (err).code, (want)))
void test_expect_int(const char *file, int line, const char *what, int64_t got, int64_t want);
void test_expect_str(const char *file, int line, const char *what, Str got, Str want);
