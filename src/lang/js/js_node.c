// SPDX-License-Identifier: Apache-2.0
// Node as the engine of expressions in newer JavaScript. What it runs is a loop without an end over frames, so that nothing
// asynchronous of a workflow's code ever gets its turn; the code sees a global object of its own that holds no object of the host, and the
// host has thrown away what leads to files and processes before it reads the first frame.
#include "lang/js/js_node.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/base.h"

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

// What an expression that found its way out of the script must not do: reach the network, or change a file. A program that makes such a
// call is told that it may not (seccomp(2)). Only for the system calls of the machine's own kind: the filter refuses others.
static void confine(void)
{
#if defined(__x86_64__)
    enum { X32 = 0x40000000 };
    static const int refused[] = {
        SYS_socket, SYS_connect, SYS_bind, SYS_ptrace, SYS_process_vm_writev, SYS_kill, SYS_tkill, SYS_creat, SYS_truncate, SYS_rename, SYS_renameat,
        SYS_renameat2, SYS_unlink, SYS_unlinkat, SYS_rmdir, SYS_mkdir, SYS_mkdirat, SYS_link, SYS_linkat, SYS_symlink, SYS_symlinkat, SYS_mknod,
        SYS_mknodat, SYS_chmod, SYS_fchmod, SYS_fchmodat, SYS_chown, SYS_fchown, SYS_lchown, SYS_fchownat, SYS_setxattr, SYS_lsetxattr, SYS_fsetxattr,
        SYS_removexattr, SYS_lremovexattr, SYS_fremovexattr, SYS_utime, SYS_utimes, SYS_futimesat, SYS_utimensat,
        SYS_openat2, SYS_mount, SYS_io_uring_setup,
    };
    enum { REFUSED = LEN(refused), OPENS = 2 * 4, HEAD = 5 };
    struct sock_filter code[HEAD + OPENS + REFUSED + 2], *at = code;
    const unsigned no = SECCOMP_RET_ERRNO | EACCES, flags[] = { offsetof(struct seccomp_data, args[1]), offsetof(struct seccomp_data, args[2]) };
    *at++ = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch));
    *at++ = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0);
    *at++ = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, no);
    *at++ = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    *at++ = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, X32, (OPENS + REFUSED + 1), 0);
    for (int i = 0; i < REFUSED; i++)
        *at++ = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)refused[i], (unsigned char)(REFUSED - i + OPENS), 0);
    for (int i = 0; i < 2; i++) {                       // open, openat: to read only
        *at++ = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, i ? SYS_openat : SYS_open, 0, 3);
        *at++ = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, flags[i]);
        *at++ = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, O_WRONLY | O_RDWR | O_CREAT | O_TRUNC, (unsigned char)(i ? 2 : 6), 0);
        *at++ = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    }
    *at++ = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    *at++ = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, no);
    struct sock_fprog filter = { (unsigned short)(at - code), code };
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter);
#endif
}

void js_node_serve(const char *program)
{
    const char *const argv[] = { program, "--max-old-space-size=1024", "-e", script, NULL };
    struct rlimit core = { 0, 0 };
    setrlimit(RLIMIT_CORE, &core);                      // a core file would hold the context
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (nowhere >= 0)
        dup2(nowhere, STDERR_FILENO);                   // its own complaints: out of memory is told by the head
    setenv("TZ", "UTC0", 1);                            // the same dates on every machine
    unsetenv("NODE_OPTIONS");
    confine();
    execvp(program, (char *const *)argv);
    _exit(JS_EXIT_NO_NODE);                             // nothing else is done under the filter
}
