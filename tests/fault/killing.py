# SPDX-License-Identifier: Apache-2.0
"""A run whose head is killed again and again, and what must hold then. Used by tests/e2e/durable.test and tests/fault/kill.

The workflow is mixed: two scattered steps, a join, and a chain. Each task says its name in a file outside of anything that Petri
knows (the count of executions), so that the test need not believe what Petri says of itself.
"""
import hashlib
import os
import random
import re
import signal
import subprocess
import sys
import time
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'e2e'))
from petri_test import Failed, tool, workflow

LARGE = 40000                           # bytes: more than a result holds inside of it
JOIN_AND_CHAIN = 1 / 3                  # of the tasks


def mixed(t, tasks, seconds=0.02):
    """Writes mixed.cwl and its inputs: `tasks` tasks in all, each of which takes `seconds`."""
    chain = max(1, round(tasks * JOIN_AND_CHAIN) - 1)
    width = (tasks - 1 - chain) // 2
    chain = tasks - 1 - 2 * width
    pause = 'sleep %g' % seconds
    steps = {
        'make': {'run': tool('%s && yes $1 | head -c %d && %s' % (t.count('make-$1'), LARGE, pause), n='int'),
                 'scatter': 'n', 'in': {'n': 'n'}, 'out': ['out']},
        'sort': {'run': tool('%s && %s && cat $2 && wc -c <$2' % (t.count('sort-$1'), pause), n='int', f='File'),
                 'scatter': ['n', 'f'], 'scatterMethod': 'dotproduct', 'in': {'n': 'n', 'f': 'make/out'}, 'out': ['out']},
        'join': {'run': tool('%s && %s && cat "$@" | cksum' % (t.count('join'), pause), f='File[]'), 'in': {'f': 'sort/out'}, 'out': ['out']},
    }
    before = 'join/out'
    for n in range(chain):
        steps['chain%d' % n] = {'run': tool('%s && %s && cat $1 && cksum <$1' % (t.count('chain%d' % n), pause), f='File'),
                                'in': {'f': before}, 'out': ['out']}
        before = 'chain%d/out' % n
    t.write('mixed.cwl', workflow({'n': 'int[]'}, {'last': {'type': 'File', 'outputSource': before},
                                                   'sorted': {'type': 'File[]', 'outputSource': 'sort/out'}}, steps))
    t.write('in.json', {'n': list(range(width))})


def digests(t, folder):
    """name -> digest of each output file."""
    found = {}
    for where, _, names in os.walk(t.at(folder)):
        for name in names:
            path = os.path.join(where, name)
            with open(path, 'rb') as f:
                found[os.path.relpath(path, t.at(folder))] = hashlib.sha256(f.read()).hexdigest()
    return found


def finished(t, run, env=None):
    """The names, as the count of executions has them, of all tasks that the last start's journal says are done."""
    done = t.petri('show', run, '--json', '--tasks', env=env)
    if done.code == 3:                  # killed before the first record
        return set()
    t.succeed(done)
    return {re.sub(r'\[(\d+)\]', r'-\1', x['task']) for x in done.json['tasks'] if x['state'] in ('done', 'cached')}


class Killing:
    """One run after another, killed at random moments, until `kills` were made. The seed makes the delays again, not the moments."""

    def __init__(self, t, tasks, kills, seed=None, say=None):
        self.t, self.tasks, self.kills, self.say = t, tasks, kills, say or (lambda text: None)
        self.seed = random.randrange(1 << 32) if seed is None else seed
        self.random = random.Random(self.seed)
        self.known, self.made, self.runs = set(), 0, 0      # known: journaled as done in the run that goes on

    def all(self):
        try:
            self._all()
        except Failed as fault:
            raise Failed('after %d kills, seed %d: %s' % (self.made, self.seed, fault)) from None

    def _all(self):
        t = self.t
        mixed(t, self.tasks)
        started = time.monotonic()
        t.run('mixed.cwl', 'in.json', '--outdir', 'undisturbed', '--name', 'undisturbed', env={'PETRI_HOME': t.path('home-0')})
        self.takes = time.monotonic() - started
        self.expected = digests(t, 'undisturbed')
        t.equal(len(t.executions()), self.tasks, 'executions of the undisturbed run')
        while self.made < self.kills:
            self.runs += 1
            self.one_run()

    def one_run(self):
        """A run in a new home, killed until it ends by itself or the kills are used up; then it goes on to its end."""
        t, name = self.t, 'killed-%d' % self.runs
        self.home = {'PETRI_HOME': t.path('home-%d' % self.runs)}
        self.name, self.known = name, set()
        command = ['run', 'mixed.cwl', 'in.json', '--outdir', name, '--name', name]
        ended = False
        while self.made < self.kills and not ended:
            ended = self.start_and_kill(command)
            if os.path.exists(os.path.join(self.home['PETRI_HOME'], 'runs', name, 'journal')) and t.petri('show', name, env=self.home).code == 0:
                command = ['resume', name]
            else:                       # it was killed before anything was recorded: the run is not known
                command[-1] = name = self.name = name + 'a'
        if ended:
            self.look(self.seen)
            self.known |= finished(t, name, self.home)
        self.seen = len(t.executions())
        t.succeed(t.petri(*command, env=self.home))
        self.look(self.seen)
        t.equal_sets(digests(t, 'killed-%d' % self.runs).items(), self.expected.items(), 'outputs')
        t.nothing_runs()
        t.succeed(t.petri('store', 'verify', env=self.home))
        attempts = os.path.join(self.home['PETRI_HOME'], 'attempts')
        t.equal([os.path.relpath(os.path.join(where, name), attempts) for where, inner, names in os.walk(attempts) for name in inner + names],
                [], 'left in attempts')

    def start_and_kill(self, command):
        """True: it ended by itself before."""
        t = self.t
        self.seen = len(t.executions())
        head = t.start(*command, env=self.home)
        delay = self.random.uniform(0, self.takes * (0.3 if self.random.random() < 0.5 else 1.1))
        try:
            head.wait(delay)
        except subprocess.TimeoutExpired:
            pass
        else:
            t.succeed(t.finish(head))
            return True
        whole = self.random.random() < 0.25         # as when the machine goes down: the runner and the tasks as well
        os.killpg(head.pid, signal.SIGKILL) if whole else os.kill(head.pid, signal.SIGKILL)
        head.wait()
        t.finish(head)                  # a sanitizer's words would count
        self.made += 1
        if self.random.random() < 0.5:  # else the next head meets what is about to end
            t.nothing_runs()
        self.look(self.seen)
        self.known |= finished(t, self.name, self.home)
        self.say('%d of %d: %s killed after %.2f s, %d of %d tasks done' % (self.made, self.kills, 'all' if whole else 'head', delay,
                                                                         len(self.known), self.tasks))
        return False

    def look(self, seen):
        """Nothing that was journaled as done before ran since."""
        again = sorted(set(self.t.executions()[seen:]) & self.known)
        self.t.equal(again, [], 'finished tasks that ran again')
