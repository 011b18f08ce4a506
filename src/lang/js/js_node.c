// SPDX-License-Identifier: Apache-2.0
// Node as the engine of expressions in newer JavaScript. What it runs is a loop without an end over frames, so that nothing
// asynchronous of a workflow's code ever gets its turn; the code sees a global object of its own that holds no object of the host, and the
// host has thrown away what leads to files and processes before it reads the first frame.
#include "lang/js/js_node.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

// In each fresh global object: random numbers as from one seed, the context's fields as globals, results that JSON has.
#define IN_CONTEXT \
    "(function () {\n" \
    "'use strict';\n" \
    "var seed = 1, stringify = JSON.stringify, parse = JSON.parse, keys = Object.keys, finite = isFinite, g = globalThis;\n" \
    "Math.random = function () { seed = seed * 48271 % 2147483647; return seed / 2147483647; };\n" \
    "return {\n" \
    "set: function (text) { var c = parse(text); keys(c).forEach(function (k) { g[k] = c[k]; }); },\n" \
    "text: function (value) {\n" \
    " return stringify(value, function (key, x) {\n" \
    "  var what = typeof x === 'function' ? 'a function' : typeof x === 'symbol' ? 'a symbol'\n" \
    "   : typeof x === 'number' && !finite(x) ? (x !== x ? 'NaN' : 'Infinity') : '';\n" \
    "  if (what) throw { unfit: 'the result' + (key === '' ? '' : ' at .' + key) + ' is ' + what + ', which JSON does not have' };\n" \
    "  return x;\n" \
    " });\n" \
    "} };\n" \
    "})()"

// Indented by one space a level: it all lies in the program.
static const char script[] =
    "(function () {\n"
    "'use strict';\n"
    "const fs = require('fs'), vm = require('vm'), read = fs.readSync, write = fs.writeSync, exit = process.exit, Bytes = Buffer;\n"
    "const inContext = " "`" IN_CONTEXT "`" ";\n"
    "const sets = [[]];\n"
    "['process', 'require', 'module', 'exports', 'Buffer', 'fetch', 'WebAssembly', 'setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask']\n"
    " .forEach(function (name) { delete globalThis[name]; });\n"
    "function take(n) {\n"
    " const b = Bytes.alloc(n);\n"
    " for (let at = 0; at < n;) {\n"
    "  let k = 0;\n"
    "  try { k = read(3, b, at, n - at, null); } catch (e) { if (e.code === 'EAGAIN' || e.code === 'EINTR') continue; exit(0); }\n"
    "  if (k === 0) exit(0);\n"
    "  at += k;\n"
    " }\n"
    " return b;\n"
    "}\n"
    "function u32(b, at) { return new Uint32Array(new Uint8Array(b.subarray(at, at + 4)).buffer)[0]; }\n"
    "function reply(kind, text) {\n"
    " const body = Bytes.from(text), head = Bytes.from(new Uint32Array([kind, body.length]).buffer), all = Bytes.concat([head, body]);\n"
    " for (let at = 0; at < all.length;)\n"
    "  try { at += write(3, all, at); } catch (e) { if (e.code !== 'EAGAIN' && e.code !== 'EINTR') exit(0); }\n"
    "}\n"
    "function libraries(b) {\n"
    " const list = [];\n"
    " for (let at = 0; at < b.length;) {\n"
    "  const n = u32(b, at);\n"
    "  list.push(b.toString('utf8', at + 4, at + 4 + n));\n"
    "  at += 4 + n;\n"
    " }\n"
    " sets.push(list);\n"
    "}\n"
    // A text that a message quotes is shown only where the code has it, unless the code made the message itself.
    "function failure(e, source) {\n"
    " if (e === null || typeof e !== 'object') return 'thrown: ' + String(e);\n"
    " if (typeof e.unfit === 'string') return e.unfit;\n"
    " const place = /(?:^|[ (])(code|expressionLib \\d+):(\\d+)/m.exec(String(e.stack));\n"
    " let text = String(e.message);\n"
    " if (String(e.name) !== 'Error')\n"
    "  text = text.replace(/([\"'`])(.*?)\\1/g, function (all, q, inner) { return source.includes(inner) ? all : q + '...' + q; });\n"
    " text = text.replace(/\\s*\\n\\s*/g, ' ');\n"
    " return (place ? (place[1] === 'code' ? '' : place[1] + ', ') + 'line ' + place[2] + ': ' : '') + String(e.name) + ': ' + text;\n"
    "}\n"
    "function answer(b, isBody) {\n"
    " const libs = sets[u32(b, 0)], n = u32(b, 4), code = b.toString('utf8', 8, 8 + n);\n"
    " let text;\n"
    " try {\n"
    "  const box = vm.createContext(Object.create(null)), tools = vm.runInContext(inContext, box);\n"
    "  libs.forEach(function (lib, i) { vm.runInContext(lib, box, { filename: 'expressionLib ' + (i + 1) }); });\n"
    "  tools.set(b.toString('utf8', 8 + n));\n"
    "  const whole = '(function(){\"use strict\";' + (isBody ? code + '\\n})()' : 'return (' + code + '\\n);})()');\n"
    "  text = tools.text(vm.runInContext(whole, box, { filename: 'code' }));\n"
    " } catch (e) {\n"
    "  let why = 'an error that cannot be shown';\n"
    "  try { why = failure(e, code + libs.join('')); } catch (again) { }\n"
    "  reply(6, why);\n"
    "  return;\n"
    " }\n"
    " reply(5, text === undefined ? 'null' : text);\n"
    "}\n"
    "for (;;) {\n"
    " const head = take(8), kind = u32(head, 0), body = take(u32(head, 4));\n"
    " if (kind === 2) libraries(body);\n"
    " else if (kind === 3 || kind === 4) answer(body, kind === 4);\n"
    "}\n"
    "})();\n";

int js_node_serve(const char *program)
{
    const char *const argv[] = { program, "--max-old-space-size=1024", "-e", script, NULL };
    struct rlimit core = { 0, 0 };
    setrlimit(RLIMIT_CORE, &core);                      // a core file would hold the context
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (nowhere >= 0)
        dup2(nowhere, STDERR_FILENO);                   // its own complaints: out of memory is told by the head
    setenv("TZ", "UTC0", 1);                            // the same dates on every machine
    unsetenv("NODE_OPTIONS");
    execvp(program, (char *const *)argv);
    return JS_EXIT_NO_NODE;
}
