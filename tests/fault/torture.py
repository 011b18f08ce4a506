# SPDX-License-Identifier: Apache-2.0
"""Every system call that writes fails in turn; the process dies at every system call; every allocation fails in turn. See faults.py for
what must hold after each. A point is one such call of an undisturbed run, in the order in which they come; inject.c makes the faults and
says which it made, and a fault that was not made counts as none."""
import collections
import os
import re
import sys
sys.dont_write_bytecode = True
from faults import CRASHES, Failed, Site, Skipped, helper, in_parallel

ERRORS = ['EIO', 'ENOSPC', 'EDQUOT', 'EINTR', 'short']
FOREVER = ['EIO', 'ENOSPC', 'EDQUOT']   # EINTR for ever, no kernel does: a write that is tried again would never end


class Point(collections.namedtuple('Point', 'number call role path')):
    __slots__ = ()


def read_report(path):
    """(points, points that were injected)"""
    points, injected = [], []
    with open(path, errors='replace') as f:
        for line in f:
            m = re.match(r'(\d+) (\S+) (\S+) (.*?)( injected)?$', line)
            if m:
                point = Point(int(m[1]), m[2], m[3], m[4])
                points.append(point)
                if m[5]:
                    injected.append(point)
    return points, injected


class Torture:
    def __init__(self, t, program, every=1, say=None):
        self.t, self.program, self.every, self.say = t, program, every, say or (lambda text: None)
        self.inject = helper('inject.c')
        self.made = collections.Counter()
        self.missed = 0
        site = Site(t, 'undisturbed', program)
        t.succeed(site.petri(*site.command))
        self.expected = site.outputs()
        t.check(len(self.expected) == 3, self.expected)

    def wrap(self, site, report, *options, calls='write'):
        below = [] if calls == 'all' else ['--below', site.home, '--below', site.out]
        return [self.inject, '--program', self.program, '--report', report, '--calls', calls, *below, *options, '--']

    def points(self, calls):
        site = Site(self.t, 'points-' + calls, self.program)
        report = os.path.join(site.at, 'report')
        done = site.petri(*site.command, wrap=self.wrap(site, report, calls=calls))
        if done.code == 77:
            raise Skipped(done.err.strip())
        self.t.succeed(done)
        return read_report(report)[0]

    def chosen(self, points):
        """The 256 folders of objects are made alike: three of these calls stand for all."""
        alike = [p for p in points if p.call == 'mkdirat' and re.search(r'objects/[0-9a-f]{2}$', p.path)]
        left_out = set(alike[2:-1])
        return [p for i, p in enumerate(p for p in points if p not in left_out) if i % self.every == 0]

    def writes(self):
        """Failures."""
        jobs = []
        for i, p in enumerate(self.chosen(self.points('write'))):
            faults = [(e, False) for e in ERRORS if e != 'short' or p.call in ('write', 'pwrite64', 'copy_file_range')] + [(e, True) for e in FOREVER]
            if self.every > 1:          # a slice takes one fault a point, in turn
                faults = [faults[i % len(faults)]]
            jobs += [(p, *fault) for fault in faults]
        return in_parallel(jobs, lambda job: self.write_fails(*job), self.say)

    def write_fails(self, point, fault, forever):
        site = Site(self.t, 'write-%d-%s%s' % (point.number, fault, '-ever' if forever else ''), self.program)
        report = os.path.join(site.at, 'report')
        options = ['--at', str(point.number), '--fault', fault] + (['--forever'] if forever else [])
        done = site.petri(*site.command, wrap=self.wrap(site, report, *options))
        _, injected = read_report(report)
        if injected:
            self.made[injected[0].call, fault, forever] += 1
        else:                           # it ended before, or a write of one byte
            self.missed += 1
        try:
            recorded = site.check_after(done, self.expected)
            site.check_resumed(recorded, self.expected)
        except Failed as fault_text:
            raise Failed('%s, at %s\n%s' % (' '.join(options), injected[:1], fault_text)) from None
        site.remove()

    def kills(self):
        jobs = []
        for i, p in enumerate(self.points('all')):
            if i % self.every == 0:
                jobs.append((p, 'kill' if i // self.every % 4 else 'kill-all'))
        return in_parallel(jobs, lambda job: self.killed(*job), self.say)

    def killed(self, point, fault):
        site = Site(self.t, 'kill-%d' % point.number, self.program)
        report = os.path.join(site.at, 'report')
        options = ['--at', str(point.number), '--fault', fault]
        done = site.petri(*site.command, wrap=self.wrap(site, report, *options, calls='all'))
        _, injected = read_report(report)
        if injected:
            self.made[injected[0].role, fault, False] += 1
        else:
            self.missed += 1
        try:
            head_died = fault == 'kill-all' or not injected or injected[0].role == 'head'
            if done.code == 137 and head_died:
                site.nothing_runs()
                recorded = site.recorded()[1]
            else:
                recorded = site.check_after(done, self.expected)
            site.check_resumed(recorded, self.expected)
        except Failed as fault_text:
            raise Failed('%s, at %s\n%s' % (' '.join(options), injected[:1], fault_text)) from None
        site.remove()

    # --- memory

    def alloc_env(self, site, role, at=None, forever=False):
        env = {'LD_PRELOAD': helper('alloc.c', '-shared', '-fPIC', '-ldl'), 'FAULT_ALLOC_PROGRAM': os.path.realpath(self.program),
               'FAULT_ALLOC_REPORT': os.path.join(site.at, 'allocations'), 'FAULT_ALLOC_ROLE': role}
        return {**env, **({'FAULT_ALLOC_AT': str(at)} if at else {}), **({'FAULT_ALLOC_FOREVER': '1'} if forever else {})}

    @staticmethod
    def alloc_report(site):
        """(count or 0, was one made to fail)"""
        try:
            with open(os.path.join(site.at, 'allocations')) as f:
                lines = [line.split() for line in f]
        except FileNotFoundError:
            return 0, False
        return max((int(n) for what, n, _ in lines if what == 'count'), default=0), any(what == 'failed' for what, _, _ in lines)

    def count_allocations(self, role, command=None):
        site = Site(self.t, 'allocations-%s-%s' % (role, 'run' if command is None else command[0]), self.program, cores=1)
        self.t.succeed(site.petri(*(command or site.command), env=self.alloc_env(site, role)))
        count, _ = self.alloc_report(site)
        self.t.check(count > 50 or role == 'runner', 'only %d allocations were counted' % count)
        return count

    def allocations(self):
        """Of the parsers alone (petri validate), of a whole run's head, and of the attempt runner."""
        validate = ['validate', 'w.cwl', 'in.json']
        jobs = [(validate, 'head', at, at % 2 == 0) for at in range(1, self.count_allocations('head', validate) + 1, self.every)]
        for role in ('head', 'runner'):
            jobs += [(None, role, at, at // self.every % 2 == 0) for at in range(1, max(self.count_allocations(role), 40) + 1, self.every)]
        return in_parallel(jobs, lambda job: self.alloc_fails(*job), self.say)

    def alloc_fails(self, command, role, at, forever):
        site = Site(self.t, 'alloc-%s-%s-%d' % (role, command[0] if command else 'run', at), self.program, cores=1)
        done = site.petri(*(command or site.command), env=self.alloc_env(site, role, at, forever))
        _, injected = self.alloc_report(site)
        if injected:
            self.made[role + (' ' + command[0] if command else ''), 'allocation', forever] += 1
        else:
            self.missed += 1
        try:
            if command:
                self.t.check(0 <= done.code < 128 and not CRASHES.search(done.err), 'it crashed\n%s' % done)
                self.t.check(done.code == 0 or re.search('^petri: |memory', done.err, re.M), 'it ended without a word\n%s' % done)
            else:
                self.check_memory_out(site, done)
        except Failed as fault_text:
            raise Failed('allocation %d of the %s%s\n%s' % (at, role, ' and all after it' if forever else '', fault_text)) from None
        site.remove()

    def check_memory_out(self, site, done):
        site.nothing_runs()             # as after a kill, the runner needs a moment
        recorded = site.check_after(done, self.expected)
        site.check_resumed(recorded, self.expected)

    def summary(self):
        kinds = collections.Counter()
        for (what, fault, forever), n in self.made.items():
            kinds['%s %s%s' % (what, fault, ' from then on' if forever else '')] += n
        return '%d faults made, %d runs ended before theirs' % (sum(self.made.values()), self.missed), kinds
