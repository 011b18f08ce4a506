// SPDX-License-Identifier: Apache-2.0
#pragma once
// Images as files, for apptainer and singularity. They have no store of images by name, so ours is <home>/images.
#include "exec/container/images.h"

// lock: of this image, or NULL. A pinned image keeps the id that the lock gives it, since files that apptainer makes from one and the
// same image differ; without a lock the file's own SHA-256 is the id.
bool apptainer_image(struct arena *a, const struct image_search *s, const struct image_request *r, const struct image *lock,
                     struct image *out, struct err *err) MUST_CHECK;
bool apptainer_image_of_id(struct arena *a, const struct image_search *s, Str id, struct image *out, struct err *err) MUST_CHECK;
