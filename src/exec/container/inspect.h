// SPDX-License-Identifier: Apache-2.0
#pragma once
// What `docker image inspect` and `podman image inspect` print, as an image.
#include "task/image.h"

struct arena;
struct err;

// JSON: an array whose first item is the image (or the item alone). The two engines differ in case and in "sha256:" before the id.
// out: all but the name, copied into `a`. Of several digests the one of `repository` is taken, else the first.
// ERR_INVALID: this is nothing of the kind.
bool inspect_read(struct arena *a, Str json, Str repository, struct image *out, struct err *err) MUST_CHECK;
// "sha256:" and 64 hexadecimal digits in lower case.
bool image_id_is_valid(Str id);
