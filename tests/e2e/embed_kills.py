# SPDX-License-Identifier: Apache-2.0
"""The flow embed, killed and resumed: what its tests, small and large, share."""
import hashlib
import os
import random
import re
import signal
import time

OF_THE_RUN = {'report.html', 'manifest.json'}           # hold times and names; all other files must be the same from run to run


def digests(t, folder):
    """path below the folder -> SHA-256, without what is about the run."""
    found, top = {}, t.at(folder)
    for place, _, names in os.walk(top):
        for name in names:
            path = os.path.join(place, name)
            with open(path, 'rb') as f:
                found[os.path.relpath(path, top)] = hashlib.sha256(f.read()).hexdigest()
    return {path: digest for path, digest in found.items() if path not in OF_THE_RUN}


def finished_shards(t, process):
    return re.findall(r'^done +embed\[(\d+)\]', t.said(process).err, re.M)


def killed_and_resumed(t, kills, seed, *arguments, timeout):
    """A run whose head is killed with signal 9 at moments by chance, as often as said, and resumed each time. Every shard that was
    reported as finished before a kill must not be computed again. The last Done, and how many kills met a run that was not yet over."""
    chance, command, known, met = random.Random(seed), ('run', 'embed', *arguments), set(), 0
    for _ in range(kills):
        process, wanted = t.start(*command), chance.randrange(1, 4)
        until = time.monotonic() + timeout
        while process.poll() is None and len(finished_shards(t, process)) < wanted and time.monotonic() < until:
            time.sleep(0.02)
        time.sleep(chance.random() * 0.3)
        if process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
            met += 1
        process.wait()
        again = known & set(finished_shards(t, process))
        t.check(not again, 'shards were computed again: %s' % sorted(again))
        known |= set(finished_shards(t, process))
        command = ('resume', 'last')
    done = t.succeed(t.finish(t.start(*command), timeout))
    again = known & set(re.findall(r'^done +embed\[(\d+)\]', done.err, re.M))
    t.check(not again, 'shards were computed again: %s' % sorted(again))
    t.check(known, 'no shard was finished before the last kill')
    return done, met
