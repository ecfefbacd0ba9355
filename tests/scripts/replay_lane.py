#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Replays captures into a live sensor, one sensor for each, and compares what it tells with `podwire analyze` of what was sent.

Run in a network namespace of its own, by live_replay_test.py: replay_lane.py DIRECTORY WORKERS BRIDGE <captures; a line of JSON for each."""
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import time

import packets
from network import wait_for
from tap import podwire, PODWIRE

PORT = 19764
SNAPLEN = 16384
COOKED_HEADER = 20
MACS = bytes.fromhex('020000000002020000000001')
# What says when or where a packet was seen.
OF_THE_PLACE = {'file', 'packet', 'first_packet', 'first_seen', 'last_seen', 'example'}


def ip(*arguments):
    subprocess.run(['ip', *arguments], check=True)


def devices(bridge):
    """v0 is sent into; what is captured."""
    for name in ('all', 'default'):
        with open('/proc/sys/net/ipv6/conf/%s/disable_ipv6' % name, 'w') as f:
            f.write('1')
    ip('link', 'set', 'lo', 'up')
    ip('link', 'add', 'v0', 'mtu', '65535', 'type', 'veth', 'peer', 'name', 'v1', 'mtu', '65535')
    if bridge:
        ip('link', 'add', 'br0', 'mtu', '65535', 'type', 'bridge')
        ip('link', 'set', 'v1', 'master', 'br0')
        ip('link', 'set', 'br0', 'up')
    ip('link', 'set', 'v0', 'up')
    ip('link', 'set', 'v1', 'up')
    # A device sends nothing before its carrier is known.
    if not wait_for(lambda: all('state UP' in subprocess.run(['ip', 'link', 'show', 'dev', name], stdout=subprocess.PIPE, text=True, check=True).stdout for name in ('v0', 'v1'))):
        raise RuntimeError('no carrier')
    return 'br0' if bridge else 'v1'


def frames(path):
    """The capture's packets as Ethernet frames that fit a device."""
    link, found = packets.read(path)
    out = []
    for p in found:
        data = p.data
        if link != packets.ETHERNET:
            at = packets.ip_offset(link, data)
            if at is None:
                continue
            data = MACS + (b'\x08\x00' if data[at] >> 4 == 4 else b'\x86\xdd') + data[at:]
        if 14 <= len(data) <= 65535 + 14:
            out.append(data)
    return out


def cooked(frame):
    """As a packet socket on all devices gives it."""
    kind = 3 if frame[0] & 1 == 0 else 1 if frame[:6] == b'\xff' * 6 else 2
    return frame[12:14] + struct.pack('>HIHBB', 0, 2, 1, kind, 6) + frame[6:12] + bytes(2) + frame[14:]


def stripped(value):
    if isinstance(value, dict):
        return {k: stripped(v) for k, v in value.items() if k not in OF_THE_PLACE}
    return [stripped(v) for v in value] if isinstance(value, list) else value


def in_order(values):
    return sorted(values, key=lambda v: json.dumps(v, sort_keys=True))


def flows(lines):
    return in_order([{k: v for k, v in stripped(line['flow']).items() if k != 'end'} for line in lines if line['type'] == 'flow'])


def judged(lines):
    """Pairs with their scores and evidence, findings, and the score of the whole."""
    out = [stripped(line) for line in lines if line['type'] not in ('input', 'policy', 'flow')]
    for line in out:
        for name in ('evidence', 'services'):
            if name in line.get('pair', {}):
                line['pair'][name] = in_order(line['pair'][name])
    return in_order(out)


def differences(live, offline, what):
    only_live, only_offline = [v for v in live if v not in offline], [v for v in offline if v not in live]
    return ['%s live:    %s' % (what, json.dumps(v)) for v in only_live] + ['%s offline: %s' % (what, json.dumps(v)) for v in only_offline]


class Sensor:
    def __init__(self, directory, device, workers):
        self.events, self.log, self.state = (os.path.join(directory, name) for name in ('events', 'log', 'state.json'))
        if os.path.exists(self.state):
            os.unlink(self.state)
        command = [PODWIRE, 'monitor', '-i', device, '--workers', workers, '--log-flows', '--listen', '127.0.0.1:%d' % PORT, '--state', self.state]
        with open(self.events, 'wb') as events, open(self.log, 'wb') as log:
            self.process = subprocess.Popen(command, stdout=events, stderr=log, env=dict(os.environ, ASAN_OPTIONS='handle_segv=0'))
        wait_for(lambda: self.process.poll() is not None or self.ready(), step=0.01)
        if self.process.poll() is not None or not self.ready():
            raise RuntimeError('the sensor is not ready: ' + self.told())

    @staticmethod
    def ready():
        try:
            with socket.create_connection(('127.0.0.1', PORT), 60) as s:
                s.sendall(b'GET /readyz HTTP/1.0\r\n\r\n')
                return b' 200 ' in s.recv(64)
        except OSError:
            return False

    def told(self):
        with open(self.log) as f:
            return f.read()

    def stop(self):
        """Its events. The ring is read to its end before it ends."""
        self.process.send_signal(signal.SIGTERM)
        if self.process.wait(120) != 0:
            raise RuntimeError('the sensor ended badly: ' + self.told())
        with open(self.events) as f:
            return [json.loads(line) for line in f]

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def lines(*arguments):
    result = podwire(*arguments)
    if result.code != 0:
        raise RuntimeError(result.errors)
    return [json.loads(line) for line in result.text.splitlines()]


def replay(directory, device, workers, into, path):
    """How many flows were told of, and what was told otherwise."""
    sent = []
    sensor = Sensor(directory, device, workers)
    try:
        for i, frame in enumerate(frames(path)):
            sent.append(packets.Packet(time.time_ns(), cooked(frame)[:SNAPLEN], len(frame) - 14 + COOKED_HEADER))
            into.send(frame)
            if i % 64 == 63:
                time.sleep(0.001)
        live = sensor.stop()
    finally:
        sensor.close()
    again = os.path.join(directory, 'sent.pcap')
    with open(again, 'wb') as f:
        f.write(packets.pcap(packets.SLL2, sent))
    offline = lines('analyze', '--flows', '--format', 'ndjson', again) if sent else []
    saved = lines('score', '--format', 'ndjson', sensor.state) if os.path.exists(sensor.state) else []
    return len(flows(live)), differences(flows(live), flows(offline), 'flow') + (differences(judged(saved), judged(offline), 'judged') if flows(live) else [])


def main():
    directory, workers, bridge = sys.argv[1:4]
    device = devices(bridge == 'bridge')
    into = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    into.bind(('v0', 0))
    for path in sys.stdin.read().splitlines():
        try:
            count, wrong = replay(directory, device, workers, into, path)
        except (OSError, RuntimeError, ValueError, subprocess.SubprocessError) as e:
            count, wrong = 0, [repr(e)]
        print(json.dumps({'capture': path, 'flows': count, 'wrong': wrong}), flush=True)


if __name__ == '__main__':
    main()
