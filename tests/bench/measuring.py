# SPDX-License-Identifier: Apache-2.0
"""A folder to measure in, a stopwatch, and what this machine is. Knows no engine."""
import os
import re
import shutil
import statistics
import subprocess
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
IN_MEMORY = ("tmpfs", "ramfs")
LAST_WORDS = 400                                    # so much of a failed command's messages is shown


class Failed(Exception):
    """A command that is measured did not end well; its text says which, and its last words."""


class Sample:
    def __init__(self, seconds, cpu_seconds, peak_bytes):
        self.seconds, self.cpu_seconds, self.peak_bytes = seconds, cpu_seconds, peak_bytes


def median(samples):
    return Sample(*(statistics.median(getattr(s, field) for s in samples) for field in ("seconds", "cpu_seconds", "peak_bytes")))


def filesystem_of(path):
    """The type of the file system that holds `path`: the longest mount point that is a prefix of it."""
    path, best = os.path.realpath(path), ("", "unknown")
    with open("/proc/self/mountinfo", encoding="utf-8") as f:
        for line in f:
            left, right = line.split(" - ", 1)
            point = re.sub(r"\\(\d{3})", lambda m: chr(int(m.group(1), 8)), left.split()[4])
            if (path + "/").startswith(point.rstrip("/") + "/") and len(point) >= len(best[0]):
                best = (point, right.split()[0])
    return best[1]


def processor():
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        names = [line.split(":", 1)[1].strip() for line in f if line.startswith("model name")]
    return names[0] if names else os.uname().machine


def use_cores(count):
    """Keeps this process and all that it starts on `count` cores, so that engines that count cores themselves agree."""
    cores = sorted(os.sched_getaffinity(0))[:count]
    os.sched_setaffinity(0, cores)
    return len(cores)


class Bench:
    """The folder and the stopwatch. As a context manager: the folder is gone afterwards, unless `keep`, and nothing is removed
    before: ext4 without a journal makes new files slowly, by half a second for 1,000, while it avoids the inodes of files
    that were removed less than 35 seconds ago. Whoever came after a removal would be charged for it."""

    def __init__(self, parent, keep):
        os.makedirs(parent, exist_ok=True)
        self.filesystem = filesystem_of(parent)
        if self.filesystem in IN_MEMORY:
            raise SystemExit("bench: %s is in memory (%s), where syncs cost nothing: name a folder on a disk by --dir" % (parent, self.filesystem))
        self.folder, self.keep, self.count = tempfile.mkdtemp(prefix="bench.", dir=parent), keep, 0
        self.spawn_loop = os.path.join(self.folder, "spawn_loop")
        self.env = dict(os.environ, HOME=self.new_folder("user"), TMPDIR=self.new_folder("tmp"), LC_ALL="C.UTF-8")
        for name in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "PETRI_HOME", "XDG_CACHE_HOME"):   # we may be started by make
            self.env.pop(name, None)

    def __enter__(self):
        self.compile(self.spawn_loop, ["-O2", os.path.join(HERE, "spawn_loop.c")])
        return self

    def __exit__(self, *_):
        if self.keep:
            print("kept: " + self.folder)
        else:
            shutil.rmtree(self.folder, ignore_errors=True)

    def new_folder(self, name):
        self.count += 1
        path = os.path.join(self.folder, "%s.%d" % (re.sub(r"\W+", "-", name), self.count))
        os.mkdir(path)
        return path

    def compile(self, program, arguments):
        done = subprocess.run([os.environ.get("CC", "cc"), "-o", program] + arguments, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Failed("cannot compile %s: %s" % (os.path.basename(program), done.stderr[-LAST_WORDS:]))
        return program

    def time(self, job, count=1, parallel=1):
        """Runs the job once, or its command `count` times, `parallel` side by side. Raises Failed."""
        report, log = os.path.join(self.folder, "report"), os.path.join(self.folder, "log")
        os.sync()                                   # what others left to be written is not this job's to pay
        with open(log, "w+", encoding="utf-8", errors="replace") as out:
            done = subprocess.run([self.spawn_loop, report, str(count), str(parallel)] + job.argv, cwd=job.folder, input=job.stdin or "",
                                  env=dict(self.env, **job.env), stdout=out, stderr=subprocess.STDOUT, text=True, check=False)
            out.seek(0, os.SEEK_END)
            out.seek(max(0, out.tell() - LAST_WORDS))
            words = out.read().strip()
        if done.returncode == 0:
            with open(report, encoding="utf-8") as f:
                seconds, cpu_seconds, peak_kib, failed = (float(x) for x in f.read().split())
        if done.returncode != 0 or failed:
            raise Failed("%s: %s" % (" ".join(job.argv[:2]), words or "it failed without a word"))
        return Sample(seconds, cpu_seconds, peak_kib * 1024)

    def sync_seconds(self, rounds=50):
        """One small file, written and synced: the price of durability here."""
        times, path = [], os.path.join(self.folder, "sync")
        for _ in range(rounds):
            began = time.monotonic()
            fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.write(fd, b"x" * 100)
            os.fsync(fd)
            os.close(fd)
            times.append(time.monotonic() - began)
            os.unlink(path)
        return statistics.median(times)
