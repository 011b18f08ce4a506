# SPDX-License-Identifier: Apache-2.0
"""Container engines for tests: a docker daemon and a podman of our own, each with its images in a folder of its own, gone at the end.

    with engines.Engines() as found:                # starts what can be started
        found.docker, found.podman                  # an Engine, or None
        found.reasons['docker']                     # why None

Images hold a small tree of Debian's packages (tools/image-tree), kept below build/. They are given the names that tests of others ask for.
"""
import fcntl
import hashlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MAKER = os.path.join(ROOT, 'tools', 'image-tree')
NAMES = ['docker.io/library/debian:stable-slim', 'docker.io/library/python:3-slim', 'docker.io/library/alpine:latest']
WITH_ENTRYPOINT = 'docker.io/library/bash:4.4'      # options are bash's, anything else is a command
START_SECONDS = 60


class Unavailable(Exception):
    """This engine cannot be used here; its text says why."""


def tree():
    """The image's files as a tar archive, made once for each version of its maker."""
    with open(MAKER, 'rb') as f:
        path = os.path.join(ROOT, 'build', 'images', hashlib.sha256(f.read()).hexdigest()[:16] + '.tar')
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path + '.lock', 'w') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.exists(path):
            done = subprocess.run([MAKER, path], stdin=subprocess.DEVNULL, capture_output=True, text=True)
            if done.returncode:
                raise Unavailable('no image could be made: %s' % (done.stderr.strip().splitlines() or ['?'])[-1])
    return path


class Engine:
    def __init__(self, name, program, env):
        self.name, self.program, self.env = name, program, env

    def call(self, *arguments, stdin=None, check=True):
        done = subprocess.run([self.program, *arguments], env=dict(os.environ, **self.env), input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              stdin=None if stdin is not None else subprocess.DEVNULL)
        if check and done.returncode:
            raise Unavailable('%s %s: %s' % (self.name, arguments[0], done.stderr.decode(errors='replace').strip()[-400:]))
        return done.stdout.decode(errors='replace').strip()

    def containers(self):
        """Names of all containers there are, running or not."""
        return self.call('ps', '--all', '--format', '{{.Names}}').split()

    def make_images(self):
        self.call('import', '--change', 'ENV PETRI_TEST_IMAGE=yes', tree(), NAMES[0])
        for name in NAMES[1:]:
            self.call('tag', NAMES[0], name)
        self.call('import', '--change', 'ENTRYPOINT ["docker-entrypoint.sh"]', tree(), WITH_ENTRYPOINT)

    def try_one(self):
        limit = os.sysconf('SC_OPEN_MAX')
        self.call('run', '--rm', '--network=none', '--ulimit', 'nofile=%d:%d' % (min(limit, 1024), limit), '--ulimit', 'nproc=1000:1000', NAMES[0], 'true')

    def stop(self):
        pass


class Docker(Engine):
    """A daemon with its socket and its data in `folder`."""

    def __init__(self, folder):
        if os.geteuid() != 0:
            raise Unavailable('only root can start a docker daemon')
        for program in ('docker', 'dockerd', 'containerd', 'runc'):
            if not shutil.which(program):
                raise Unavailable('%s is not installed' % program)
        self.folder = folder
        self.socket = os.path.join(folder, 'sock')
        super().__init__('docker', shutil.which('docker'), {'DOCKER_HOST': 'unix://' + self.socket, 'DOCKER_BUILDKIT': '0', 'DOCKER_CONFIG': folder})
        self.daemon = None
        for driver in ('overlay2', 'vfs'):
            self.start(driver)
            if self.daemon:
                return
        raise Unavailable('dockerd does not start: %s' % self.last_words())

    def start(self, driver):
        home = os.path.join(self.folder, driver)
        os.makedirs(home, exist_ok=True)
        with open(os.path.join(self.folder, 'log'), 'ab') as log:
            daemon = subprocess.Popen(['dockerd', '--bridge=none', '--iptables=false', '--ip6tables=false', '--storage-driver=' + driver, '--data-root',
                                       os.path.join(home, 'data'), '--exec-root', os.path.join(home, 'exec'), '--pidfile', os.path.join(home, 'pid'),
                                       '--host', 'unix://' + self.socket], stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        until = time.monotonic() + START_SECONDS
        while daemon.poll() is None and time.monotonic() < until:
            if os.path.exists(self.socket) and subprocess.run([self.program, 'version'], env=dict(os.environ, **self.env), capture_output=True).returncode == 0:
                self.daemon = daemon
                return
            time.sleep(0.05)
        daemon.kill()
        daemon.wait()

    def last_words(self):
        with open(os.path.join(self.folder, 'log'), errors='replace') as log:
            lines = [line for line in log.read().splitlines() if line.strip()]
        return lines[-1][-300:] if lines else '?'

    def stop(self):
        if self.daemon:
            self.daemon.send_signal(signal.SIGTERM)
            try:
                self.daemon.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(self.daemon.pid, signal.SIGKILL)
                self.daemon.wait()


class Podman(Engine):
    """No daemon: two files of settings, named by variables."""

    def __init__(self, folder):
        for program in ('podman', 'runc', 'conmon'):
            if not shutil.which(program):
                raise Unavailable('%s is not installed' % program)
        runtime = os.path.join(folder, 'runtime')
        os.mkdir(runtime, 0o700)
        with open(os.path.join(folder, 'storage.conf'), 'w') as f:
            f.write('[storage]\ndriver = "overlay"\ngraphroot = "%s/graph"\nrunroot = "%s/run"\n' % (folder, folder))
        with open(os.path.join(folder, 'containers.conf'), 'w') as f:
            f.write('[engine]\nruntime = "runc"\ncgroup_manager = "cgroupfs"\nevents_logger = "none"\n'
                    'tmp_dir = "%s/libpod"\n[containers]\nnetns = "none"\n' % folder)
        super().__init__('podman', shutil.which('podman'), {'CONTAINERS_CONF': os.path.join(folder, 'containers.conf'), 'XDG_RUNTIME_DIR': runtime,
                                                            'CONTAINERS_STORAGE_CONF': os.path.join(folder, 'storage.conf')})
        self.folder = folder
        self.call('info')               # storage that does not work shows here

    def stop(self):
        self.call('rm', '--all', '--force', check=False)
        subprocess.run(['umount', os.path.join(self.folder, 'graph', 'overlay')], capture_output=True)


class Engines:
    KINDS = {'docker': Docker, 'podman': Podman}

    def __init__(self, names=('docker', 'podman')):
        self.names = names

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix='petri-engines-')
        self.reasons = {}
        self.docker = self.podman = None
        for name in self.names:
            folder = os.path.join(self.folder, name)
            os.mkdir(folder)
            engine = None
            try:
                engine = self.KINDS[name](folder)
                engine.make_images()
                engine.try_one()
                setattr(self, name, engine)
            except Unavailable as reason:
                self.reasons[name] = str(reason).replace('\n', ' ')[-300:]
                if engine:
                    engine.stop()
        return self

    def all(self):
        return [e for e in (self.docker, self.podman) if e]

    def __exit__(self, *_):
        for engine in self.all():
            engine.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def reason_of(found, name):
    return '%s cannot be used here: %s' % (name, found.reasons.get(name, '?'))


if __name__ == '__main__':              # what there is, for people: the settings to use it by hand until Enter is pressed
    with Engines() as found:
        print(json.dumps({e.name: e.env for e in found.all()}, indent=1), json.dumps(found.reasons), flush=True)
        input()
