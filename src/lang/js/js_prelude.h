// SPDX-License-Identifier: Apache-2.0
#pragma once
// Library functions newer than duktape that CWL in the wild calls, written in ES5.
extern const char js_prelude[];
