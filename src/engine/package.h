// SPDX-License-Identifier: Apache-2.0
#pragma once
// Which package a program came from, and in which version, by what package managers leave on the disk. Programs are not asked:
// one that does not know --version might do anything.
#include "base/str.h"

struct arena;

struct package {
    Str name, version;
    Str manager;                        // "dpkg", "conda", "nix" or "guix"
};

// Of the program at the absolute path `path` (links are followed). dpkg: <root>/var/lib/dpkg; conda: conda-meta beside the program's bin;
// Nix and Guix: the name of its folder in the store. `root`: "" (tests: a folder that stands for "/" of dpkg). False: nobody knows it.
bool package_find(struct arena *a, const char *root, Str path, struct package *out) MUST_CHECK;
