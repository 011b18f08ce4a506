// SPDX-License-Identifier: Apache-2.0
#pragma once
// The page's style and script, from report.css and report.js; tools/embed makes the C of them when Petri is built. The digests are
// SHA-256 in base64, of exactly these bytes.
#include "base/str.h"

extern const Str asset_report_css, asset_report_css_sha256, asset_report_js, asset_report_js_sha256;
