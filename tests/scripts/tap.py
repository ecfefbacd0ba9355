# SPDX-License-Identifier: Apache-2.0
"""What the test scripts share: TAP lines, and running podwire."""
import json
import os
import subprocess
import sys

PODWIRE = os.path.abspath(os.environ.get('PODWIRE', './podwire'))
SOURCE = os.path.abspath(os.environ.get('PODWIRE_SOURCE', os.path.join(os.path.dirname(__file__), '..', '..')))
PCAPS = os.path.join(SOURCE, 'pcaps')
SHARED = os.path.abspath(os.environ.get('PODWIRE_SHARED', os.path.join(SOURCE, '..', 'shared')))

_count = 0
_failed = 0


def ok(good, name, why=''):
    """One result; what is wrong follows as a comment."""
    global _count, _failed
    _count += 1
    _failed += not good
    print('%s %d - %s' % ('ok' if good else 'not ok', _count, name.replace('#', '')))
    if not good and why:
        for line in str(why).splitlines()[:40]:
            print('# ' + line)
    sys.stdout.flush()
    return good


def equal(got, want, name):
    return ok(got == want, name, 'got:  %r\nwant: %r' % (got, want))


def skip(name, why):
    global _count
    _count += 1
    print('ok %d - %s # SKIP %s' % (_count, name.replace('#', ''), why))


def skip_all(why):
    print('1..0 # SKIP ' + why)
    sys.exit(0)


def done():
    print('1..%d' % _count)
    sys.exit(_failed > 0)


class Result:
    def __init__(self, process):
        self.code, self.out, self.err = process.returncode, process.stdout, process.stderr
        self.text, self.errors = self.out.decode('utf-8', 'replace'), self.err.decode('utf-8', 'replace')

    @property
    def json(self):
        return json.loads(self.text)


def podwire(*arguments, stdin=None, env=None):
    environment = dict(os.environ, LC_ALL='C.UTF-8')
    environment.pop('NO_COLOR', None)
    environment.update(env or {})
    return Result(subprocess.run([PODWIRE] + [str(a) for a in arguments], input=stdin if stdin is not None else b'',
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, timeout=300))


def pcap(*parts):
    return os.path.join(PCAPS, *parts)
