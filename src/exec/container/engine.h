// SPDX-License-Identifier: Apache-2.0
#pragma once
// The container engines that Petri can drive by their own command-line programs: docker, podman, apptainer (or singularity).
#include "base/err.h"

struct arena;

enum engine_kind { ENGINE_DOCKER, ENGINE_PODMAN, ENGINE_APPTAINER, ENGINE_KINDS };
enum { ENGINE_AUTO = -1 };              // in place of a kind: the first that works, in the order above
struct engine {
    enum engine_kind kind;
    Str program;                        // absolute path
    bool is_rootless;                   // it works without root: what is root in the container is the user outside
    bool can_limit;                     // memory, processes and cores
};
const char *engine_name(enum engine_kind kind);         // "docker"
// The engine to use. ERR_NOT_FOUND: none is installed, or none that is works; the text says of each why, and what to do.
// kind: an enum engine_kind or ENGINE_AUTO. Calls the engine: costs tens of milliseconds.
bool engine_find(struct arena *a, int kind, struct engine *out, struct err *err) MUST_CHECK;
