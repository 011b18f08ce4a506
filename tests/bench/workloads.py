# SPDX-License-Identifier: Apache-2.0
"""The same N independent tasks, written for every engine. Nothing is run here.

Two kinds: NOTHING runs `true N`, FILE runs `sh -c 'echo "$0" > out' N`. Every command carries its number, so that no engine may
take two tasks for one. A job is what to run: arguments, standard input, and the folder to run in.
"""
import json
import os

NOTHING, FILE = "no output", "one small output"
KINDS = (NOTHING, FILE)
PARALLEL = 2

CWL_TOOL = {
    NOTHING: {"class": "CommandLineTool", "baseCommand": ["true"], "outputs": []},
    FILE: {"class": "CommandLineTool", "baseCommand": ["sh", "-c", 'echo "$0" > out'],
           "outputs": [{"id": "out", "type": "File", "outputBinding": {"glob": "out"}}]},
}


class Job:
    def __init__(self, argv, folder, stdin=None, env=None):
        self.argv, self.folder, self.stdin, self.env = argv, folder, stdin, env or {}


def write(path, text):
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    return path


def write_cwl(folder, kind, count, first=1):
    """Into `folder`: a scatter over `count` ints. Returns the workflow and its inputs."""
    tool = dict(CWL_TOOL[kind], inputs=[{"id": "n", "type": "int", "inputBinding": {"position": 1}}])
    has_file = kind == FILE
    workflow = {
        "cwlVersion": "v1.2", "class": "Workflow", "requirements": [{"class": "ScatterFeatureRequirement"}],
        "inputs": [{"id": "numbers", "type": {"type": "array", "items": "int"}}],
        "outputs": [{"id": "outs", "type": {"type": "array", "items": "File"}, "outputSource": "each/out"}] if has_file else [],
        "steps": [{"id": "each", "run": tool, "scatter": "n", "in": [{"id": "n", "source": "numbers"}],
                   "out": ["out"] if has_file else []}],
    }
    return (write(os.path.join(folder, "tasks.cwl"), json.dumps(workflow, indent=1)),
            write(os.path.join(folder, "inputs.json"), json.dumps({"numbers": list(range(first, first + count))})))


def write_cwl_input(folder, path):
    """A single step that is given one file: what it takes to read, hash and stage it."""
    tool = {"cwlVersion": "v1.2", "class": "CommandLineTool", "baseCommand": ["true"], "outputs": [],
            "inputs": [{"id": "data", "type": "File", "inputBinding": {"position": 1}}]}
    return (write(os.path.join(folder, "input.cwl"), json.dumps(tool)),
            write(os.path.join(folder, "input.json"), json.dumps({"data": {"class": "File", "path": path}})))


def numbers(count):
    return "".join("%d\n" % n for n in range(1, count + 1))


# --- one function an engine: (folder, kind, count) -> Job, or None where the engine can't do this kind

def petri(program):
    def job(folder, kind, count, home=None, out="out"):
        workflow, inputs = write_cwl(folder, kind, count)
        argv = [program, "run", "--quiet", "--cores", str(PARALLEL), "--outdir", os.path.join(folder, out), workflow, inputs]
        # Without a sandbox, as all the others run them; what one costs is the section "sandbox".
        return Job(argv, folder, env={"PETRI_HOME": home or os.path.join(folder, "home"), "PETRI_SANDBOX_KIND": "none"})
    return job


def xargs(folder, kind, count):
    command = ["true"] if kind == NOTHING else ["sh", "-c", 'echo "$0" > out."$0"']
    return Job(["xargs", "-P%d" % PARALLEL, "-n1"] + command, folder, numbers(count))


def parallel(folder, kind, count):
    return Job(["parallel", "--will-cite", "-j%d" % PARALLEL, "true {}" if kind == NOTHING else "echo {} > out.{}"], folder, numbers(count))


def make(folder, kind, count):
    names = " ".join("out.%d" % n for n in range(1, count + 1))
    text = "TASKS = %s\nall: $(TASKS)\n" % names
    if kind == NOTHING:
        text += ".PHONY: all $(TASKS)\n$(TASKS):\n\t@true $(@:out.%=%)\n"
    else:
        text += "out.%:\n\t@echo $* > $@\n"
    write(os.path.join(folder, "Makefile"), text)
    return Job(["make", "-s", "-j%d" % PARALLEL], folder)


def ninja(folder, kind, count):
    text = "rule task\n command = %s\n" % ("true $n" if kind == NOTHING else "echo $n > $out")
    text += "".join("build out.%d: task\n n = %d\n" % (n, n) for n in range(1, count + 1))
    write(os.path.join(folder, "build.ninja"), text)
    return Job(["ninja", "-j%d" % PARALLEL, "--quiet"], folder)


def cwltool(folder, kind, count, cache=None):
    workflow, inputs = write_cwl(folder, kind, count)
    more = ["--cachedir", cache] if cache else []
    return Job(["cwltool", "--quiet", "--parallel", "--outdir", os.path.join(folder, "out")] + more + [workflow, inputs], folder)


def toil(folder, kind, count):
    workflow, inputs = write_cwl(folder, kind, count)
    work = os.path.join(folder, "work")
    os.makedirs(work, exist_ok=True)
    return Job(["toil-cwl-runner", "--quiet", "--maxCores", str(PARALLEL), "--jobStore", os.path.join(folder, "store"), "--workDir", work,
                "--outdir", os.path.join(folder, "out"), workflow, inputs], folder)


def snakemake(folder, kind, count):
    if kind == NOTHING:
        return None                                 # a rule that is run for each of N values needs an output
    write(os.path.join(folder, "Snakefile"),
          'rule all:\n    input: expand("out.{n}", n=range(1, %d))\n'
          'rule task:\n    output: "out.{n}"\n    shell: "echo {wildcards.n} > {output}"\n' % (count + 1))
    return Job(["snakemake", "--cores", str(PARALLEL), "--scheduler", "greedy", "--quiet", "all"], folder)
