// SPDX-License-Identifier: Apache-2.0
#pragma once
// Gets a model's files over HTTP into a folder. libcurl does the transfer; it is opened when first needed and not linked.
#include "base/err.h"

struct pull_options {
    Str url;                            // the folder of files ("http://host/models/esm2_t6_8M"); empty: where the named model is published
    Str sha256;                         // what model.safetensors must have; empty: as the list of known models says
    // Told now and then; total is -1 while unknown. NULL: nobody wants to know.
    void (*progress)(void *arg, Str file, int64_t bytes, int64_t total);
    void *arg;
};
// Gets config.json, vocab.txt where there is one, and model.safetensors (or the shards that its index names). What is being got is called NAME.part,
// and a later call goes on behind what is there; a file that is complete is not asked for again. A file appears under its name when all of it
// is on disk and its SHA-256 is the expected one; ERR_DAMAGED and the part removed otherwise. Only http and https are spoken.
bool pull_model(Str name, Str dir, const struct pull_options *o, struct err *err) MUST_CHECK;

// The library that is opened. Tests put another name here.
extern const char *pull_library;
