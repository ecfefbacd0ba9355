#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Launcher and workers, by tests/sensor/launcher_tool: what each may do, and who survives whom.

The captures are worked on by a worker that has shut itself in; that needs no privilege. The rest
needs root, for a network namespace of its own in which connections over lo are made.
"""
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import time

from tap import PCAPS, done, equal, ok, skip

TOOL = os.path.abspath(os.environ.get('LAUNCHER_TOOL', 'tests/sensor/launcher_tool'))
CAP_NET_RAW = 1 << 13
SERVER_PORT = 18080


def check_replay():
    """No dissector or library asks the system for what a worker has given up."""
    for folder in sorted(os.listdir(PCAPS)):
        path = os.path.join(PCAPS, folder)
        captures = sorted(f for f in os.listdir(path) if '.pcap' in f) if os.path.isdir(path) else []
        if not captures:
            continue
        process = subprocess.run([TOOL, 'replay'] + [os.path.join(path, f) for f in captures], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=300)
        ok(process.returncode == 0 and process.stdout, 'a worker shut in reads pcaps/' + folder, 'code %d\n%s' % (process.returncode, process.stderr.decode()[-2000:]))


def share(ports, count):
    return ((max(ports) * 2654435761 & 0xffffffff) >> 16) % count


def status(pid):
    with open('/proc/%d/status' % pid) as f:
        return dict(line.rstrip('\n').split(':\t', 1) for line in f if ':\t' in line)


def alive(pid):
    try:
        return status(pid)['State'][0] not in 'ZX'
    except OSError:
        return False


class Sensor:
    """A running tool, with the lines it has printed and when each came."""

    def __init__(self, *arguments, before=()):
        self.process = subprocess.Popen(list(before) + [TOOL, 'run'] + list(arguments) + ['lo'], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        env=dict(os.environ, ASAN_OPTIONS='handle_segv=0:detect_leaks=0'))
        self.lines, self.partial = [], b''
        self.closed = False

    def read(self, seconds):
        if select.select([self.process.stdout], [], [], max(0, seconds))[0]:
            data = os.read(self.process.stdout.fileno(), 1 << 16)
            self.closed = not data
            *whole, self.partial = (self.partial + data).split(b'\n')
            self.lines += [(time.monotonic(), line.decode('ascii', 'replace')) for line in whole]

    def find(self, pattern, after=0):
        for when, line in self.lines:
            found = re.match(pattern, line)
            if found and when >= after:
                return when, found
        return None

    def wait(self, pattern, after=0, seconds=60):
        end = time.monotonic() + seconds
        while not self.find(pattern, after) and not self.closed and time.monotonic() < end:
            self.read(0.1)
        return self.find(pattern, after)

    def all(self, pattern):
        return [found for found in (re.match(pattern, line) for _, line in self.lines) if found]

    def pid(self, name):
        found = self.all(name + r' pid=(\d+)')
        if not found:
            raise RuntimeError('no %s: %s' % (name, self.text()))
        return int(found[-1].group(1))

    def settle(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end and not self.closed:
            self.read(end - time.monotonic())

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        end = time.monotonic() + 60
        while not self.closed and time.monotonic() < end:
            self.read(0.1)
        if not self.closed:
            self.process.kill()
        errors = self.process.stderr.read().decode('utf-8', 'replace')
        self.process.stdout.close()
        self.process.stderr.close()
        return self.process.wait(), errors

    def text(self):
        return '\n'.join(line for _, line in self.lines if not line.startswith('flow'))


def ready(sensor, workers=2):
    return all(sensor.wait('ready %d' % i) for i in range(workers))


class Server:
    def __enter__(self):
        self.socket = socket.create_server(('127.0.0.1', SERVER_PORT), backlog=64)
        return self

    def __exit__(self, *_):
        self.socket.close()

    def connect(self):
        """One connection with a request and an answer; the client's port."""
        client = socket.create_connection(('127.0.0.1', SERVER_PORT))
        port = client.getsockname()[1]
        server, _ = self.socket.accept()
        client.sendall(b'GET / HTTP/1.1\r\nHost: api\r\n\r\n')
        server.recv(4096)
        server.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
        client.recv(4096)
        client.close()
        server.close()
        return port


