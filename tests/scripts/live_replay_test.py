#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Captures replayed into a live sensor: flows, pairs, scores and findings are those of `podwire analyze` of what was sent. Of all captures an
eighth, another each day; PODWIRE_REPLAY=all takes all (some minutes), PODWIRE_REPLAY=3 the fourth eighth."""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

from network import missing
from tap import PCAPS, SHARED, done, ok, skip_all

PARTS = 8
# Arguments of replay_lane.py: how many workers, and what is captured.
LANES = (('1', 'device'), ('1', 'bridge'), ('2', 'device'))


def captures():
    found = []
    for folder in (PCAPS, os.path.join(SHARED, 'captures')):
        for place, _, names in os.walk(folder):
            found += [os.path.join(place, name) for name in names if name.endswith(('.pcap', '.pcapng'))]
    found.sort()
    part = os.environ.get('PODWIRE_REPLAY') or str(int(time.time()) // 86400 % PARTS)
    return found if part == 'all' else found[int(part)::PARTS]


def main():
    why = missing()
    if why:
        skip_all(why)
    everything = captures()
    directory = tempfile.mkdtemp()
    lanes = []
    try:
        for i, arguments in enumerate(LANES):
            own = os.path.join(directory, str(i))
            os.mkdir(own)
            os.chmod(own, 0o777)
            command = ['unshare', '-n', sys.executable, os.path.join(os.path.dirname(os.path.abspath(__file__)), 'replay_lane.py'), own, *arguments]
            lane = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            lanes.append(lane)
            lane.stdin.write(''.join(path + '\n' for path in everything[i::len(LANES)]))
            lane.stdin.close()
        os.chmod(directory, 0o755)
        for arguments, lane in zip(LANES, lanes):
            results = [json.loads(line) for line in lane.stdout]
            lane.wait()
            wrong = ['%s\n%s' % (r['capture'], '\n'.join(line[:600] for line in r['wrong'])) for r in results if r['wrong']]
            ok(lane.returncode == 0 and not wrong, '%s worker(s), %s: live and offline agree' % arguments, 'exit code %d\n%s' % (lane.returncode, '\n'.join(wrong)))
            flows = sum(r['flows'] for r in results)
            ok(len(results) == len(everything[LANES.index(arguments)::len(LANES)]) and flows > len(results) // 2, 'on %d flows of %d captures' % (flows, len(results)))
    finally:
        for lane in lanes:
            if lane.poll() is None:
                lane.kill()
            lane.wait()
        shutil.rmtree(directory)
    done()


main()
