// SPDX-License-Identifier: Apache-2.0
#pragma once
// Which commit of a git repository a file lies in, read from its .git folder: no git is needed and nothing of it is run.
#include "base/str.h"

struct arena;

// Of the repository around `path`: 40 or 64 hex digits; empty: there is none, or none yet. It does not say that the file is unchanged
// since: the digests of the workflow's files do.
Str commit_of(struct arena *a, Str path);
