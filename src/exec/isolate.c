// SPDX-License-Identifier: Apache-2.0
// A root folder for one task, out of mounts: what the machine shows, read-only; /dev, /proc and /tmp of its own; and the
// task at TASK_ROOT. Every step is a system call, nothing is run, and nothing stays behind: with its last process the
// namespaces and their mounts are gone.
#include "exec/isolate.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "exec/filter.h"
#include "sys/file.h"

// <linux/mount.h> clashes with <sys/mount.h> on Debian 12.
struct mount_attributes {
    uint64_t set, clear, propagation, userns_fd;
};
enum { ATTRIBUTE_READ_ONLY = 1, ATTRIBUTE_NO_SUID = 2, ATTRIBUTE_NO_DEVICES = 4, RECURSIVE = 0x8000, NOBODY = 65534 };
enum { QUIET = MS_NOSUID | MS_NODEV };
struct root {
    struct arena *arena;
    const struct start *start;
    Str at;                             // the new root, while it is being made
    Str made;                           // the folder made last
    struct err *err;
};

static uid_t outer_user;                // who we are outside of the namespaces
static gid_t outer_group;

// --- Namespaces.

pid_t isolate_fork(bool network)
{
    outer_user = geteuid();
    outer_group = getegid();
    unsigned long flags = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | (network ? 0 : CLONE_NEWNET) | SIGCHLD;
    return (pid_t)syscall(SYS_clone, flags, NULL, NULL, NULL, NULL);
}

static bool write_text(const char *path, const char *text, struct err *err)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    if (!ok)
        err_errno(err, "cannot write %s", path);
    if (fd >= 0)
        close(fd);
    return ok;
}

// Who runs as root is nobody inside: programs that find themselves to be root do what only root can (tar sets owners),
// and would fail without root's capabilities. Outside, files are the user's either way.
static bool map_ids(uid_t user, gid_t group, struct err *err)
{
    char users[64], groups[64];
    snprintf(users, sizeof users, "%u %u 1\n", user ? user : NOBODY, user);
    snprintf(groups, sizeof groups, "%u %u 1\n", user ? group : NOBODY, group);
    const char *setgroups = "/proc/self/setgroups";     // before Linux 3.19 there is none
    if (!write_text(setgroups, "deny\n", err) && access(setgroups, F_OK) == 0)
        return false;
    return write_text("/proc/self/uid_map", users, err) && write_text("/proc/self/gid_map", groups, err);
}

// Programs talk to themselves over 127.0.0.1.
static bool loopback_up(struct err *err)
{
    struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool ok = fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &request) == 0;
    if (!ok)
        err_errno(err, "cannot set up the loopback");
    if (fd >= 0)
        close(fd);
    return ok;
}

bool isolate_init(bool network, struct err *err)
{
    return map_ids(outer_user, outer_group, err) && (network || loopback_up(err));
}

// --- The new root.

static Str inside(struct root *r, Str path) { return str_concat(r->arena, r->at, path); }

static bool make_folder(struct root *r, Str path)
{
    if (str_eq(path, r->made))
        return true;
    r->made = path;
    return dir_make_all(path, r->err);
}

static bool make_file(struct root *r, Str path)
{
    if (!make_folder(r, str_dirname(path)))
        return false;
    int fd = open(path.data, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0444);
    if (fd < 0)
        return err_errno(r->err, "cannot make %s", path.data);
    close(fd);
    return true;
}

static bool make_link(struct root *r, const char *target, const char *path)
{
    Str at = inside(r, str_of(path));
    return (make_folder(r, str_dirname(at)) && symlink(target, at.data) == 0) || err_errno(r->err, "cannot make the link %s", at.data);
}

static bool mount_over(struct root *r, Str source, Str target, unsigned long flags)
{
    if (mount(source.data, target.data, NULL, flags, NULL) == 0)
        return true;
    return err_errno(r->err, "cannot mount %s", source.data);
}

static bool make_place(struct root *r, const char *source, Str target, bool *is_folder)
{
    struct stat st;
    if (stat(source, &st) < 0)
        return err_errno(r->err, "cannot see %s", source);
    *is_folder = S_ISDIR(st.st_mode);
    return *is_folder ? make_folder(r, target) : make_file(r, target);
}

// `source` of the machine at `path` of the new root, which is made.
static bool bind_place(struct root *r, Str source, Str path)
{
    bool is_folder;
    Str target = inside(r, path);
    return make_place(r, source.data, target, &is_folder) && mount_over(r, source, target, MS_BIND | MS_REC);
}

