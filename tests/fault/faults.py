# SPDX-License-Identifier: Apache-2.0
"""What the fault harnesses share: the small workflow that is disturbed, what an undisturbed run of it gives, and what must hold after
each fault. Used by the programs in this folder and by the slices of them in *.test.

The workflow has two scattered tasks with an input each, whose outputs are files of the store, a task that joins them and is told inside
of its result, and an expression. Each task says its name in a file outside of anything that Petri knows (the count of executions).
"""
import concurrent.futures
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), 'e2e'))
import petri_test
from petri_test import RELEASE, ROOT, Failed, Skipped, tool, workflow

LARGE = 40000
JOBS = 2
CRASHES = re.compile(r'petri: bug|AddressSanitizer|runtime error:|Segmentation fault|double free|corrupted')


def program():
    return os.path.abspath(os.environ.get('PETRI') or RELEASE)


def helper(source, *arguments):
    """A program or library of this folder, compiled when it is older than its source."""
    out = os.path.join(ROOT, 'build', 'fault', os.path.splitext(source)[0] + ('.so' if '-shared' in arguments else ''))
    path = os.path.join(HERE, source)
    if not os.path.exists(out) or os.path.getmtime(out) < os.path.getmtime(path):
        os.makedirs(os.path.dirname(out), exist_ok=True)
        handle, new = tempfile.mkstemp(dir=os.path.dirname(out))
        os.close(handle)
        done = subprocess.run(['cc', '-O2', '-std=gnu17', '-D_GNU_SOURCE', '-Wall', '-o', new, path, *arguments], capture_output=True, text=True)
        if done.returncode:
            os.unlink(new)
            raise Skipped('%s does not compile here: %s' % (source, done.stderr.strip().splitlines()[-1] if done.stderr else ''))
        os.rename(new, out)
    return out


def sha256(path):
    with open(path, 'rb') as f:
        return hashlib.sha256(f.read()).hexdigest()


def small(t, where, text='acgt'):
    """Writes the workflow and its inputs into `where`; its tasks count themselves in where/ran."""
    count = lambda name: 'echo %s >>%s/ran' % (name, where)
    steps = {
        'make': {'run': tool('%s && cat $2 && yes $1 | head -c %d' % (count('make-$1'), LARGE), n='int', f='File'),
                 'scatter': 'n', 'in': {'n': 'n', 'f': 'f'}, 'out': ['out']},
        'join': {'run': tool('%s && cat "$@" | cksum' % count('join'), a='File[]'), 'in': {'a': 'make/out'}, 'out': ['out']},
        'last': {'run': tool('%s && cat $1 $1 && echo $2' % count('last'), a='File', n='int'),
                 'in': {'a': 'join/out', 'n': {'default': 0, 'valueFrom': '$(1 + 1)'}}, 'out': ['out']},
    }
    os.makedirs(where, exist_ok=True)
    t.write(os.path.join(where, 'w.cwl'), workflow({'n': 'int[]', 'f': 'File'}, {
        'all': {'type': 'File[]', 'outputSource': 'make/out'}, 'sum': {'type': 'File', 'outputSource': 'last/out'}}, steps))
    t.write(os.path.join(where, 'in.txt'), text + '\n')
    t.write(os.path.join(where, 'in.json'), {'n': [0, 1], 'f': {'class': 'File', 'path': 'in.txt'}})


TASKS = {'make-0': 'make[0]', 'make-1': 'make[1]', 'join': 'join', 'last': 'last'}


