#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`podwire monitor` under load, in network namespaces: packets are replayed into a bridge.

  rate    the highest rate of short real flows without a loss, beside tcpdump -w /dev/null and Suricata with rings of the same size: with
          a CPU for each of sender and sensor, and with one for both; 20 to 30 minutes
  memory  RSS of supervisor and worker with 100,000 flows open among 1,000 pods
  soak    new connections at a steady rate for a time: RSS at intervals, which should be flat
  idle    CPU while nothing happens; time from start to ready

Needs root and packet_sender (packet_sender.c); tcpdump and suricata where they are compared. Sender and programs share the machine.
"""
import argparse
import json
import os
import random
import struct
import sys
import time

from rate_bench import SETTINGS, run_rate
from sensor_place import Place, Podwire, cpu_exactly, resident


def checksum_free_tcp(client, server, ports, sequence, acknowledgement, flags, payload=b''):
    tcp = struct.pack('>HHIIBBHHH', *ports, sequence & 0xffffffff, acknowledgement & 0xffffffff, 0x50, flags, 65535, 0, 0) + payload
    return ip(client, server, 6, tcp)


_ip_id = [0]


def ip(source, destination, protocol, body):
    _ip_id[0] = (_ip_id[0] + 1) & 0xffff
    return b'\x02\0\0\0\0\1\x02\0\0\0\0\2\x08\0' + struct.pack('>BBHHHBBH', 0x45, 0, 20 + len(body), _ip_id[0], 0, 64, protocol, 0) + source + destination + body


def pod_address(n):
    return bytes((10, 42, n // 250, n % 250 + 2))


def write_pcap(path, frames):
    with open(path, 'wb') as f:
        f.write(struct.pack('<IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, 262144, 1))
        for i, frame in enumerate(frames):
            f.write(struct.pack('<IIII', 1750000000 + i // 100000, i % 100000 * 10, len(frame), len(frame)) + frame)


def client_hello():
    """TLS, from a capture of ours would be the same: what openssl sends is asked of it."""
    import ssl
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = ssl.create_default_context()
    connection = context.wrap_bio(incoming, outgoing, server_hostname='api.shop.svc')
    try:
        connection.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()


def open_connections(count, pods, close=False):
    """Frames of connections among pods: half of them HTTP, then TLS to the client's hello, DNS, and SYNs without an answer."""
    rng = random.Random(3)
    hello = client_hello()
    request, answer = b'GET /items HTTP/1.1\r\nHost: api\r\n\r\n', b'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
    query = bytes.fromhex('0100000100000000000003617069047368 6f700373766300 00010001'.replace(' ', ''))
    for n in range(count):
        client, server = pod_address(n % pods), pod_address((n * 7 + n // pods + 1) % pods)
        kind = n % 8
        ports = (20000 + n // pods % 40000, (80, 80, 80, 80, 443, 443, 53, 8080)[kind])
        a, b = rng.randrange(1 << 32), rng.randrange(1 << 32)
        if kind == 6:
            identifier = struct.pack('>H', n & 0xffff)
            yield ip(client, server, 17, struct.pack('>HHHH', *ports, 8 + 2 + len(query), 0) + identifier + query)
            continue
        yield checksum_free_tcp(client, server, ports, a, 0, 2)
        if kind == 7:
            continue
        back = ports[::-1]
        yield checksum_free_tcp(server, client, back, b, a + 1, 0x12)
        yield checksum_free_tcp(client, server, ports, a + 1, b + 1, 0x10)
        said = request if kind < 4 else hello
        yield checksum_free_tcp(client, server, ports, a + 1, b + 1, 0x18, said)
        a += 1 + len(said)
        heard = answer if kind < 4 else b''
        if heard:
            yield checksum_free_tcp(server, client, back, b + 1, a, 0x18, heard)
        b += 1 + len(heard)
        if close:
            yield checksum_free_tcp(client, server, ports, a, b, 0x11)
            yield checksum_free_tcp(server, client, back, b, a + 1, 0x11)
            yield checksum_free_tcp(client, server, ports, a + 1, b + 1, 0x10)


def write_cluster(path, pods):
    items = [{'apiVersion': 'v1', 'kind': 'Pod',
              'metadata': {'name': 'app%d-%d' % (n % 50, n), 'namespace': 'shop', 'uid': 'u%d' % n, 'labels': {'app': 'app%d' % (n % 50)},
                           'ownerReferences': [{'apiVersion': 'apps/v1', 'kind': 'StatefulSet', 'name': 'app%d' % (n % 50), 'uid': 's%d' % (n % 50), 'controller': True}]},
              'spec': {'nodeName': 'n1', 'containers': []}, 'status': {'phase': 'Running', 'podIP': '.'.join(map(str, pod_address(n)))}} for n in range(pods)]
    with open(path, 'w') as f:
        json.dump({'apiVersion': 'v1', 'kind': 'List', 'items': items}, f)
    os.chmod(path, 0o644)
    os.chmod(os.path.dirname(path), 0o755)


def print_memory(p, when):
    pids = p.processes()
    supervisor, worker = resident(pids[0]), resident(pids[-1])
    print('%8.0f s  supervisor %5.1f MiB, worker %5.1f MiB, together %5.1f MiB; flows open %d' % (when, supervisor / 2**20, worker / 2**20, (supervisor + worker) / 2**20, p.status()['workers'][0]['flows_open']), flush=True)


def prepared(place, options, count, close):
    """A sensor that knows 1,000 pods; the capture of so many connections among them, and how many frames it has."""
    capture, cluster = os.path.join(place.folder, 'connections.pcap'), os.path.join(place.folder, 'cluster.json')
    frames = list(open_connections(count, 1000, close))
    write_pcap(capture, frames)
    write_cluster(cluster, 1000)
    return Podwire(place, options.podwire, '--cluster', cluster), capture, len(frames)


def run_memory(place, options):
    p, capture, count = prepared(place, options, 100000, False)
    print_memory(p, 0)
    begun = time.monotonic()
    place.send(capture, 60000, 60, '-k', '-n', count)
    for _ in range(6):
        time.sleep(6)
        print_memory(p, time.monotonic() - begun)
    p.stop()


def run_soak(place, options):
    rate, connections = 2000, 120000
    p, capture, count = prepared(place, options, connections, True)
    begun = time.monotonic()
    sender = place.start_sending(capture, rate * count / connections, options.seconds, '-k')
    while sender.poll() is None:
        time.sleep(min(60, max(1, begun + options.seconds - time.monotonic())))
        print_memory(p, time.monotonic() - begun)
    sent = json.loads(sender.communicate()[0])
    time.sleep(2.2)
    status = p.status()
    print('connections/s %.0f; packets %d, received %d, dropped %d; records %d' % (
        sent['packets'] / sent['seconds'] / count * connections, sent['packets'], status['workers'][0]['received'], status['workers'][0]['dropped'], status['flow_records']))
    p.stop()


def run_idle(place, options):
    p = Podwire(place, options.podwire)
    print('ready %.3f s after start' % p.start)
    time.sleep(3)
    pids = p.processes()
    before = sum(map(cpu_exactly, pids))
    time.sleep(30)
    print('idle: %.3f %% of a core' % ((sum(map(cpu_exactly, pids)) - before) / 30 * 100))
    p.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('what', choices=('rate', 'memory', 'soak', 'idle'), nargs='+')
    parser.add_argument('--podwire', default='./podwire')
    parser.add_argument('--sender', default='tests/bench/packet_sender')
    parser.add_argument('--captures', default='.', help='rate: folder with mix.pcap, as make_captures.py makes it')
    parser.add_argument('--settings', choices=tuple(SETTINGS), nargs='+', default=['two', 'one'], help='rate: where sender and program run, see rate_bench.py')
    parser.add_argument('--probe', type=float, default=10, help='rate: seconds of each run while seeking; what the sensor keeps of flows that ended begins to cost after some')
    parser.add_argument('--hold', type=float, default=10, help='rate: seconds that a rate must hold')
    parser.add_argument('--repeats', type=int, default=3, help='rate: how often it must')
    parser.add_argument('--seconds', type=float, default=1800, help='soak')
    options = parser.parse_args()
    options.podwire, options.sender = os.path.abspath(options.podwire), os.path.abspath(options.sender)
    options.capture = os.path.join(options.captures, 'mix.pcap')
    if os.geteuid() != 0:
        sys.exit('needs root')
    place = Place(options.sender)
    try:
        for what in options.what:
            print('== ' + what, flush=True)
            {'rate': run_rate, 'memory': run_memory, 'soak': run_soak, 'idle': run_idle}[what](place, options)
    finally:
        place.close()


main()
