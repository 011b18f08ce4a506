# SPDX-License-Identifier: Apache-2.0
"""What a task in a container costs beside `docker run` and `podman run` by hand. Engines and images are those of the end-to-end tests."""
import json
import os
import statistics
import sys

from measuring import ROOT
from workloads import Job, write

sys.path.insert(0, os.path.join(ROOT, "tests", "e2e"))
import engines                                          # noqa: E402

FEW, MANY, ROUNDS = 1, 9, 5


def write_flow(folder, count):
    """A scatter over `count` tasks of `true` in the image. Returns the workflow and its inputs."""
    tool = {"class": "CommandLineTool", "baseCommand": "true", "outputs": [], "inputs": {"n": {"type": "int", "inputBinding": {}}},
            "requirements": {"DockerRequirement": {"dockerPull": engines.NAMES[0]}}}
    flow = {"cwlVersion": "v1.2", "class": "Workflow", "requirements": {"ScatterFeatureRequirement": {}}, "inputs": {"n": "int[]"}, "outputs": [],
            "steps": {"s": {"run": tool, "scatter": "n", "in": {"n": "n"}, "out": []}}}
    write(os.path.join(folder, "flow.cwl"), json.dumps(flow))
    write(os.path.join(folder, "n.json"), json.dumps({"n": list(range(count))}))


def seconds_of(m, engine, count):
    """One run of `count` tasks, one at a time."""
    folder = m.bench.new_folder(engine.name)
    write_flow(folder, count)
    argv = [m.options.petri, "run", "-q", "--cores", "1", "--sandbox", engine.name, "flow.cwl", "n.json"]
    return m.bench.time(Job(argv, folder, env=dict(engine.env, PETRI_HOME=os.path.join(folder, "home")))).seconds


def by_hand(m, engine):
    """As a person would: no network, and the limits of open files and processes that this machine wants to be told."""
    limit, folder = os.sysconf("SC_OPEN_MAX"), m.bench.new_folder("hand")
    argv = [engine.program, "run", "--rm", "--network=none", "--ulimit", "nofile=1024:%d" % limit, "--ulimit", "nproc=10000:10000",
            engines.NAMES[0], "true"]
    return m.bench.time(Job(argv, folder, env=engine.env), MANY - FEW).seconds / (MANY - FEW)


def measure(m):
    """The difference between many and few tasks is what a task costs; what the run costs once is in a line of its own."""
    with engines.Engines() as found:
        for name, reason in found.reasons.items():
            m.report.note("%s cannot be used here: %s" % (name, reason))
        for engine in found.all():
            ratios, tasks, hands, ones = [], [], [], []
            for _ in range(ROUNDS):
                one, many, hand = seconds_of(m, engine, FEW), seconds_of(m, engine, MANY), by_hand(m, engine)
                task = (many - one) / (MANY - FEW)
                ones.append(one), tasks.append(task), hands.append(hand), ratios.append(task / hand)
            m.report.row("a task in %s" % engine.name, statistics.median(tasks), peer="%s run by hand" % engine.name, peers=statistics.median(hands),
                         ratio=statistics.median(ratios), bar=("ratio", "most", 1.1), runs=ROUNDS)
            m.report.row("a run of one task in %s" % engine.name, statistics.median(ones), runs=ROUNDS)
