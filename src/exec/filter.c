// SPDX-License-Identifier: Apache-2.0
// A seccomp filter (seccomp(2), linux/filter.h): what administers the machine is refused, and what has again and again
// been the way out of sandboxes: keys, io_uring, userfaultfd, BPF, further namespaces, input forged for a terminal. All
// else is allowed: tools of any kind and age must run, 32-bit ones too. Not a list of what is allowed: that would have to
// know every tool.
#include "exec/filter.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define NATIVE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE AUDIT_ARCH_AARCH64
#elif defined(__powerpc64__)
#define NATIVE AUDIT_ARCH_PPC64LE
#elif defined(__riscv)
#define NATIVE AUDIT_ARCH_RISCV64
#else
#error "add the AUDIT_ARCH_… of this machine"
#endif

// Name, errno, number on i386 (arch/x86/entry/syscalls/syscall_32.tbl). "Not there" where programs then do without.
#define REFUSED(X) \
    X(mount, EPERM, 21) X(umount2, EPERM, 52) X(pivot_root, EPERM, 217) X(setns, EPERM, 346) X(chroot, EPERM, 61) \
    X(keyctl, EPERM, 288) X(add_key, EPERM, 286) X(request_key, EPERM, 287) X(bpf, EPERM, 357) X(perf_event_open, EPERM, 336) \
    X(userfaultfd, EPERM, 374) X(kexec_load, EPERM, 283) X(init_module, EPERM, 128) X(finit_module, EPERM, 350) \
    X(delete_module, EPERM, 129) X(swapon, EPERM, 87) X(swapoff, EPERM, 115) X(reboot, EPERM, 88) X(open_by_handle_at, EPERM, 342) \
    X(quotactl, EPERM, 131) X(acct, EPERM, 51) X(syslog, EPERM, 103) X(settimeofday, EPERM, 79) X(clock_settime, EPERM, 264)
// The same number everywhere, and younger than Debian 12's headers know in part.
enum { MOUNT_SETATTR = 442, CLONE3 = 435, IO_URING_FIRST = 425, IO_URING_LAST = 427, X32 = 0x40000000 };
enum { FSMOUNT_FIRST = 428, FSMOUNT_LAST = 433 };       // open_tree, move_mount, fsopen, fsconfig, fsmount, fspick
enum { PROGRAM_MAX = 256 };

struct program {
    struct sock_filter at[PROGRAM_MAX];
    unsigned short len;
};

static void add(struct program *p, struct sock_filter step)
{
    CHECK(p->len < PROGRAM_MAX);
    p->at[p->len++] = step;
}

static void load(struct program *p, size_t offset) { add(p, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned)offset)); }

static void answer(struct program *p, int number)
{
    unsigned action = number ? SECCOMP_RET_ERRNO | ((unsigned)number & SECCOMP_RET_DATA) : SECCOMP_RET_ALLOW;
    add(p, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action));
}

static void refuse(struct program *p, unsigned number, int with)
{
    add(p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1));
    answer(p, with);
}

static void refuse_range(struct program *p, unsigned first, unsigned last, int with)
{
    add(p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, first, 0, 2));
    add(p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, last, 1, 0));
    answer(p, with);
}

// The low half of an argument: as the kernel sees flags and requests of ioctl, on little-endian machines.
static size_t argument(int n) { return offsetof(struct seccomp_data, args) + (size_t)n * sizeof(uint64_t); }

// Call `number` with one of `bits` set in its first argument; leaves the accumulator as it was when it is another call.
static void refuse_flags(struct program *p, unsigned number, unsigned bits)
{
    add(p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 4));
    load(p, argument(0));
    add(p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, bits, 0, 1));
    answer(p, EPERM);
    answer(p, 0);
}

static void refuse_terminal(struct program *p, unsigned number)
{
    add(p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 5));
    load(p, argument(1));
    add(p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, TIOCSTI, 1, 0));
    add(p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, TIOCLINUX, 0, 1));
    answer(p, EPERM);
    answer(p, 0);
}

static void refuse_everywhere(struct program *p)
{
    refuse_range(p, IO_URING_FIRST, IO_URING_LAST, ENOSYS);
    refuse_range(p, FSMOUNT_FIRST, FSMOUNT_LAST, EPERM);
    refuse(p, MOUNT_SETATTR, EPERM);
    refuse(p, CLONE3, ENOSYS);          // its flags are in memory, where a filter cannot see them: libraries use clone then
}

static void add_native(struct program *p)
{
#if defined(__x86_64__)
    refuse_range(p, X32, UINT32_MAX, ENOSYS);
#endif
#define X(name, number, i386) refuse(p, SYS_##name, number);
    REFUSED(X)
#undef X
    refuse_everywhere(p);
    refuse_flags(p, SYS_unshare, CLONE_NEWUSER);
    refuse_flags(p, SYS_clone, CLONE_NEWUSER);
    refuse_terminal(p, SYS_ioctl);
    answer(p, 0);
}

#if defined(__x86_64__)
static void add_i386(struct program *p)
{
    enum { I386_UNSHARE = 310, I386_CLONE = 120, I386_IOCTL = 54, I386_CLOCK_SETTIME64 = 404, I386_STIME = 25, I386_UMOUNT = 22 };
#define X(name, number, i386) refuse(p, i386, number);
    REFUSED(X)
#undef X
    refuse(p, I386_CLOCK_SETTIME64, EPERM);
    refuse(p, I386_STIME, EPERM);
    refuse(p, I386_UMOUNT, EPERM);
    refuse_everywhere(p);
    refuse_flags(p, I386_UNSHARE, CLONE_NEWUSER);
    refuse_flags(p, I386_CLONE, CLONE_NEWUSER);
    refuse_terminal(p, I386_IOCTL);
    answer(p, 0);
}
#endif

static void build(struct program *p)
{
    size_t number = offsetof(struct seccomp_data, nr);
    load(p, offsetof(struct seccomp_data, arch));
#if defined(__x86_64__)
    add(p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_I386, 1, 0));
    size_t jump = p->len;
    add(p, (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, 0));
    load(p, number);
    add_i386(p);
    p->at[jump].k = (unsigned)(p->len - jump - 1);
#endif
    add(p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NATIVE, 1, 0));
    answer(p, ENOSYS);
    load(p, number);
    add_native(p);
}

bool filter_install(struct err *err)
{
    static struct program program;
    if (program.len == 0)
        build(&program);
    struct sock_fprog filter = { .len = program.len, .filter = program.at };
    // Without SPEC_ALLOW old kernels slow every program down for a side channel that is none between a task and itself.
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW, &filter) == 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) == 0)
        return true;
    return err_errno(err, "cannot filter system calls");
}
