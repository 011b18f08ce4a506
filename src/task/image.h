// SPDX-License-Identifier: Apache-2.0
#pragma once
// Container images: what a workflow says of one, and the one that it turned out to be. Pure data.
#include "base/str.h"

struct image_request {                  // CWL's DockerRequirement, and what other languages say in its place
    Str name;                           // what people and the lock file call it: the id, else what is pulled; unique in the workflow
    Str pull;                           // "quay.io/biocontainers/samtools:1.17--h00cdaf9_0"; each of these may be empty
    Str load, import;                   // a file for `docker load` (absolute path); for `docker import` (that, or a URL)
    Str file;                           // the text of a Dockerfile
    Str id;                             // the name to run it by
    Str place;                          // file:line:column, for messages
    bool is_hint;                       // without an engine or the image the tool runs as it is
};
struct image {
    Str name;                           // the request's
    Str id;                             // "sha256:…": decides the bytes, so it is in the key. Empty: none; run without
    Str digest;                         // "docker.io/library/debian@sha256:…", for pulling it again; empty: no registry has it
    const Str *entrypoint;              // of the image; the command is its arguments
    size_t entrypoint_count;
    int64_t size;                       // bytes; 0: not known
};
// The one of that name, or NULL.
const struct image *image_find(const struct image *images, size_t count, Str name);
