# SPDX-License-Identifier: Apache-2.0
"""The power goes. Petri runs on a small filesystem; then the machine is as after a power cut, the filesystem is mounted again, and what
was acknowledged must be there. Two ways:

- cut(): the disk (powerlog.c) keeps a log of all its writes and flushes. A cut is a place in the log: what was flushed before it is
  there, and of what came since each write is there, or not, or a part of its sectors is, in no order.
- shutdown(): the kernel is told to give the filesystem up (EXT4_IOC_SHUTDOWN, which XFS has too) at a random moment.

Acknowledged is what Petri has said: a line "done NAME" of a task, exit code 0 with its outputs. An acknowledgement counts for cuts
behind the place that the log had when it was read.
"""
import bisect
import contextlib
import fcntl
import json
import os
import random
import re
import shutil
import signal
import struct
import subprocess
import sys
import threading
import time
sys.dont_write_bytecode = True
from faults import ROOT, TASKS, Failed, Site, Skipped, helper, sha256

FILESYSTEMS = {'ext4': (48 << 20, ['mkfs.ext4', '-q', '-F'], []), 'xfs': (320 << 20, ['mkfs.xfs', '-q', '-f'], ['-o', 'nouuid'])}
MUTANTS = {'the journal': '/journal', 'the log of results': '/unsynced/', 'outputs of tasks': '/attempts/'}     # in the path of what is not synced
WRITE, FLUSH, ZERO = range(3)
SECTORS = 512, 4096
SHUTDOWN = 0x8004587d                   # _IOR('X', 125, __u32)
NOW, WITHOUT_LOG = 2, struct.pack('I', 2)
NAMES = {v: k for k, v in TASKS.items()}


class Unmountable(Skipped):
    """Before anything was tried: this machine can't. After a cut: the filesystem has lost itself, which says nothing of Petri."""


def need(fs):
    if os.geteuid() != 0:
        raise Skipped('only root can mount a filesystem')
    for name in (FILESYSTEMS[fs][1][0], 'losetup', 'mount'):
        if not shutil.which(name):
            raise Skipped('%s is not installed (tools/setup --for torture)' % name)


def need_log():
    for name in ('nbdkit', 'nbdfuse'):
        if not shutil.which(name):
            raise Skipped('%s is not installed (tools/setup --for torture)' % name)
    if not os.path.exists('/dev/fuse'):
        raise Skipped('there is no /dev/fuse')
    return helper('powerlog.c', '-shared', '-fPIC')


