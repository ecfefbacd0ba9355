#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures live capture on a bridge in network namespaces: one socket on all devices against a ring on each port; snapshot lengths; ring sizes.

Needs root. Run from the build directory: python3 tests/bench/live_bench.py [ports|snaplen|ring|idle]...
"""
import os
import signal
import subprocess
import sys
import threading
import time

SOURCE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(SOURCE, '..', 'scripts'))
from network import Namespace, connect, missing, wait_for  # noqa: E402

TOOL = os.path.abspath('tests/sensor/live_capture_tool')
RINGS = os.path.abspath('tests/bench/live_rings')
TURNS = 2


class Lab:
    """A bridge with two pods, and idle ports beside them."""

    def __init__(self, ports):
        self.node = Namespace('node')
        self.node.ip('link add cni0 type bridge', 'addr add 10.42.0.1/24 dev cni0', 'link set cni0 up')
        self.pods = []
        for number in (2, 3):
            pod = Namespace('pod')
            connect(self.node, 'veth%d' % number, pod, '10.42.0.%d/24' % number, master='cni0')
            wait_for(lambda: 'state forwarding' in self.node.text('bridge', 'link', 'show', 'dev', 'veth%d' % number))
            self.pods.append(pod)
        if ports > 2:
            self.node.ip(*('link add idle%d type veth peer name other%d' % (i, i) for i in range(ports - 2)), *('link set idle%d master cni0' % i for i in range(ports - 2)),
                         *('link set %s%d up' % (n, i) for i in range(ports - 2) for n in ('idle', 'other')))
        self.devices = ['cni0', 'veth2', 'veth3'] + ['idle%d' % i for i in range(ports - 2)]
        sink = self.pods[1].start(RINGS, 'sink', stdout=subprocess.PIPE)
        sink.stdout.readline()

    def capture(self, command, traffic):
        """Runs both; what the first counted, what the second did."""
        child = self.node.start(*command, stdout=subprocess.PIPE) if command else None
        if child:
            child.stdout.readline()
            time.sleep(0.3)
        sent = traffic()
        if not child:
            return sent, None
        time.sleep(0.3)
        child.send_signal(signal.SIGTERM)
        end = [line for line in child.communicate()[0].decode().splitlines() if line.startswith('end')][0]
        return sent, dict(zip(('received', 'dropped', 'unplanned', 'given', 'bytes', 'cut', 'cpu'), map(int, end.split()[1:])))

    def send(self, *arguments):
        words = self.pods[0].text(RINGS, *arguments).split()
        return {'count': int(words[1]), 'seconds': float(words[2]), 'cpu': int(words[3])}

    def close(self):
        for namespace in [self.node] + self.pods:
            namespace.close()


def one_socket(ring=32, snaplen=65535):
    return [TOOL, '-q', '-r', ring, '-s', snaplen, '-i', 'cni0']


def rings(lab, ring=32, snaplen=65535):
    return [RINGS, 'capture', ring, snaplen] + lab.devices


def best(turns, key):
    return min(turns, key=key)


def ports():
    """How a socket on all devices compares with a ring on each port."""
    print('| ports | capture | sender, CPU us/packet | capture, CPU us/packet | lost, % |')
    print('| ---: | --- | ---: | ---: | ---: |')
    for number in (2, 10, 100, 300):
        lab = Lab(number)
        for name, command in (('none', None), ('one socket', one_socket()), ('a ring each', rings(lab))):
            turns = [lab.capture(command, lambda: lab.send('send', '10.42.0.3', 300000, 100, 100000)) for _ in range(TURNS)]
            sent = min(s['cpu'] * 1000 / s['count'] for s, _ in turns)
            if command is None:
                print('| %d | %s | %.2f | | |' % (number, name, sent))
                continue
            cpu = min(c['cpu'] * 1000 / max(1, c['given']) for _, c in turns)
            lost = min(100 * c['dropped'] / max(1, c['received']) for _, c in turns)
            print('| %d | %s | %.2f | %.2f | %.2f |' % (number, name, sent, cpu, lost), flush=True)
        lab.close()


def snaplen():
    """What is kept of a packet costs; a transfer as fast as it goes, in segments of up to 64 KiB."""
    print('| snaplen | ring MiB | Gbit/s | packets | mean bytes | lost, % | cut, % | capture, CPU us/packet |')
    print('| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |')
    lab = Lab(2)
    sent = max((lab.send('stream', '10.42.0.3', 2000) for _ in range(TURNS)), key=lambda s: s['count'] / s['seconds'])
    print('| none | | %.1f | | | | | |' % (sent['count'] * 8.388608e-3 / sent['seconds']))
    for length in (256, 1600, 4096, 16384, 65535, 262144):
        for ring in (8, 32):
            turns = [lab.capture(one_socket(ring, length), lambda: lab.send('stream', '10.42.0.3', 2000)) for _ in range(TURNS)]
            sent, c = best(turns, lambda t: t[1]['dropped'])
            print('| %d | %d | %.1f | %d | %d | %.2f | %.0f | %.2f |' % (
                length, ring, sent['count'] * 8.388608e-3 / sent['seconds'], c['received'], c['bytes'] / max(1, c['given']),
                100 * c['dropped'] / max(1, c['received']), 100 * c['cut'] / max(1, c['given']), c['cpu'] * 1000 / max(1, c['given'])), flush=True)
    lab.close()


def ring():
    """A reader that stands still for a moment, at 100 000 packets of 300 bytes a second: what a ring makes up for."""
    print('| ring MiB | stood still, ms | sent/s | lost packets |')
    print('| ---: | ---: | ---: | ---: |')
    lab = Lab(10)
    for size in (4, 8, 16, 32, 64):
        for still in (100, 250, 500):
            turns = []
            for _ in range(TURNS):
                timer = threading.Timer(1.0, lambda: stand_still(lab.node.children[-1], still / 1000))
                timer.start()
                turns.append(lab.capture(one_socket(size), lambda: lab.send('send', '10.42.0.3', 200000, 300, 100000)))
                timer.join()
            sent, c = best(turns, lambda t: t[1]['dropped'])
            print('| %d | %d | %d | %d |' % (size, still, sent['count'] / sent['seconds'], c['dropped']), flush=True)
    lab.close()


def stand_still(child, seconds):
    child.send_signal(signal.SIGSTOP)
    time.sleep(seconds)
    child.send_signal(signal.SIGCONT)


def idle():
    """CPU time without packets."""
    lab = Lab(100)
    _, c = lab.capture(one_socket(), lambda: time.sleep(20))
    print('idle for 20 s with 100 ports: %d ms of CPU time' % c['cpu'])
    lab.close()


def main():
    why = missing()
    if why is not None:
        sys.exit('live_bench.py: ' + why)
    for name in sys.argv[1:] or ('ports', 'snaplen', 'ring', 'idle'):
        print('\n%s: %s\n' % (name, globals()[name].__doc__.splitlines()[0]))
        globals()[name]()


if __name__ == '__main__':
    main()