def flows_of(sensor, port, protocol):
    """Client port -> the worker that told of it."""
    return {int(f.group(2)): int(f.group(1)) for f in sensor.all(r'flow (\d+) (\d+) %d %s ' % (port, protocol))}


def http_flows(sensor):
    return flows_of(sensor, SERVER_PORT, 'http')


# What each process may do.

def check_status(name, pid, wanted):
    got = status(pid)
    wrong = ['%s: want %s, got %s' % (key, value, got.get(key)) for key, value in wanted.items() if got.get(key, '').split()[:1] != [value]]
    ok(not wrong, '%s has given up what it should' % name, '\n'.join(wrong))


def check_descriptors(name, pid, most, forbidden):
    targets = []
    for fd in os.listdir('/proc/%d/fd' % pid):
        targets.append(os.readlink('/proc/%d/fd/%s' % (pid, fd)))
    good = len(targets) <= most and not any(re.match(forbidden, t) for t in targets)
    ok(good, '%s has no descriptor that is not its own' % name, '\n'.join(targets))


def check_rights(uid, *arguments, before=()):
    sensor = Sensor(*arguments, before=before)
    name = 'as %s' % (' '.join(before) or 'root') + ''.join(' ' + a for a in arguments)
    try:
        if not ok(ready(sensor), '%s: two workers are ready' % name, sensor.text()):
            return
        none, user = '0' * 16, str(uid)
        common = {'NoNewPrivs': '1', 'CapInh': none, 'CapAmb': none, 'Uid': user}
        if not before:
            common['CapBnd'] = none
        raw = '%016x' % CAP_NET_RAW
        check_status('the supervisor', sensor.process.pid, dict(common, CapEff=none, CapPrm=none))
        check_status('the launcher', sensor.pid('launcher'), dict(common, CapEff=raw, CapPrm=raw, Seccomp='2'))
        for i in range(2):
            check_status('worker %d' % i, sensor.pid('started %d' % i), dict(common, CapEff=none, CapPrm=none, Seccomp='2'))
        check_descriptors('worker 0', sensor.pid('started 0'), 10, r'/(?!dev/null|proc/)')
        with Server() as server:
            ports = {server.connect() for _ in range(20)}
        sensor.settle(0.5)
    finally:
        code, errors = sensor.stop()
    flows = http_flows(sensor)
    ok(code == 0 and ports <= set(flows), '%s: every connection is told of when it stops' % name, '%d %s\n%s\nmissing %s' % (code, errors, sensor.text(), ports - set(flows)))
    ok(all(flows[p] == share((p, SERVER_PORT), 2) for p in ports & set(flows)), '%s: each by the worker whose it is' % name, flows)