static bool is_temporary(Str path) { return str_starts(path, STR("/tmp/")) || str_starts(path, STR("/var/tmp/")); }

static bool add_shown(struct root *r, const struct shown *shown)
{
    for (size_t i = 0; i < shown->places.len; i++) {
        const struct shown_place *place = &shown->places.at[i];
        bool is_there = place->link.len || (!is_temporary(place->path) && access(place->path.data, F_OK) == 0);        // still
        if (is_there && !(place->link.len ? make_link(r, place->link.data, place->path.data) : bind_place(r, place->path, place->path)))
            return false;
    }
    return true;
}

static bool add_hidden(struct root *r, const struct shown *shown, bool in_tmp)
{
    Str empty = inside(r, STR("/.empty")), nothing = STR("/dev/null");
    if (!in_tmp && !make_folder(r, empty))
        return false;
    for (size_t i = 0; i < shown->hidden.len; i++) {
        const struct shown_place *place = &shown->hidden.at[i];
        Str target = inside(r, place->path);
        if (is_temporary(place->path) == in_tmp && access(target.data, F_OK) == 0 &&
            !mount_over(r, place->is_folder ? empty : nothing, target, MS_BIND))
            return false;
    }
    return true;
}

// Name servers are only of use to who has a network; what /etc/resolv.conf points to is then often in /run.
static bool add_name_servers(struct root *r)
{
    struct err ignored;
    Str real;
    if (!path_real(r->arena, STR("/etc/resolv.conf"), &real, &ignored) || str_starts(real, STR("/etc/")) || str_starts(real, STR("/usr/")))
        return true;
    return bind_place(r, real, real);
}

static bool add_mounts(struct root *r, bool is_writable)
{
    struct start_mount *mounts;
    size_t count = start_mounts(r->arena, r->start, &mounts);
    for (size_t i = 0; i < count; i++) {
        const struct start_mount *m = &mounts[i];
        Str target = inside(r, m->path);
        bool is_folder;
        if (m->is_writable != is_writable)
            continue;
        if (!m->is_made && !make_place(r, m->source.data, target, &is_folder))
            return err_wrap(r->err, "cannot stage " STR_FMT, STR_ARG(m->path));
        if (!mount_over(r, m->source, target, MS_BIND | (is_writable ? 0 : MS_REC)))
            return false;
        if (is_writable && mount(NULL, target.data, NULL, MS_BIND | MS_REMOUNT | QUIET, NULL) < 0)
            return err_errno(r->err, "cannot set the flags of " STR_FMT, STR_ARG(m->path));
    }
    return true;
}

// --- Read-only.

static bool unescape_mount(char *text)  // "\040" as mountinfo writes a blank
{
    char *out = text;
    for (; *text; text++) {
        bool is_escape = text[0] == '\\' && text[1] >= '0' && text[1] <= '3' && text[2] && text[3];
        *out++ = is_escape ? (char)((text[1] - '0') * 64 + (text[2] - '0') * 8 + (text[3] - '0')) : *text;
        text += is_escape ? 3 : 0;
    }
    *out = '\0';
    return true;
}

static unsigned long mount_flags(const char *options)
{
    static const struct { const char *name; unsigned long flag; } known[] = {
        { "nosuid", MS_NOSUID }, { "nodev", MS_NODEV }, { "noexec", MS_NOEXEC }, { "noatime", MS_NOATIME }, { "nodiratime", MS_NODIRATIME },
        { "relatime", MS_RELATIME },
    };
    unsigned long flags = 0;
    for (Str rest = str_of(options); rest.len;) {
        Str option = str_cut(&rest, ',');
        for (size_t i = 0; i < LEN(known); i++)
            if (str_is(option, known[i].name))
                flags |= known[i].flag;
    }
    return flags;
}

// A user namespace may add flags to a mount, and must name those that it has.
bool isolate_read_only_each(const char *path, struct err *err)
{
    FILE *file = fopen("/proc/self/mountinfo", "re");
    char *line = NULL, at[4096], options[512];
    size_t size = 0, len = strlen(path);
    bool ok = file != NULL;
    if (!file)
        err_errno(err, "cannot read the table of mounts");
    while (ok && getline(&line, &size, file) > 0) {
        if (sscanf(line, "%*d %*d %*s %*s %4095s %511s", at, options) != 2 || !unescape_mount(at))
            continue;
        if (strncmp(at, path, len) != 0 || (at[len] && at[len] != '/' && len > 1))
            continue;
        if (mount(NULL, at, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY | QUIET | mount_flags(options), NULL) < 0 && errno != EINVAL && errno != EACCES)
            ok = err_errno(err, "cannot make %s read-only", at);        // EINVAL, EACCES: covered, or not to be seen
    }
    free(line);
    if (file)
        fclose(file);
    return ok;
}

