# SPDX-License-Identifier: Apache-2.0
"""podwire monitor, running on a node of the live lab."""
import json
import os
import re
import shutil
import signal
import time

from live_lab import HOME, Failure, Process, run, wait_until
from tap import PODWIRE

PORT = 9465


def monitor_missing():
    """Why podwire monitor cannot be tested, or None."""
    result = run(PODWIRE, 'monitor', '--help', check=False)
    return None if result.returncode == 0 else 'this podwire has no monitor: ' + result.stdout.strip().splitlines()[0]


def nothing_but_net_raw():
    """How a user without any other right starts it: what comes before the command, and a copy that he may read."""
    program = HOME + '/podwire'
    if not os.path.exists(program):
        shutil.copy(PODWIRE, program)
        os.chmod(program, 0o755)
    capabilities = ['--inh-caps=-all,+net_raw', '--ambient-caps=-all,+net_raw', '--bounding-set=-all,+net_raw']
    return ['setpriv', '--reuid=64321', '--regid=64321', '--clear-groups', *capabilities], program


class Sensor:
    """The sensor with its defaults and --log-flows; events go to a file. Started as root, or with NET_RAW alone."""

    def __init__(self, node, *options, as_root=True, waits_for_readiness=True):
        prefix, program = ([], PODWIRE) if as_root else nothing_but_net_raw()
        self.node, self.events_path = node, '%s/events-%s-%d' % (HOME, node.name, len(node.lab.processes))
        with open(self.events_path, 'wb') as events:
            command = [*prefix, program, 'monitor', '--log-flows', '--listen', '127.0.0.1:%d' % PORT, *options]
            self.process = Process(node.lab, 'podwire-' + node.name, node.name, command, stdout=events, wrap=False)
        if not waits_for_readiness:
            return
        try:
            wait_until(lambda: self.ready() or not self.process.running(), 'readiness')
        except Failure:
            pass
        if not self.process.running() or not self.ready():
            raise Failure('podwire monitor is not ready: ' + self.process.text())

    def get(self, path):
        """(status, body) of a request."""
        text = self.node.exec('curl', '-sS', '--max-time', '5', '-w', '\n%{http_code}', 'http://127.0.0.1:%d%s' % (PORT, path), check=False).stdout
        body, _, code = text.rpartition('\n')
        return int(code) if code.isdigit() else 0, body

    def ready(self):
        return self.get('/readyz')[0] == 200

    def captures(self, name):
        """Whether the worker's filter in the kernel lets through what comes by this interface."""
        index = self.node.indexes().get(name)
        programs = re.findall(r'0x20 0 0 4294963208,([^\n]*?)0x30', self.node.exec('ss', '-0bH'))  # from where it loads the interface on
        return any(re.search(r'0x15 \d+ \d+ %s,' % index, program) for program in programs)

    def wait_captures(self, *names):
        for name in names:
            wait_until(lambda name=name: self.captures(name), 'the sensor to capture ' + name)

    def events(self):
        with open(self.events_path, encoding='utf-8') as f:
            return [json.loads(line) for line in f if line.endswith('\n')]

    def flows(self):
        return [event['flow'] for event in self.events() if event.get('type') == 'flow']

    def stop(self):
        """Ends it in an orderly way, so that it tells of all flows, and returns their records."""
        time.sleep(0.5)
        code = self.process.stop(signal.SIGTERM)
        if code != 0:
            raise Failure('podwire monitor ended with %s: %s' % (code, self.process.text()))
        return self.flows()