def check_no_capability():
    process = subprocess.run(['setpriv', '--reuid', '1000', '--regid', '1000', '--clear-groups', '--inh-caps=-all', '--bounding-set=-all', TOOL, 'run', 'lo'],
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
    errors = process.stderr.decode()
    ok(process.returncode == 1 and errors.count('\n') == 1 and 'CAP_NET_RAW' in errors and 'setcap' in errors, 'without CAP_NET_RAW one line says what is missing', errors)


# Who survives whom.

def check_crash():
    sensor = Sensor()
    try:
        if not ok(ready(sensor), 'workers are ready', sensor.text()):
            return
        victim, other = sensor.pid('started 0'), sensor.pid('started 1')
        with Server() as server:
            ports = [server.connect() for _ in range(100)]
            killed = time.monotonic()
            os.kill(victim, signal.SIGSEGV)
            ports += [server.connect() for _ in range(100)]
            # By the clock of who heard of it: here it is read after these connections.
            again = sensor.wait('ready 0 at=(.*)', after=killed)
            ok(again and float(again[1].group(1)) - killed < 1, 'a worker killed by SIGSEGV is back within a second', sensor.text())
            late = [server.connect() for _ in range(100)]
        ended = sensor.find(r'ended 0 pid=%d signal=11 ' % victim)
        ok(ended, 'its end is told, with the signal', sensor.text())
        ok(sensor.pid('started 1') == other and alive(other), 'the other worker goes on')
        sensor.settle(0.5)
    finally:
        code, errors = sensor.stop()
    flows = http_flows(sensor)
    equal(code, 0, 'and all ends well')
    lost = [p for p in ports + late if share((p, SERVER_PORT), 2) == 1 and flows.get(p) != 1]
    ok(not lost, 'no connection of the other worker is lost', '%s\n%s' % (lost, sensor.text()))
    lost = [p for p in late if share((p, SERVER_PORT), 2) == 0 and flows.get(p) != 0]
    ok(not lost, 'the new worker has the place of the old one', '%s\n%s' % (lost, sensor.text()))
    ok(not errors, 'nobody complains', errors)


def check_fragments():
    """The kernel cannot tell whose a fragment is: who puts the datagram together hands it over."""
    subprocess.run(['ip', 'link', 'set', 'lo', 'mtu', '1500'], check=True)
    sensor = Sensor()
    try:
        ready(sensor)
        ports = set()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
            server.bind(('127.0.0.1', SERVER_PORT))
            for _ in range(40):
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
                    client.sendto(b'x' * 4000, ('127.0.0.1', SERVER_PORT))
                    ports.add(client.getsockname()[1])
        sensor.settle(0.5)
    finally:
        sensor.stop()
        subprocess.run(['ip', 'link', 'set', 'lo', 'mtu', '65536'], check=True)
    flows = flows_of(sensor, SERVER_PORT, r'\S+')
    forwarded = {f.group(1): int(f.group(2)) for f in sensor.all(r'counters (\d) .* forwarded=(\d+)')}
    ok(ports == set(flows) and all(flows[p] == share((p, SERVER_PORT), 2) for p in ports), 'datagrams in fragments reach the worker whose they are', '%s\n%s' % (flows, sensor.text()))
    ok(sum(forwarded.values()) > 0, 'some by the hand of another', forwarded)


def check_misbehaviour(kind, wanted, name):
    sensor = Sensor('--misbehave', kind)
    try:
        ended = sensor.wait(r'ended 0 ')
        line = next((line for _, line in sensor.lines if line.startswith('ended 0')), '')
        ok(ended and re.search(wanted, line), name, '%s\n%s' % (line, sensor.text()))
        again = sensor.wait('ready 0', after=ended[0]) if ended else None
        ok(again, 'and is started again', sensor.text())
    finally:
        sensor.stop()


def check_back_off():
    sensor = Sensor()
    delays = []
    try:
        ready(sensor)
        for _ in range(4):
            pid, now = sensor.pid('started 0'), time.monotonic()
            os.kill(pid, signal.SIGKILL)
            sensor.wait('ready 0', after=now)
            delays += [int(f.group(1)) for f in sensor.all(r'ended 0 pid=%d .*restart_ms=(\d+)' % pid)]
    finally:
        sensor.stop()
    equal(delays, [0, 200, 400, 800], 'one that dies again and again is started later and later')


def check_end_of(who):
    sensor = Sensor()
    try:
        ok(ready(sensor), 'workers are ready', sensor.text())
        pids = {'supervisor': sensor.process.pid, 'launcher': sensor.pid('launcher'), 'worker 0': sensor.pid('started 0'), 'worker 1': sensor.pid('started 1')}
        os.kill(pids[who], signal.SIGKILL)
        end = time.monotonic() + 1
        while time.monotonic() < end and any(alive(p) for p in pids.values()):
            sensor.read(0.05)
        left = [name for name, pid in pids.items() if alive(pid)]
        ok(not left, 'when the %s is killed all end within a second' % who, left)
    finally:
        sensor.stop()


def check_signals():
    """A terminal, or a service manager, sends its signal to every process: the supervisor alone decides."""
    sensor = Sensor()
    try:
        ready(sensor)
        for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
            for name in ('launcher', 'started 0', 'started 1'):
                os.kill(sensor.pid(name), number)
        sensor.settle(0.5)
        ok(all(alive(sensor.pid(n)) for n in ('launcher', 'started 0', 'started 1')), 'signals meant for the supervisor end nobody else', sensor.text())
    finally:
        equal(sensor.stop()[0], 0, 'which stops them by its own word')


def cpu_ticks(pid):
    with open('/proc/%d/stat' % pid) as f:
        fields = f.read().rsplit(') ', 1)[1].split()
    return int(fields[11]) + int(fields[12])


def check_idle():
    sensor = Sensor('--workers', '1')
    try:
        ready(sensor, 1)
        sensor.settle(1)
        pids = [sensor.process.pid, sensor.pid('launcher'), sensor.pid('started 0')]
        before = [cpu_ticks(p) for p in pids]
        switches = int(status(pids[2])['voluntary_ctxt_switches'])
        sensor.settle(5)
        used = sum(cpu_ticks(p) for p in pids) - sum(before)
        switches = int(status(pids[2])['voluntary_ctxt_switches']) - switches
        ok(switches <= 12, 'an idle worker wakes once a second', '%d times in 5 s' % switches)
        ok(used <= 3, 'and takes next to no time', '%d ticks of 10 ms in 5 s' % used)
        memory = [int(f.group(1)) for f in sensor.all(r'counters 0 .* memory=(\d+)')]
        ok(memory and memory[-1] > 1 << 20, 'its memory is known', sensor.text())
    finally:
        sensor.stop()


def in_namespace():
    subprocess.run(['ip', 'link', 'set', 'lo', 'up'], check=True)
    nobody = 65534
    try:
        import pwd
        nobody = pwd.getpwnam('podwire').pw_uid
    except KeyError:
        pass
    check_rights(nobody)
    check_rights(1234, '--user', '1234')
    only_raw = ('setpriv', '--reuid', '1000', '--regid', '1000', '--clear-groups', '--inh-caps=-all,+net_raw', '--ambient-caps=-all,+net_raw')
    check_rights(1000, before=only_raw)
    check_rights(0, before=('setpriv', '--bounding-set=-all,+net_raw', '--inh-caps=-all', '--ambient-caps=-all'))
    check_no_capability()
    check_crash()
    check_fragments()
    check_misbehaviour('open', ' signal=31 ', 'a worker that opens a file dies of it')
    check_misbehaviour('send', ' signal=31 ', 'a worker that sends a frame dies of it')
    check_misbehaviour('promiscuous', ' signal=31 ', 'a worker that makes an interface promiscuous dies of it')
    check_misbehaviour('note', ' signal=6 .*busy=1 port=4711 protocol=http\\? packets=42', 'what a worker was working on is told when it dies')
    check_misbehaviour('memory', ' exit=50 ', 'a worker gets no more memory than its limit')
    check_back_off()
    check_end_of('supervisor')
    check_end_of('launcher')
    check_signals()
    check_idle()


def main():
    if '--in-namespace' in sys.argv:
        in_namespace()
        done()
    check_replay()
    if os.geteuid() != 0:
        skip('processes and privileges', 'not root')
        done()
    missing = [c for c in ('unshare', 'ip', 'setpriv') if shutil.which(c) is None]
    if missing or subprocess.run(['unshare', '-n', 'true'], stderr=subprocess.DEVNULL).returncode != 0:
        skip('processes and privileges', 'no ' + ', '.join(missing) if missing else 'no network namespace can be made')
        done()
    inner = subprocess.run(['unshare', '-n', sys.executable, os.path.abspath(__file__), '--in-namespace'], stdout=subprocess.PIPE, timeout=1800)
    relay(inner)
    done()


def relay(inner):
    """The results of the part in the namespace, numbered on."""
    lines = inner.stdout.decode().splitlines()
    comment = []
    for line in reversed(lines):
        found = re.match(r'(not )?ok \d+ - (.*)', line)
        if line.startswith('# '):
            comment.insert(0, line[2:])
        elif found:
            results.insert(0, (not found.group(1), found.group(2), '\n'.join(comment)))
            comment = []
    for good, name, why in results:
        ok(good, name, why)
    ok(any(line.startswith('1..') for line in lines), 'the part in the namespace came to its end', '\n'.join(lines[-5:]))


results = []
main()
