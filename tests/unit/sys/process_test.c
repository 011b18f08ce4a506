// SPDX-License-Identifier: Apache-2.0
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/file.h"
#include "sys/machine.h"
#include "sys/process.h"
#include "unit/test.h"

// Started again as "helper", this program says what it finds, and waits for the socket's end.
static void be_a_helper(void)
{
    char report[256], byte;
    int open_fds = 0;
    DIR *dir = opendir("/proc/self/fd");
    while (dir && readdir(dir))
        open_fds++;
    sigset_t mask;
    sigprocmask(SIG_BLOCK, NULL, &mask);
    snprintf(report, sizeof report, "fds=%d leader=%d sigint-blocked=%d stdin=%d\n", open_fds - 3,
             getsid(0) == getpid(), sigismember(&mask, SIGINT),
             (int)read(0, &byte, 1));    // less ".", "..", and the folder itself
    if (write(3, report, strlen(report)) > 0 && read(3, &byte, 1) == 0)
        _exit(7);
    _exit(1);
}

__attribute__((constructor)) static void help_if_asked(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--be-a-helper") == 0)
        be_a_helper();
}

static const char *const helper[] = { "label", "--be-a-helper", NULL };

TEST(a_helper_has_its_socket_and_nothing_else_of_ours)
{
    struct err err;
    struct strbuf got = { 0 };
    pid_t pid;
    int fd, status, leak = open("/dev/null", O_RDONLY);         // on purpose without O_CLOEXEC
    EXPECT(leak >= 0);
    signal(SIGPIPE, SIG_IGN);
    EXPECT_OK(process_start_self(helper, true, &pid, &fd, &err), err);
    char byte = 0;
    while (byte != '\n' && read(fd, &byte, 1) == 1)
        strbuf_addc(&got, byte);
    EXPECT_STR(strbuf_str(&got), STR("fds=4 leader=1 sigint-blocked=0 stdin=0\n"));
    close(fd);
    waitpid(pid, &status, 0);
    EXPECT(WIFEXITED(status) && WEXITSTATUS(status) == 7);
    strbuf_release(&got);
}

TEST(a_helper_dies_with_us_if_asked)
{
    struct err err;
    pid_t helper_pid = 0;
    int pipes[2], fd;
    EXPECT(pipe2(pipes, O_CLOEXEC) == 0);
    pid_t parent = fork();
    if (parent == 0) {
        bool ok = process_start_self(helper, true, &helper_pid, &fd, &err);
        fcntl(pipes[1], F_SETFD, 0);
        _exit(!ok || write(pipes[1], &helper_pid, sizeof helper_pid) < 0);
    }
    close(pipes[1]);
    EXPECT_INT(read(pipes[0], &helper_pid, sizeof helper_pid), sizeof helper_pid);
    waitpid(parent, NULL, 0);
    for (int i = 0; i < 2000 && kill(helper_pid, 0) == 0; i++) {
        char path[64];
        snprintf(path, sizeof path, "/proc/%d/exe", (int)helper_pid);
        if (!file_exists(str_of(path)))                 // a zombie that init has not yet taken
            break;
        usleep(1000);
    }
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/exe", (int)helper_pid);
    EXPECT(!file_exists(str_of(path)));
}

TEST(the_machine_says_what_it_has)
{
    EXPECT(machine_cores() >= 1);
    EXPECT(machine_memory_bytes() > 1 << 20);
    EXPECT(disk_free_bytes(str_of(test_dir())) > 0);
    EXPECT_INT(disk_free_bytes(STR("/absent/folder")), -1);
    EXPECT(machine_host().len > 0);
}