def do(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise Failed('%s: %s' % (' '.join(command), done.stderr.strip()))
    return done.stdout.strip()


@contextlib.contextmanager
def mounted(fs, device_or_image, folder):
    os.makedirs(folder, exist_ok=True)
    loop = do('losetup', '-f', '--show', device_or_image)
    try:
        done = subprocess.run(['mount', '-t', fs, *FILESYSTEMS[fs][2], loop, folder], capture_output=True, text=True)
        if done.returncode:
            raise Unmountable('a filesystem of kind %s cannot be mounted here: %s' % (fs, done.stderr.strip()))
        try:
            yield folder
        finally:
            for _ in range(50):
                if subprocess.run(['umount', folder], capture_output=True).returncode == 0:
                    break
                time.sleep(0.1)
    finally:
        do('losetup', '-d', loop)


def make_image(fs, path):
    size, command, _ = FILESYSTEMS[fs]
    with open(path, 'wb') as f:
        f.truncate(size)
    do(*command, path)
    return path


class Acks:
    """What a run has said so far: (place, task) and the place of its exit code 0."""

    def __init__(self, site, place):
        self.site, self.place, self.tasks, self.ended = site, place, [], None

    def follow(self, process):
        for line in process.stderr:
            place = self.place()
            m = re.match(r'(?:done|cached) {2,}(\S+)', line)      # not 'done in 3 s: …'
            if m:
                self.tasks.append((place, NAMES.get(m[1], m[1])))
        if process.wait() == 0:
            self.ended = self.place()


def run_on(site, place, env=None):
    """Runs the site's workflow; its acknowledgements."""
    acks = Acks(site, place)
    process = subprocess.Popen([site.program, *site.command], cwd=site.at, env={**site.t.env, **site.env, **(env or {})}, text=True,
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True)
    return acks, process


def frames(journal):
    """(type, payload, where it ends) of the records that the bytes hold whole; what is behind is torn."""
    at = 16
    while at + 24 <= len(journal):
        size, kind = struct.unpack_from('<IB', journal, at)
        if at + 24 + size > len(journal):
            return
        yield kind, journal[at + 24:at + 24 + size], at + 24 + size
        at += 24 + size


def done_in(journal):
    """Names of the tasks that records say are done or were known."""
    found = set()
    for kind, payload, _ in frames(journal):
        if kind in (4, 5):
            name = json.loads(payload)['name']
            found.add(NAMES.get(name, name))
    return found


def common_prefix(a, b):
    low, high = 0, min(len(a), len(b))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if a[:middle] == b[:middle] else (low, middle - 1)
    return a[:low]


def read_bytes(path):
    try:
        with open(path, 'rb') as f:
            return f.read()
    except FileNotFoundError:
        return b''


def list_of(folder):
    return os.listdir(folder) if os.path.isdir(folder) else ['(no folder)']


def check_results(home):
    """No result points to an object that is not there, or not whole. (Their bytes: petri store verify.)"""
    results = os.path.join(home, 'store', 'results')
    for where, _, names in os.walk(results):
        for name in names:
            if name.startswith('.'):
                continue
            result = read_bytes(os.path.join(where, name)).decode('utf-8', 'replace')
            try:
                outputs = json.loads(result.split('\n')[0])['outputs']
            except ValueError:
                raise Failed('the result %s/%s is damaged' % (os.path.basename(where), name)) from None
            for output in outputs:
                if 'hash' not in output or 'text' in output or 'base64' in output:
                    continue
                digest = output['hash'].partition(':')[2]
                path = os.path.join(home, 'store', 'objects', digest[:2], digest[2:])
                if not os.path.exists(path) or os.path.getsize(path) != output['size']:
                    raise Failed('a result points to an object that is not whole')


class Power:
    def __init__(self, t, program, fs, seed=None, say=None):
        need(fs)
        self.t, self.program, self.fs, self.say = t, program, fs, say or (lambda text: None)
        self.seed = random.randrange(1 << 32) if seed is None else seed
        self.random = random.Random(self.seed)
        self.tried = self.unmountable = 0
        self.mount = t.path('mnt-%s' % fs)

    def site(self, number, folder):
        return Site(self.t, 'flow-%d' % number, self.program, home=os.path.join(folder, 'home'), out=os.path.join(folder, 'out-%d' % number),
                    run='r%d' % number, text='run %d' % number)

    # --- what must be there

    def check(self, folder, acks, place, expected, journals):
        """`acks` that were read at `place` or before are in the filesystem at `folder`."""
        t = self.t
        home = os.path.join(folder, 'home')
        if os.path.isdir(os.path.join(home, 'store')):
            verified = acks[0].site.petri('store', 'verify', env={'PETRI_HOME': home})
            is_half_made = verified.code == 3 and not any(at <= place for ack in acks for at, _ in ack.tasks)
            t.check(verified.code == 0 or is_half_made, 'store verify\n%s' % verified)
            check_results(home)
        for ack in acks:
            site, number = ack.site, ack.site.run
            site.home, site.out = home, os.path.join(folder, os.path.basename(site.out))
            site.env['PETRI_HOME'] = home
            said = {task for at, task in ack.tasks if at <= place}
            there = read_bytes(os.path.join(home, 'runs', number, 'journal'))
            sound = common_prefix(there, journals[number]) if number in journals else there
            status, recorded = site.recorded()
            t.check(said <= recorded, '%s: acknowledged and lost: %s; the journal has %d bytes, %d of them sound; in the folder: %s\n%s'
                    % (number, said - recorded, len(there), len(sound), sorted(list_of(os.path.join(home, 'runs', number))),
                       site.petri('show', number, '--tasks')))
            if number in journals:
                t.equal(recorded, done_in(sound) if status else set(), '%s: the record is no prefix of what was written\n%s'
                        % (number, site.petri('show', number, '--tasks')))
            if ack.ended is not None and ack.ended <= place:
                t.equal((status, site.outputs()), ('done', expected[number]), '%s ended with 0' % number)
            ack.recorded, ack.status = recorded, status

    def check_resumes(self, ack, expected):
        site, seen = ack.site, len(ack.site.executions())
        again = site.command if ack.status is None else ['resume', site.run]
        if ack.status is None:
            site.command[site.command.index('--outdir') + 1] = site.out
            shutil.rmtree(os.path.join(site.home, 'runs', site.run), ignore_errors=True)
        self.t.succeed(site.petri(*again, *([] if ack.status is None else ['--outdir', site.out])))
        self.t.equal(site.outputs(), expected[site.run], 'outputs after resume')
        self.t.equal(sorted(set(site.executions()[seen:]) & ack.recorded), [], 'finished tasks that ran again')
        self.t.succeed(site.petri('store', 'verify'))

    # --- cuts of a logged disk

    @contextlib.contextmanager
    def logged_disk(self):
        plugin, name = need_log(), self.t.path('disk-%s-%d' % (self.fs, self.tried))
        os.makedirs(name)
        image, log, fuse = (os.path.join(name, part) for part in ('image', 'log', 'fuse'))
        make_image(self.fs, image)
        shutil.copy(image, image + '.before')
        open(fuse, 'w').close()
        server = subprocess.Popen(['nbdfuse', fuse, '--command', 'nbdkit', '-s', '--exit-with-parent', plugin, 'image=' + image, 'log=' + log],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        try:
            self.t.await_true(lambda: os.path.getsize(fuse) > 0 or server.poll() is not None, 'the disk')
            if server.poll() is not None:
                raise Skipped('nbdfuse does not run here: %s' % server.stderr.read().decode(errors='replace').strip())
            with mounted(self.fs, fuse, self.mount):
                yield image + '.before', log
        finally:
            self.t.await_true(lambda: server.poll() is not None or subprocess.run(['umount', fuse], capture_output=True).returncode == 0,
                              'the disk to be let go')
            server.wait(20)

    def record(self, runs, env=None):
        """Petri runs on a logged disk."""
        with self.logged_disk() as (before, log):
            place = lambda: os.path.getsize(log)
            self.all_acks, expected, journals = [], {}, {}
            for number in range(runs):
                acks, process = run_on(self.site(number, self.mount), place, env)
                acks.follow(process)
                if acks.ended is None:
                    raise Failed('an undisturbed run failed')
                self.all_acks.append(acks)
                expected[acks.site.run] = acks.site.outputs()
                journals[acks.site.run] = read_bytes(os.path.join(acks.site.home, 'runs', acks.site.run, 'journal'))
        self.expected, self.journals = expected, journals
        return before, log

    def cut(self, cuts, runs, env=None, until_found=False):
        """Failures, as texts; `cuts` cuts of a log of `runs` runs."""
        before, log = self.record(runs, env)
        places, data = read_log(log)
        flushes = [i for i, (kind, *_) in enumerate(places) if kind == FLUSH]
        chosen = sorted(self.random.randrange(1, len(places) + 1) for _ in range(cuts))
        image, applied, failures = before, 0, []
        with open(image, 'r+b') as base:
            for number, cut in enumerate(chosen):
                flushed = bisect.bisect_left(flushes, cut)
                upto = flushes[flushed - 1] if flushed else 0
                for i in range(applied, upto):
                    apply(base, data, places[i])
                applied = max(applied, upto)
                base.flush()
                torn = '%s.cut-%d' % (image, number)    # never the same file: somebody else's mount namespace may keep the last one mounted
                do('cp', '--sparse=always', image, torn)
                self.tear(torn, data, places[upto:cut])
                self.tried += 1
                fault = self.one_cut(torn, places[cut - 1][4])
                if fault:
                    kept = os.path.join(ROOT, 'build', 'fault', 'cut-%s-%d-%d' % (self.fs, self.seed, cut))
                    do('cp', '--sparse=always', torn, kept)
                    failures.append('cut at %d of %d (seed %d; the disk: %s): %s' % (cut, len(places), self.seed, kept, fault))
                    self.say('not ok: ' + failures[-1][:1500])
                os.unlink(torn)
                if fault and until_found:
                    return failures
                if number % 100 == 99:
                    self.say('# %d of %d cuts' % (number + 1, cuts))
        return failures

    def tear(self, image, data, since):
        """Of what was not flushed, each write is there, or not, or in part."""
        how = self.random.choice(['none', 'half', 'torn', 'most'])
        with open(image, 'r+b') as f:
            since = [p for p in since if p[0] != FLUSH]
            self.random.shuffle(since)
            for place in since:
                kept = self.random.random()
                if how == 'none' or (how == 'half' and kept < 0.5) or (how == 'most' and kept < 0.1):
                    continue
                if how == 'torn':
                    apply_part(f, data, place, self.random)
                else:
                    apply(f, data, place)

    def one_cut(self, image, place):
        folder = self.mount + '-cut'
        try:
            with mounted(self.fs, image, folder):
                self.check(folder, self.all_acks, place, self.expected, self.journals)
                self.check_resumes(self.random.choice(self.all_acks), self.expected)
        except Failed as fault:
            return str(fault)
        except Unmountable:             # a block of the filesystem's own that it must have whole was torn
            self.tried -= 1
            self.unmountable += 1
        return None

    # --- the kernel gives the filesystem up

    def shutdown(self, times):
        """Failures, as texts."""
        failures, expected = [], {}
        site = self.site(0, self.t.path('undisturbed-' + self.fs))
        started = time.monotonic()
        self.t.succeed(site.petri(*site.command))
        takes = time.monotonic() - started
        expected['r0'] = site.outputs()
        image = make_image(self.fs, self.t.path('shut-%s' % self.fs))
        for number in range(times):
            disk = '%s-%d' % (image, number)
            do('cp', '--sparse=always', image, disk)
            self.tried += 1
            try:
                self.one_shutdown(disk, self.random.uniform(0, 1.2 * takes), expected)
            except Failed as fault:
                failures.append('shutdown %d (seed %d): %s' % (number, self.seed, fault))
                self.say('not ok: ' + failures[-1][:1500])
            os.unlink(disk)
        return failures

    def one_shutdown(self, image, delay, expected):
        clock = time.monotonic
        with mounted(self.fs, image, self.mount):
            acks, process = run_on(self.site(0, self.mount), clock)
            follower = threading.Thread(target=acks.follow, args=(process,))
            follower.start()
            time.sleep(delay)
            folder = os.open(self.mount, os.O_RDONLY)
            moment = clock()
            try:
                fcntl.ioctl(folder, SHUTDOWN, WITHOUT_LOG)
            finally:
                os.close(folder)
            time.sleep(0.02)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            follower.join()
            acks.site.nothing_runs()
        with mounted(self.fs, image, self.mount):
            self.check(self.mount, [acks], moment, expected, {})
            self.check_resumes(acks, expected)
        shutil.rmtree(acks.site.at, ignore_errors=True)


# --- the log of the disk

def read_log(path):
    """([(kind, offset, length, where its bytes are, where the record ends)], the log's bytes)"""
    data = read_bytes(path)
    places, at = [], 0
    while at < len(data):
        kind, offset, length = struct.unpack_from('<QQQ', data, at)
        end = at + 24 + (length if kind == WRITE else 0)
        places.append((kind, offset, length, at + 24, end))
        at = end
    return places, data


def apply(image, data, place):
    kind, offset, length, at, _ = place
    if kind != FLUSH:
        image.seek(offset)
        image.write(data[at:at + length] if kind == WRITE else bytes(length))


def apply_part(image, data, place, draw):
    kind, offset, length, at, _ = place
    size = draw.choice(SECTORS)
    for sector in range(0, length, size):
        if draw.random() < 0.5:
            image.seek(offset + sector)
            image.write(data[at + sector:at + min(sector + size, length)] if kind == WRITE else bytes(min(size, length - sector)))
