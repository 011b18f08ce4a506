# SPDX-License-Identifier: Apache-2.0
"""What the end-to-end tests share: one empty folder a test, the program under test, workflows in short, and TAP.

    @test('a sentence that is true')
    def _(t):
        t.tool('shout.cwl', 'tr a-z A-Z <$1', text='File')
        done = t.petri('run', 'shout.cwl', '--text', t.write('a.txt', 'acgt'))
        t.equal(done.code, 0)

    main()

The program is $PETRI, else build/asan/petri. A test fails by an exception; it also fails when a sanitizer spoke, or when a process
that it started is still alive at its end. Tests run two at a time: none may depend on how long something takes.
"""
import concurrent.futures
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAM = os.path.abspath(os.environ.get('PETRI') or os.path.join(ROOT, 'build/asan/petri'))
RELEASE = os.path.join(ROOT, 'build/release/petri')
JOBS = 2
TIMEOUT = 120                           # seconds; far more than anything needs: only what hangs gets there
SANITIZER = re.compile(r'(AddressSanitizer|LeakSanitizer|UndefinedBehaviorSanitizer|runtime error:).*')

_tests = []


class Failed(Exception):
    """Not as it should be: its text becomes diagnostics."""


class Skipped(Exception):
    """Cannot be tried here; its text says why."""


def test(sentence):
    """Adds a test. It is called with a Place."""
    def add(function):
        _tests.append((sentence, function))
        return function
    return add


class Done:
    """A command that ended."""

    def __init__(self, arguments, code, out, err):
        self.arguments, self.code, self.out, self.err = arguments, code, out, err

    @property
    def json(self):
        try:
            return json.loads(self.out)
        except ValueError:
            raise Failed('stdout is not JSON\n%s' % self) from None

    @property
    def ran(self):                      # of the line "done in 3 ms: 1 run, 2 cached; …"
        return self._count('run')

    @property
    def cached(self):
        return self._count('cached')

    def _count(self, what):
        m = re.search(r'^done in .*\b(\d+) %s\b' % what, self.err, re.M)
        if not m:
            raise Failed('no line "done in …: N run, N cached"\n%s' % self)
        return int(m[1])

    def __str__(self):
        def part(name, text):
            return '%s: %s' % (name, text if len(text) < 4000 else text[:1500] + '\n…\n' + text[-2000:])
        return '%s\nexit code %s\n%s\n%s' % (' '.join(self.arguments)[:500], self.code, part('stdout', self.out), part('stderr', self.err))


