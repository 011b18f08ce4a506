// SPDX-License-Identifier: Apache-2.0
#pragma once
// The folder of a finished attempt, emptied, serves the next one: making and removing five inodes for each attempt
// costs more than all else that the executor does. A spare folder is <home>/attempts/.spare-<something>; whoever
// renames it first has it.
#include "base/err.h"

struct store;

// Empties the attempt's folder and renames it to `spare`. False when it is not just as a new one would be: then it is
// still there, perhaps emptied in part, and must be removed. Its processes must all be dead. Small outputs serve the store's next results;
// `store` may be NULL.
bool folder_recycle(Str folder, Str spare, struct store *store);
// Removes the attempt's folder. Under another name first: should we die midway, spares_remove() of the next head goes on.
bool folder_remove(Str folder, struct err *err) MUST_CHECK;
// Removes the spare folders in `attempts` that heads left behind.
void spares_remove(Str attempts);