static bool read_only(struct root *r, Str path)
{
    struct mount_attributes attributes = { .set = ATTRIBUTE_READ_ONLY | ATTRIBUTE_NO_SUID | ATTRIBUTE_NO_DEVICES };
#ifdef SYS_mount_setattr
    if (syscall(SYS_mount_setattr, AT_FDCWD, path.data, RECURSIVE, &attributes, sizeof attributes) == 0)
        return true;
#endif
    return isolate_read_only_each(path.data, r->err);
}

// --- /dev, /proc, /tmp.

static const char *const devices[] = { "/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty" };

static bool make_devices(struct root *r)
{
    for (size_t i = 0; i < LEN(devices); i++)
        if (!make_file(r, inside(r, str_of(devices[i]))))
            return false;
    static const char *const links[][2] = { { "/proc/self/fd", "/dev/fd" }, { "/proc/self/fd/0", "/dev/stdin" }, { "/proc/self/fd/1", "/dev/stdout" },
                                            { "/proc/self/fd/2", "/dev/stderr" }, { "pts/ptmx", "/dev/ptmx" } };
    for (size_t i = 0; i < LEN(links); i++)
        if (!make_link(r, links[i][0], links[i][1]))
            return false;
    return make_folder(r, inside(r, STR("/dev/shm"))) && make_folder(r, inside(r, STR("/dev/pts")));
}

static bool bind_device(struct root *r, Str path) { return mount_over(r, path, inside(r, path), MS_BIND); }

static bool mount_devices(struct root *r, const struct shown *shown)
{
    for (size_t i = 0; i < LEN(devices); i++)
        if (!bind_device(r, str_of(devices[i])))
            return false;
    if (mount("devpts", inside(r, STR("/dev/pts")).data, "devpts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=620") < 0)
        return err_errno(r->err, "cannot mount terminals");
    char options[64];                   // files in it are memory that no process shows
    int64_t most = r->start->sandbox.limits.memory_bytes;
    snprintf(options, sizeof options, most > 0 ? "mode=1777,size=%lld" : "mode=1777", (long long)most);
    if (mount("tmpfs", inside(r, STR("/dev/shm")).data, "tmpfs", QUIET, options) < 0)
        return err_errno(r->err, "cannot mount shared memory");
    for (size_t i = 0; i < shown->devices.len; i++)
        if (!bind_device(r, shown->devices.at[i]))
            return false;
    return true;
}

// Who is root outside may change the kernel's settings in /proc, capabilities or not.
static bool mount_proc(struct root *r)
{
    static const char *const settings[] = { "/proc/sys", "/proc/sysrq-trigger", "/proc/irq", "/proc/bus", "/proc/fs" };
    if (mount("proc", inside(r, STR("/proc")).data, "proc", QUIET | MS_NOEXEC, NULL) < 0)
        return err_errno(r->err, "cannot mount /proc");
    for (size_t i = 0; outer_user == 0 && i < LEN(settings); i++) {
        Str path = inside(r, str_of(settings[i]));
        if (access(path.data, F_OK) == 0 && (!mount_over(r, path, path, MS_BIND | MS_REC) || !read_only(r, path)))
            return false;
    }
    return true;
}

static bool mount_writable(struct root *r)
{
    static const char *const temporary[] = { "/tmp", "/var/tmp" };
    if (!add_mounts(r, true))
        return false;
    Str task = inside(r, STR(TASK_TMP));
    for (size_t i = 0; i < LEN(temporary); i++)         // the mount there has its flags already
        if (!mount_over(r, task, inside(r, str_of(temporary[i])), MS_BIND))
            return false;
    return true;
}

// What is shown of the machine's /tmp lies in the task's own, which is mounted by now.
static bool add_shown_in_tmp(struct root *r, const struct shown *shown)
{
    for (size_t i = 0; i < shown->places.len; i++) {
        const struct shown_place *place = &shown->places.at[i];
        bool is_there = is_temporary(place->path) && access(place->path.data, F_OK) == 0;
        if (is_there && (!bind_place(r, place->path, place->path) || !read_only(r, inside(r, place->path))))
            return false;
    }
    return true;
}

