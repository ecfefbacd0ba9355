#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The labelled public captures, where they lie beside the source tree: the figures this release promises."""
import json
import os
import subprocess
import sys

from tap import PODWIRE, SHARED, done, ok, podwire, skip

SCORER, CAPTURES = os.path.join(SHARED, 'score-captures'), os.path.join(SHARED, 'captures')
PROTOCOLS = 'http,http2,grpc,grpc-web,tls,postgresql,mysql,redis,websocket'
AT_LEAST = {'found': 99, 'protocol': 98, 'encryption': 98, 'version': 99, 'cipher': 99, 'auth': 95, 'method': 95, 'cleartext-recall': 100, 'cleartext-precision': 100}
NONE = ('false-encrypted', 'crashes')


def figures(*arguments):
    p = subprocess.run([sys.executable, SCORER, '-b', PODWIRE, '-j'] + list(arguments), stdout=subprocess.PIPE, check=True)
    return json.loads(p.stdout)


def main():
    if not os.path.exists(SCORER):
        skip('labelled public captures', 'they are not beside this source tree')
        done()
    own = figures('-p', PROTOCOLS)
    for what, limit in AT_LEAST.items():
        ok(own.get(what, 0) >= limit, '%s is at least %d %%' % (what, limit), own)
    every = figures()
    for what in NONE + ('false-success',):
        ok(every.get(what, 0) == 0, 'over all protocols, %s is 0' % what, every)
    for name in sorted(os.listdir(CAPTURES)):
        if name.endswith(('.pcap', '.pcapng')):
            ok(podwire('analyze', '--format', 'ndjson', '--flows', os.path.join(CAPTURES, name)).code in (0, 1, 2), '%s is read to its end' % name)
    done()


main()
