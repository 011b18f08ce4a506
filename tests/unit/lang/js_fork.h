// SPDX-License-Identifier: Apache-2.0
#pragma once
// The JavaScript child for test programs, which are not `petri`: a fork that serves. `js_start = js_fork;`
#include <sys/socket.h>
#include <unistd.h>

#include "lang/js/js.h"
#include "lang/js/js_node.h"

static inline bool js_fork(const char *node, pid_t *pid, int *fd, struct err *err)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        return err_errno(err, "socketpair");
    *pid = fork();
    if (*pid < 0)
        return err_errno(err, "fork");
    if (*pid == 0) {
        close(pair[0]);
        if (node && dup2(pair[1], 3) == 3)
            js_node_serve(node);
        _exit(js_serve(pair[1]));
    }
    close(pair[1]);
    *fd = pair[0];
    return true;
}