class Site:
    """One folder in which the workflow runs: its home, its outputs, its count of executions."""

    def __init__(self, t, name, program, cores=None, home=None, out=None, run='r', text='acgt'):
        self.t, self.program, self.at, self.run = t, program, t.path(name), run
        self.home, self.out = home or os.path.join(self.at, 'home'), out or os.path.join(self.at, 'out')
        self.env = {'PETRI_HOME': self.home, 'PETRI_FAULT_SITE': self.at}
        small(t, self.at, text)
        self.command = ['run', 'w.cwl', 'in.json', '--outdir', self.out, '--name', run] + (['--cores', str(cores)] if cores else [])

    def petri(self, *arguments, wrap=(), timeout=petri_test.TIMEOUT, env=None):
        command = [*wrap, self.program, *arguments]
        process = self.t.start(*command[1:], program=command[0], cwd=self.at, env={**self.env, **(env or {})})
        done = self.t.finish(process, timeout)
        process.out_file.close(), process.err_file.close()
        self.t.started.remove(process)
        return done

    def executions(self):
        try:
            with open(os.path.join(self.at, 'ran')) as f:
                return f.read().split()
        except FileNotFoundError:
            return []

    def outputs(self):
        found = {}
        for where, _, names in os.walk(self.out):
            for name in names:
                found[os.path.relpath(os.path.join(where, name), self.out)] = sha256(os.path.join(where, name))
        return found

    def recorded(self):
        """(status, set of tasks that are done) as the journal says; (None, set()) when there is no such run."""
        done = self.petri('show', self.run, '--json', '--tasks')
        if done.code == 3 or 'holds no start of a run' in done.err:
            return None, set()
        self.t.succeed(done)
        names = {v: k for k, v in TASKS.items()}
        return done.json['status'], {names.get(x['task'], x['task']) for x in done.json['tasks'] if x['state'] in ('done', 'cached')}

    def processes(self):
        return {pid: line for pid, line in self.t.processes().items() if self.is_ours(pid, line)}

    def is_ours(self, pid, line):
        try:
            with open('/proc/%d/environ' % pid, 'rb') as f:
                return os.fsencode(self.at) in f.read() or self.at in line
        except OSError:
            return False

    def nothing_runs(self):
        self.t.await_true(lambda: not self.processes(), 'processes to end: %s' % self.processes())

    def check_after(self, done, expected):
        """The truth after a run that was disturbed."""
        t, outputs = self.t, self.outputs()
        t.check(0 <= done.code < 128 and not CRASHES.search(done.err), 'it crashed\n%s' % done)
        status, recorded = self.recorded()
        t.check(recorded <= set(self.executions()), 'recorded as done and never ran: %s' % (recorded - set(self.executions())))
        half = [name for name, digest in outputs.items() if not os.path.basename(name).startswith('.') and expected.get(name) != digest]
        t.equal(half, [], 'outputs that are not whole\n%s' % done)
        if done.code == 0:
            t.equal(outputs, expected, 'exit code 0\n%s' % done)
            t.equal(status, 'done', done)
        else:
            # The end is on record before its sync fails, or before the outputs are printed: then all must be there.
            is_whole = outputs == expected and recorded == set(TASKS)
            t.check(status != 'done' or is_whole, 'the journal says done\n%s' % done)
            t.says(done, r'^petri: |^(failed|error)')
        return recorded

    def check_resumed(self, recorded, expected):
        """A plain resume (or, where the run was never recorded, the same again) gives the same, and runs nothing that was done."""
        t, seen = self.t, len(self.executions())
        self.nothing_runs()
        status, _ = self.recorded()
        again = self.command if status is None else ['resume', self.run]
        if status is None:
            shutil.rmtree(os.path.join(self.home, 'runs', self.run), ignore_errors=True)
        done = t.succeed(self.petri(*again))
        t.equal(self.outputs(), expected, 'outputs after resume\n%s' % done)
        t.equal(sorted(set(self.executions()[seen:]) & recorded), [], 'finished tasks that ran again')
        t.equal(self.recorded(), ('done', set(TASKS)), 'the record after resume')
        t.succeed(self.petri('store', 'verify'))
        attempts = os.path.join(self.home, 'attempts')
        left = [name for name in (os.listdir(attempts) if os.path.isdir(attempts) else []) if self.has_owner(os.path.join(attempts, name))]
        t.equal(left, [], 'left in attempts')

    @staticmethod
    def has_owner(folder):
        """One whose maker was killed before it said whose it is stays for an hour."""
        owner = os.path.join(folder, 'owner')
        return os.path.basename(folder).startswith('.') or (os.path.exists(owner) and os.path.getsize(owner) > 0)

    def remove(self):
        shutil.rmtree(self.at, ignore_errors=True)


def in_parallel(jobs, each, say=None):
    """Calls each(job) for all, two at a time; gives the failures as (job, text)."""
    failures, done = [], 0
    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        waiting = {pool.submit(each, job): job for job in jobs}
        for future in concurrent.futures.as_completed(waiting):
            done += 1
            try:
                future.result()
            except Failed as fault:
                failures.append((waiting[future], str(fault)))
                if say:
                    say('not ok: %s: %s' % (waiting[future], str(fault)[:1500]))
            if say and done % 200 == 0:
                say('# %d of %d' % (done, len(waiting)))
    return failures