// --- All of it.

static bool begin_root(struct root *r)
{
    if (mkdir(r->at.data, 0700) < 0 && errno != EEXIST)
        return err_errno(r->err, "cannot make %s", r->at.data);
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        return err_errno(r->err, "cannot have mounts of its own");
    if (mount("tmpfs", r->at.data, "tmpfs", QUIET, "mode=0755") < 0)
        return err_errno(r->err, "cannot mount a file system in memory");
    return true;
}

static bool make_folders(struct root *r, const struct shown *shown)
{
    static const char *const folders[] = { "/proc", "/tmp", "/var/tmp", TASK_OUT, TASK_TMP, TASK_IN };
    for (size_t i = 0; i < LEN(folders); i++)
        if (!make_folder(r, inside(r, str_of(folders[i]))))
            return false;
    for (size_t i = 0; i < shown->devices.len; i++)
        if (!make_file(r, inside(r, shown->devices.at[i])))
            return false;
    return make_devices(r);
}

static bool enter(struct root *r)
{
    if (chdir(r->at.data) < 0 || syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
        return err_errno(r->err, "cannot enter the new root");
    return true;
}

bool isolate_root(struct arena *a, const struct start *s, const struct shown *shown, struct err *err)
{
    struct root r = { .arena = a, .start = s, .err = err, .at = str_join_path(a, s->folder, STR("root")) };
    return begin_root(&r) && add_shown(&r, shown) && add_hidden(&r, shown, false) && make_folders(&r, shown) &&
           (!s->sandbox.network || add_name_servers(&r)) && add_mounts(&r, false) && read_only(&r, r.at) &&
           mount_devices(&r, shown) && mount_proc(&r) && mount_writable(&r) &&
           add_shown_in_tmp(&r, shown) && add_hidden(&r, shown, true) && enter(&r);
}

// --- The end of all rights.

static bool drop_capabilities(struct err *err)
{
    struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct none[2] = { { 0 } };
    for (int i = 0; i <= 63; i++) {
        int is_held = prctl(PR_CAPBSET_READ, i, 0, 0, 0);
        if (is_held < 0 && errno == EINVAL)     // the one behind the last that this kernel knows
            break;
        if (is_held < 0 || (is_held && prctl(PR_CAPBSET_DROP, i, 0, 0, 0) < 0))
            return err_errno(err, "cannot give up a capability");
    }
    return syscall(SYS_capset, &header, none) == 0 || err_errno(err, "cannot give up capabilities");
}

bool isolate_lock(struct err *err)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return err_errno(err, "cannot forbid new privileges");
    return drop_capabilities(err) && filter_install(err);
}

// --- Can this machine do it?

static bool try_out(struct err *err)
{
    struct arena a = { 0 };
    struct root r = { .arena = &a, .at = STR("/tmp"), .err = err };
    bool ok = isolate_init(false, err) && begin_root(&r) && make_folder(&r, inside(&r, STR("/proc"))) && mount_proc(&r) && isolate_lock(err);
    arena_release(&a);
    return ok;
}

void isolate_explain(struct err *err)
{
    size_t len = strlen(err->text);
    snprintf(err->text + len, sizeof err->text - len, "; the machine's administrator can allow it: sysctl user.max_user_namespaces, "
             "kernel.unprivileged_userns_clone, kernel.apparmor_restrict_unprivileged_userns; in a container: its seccomp profile; "
             "'--sandbox none' runs tasks without one");
}

bool isolate_probe(struct err *err)
{
    int said[2];
    if (pipe2(said, O_CLOEXEC) < 0)
        return err_errno(err, "cannot make a pipe");
    pid_t pid = isolate_fork(false);
    if (pid == 0) {
        bool ok = try_out(err) || write(said[1], err->text, strlen(err->text)) < 0;
        _exit(ok ? 0 : 1);
    }
    if (pid < 0) {
        err_errno(err, "cannot make namespaces");
        isolate_explain(err);
        close(said[0]), close(said[1]);
        return false;
    }
    char text[sizeof err->text];
    int status = 0;
    close(said[1]);
    ssize_t len = read(said[0], text, sizeof text - 1);
    close(said[0]);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return true;
    return err_set(err, ERR_UNSUPPORTED, "%.*s", (int)MAX(len, 0), len > 0 ? text : "the trial was killed");
}
