// SPDX-License-Identifier: Apache-2.0
#pragma once
// Settings: one table. The parser, `petri config`, the documentation and the checks all read it. A value comes from, the
// later the stronger: the default, ~/.config/petri/config.yaml, <home>/config.yaml, the environment (PETRI_ENGINE_CORES
// for engine.cores), the command line.
#include "base/clock.h"
#include "view/cost.h"
#include "base/err.h"
#include "base/vec.h"
#include "exec/sandbox.h"

struct arena;
struct diags;

struct config {
    double cores;                       // 0: all of this machine
    int64_t memory_bytes;               // 0: all of this machine
    int64_t max_running, retries;
    double memory_retry_factor;
    Time retry_delay, kill_grace, js_timeout;
    Str js_node;                        // for newer JavaScript; "none": none
    int64_t log_level;                  // enum log_level
    Str currency;                       // of the prices
    double core_hour, gib_hour, gpu_hour, gb_month, egress_gb;
    struct sandbox_settings sandbox;
};
enum setting_type { SETTING_INT, SETTING_NUMBER, SETTING_SIZE, SETTING_DURATION, SETTING_CHOICE, SETTING_TEXT };
struct setting {
    const char *name;
    enum setting_type type;
    size_t offset;                      // in struct config
    double min, max;                    // of the number, in bytes or seconds; TEXT: of its length
    const char *choices;                // CHOICE: "error|warn|info|debug"
    const char *fallback, *help;        // "auto" as fallback: may be given, and stores 0
};
extern const struct setting settings[];
extern const size_t setting_count;

enum config_source { CONFIG_DEFAULT, CONFIG_FILE, CONFIG_ENVIRONMENT, CONFIG_FLAG };
struct config_origin {                  // of one setting's value
    enum config_source source;
    Str place;                          // "file:line:column", "PETRI_ENGINE_CORES" or "--cores"; empty: default
    Str text;                           // the value as it was written
};
struct config_step_setting {            // "steps: {PATTERN: {sandbox.kind: none}}" in a file
    Str pattern;
    const struct setting *setting;
    Str text;
};
struct config_state {
    struct config config;
    struct config_origin *origins;      // parallel to settings
    VEC(struct config_step_setting) steps;      // the later the stronger
};

// Defaults, files and environment. `home` may be empty. Mistakes in files go to diags; one in the environment is
// reported there too, without a place. False: there was one.
bool config_load(struct arena *a, Str home, struct config_state *out, struct diags *diags) MUST_CHECK;
// The price table among the settings; its text lives as long as the config's.
struct price_table config_prices(const struct config *c);
// The settings of the steps whose name matches `pattern`: all of config's, with what files say for this pattern over them,
// unless the command line said otherwise.
struct config config_of_steps(struct arena *a, const struct config_state *state, Str pattern);
// Sets one from text. ERR_NOT_FOUND: no such setting, with the nearest suggested; ERR_INVALID: what was expected.
bool config_set(struct arena *a, struct config_state *state, Str name, Str text, enum config_source source, Str place, struct err *err) MUST_CHECK;
const struct setting *setting_find(Str name);           // NULL: none
Str setting_environment_name(struct arena *a, const struct setting *s);
const char *setting_type_text(struct arena *a, const struct setting *s);        // "integer, 1 to 100000"