class Place:
    """A test's folder: `dir` (work/ in it is the current folder, ran is the count of executions)."""

    def __init__(self, program=PROGRAM):
        self.dir = tempfile.mkdtemp(prefix='petri-test-')
        self.work = self.path('work')
        self.program = program
        self.started = []
        os.mkdir(self.work)
        os.mkdir(self.path('home'))
        self.env = {k: v for k, v in os.environ.items() if not k.startswith(('PETRI', 'XDG_', 'LC_', 'NO_COLOR'))}
        # Most tests look at tasks from outside, by files that these write and wait for: no sandbox, unless a test says so.
        self.env.update(HOME=self.path('home'), LANG='C.UTF-8', PETRI_TEST=self.dir, PETRI_SANDBOX_KIND='none')
        self.cleanups = []

    # --- files

    def path(self, name):
        """A path beside the current folder, outside of anything that Petri knows."""
        return os.path.join(self.dir, name)

    def at(self, name):
        """A path in the current folder."""
        return os.path.join(self.work, name)

    def write(self, name, text, mode=None):
        path = self.at(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'wb') as f:
            f.write(text if isinstance(text, bytes) else (text if isinstance(text, str) else json.dumps(text, indent=1)).encode())
        if mode is not None:
            os.chmod(path, mode)
        return name

    def read(self, name):
        with open(self.at(name), 'rb') as f:
            return f.read().decode('utf-8', 'surrogateescape')

    def tool(self, name, script, outputs=None, requirements=None, **inputs):
        return self.write(name, tool(script, outputs, requirements, **inputs))

    def executions(self):
        """What tasks appended to the count of executions, in order: see count()."""
        try:
            with open(self.path('ran')) as f:
                return f.read().split()
        except FileNotFoundError:
            return []

    def count(self, name):
        """A shell command that appends `name` (with what the shell makes of it) to the count of executions."""
        return 'echo %s >>%s' % (name, self.path('ran'))

    # --- commands

    def start(self, *arguments, program=None, cwd=None, env=None, stdin=subprocess.DEVNULL, **more):
        """Starts petri in a session of its own; the caller waits for it with finish()."""
        command = [program or self.program, *arguments]
        out, err = (tempfile.TemporaryFile(dir=self.dir) for _ in range(2))
        process = subprocess.Popen(command, cwd=cwd or self.work, env=dict(self.env, **(env or {})), stdin=stdin, stdout=out, stderr=err,
                                   start_new_session=True, **more)
        process.out_file, process.err_file = out, err
        self.started.append(process)
        return process

    def finish(self, process, timeout=TIMEOUT, sanitizer=True):
        try:
            process.wait(timeout)
        except subprocess.TimeoutExpired:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            raise Failed('no end in %d s\n%s' % (timeout, self.said(process))) from None
        done = self.said(process)
        if sanitizer and (spoken := SANITIZER.search(done.err)):
            raise Failed('%s\n%s' % (spoken[0], done))
        return done

    @staticmethod
    def said(process):
        def all_of(file):
            return os.pread(file.fileno(), os.fstat(file.fileno()).st_size, 0).decode('utf-8', 'replace')
        return Done([str(a) for a in process.args], process.returncode, all_of(process.out_file), all_of(process.err_file))

    def petri(self, *arguments, timeout=TIMEOUT, **more):
        return self.finish(self.start(*arguments, **more), timeout)

    def run(self, *arguments, **more):
        """petri run …, which must succeed."""
        return self.succeed(self.petri('run', *arguments, **more))

    def await_file(self, path, process=None):
        """Until the file is there and not empty. Fails when the process ends before."""
        self.await_true(lambda: os.path.exists(path) and os.path.getsize(path) > 0, 'file %s' % path, process)

    def await_true(self, claim, what, process=None):
        until = time.monotonic() + TIMEOUT
        while not claim():
            if process and process.poll() is not None and not claim():
                raise Failed('the program ended before: %s\n%s' % (what, self.said(process)))
            if time.monotonic() > until:
                raise Failed('waited in vain for: %s%s' % (what, '\n%s' % self.said(process) if process else ''))
            time.sleep(0.01)

    def processes(self):
        """pid -> command line of every process that came from this test: by environment, current folder or arguments."""
        found, mark = {}, os.fsencode(self.dir)
        for pid in filter(str.isdigit, os.listdir('/proc')):
            if int(pid) == os.getpid():
                continue
            try:
                with open('/proc/%s/stat' % pid) as f:
                    if f.read().rpartition(')')[2].split()[0] in 'ZX':
                        continue
                with open('/proc/%s/cmdline' % pid, 'rb') as c, open('/proc/%s/environ' % pid, 'rb') as e:
                    line, place = c.read(), os.fsencode(os.readlink('/proc/%s/cwd' % pid))
                    if mark in line or mark in e.read() or place.startswith(mark):
                        found[int(pid)] = line.replace(b'\0', b' ').decode(errors='replace')[:200]
            except OSError:             # gone meanwhile
                pass
        return found

    def nothing_runs(self, seconds=10):
        """No process of this test is alive. What is about to end gets time: a runner ends after its head."""
        until = time.monotonic() + seconds
        while left := self.processes():
            if time.monotonic() > until:
                raise Failed('processes are left behind:\n' + '\n'.join('%d %s' % item for item in left.items()))
            time.sleep(0.02)

    # --- claims

    def check(self, claim, what=''):
        if not claim:
            raise Failed(str(what) or 'it is not so')

    def equal(self, got, expected, what=''):
        if got != expected:
            raise Failed('got %r, expected %r\n%s' % (got, expected, what))

    def equal_sets(self, got, expected, what=''):
        extra, missing = set(got) - set(expected), set(expected) - set(got)
        if extra or missing:
            raise Failed('%s: not expected: %s\nmissing: %s' % (what, sorted(extra)[:10], sorted(missing)[:10]))

    def says(self, text, *patterns):
        """Each pattern (a regular expression) is found in the text, of a Done: in its stderr."""
        text_of = text.err if isinstance(text, Done) else text
        for pattern in patterns:
            if not re.search(pattern, text_of, re.M):
                raise Failed('nothing matches %r in\n%s' % (pattern, text))

    def says_not(self, text, *patterns):
        text_of = text.err if isinstance(text, Done) else text
        for pattern in patterns:
            if re.search(pattern, text_of, re.M):
                raise Failed('%r is found in\n%s' % (pattern, text))

    def succeed(self, done):
        self.equal(done.code, 0, done)
        return done

    def refused(self, done, code, *patterns):
        """It ended with this exit code and the messages; stdout is empty or an object without outputs; no crash."""
        self.equal(done.code, code, done)
        if done.out.strip() not in ('', '{}'):
            raise Failed('something is on stdout\n%s' % done)
        self.says(done, *patterns)

    # --- the end

    def close(self, check):
        try:
            if check:
                self.nothing_runs()
        finally:
            for pid in self.processes():
                try:
                    os.kill(pid, signal.SIGKILL)
                except OSError:
                    pass
            for process in self.started:
                process.wait()
                process.out_file.close()
                process.err_file.close()
            for cleanup in reversed(self.cleanups):
                cleanup()
            shutil.rmtree(self.dir, ignore_errors=True)


