// SPDX-License-Identifier: Apache-2.0
#pragma once
// For the tests of the CWL loader: documents written into the test's folder, and what was reported about them.
#include "lang/cwl/model.h"
#include "unit/test.h"

extern struct arena cwl_arena; // of the test
extern struct diags cwl_diags;
// Writes `text` to `name` in the test's folder; its absolute path.
Str cwl_write(const char *name, const char *text);
const struct cwl_document *cwl_try(const char *text); // a document of this text, loaded; NULL: see cwl_diags
const struct cwl_process *cwl_good(const char *text); // likewise; the test fails where it does not load
// The diagnostics as lines "file:line:column: error: text" and "  hint: text"; `folder` in them becomes DIR.
Str cwl_report(Str folder);
// Fails the test unless one of the diagnostics has `part` in its text or hint.
void cwl_expect_report(const char *file, int line, const char *part);
#define EXPECT_REPORT(part) cwl_expect_report(__FILE__, __LINE__, part)
