// SPDX-License-Identifier: Apache-2.0
#include "unit/test.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef COVERAGE_COUNTS                   // each branch is counted, atomically: ten times as long
enum { SKIPPED = 77, SECONDS_MAX = 600 };
#else
enum { SKIPPED = 77, SECONDS_MAX = 60 };
#endif

static struct test {
    const char *name, *file;
    test_fn *fn;
} *tests;
static size_t test_count;
static char folder[64];

void test_register(const char *name, const char *file, test_fn *fn)
{
    tests = xrealloc(tests, (test_count + 1) * sizeof *tests);
    tests[test_count++] = (struct test){ name, file, fn };
}

void test_fail(const char *file, int line, const char *fmt, ...)
{
    fflush(stdout);
    fprintf(stderr, "# %s:%d: ", file, line);
    va_list args;
    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    va_end(args);
    fprintf(stderr, "\n");
    _exit(1);
}

void test_skip(const char *reason)
{
    fprintf(stderr, "# skipped: %s\n", reason);
    _exit(SKIPPED);
}

void test_expect_int(const char *file, int line, const char *what, int64_t got, int64_t want)
{
    if (got != want)
        test_fail(file, line, "%s is %lld, expected %lld", what, (long long)got, (long long)want);
}

void test_expect_str(const char *file, int line, const char *what, Str got, Str want)
{
    if (!str_eq(got, want))
        test_fail(file, line, "%s is '" STR_FMT "', expected '" STR_FMT "'", what, STR_ARG(got), STR_ARG(want));
}

const char *test_dir(void)
{
    if (folder[0] == '\0') {
        snprintf(folder, sizeof folder, "/tmp/petri-test-XXXXXX");
        CHECK(mkdtemp(folder));
    }
    return folder;
}

static int remove_one(const char *path, const struct stat *st UNUSED, int type UNUSED, struct FTW *ftw UNUSED)
{
    return remove(path);
}

static int run_test(const struct test *test)
{
    fflush(stdout);
    snprintf(folder, sizeof folder, "/tmp/petri-test-XXXXXX");
    CHECK(mkdtemp(folder));
    pid_t pid = fork();
    if (pid == 0) {
        alarm(SECONDS_MAX);
        test->fn();
        exit(0);                        // not _exit: the leak checker speaks here
    }
    int status = 0;
    waitpid(pid, &status, 0);
    nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    if (WIFSIGNALED(status))
        fprintf(stderr, "# %s: killed by signal %d%s\n", test->name, WTERMSIG(status), WTERMSIG(status) == 14 ? " (took too long)" : "");
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

int main(int argc, char **argv)
{
    size_t selected = 0, failed = 0;
    for (size_t i = 0; i < test_count; i++)
        selected += argc < 2 || strstr(tests[i].name, argv[1]);
    printf("1..%zu\n", selected);
    for (size_t i = 0, n = 0; i < test_count; i++) {
        if (argc >= 2 && !strstr(tests[i].name, argv[1]))
            continue;
        int code = run_test(&tests[i]);
        failed += code != 0 && code != SKIPPED;
        printf("%s %zu %s%s\n", code == 0 || code == SKIPPED ? "ok" : "not ok", ++n, tests[i].name, code == SKIPPED ? " # SKIP see stderr" : "");
    }
    free(tests);
    return failed ? 1 : 0;
}