# --- workflows in short

def tool(script, outputs=None, requirements=None, **inputs):
    """A CommandLineTool that runs a shell script with its inputs, in order, as $1, $2, …; by default its output `out` is the
    standard output."""
    bound = {}
    for position, (name, given) in enumerate(inputs.items(), 1):
        given = dict(given) if isinstance(given, dict) else {'type': given}
        bound[name] = {'inputBinding': {'position': position}, **given}
    result = {'cwlVersion': 'v1.2', 'class': 'CommandLineTool', 'baseCommand': ['sh', '-c', script, 'sh'], 'inputs': bound,
              'outputs': {'out': {'type': 'stdout'}} if outputs is None else outputs}
    if outputs is None:
        result['stdout'] = 'out.txt'
    if requirements:
        result['requirements'] = requirements
    return result


def inner(process):
    """A process as it stands inside of another document."""
    return {k: v for k, v in process.items() if k != 'cwlVersion'}


def workflow(inputs, outputs, steps, requirements=None):
    return {'cwlVersion': 'v1.2', 'class': 'Workflow', 'inputs': inputs, 'outputs': outputs,
            'requirements': {'ScatterFeatureRequirement': {}, 'MultipleInputFeatureRequirement': {}, 'InlineJavascriptRequirement': {},
                             'StepInputExpressionRequirement': {}, **(requirements or {})},
            'steps': {name: dict(step, run=inner(step['run'])) if isinstance(step['run'], dict) else step for name, step in steps.items()}}


def file(path):
    return {'class': 'File', 'path': path}


def need_root(what):
    if os.geteuid() != 0:
        raise Skipped('only root can %s' % what)


def need_program(name):
    found = shutil.which(name)
    if not found:
        raise Skipped('%s is not installed' % name)
    return found


# --- running the tests

def _attempt(function):
    place = Place()
    good = False
    try:
        function(place)
        good = True
    finally:
        place.close(good)


def _outcome(number, sentence, function):
    lines = ['ok %d - %s' % (number, sentence)]
    try:
        _attempt(function)
    except Skipped as reason:
        lines[0] += ' # SKIP %s' % reason
    except Failed as fault:
        lines = ['not ok %d - %s' % (number, sentence)] + ['# ' + line for line in str(fault).splitlines()]
    except Exception:
        lines = ['not ok %d - %s' % (number, sentence)] + ['# ' + line for line in traceback.format_exc().splitlines()]
    return lines


def _check_ground():
    if not os.access(PROGRAM, os.X_OK):
        sys.exit('there is no program %s: build it (make asan), or set PETRI' % PROGRAM)
    folder = os.path.abspath(tempfile.gettempdir())
    while True:
        if os.path.isdir(os.path.join(folder, '.petri')):
            sys.exit('%s/.petri would be the home of every test: remove it, or set TMPDIR' % folder)
        if folder == os.path.dirname(folder):
            return
        folder = os.path.dirname(folder)


def main(jobs=JOBS):
    """Runs all tests, or those whose sentences contain one of the arguments."""
    _check_ground()
    chosen = [(s, f) for s, f in _tests if len(sys.argv) < 2 or any(word in s for word in sys.argv[1:])]
    print('1..%d' % len(chosen), flush=True)
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        outcomes = pool.map(lambda item: _outcome(item[0], *item[1]), enumerate(chosen, 1))
        for lines in outcomes:
            failed += lines[0].startswith('not ok')
            print('\n'.join(lines), flush=True)
    sys.exit(1 if failed else 0)
