// SPDX-License-Identifier: Apache-2.0
// The programs that Petri starts for itself, with their socket on file descriptor 3. Not for people.
#include "cli/commands.h"
#include "exec/local.h"
#include "lang/js/js.h"
#include "lang/js/js_node.h"

enum { SOCKET = 3 };

static int attempt_main(struct invocation *in UNUSED) { return attempt_serve(SOCKET); }
static int js_main(struct invocation *in)
{
    if (in->argc > 0)
        js_node_serve(str_z(in->arena, in->argv[0]));
    return js_serve(SOCKET);
}

const struct command cmd_attempt = {
    .name = "attempt", .usage = "--serve", .summary = "Run tasks for another Petri process",
    .description = "Started by Petri itself.", .main = attempt_main, .is_hidden = true,
};
const struct command cmd_js = {
    .name = "js", .usage = "", .summary = "Evaluate JavaScript for another Petri process",
    .description = "Started by Petri itself.", .main = js_main, .is_hidden = true,
};
