// SPDX-License-Identifier: Apache-2.0
// Runs a fuzz target over its corpus under whatever compiler there is: `make check` replays what the fuzzer once found.
// Each input has a process of its own and an exact allocation, so that the sanitizers see a byte read beyond it. Output
// is TAP. `test-fuzz-x FILE…` runs these files alone, in this process, for a debugger. It finds nothing new: that is
// what tools/fuzz does.
#include <dirent.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/base.h"

enum { SECONDS_MAX = 30 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t *read_input(const char *path, size_t *size)
{
    struct stat st;
    FILE *f = fopen(path, "rb");
    if (!f || fstat(fileno(f), &st) != 0 || !S_ISREG(st.st_mode)) {
        fprintf(stderr, "# %s: %m; expected a readable file\n", path);
        exit(1);
    }
    uint8_t *data = xmalloc((size_t)st.st_size);
    *size = fread(data, 1, (size_t)st.st_size, f);
    CHECK(*size == (size_t)st.st_size);
    fclose(f);
    return data;
}

static void run_input(const char *path)
{
    size_t size;
    uint8_t *data = read_input(path, &size);
    LLVMFuzzerTestOneInput(data, size);
    free(data);
}

static bool run_apart(const char *path)
{
    fflush(stdout);
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        alarm(SECONDS_MAX);
        run_input(path);
        exit(0); // not _exit: the leak checker speaks here
    }
    int status = 0;
    CHECK(waitpid(pid, &status, 0) == pid);
    if (WIFSIGNALED(status))
        fprintf(stderr, "# %s: killed by signal %d%s\n", path, WTERMSIG(status), WTERMSIG(status) == SIGALRM ? " (took too long)" : "");
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static int is_visible(const struct dirent *entry) { return entry->d_name[0] != '.'; }

static int run_corpus(const char *folder)
{
    struct dirent **entries;
    int count = scandir(folder, &entries, is_visible, alphasort), failed = 0;
    if (count <= 0) {
        printf("1..1\nnot ok 1 - %s\n# no inputs there: expected at least one; run this from the root of the source tree\n", folder);
        return 1;
    }
    printf("1..%d\n", count);
    for (int i = 0; i < count; i++) {
        char path[4096];
        CHECK(snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name) < (int)sizeof path);
        bool ok = run_apart(path);
        failed += !ok;
        printf("%s %d - %s\n", ok ? "ok" : "not ok", i + 1, path);
        free(entries[i]);
    }
    free(entries);
    return failed ? 1 : 0;
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        run_input(argv[i]);
    return argc > 1 ? 0 : run_corpus(FUZZ_CORPUS);
}
