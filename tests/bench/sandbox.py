# SPDX-License-Identifier: Apache-2.0
"""What the sandbox and measuring add to a task, beside bubblewrap run by hand."""
import os
import shutil

from measuring import median
from workloads import NOTHING, PARALLEL, Job, write_cwl

COUNT = 300
SLEEPERS = 40
BY_HAND = ["bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL", "--ro-bind", "/usr", "/usr", "--ro-bind", "/etc", "/etc",
           "--symlink", "usr/bin", "/bin", "--symlink", "usr/lib", "/lib", "--symlink", "usr/lib64", "/lib64", "--dev", "/dev", "--proc", "/proc",
           "--tmpfs", "/tmp", "true"]


def job(m, folder, kind):
    made = m.petri(folder, NOTHING, COUNT)
    made.env["PETRI_SANDBOX_KIND"] = kind
    return made


def overhead(m):
    """(without, with, by hand): seconds for COUNT tasks; the last None where there is no bwrap."""
    times = {"none": [], "bwrap": [], "hand": []}
    for _ in range(m.options.rounds):
        for kind in ("none", "bwrap"):
            times[kind].append(m.bench.time(job(m, m.bench.new_folder(kind), kind)))
        if shutil.which("bwrap"):
            times["hand"].append(m.bench.time(Job(BY_HAND, m.bench.new_folder("hand")), COUNT, PARALLEL))
    return [median(t).seconds if t else None for t in times.values()]


def measuring(m, seconds):
    """Processor time of Petri with its runner for SLEEPERS tasks at once that do nothing for so long."""
    folder = m.bench.new_folder("sleep")
    workflow, inputs = write_cwl(folder, NOTHING, SLEEPERS)
    with open(workflow, encoding="utf-8") as f:
        text = f.read()
    with open(workflow, "w", encoding="utf-8") as f:
        f.write(text.replace('"true"', '"sh", "-c", "sleep %g"' % seconds))
    argv = [m.options.petri, "run", "--quiet", "--cores", str(SLEEPERS), "--outdir", os.path.join(folder, "out"), workflow, inputs]
    return m.bench.time(Job(argv, folder, env={"PETRI_HOME": os.path.join(folder, "home"), "PETRI_SANDBOX_KIND": "none"})).cpu_seconds


def measure(m):
    without, shut_in, by_hand = overhead(m)
    m.report.row("what the sandbox adds to a task", (shut_in - without) / COUNT, peer="bwrap … true, by hand", peers=by_hand and by_hand / COUNT,
                 bar=("ratio", "most", 1.3), runs=m.options.rounds)
    long, short = ([measuring(m, seconds) for _ in range(3)] for seconds in (1, 0))
    cost = (sorted(long)[1] - sorted(short)[1]) / SLEEPERS
    m.report.row("measuring a task of 1 s, processor time", max(cost, 0), bar=("petri", "most", 0.01), runs=3)
