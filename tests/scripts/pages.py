# SPDX-License-Identifier: Apache-2.0
"""The program tests/sensor/pages_server while a test needs it."""
import os
import signal
import subprocess
import tempfile

from tap import PODWIRE


class Pages:
    PROGRAM = os.path.join(os.path.dirname(PODWIRE), 'tests', 'sensor', 'pages_server')

    def __init__(self, *arguments):
        self.arguments, self.code, self.errors = arguments, None, ''

    def __enter__(self):
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen([self.PROGRAM, *self.arguments], stdout=subprocess.PIPE, stderr=self.log)
        line = self.process.stdout.readline().decode()
        if not line.startswith('listening '):
            self.__exit__()
            raise RuntimeError('pages_server did not start: ' + self.errors)
        self.address = line.split()[1]
        self.host, port = self.address.rsplit(':', 1)
        self.port, self.host = int(port), self.host.strip('[]')
        self.url, self.secure = 'http://' + self.address, 'https://' + self.address
        return self

    def said(self):
        """Its log until now. Not by seeking: it writes where this descriptor stands."""
        return os.pread(self.log.fileno(), 1 << 20, 0).decode('utf-8', 'replace')

    def __exit__(self, *exception):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.code = self.process.wait(120)
        self.process.stdout.close()
        self.errors = self.said()
        self.log.close()
