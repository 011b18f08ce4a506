// SPDX-License-Identifier: Apache-2.0
// Any bytes as config.yaml: loading it must return, whatever they hold; what was wrong is said; and values stay within their bounds.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "cli/config.h"
#include "value/diag.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char home[64];

static void remove_home(void)
{
    char path[96];
    snprintf(path, sizeof path, "%s/config.yaml", home);
    unlink(path);
    rmdir(home);
}

static void make_home(void)
{
    snprintf(home, sizeof home, "/dev/shm/petri-fuzz-XXXXXX");
    CHECK(mkdtemp(home) != NULL);
    atexit(remove_home);
    setenv("HOME", home, 1);            // no config of the user's
    unsetenv("XDG_CONFIG_HOME");
}

static void check_bounds(const struct config_state *state)
{
    for (size_t i = 0; i < setting_count; i++) {
        const struct setting *s = &settings[i];
        const char *at = (const char *)&state->config + s->offset;
        double value;
        if (s->type == SETTING_NUMBER)
            value = *(const double *)(const void *)at;
        else if (s->type == SETTING_INT || s->type == SETTING_SIZE)
            value = (double)*(const int64_t *)(const void *)at;
        else
            continue;
        CHECK(value == 0 || (value >= s->min && value <= s->max));     // 0: "auto"
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = { 0 };
    struct diags diags = { .arena = &a };
    struct config_state state;
    if (home[0] == '\0')
        make_home();
    char path[96];
    snprintf(path, sizeof path, "%s/config.yaml", home);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    CHECK(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    close(fd);
    bool ok = config_load(&a, str_of(home), &state, &diags);
    CHECK(ok == (diags.errors == 0));
    check_bounds(&state);
    struct strbuf text = { 0 };
    diag_print(&diags, &text);
    strbuf_release(&text);
    arena_release(&a);
    return 0;
}
