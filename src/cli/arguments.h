// SPDX-License-Identifier: Apache-2.0
#pragma once
// The command line: --name value, --name=value, -h; "--" ends the options; '_' and '-' are the same in names. No bundles
// of letters and no abbreviations: what a script says today must not mean something else tomorrow.
#include "base/err.h"

enum option_kind {
    OPTION_FLAG,                        // --name, --name=true, --name=false
    OPTION_TEXT, OPTION_FILE, OPTION_FOLDER,
    OPTION_COUNT,                       // an integer, 0 or more
    OPTION_NUMBER,                      // more than 0
    OPTION_SIZE,                        // "4 GiB", "512M"
    OPTION_DURATION,                    // "30d", "1h30m"
};
struct option {
    const char *name;                   // without dashes
    enum option_kind kind;
    const char *value;                  // what the value is called in help; NULL for flags
    const char *help;                   // a sentence
    char letter;                        // 'o': also -o; 0: none
    const char *setting;                // the setting it overrides; NULL: none
    bool can_negate;                    // a flag that --no-NAME turns off
    bool takes_word;                    // a flag whose value may stand behind it: --name true, --name false
    bool is_repeatable;                 // keeps all values; else the last one counts
};
struct given {                          // what the command line says of one option
    size_t count;                       // how often it was given
    bool flag;
    Str *texts;                         // `count` values (flags: none)
    size_t text_cap;
    int64_t integer;                    // COUNT, SIZE; nanoseconds of a DURATION
    double number;                      // NUMBER
};
struct arguments {
    struct arena *arena;
    const struct option *options;
    size_t option_count;
    struct given *given;                // parallel to options
    Str *words;                         // what is no option
    size_t word_count, word_cap;
    bool only_words;                    // after "--"
    bool wants_help;                    // -h or --help was seen; nothing behind it was read
};

// Nothing is given yet. Everything lives in `a`; the options must live as long.
struct arguments arguments_begin(struct arena *a, const struct option *options, size_t count);
// Reads argv; with stop_at_word only up to and including the first word. *used: how many of argv were read.
// ERR_INVALID: a usage error, with the nearest option suggested.
bool arguments_read(struct arguments *args, const Str *argv, size_t argc, bool stop_at_word, size_t *used, struct err *err) MUST_CHECK;
// Adds options (a workflow's inputs) behind those there are; what was given stays. Earlier ones win over later ones.
void arguments_extend(struct arguments *args, const struct option *more, size_t count);

// `name` must be one of the options.
const struct given *arguments_get(const struct arguments *args, const char *name);
bool arguments_flag(const struct arguments *args, const char *name);
Str arguments_text(const struct arguments *args, const char *name);     // the last one given; empty: not given
const char *option_value_name(const struct option *o);                  // for help; "" for flags
