#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`podwire monitor` under load, in network namespaces: a pod's packets are replayed into a bridge.

  rate    the highest rate of short real flows without a loss, beside tcpdump -w /dev/null and Suricata with rings of the same size
  memory  RSS of supervisor and worker with 100,000 flows open among 1,000 pods
  soak    new connections at a steady rate for a time: RSS at intervals, which should be flat
  idle    CPU while nothing happens; time from start to ready

Needs root, tcpreplay; tcpdump and suricata where they are compared. Generator and programs share the machine, so what is found is a lower bound.
"""
import argparse
import json
import os
import random
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'scripts'))
from network import Namespace, wait_for  # noqa: E402

RING = 8 << 20
PORT = 19764
SURICATA = """%%YAML 1.1
---
vars: {address-groups: {HOME_NET: any, EXTERNAL_NET: any}, port-groups: {HTTP_PORTS: 80}}
default-log-dir: %(folder)s
stats: {enabled: yes, interval: 1}
outputs:
  - eve-log: {enabled: yes, filetype: regular, filename: stats.json, types: [{stats: {totals: yes}}]}
logging: {default-log-level: error, outputs: [{console: {enabled: no}}]}
af-packet:
  - {interface: %(interface)s, threads: 1, cluster-id: 99, cluster-type: cluster_flow, use-mmap: yes, tpacket-v3: yes, block-size: 262144, ring-size: %(packets)d}
app-layer: {protocols: {http: {enabled: yes}, tls: {enabled: yes}, dns: {tcp: {enabled: yes}, udp: {enabled: yes}}, ssh: {enabled: yes}, smtp: {enabled: yes}, ftp: {enabled: yes}, mqtt: {enabled: yes}, krb5: {enabled: yes}, http2: {enabled: yes}}}
max-pending-packets: 1024
runmode: workers
"""


class Place:
    """A node with the bridge br0, and a pod whose eth0 is the port p0."""

    def __init__(self):
        self.node, self.pod = Namespace('node'), Namespace('pod')
        self.node.ip('link add br0 type bridge', 'link add p0 type veth peer name eth0 netns %s' % self.pod.pid, 'link set p0 master br0 mtu 65000')
        for place in (self.node, self.pod):
            place.sysctl(net__ipv6__conf__all__disable_ipv6=1)
        self.node.ip('link set br0 up', 'link set p0 up')
        self.pod.ip('link set eth0 up mtu 65000')
        self.folder = tempfile.mkdtemp()

    def replay(self, capture, rate, loops=1):
        """Packets a second that were really sent, and how many."""
        speed = ['--pps=%d' % rate] if rate else ['--topspeed']
        text = self.pod.text('tcpreplay', '-q', '-i', 'eth0', '-K', '--loop', loops, '--unique-ip', *speed, capture)
        return float(re.search(r'([0-9.]+) pps', text).group(1)), int(re.search(r'Actual: (\d+)', text).group(1))

    def close(self):
        self.pod.close()
        self.node.close()
        shutil.rmtree(self.folder)


def proc(pid, name):
    with open('/proc/%d/%s' % (pid, name)) as f:
        return f.read()


def resident(pid):
    return int(proc(pid, 'statm').split()[1]) * os.sysconf('SC_PAGESIZE')


def cpu(pid):
    fields = proc(pid, 'stat').rpartition(')')[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')


def children(pid):
    return [int(p) for p in subprocess.run(['pgrep', '-P', str(pid)], stdout=subprocess.PIPE, check=False).stdout.split()]


class Podwire:
    def __init__(self, place, podwire, *options):
        self.place = place
        begun = time.monotonic()
        self.process = place.node.start(podwire, 'monitor', '-i', 'br0', '--listen', '127.0.0.1:%d' % PORT, *options, stdout=subprocess.DEVNULL)
        if not wait_for(lambda: self.get('/readyz').startswith('ready'), 20, 0.005):
            sys.exit('podwire monitor does not become ready')
        self.start = time.monotonic() - begun

    def get(self, path):
        return self.place.node.run('curl', '-s', '--max-time', '10', 'http://127.0.0.1:%d%s' % (PORT, path), check=False).stdout.decode()

    def status(self):
        return json.loads(self.get('/api/v1/status'))

    def seen(self):
        time.sleep(2.2)
        w = self.status()['workers'][0]
        return w['received'], w['dropped']

    def processes(self):
        """Supervisor, launcher, workers."""
        launcher = children(self.process.pid)
        return [self.process.pid] + launcher + [w for p in launcher for w in children(p)]

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)


class Tcpdump:
    def __init__(self, place, _podwire):
        self.log = tempfile.TemporaryFile()
        self.process = place.node.start('tcpdump', '-i', 'p0', '-Q', 'in', '-p', '-n', '-s', '16384', '-B', RING >> 10, '-w', '/dev/null', stderr=self.log)
        time.sleep(1)

    def seen(self):
        self.process.send_signal(signal.SIGINT)
        self.process.wait()
        self.log.seek(0)
        text = self.log.read().decode()
        return int(re.search(r'(\d+) packets? received', text).group(1)), int(re.search(r'(\d+) packets? dropped by kernel', text).group(1))

    def stop(self):
        pass


class Suricata:
    def __init__(self, place, _podwire):
        self.folder = tempfile.mkdtemp(dir=place.folder)
        path = os.path.join(self.folder, 'suricata.yaml')
        with open(path, 'w') as f:
            f.write(SURICATA % {'folder': self.folder, 'interface': 'p0', 'packets': RING // 2048})
        self.process = place.node.start('suricata', '-c', path, '-S', '/dev/null', '-l', self.folder, '--af-packet=p0', '--pidfile', os.path.join(self.folder, 'pid'), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.stats = os.path.join(self.folder, 'stats.json')
        if not wait_for(lambda: os.path.exists(self.stats) and os.path.getsize(self.stats) > 0, 30):
            sys.exit('suricata does not begin: see ' + path)

    def seen(self):
        time.sleep(2.5)
        with open(self.stats) as f:
            capture = json.loads(f.read().splitlines()[-1])['stats']['capture']
        return capture['kernel_packets'], capture['kernel_drops']

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        self.process.wait(60)


PROGRAMS = (('podwire', lambda place, podwire: Podwire(place, podwire, '--ring-size', RING)), ('tcpdump', Tcpdump), ('suricata', Suricata))


def run_rate(place, options):
    capture = os.path.join(options.captures, 'mix.pcap')
    print('%-10s %12s %12s %12s %10s' % ('', 'asked for', 'sent', 'packets', 'dropped'))
    for name, program in PROGRAMS:
        if name != 'podwire' and shutil.which(name) is None:
            print('%-10s is not installed' % name)
            continue
        for rate in options.rates:
            running = program(place, options.podwire)
            real, sent = place.replay(capture, rate, options.loops)
            received, dropped = running.seen()
            running.stop()
            print('%-10s %12s %12.0f %12d %9.3f %%' % (name, rate or 'all', real, sent, 100 * dropped / max(1, received)), flush=True)


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


def run_memory(place, options):
    capture, cluster = os.path.join(place.folder, 'open.pcap'), os.path.join(place.folder, 'cluster.json')
    write_pcap(capture, open_connections(100000, 1000))
    write_cluster(cluster, 1000)
    p = Podwire(place, options.podwire, '--cluster', cluster)
    print_memory(p, 0)
    begun = time.monotonic()
    place.replay(capture, 60000)
    for _ in range(5):
        time.sleep(4)
        print_memory(p, time.monotonic() - begun)
    p.stop()


def run_soak(place, options):
    rate, pods = 2000, 1000
    capture, cluster = os.path.join(place.folder, 'soak.pcap'), os.path.join(place.folder, 'cluster.json')
    frames = list(open_connections(120000, pods, close=True))
    write_pcap(capture, frames)
    write_cluster(cluster, pods)
    p = Podwire(place, options.podwire, '--cluster', cluster)
    begun = time.monotonic()
    while time.monotonic() - begun < options.seconds:
        place.replay(capture, rate * len(frames) // 120000)
        print_memory(p, time.monotonic() - begun)
    received, dropped = p.seen()
    print('packets %d, dropped %d; records %d' % (received, dropped, p.status()['flow_records']))
    p.stop()


def run_idle(place, options):
    p = Podwire(place, options.podwire)
    print('ready %.3f s after start' % p.start)
    time.sleep(3)
    pids = p.processes()
    before = sum(map(cpu, pids))
    time.sleep(30)
    print('idle: %.3f %% of a core' % ((sum(map(cpu, pids)) - before) / 30 * 100))
    p.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('what', choices=('rate', 'memory', 'soak', 'idle'), nargs='+')
    parser.add_argument('--podwire', default='./podwire')
    parser.add_argument('--captures', help='folder with mix.pcap, as make_captures.py makes it')
    parser.add_argument('--rates', type=lambda s: [int(r) for r in s.split(',')], default=[100000, 200000, 300000, 0], help='packets a second; 0: as fast as can be')
    parser.add_argument('--loops', type=int, default=2)
    parser.add_argument('--seconds', type=float, default=1800)
    options = parser.parse_args()
    options.podwire = os.path.abspath(options.podwire)
    if os.geteuid() != 0 or shutil.which('tcpreplay') is None:
        sys.exit('needs root and tcpreplay')
    place = Place()
    try:
        for what in options.what:
            print('== ' + what, flush=True)
            {'rate': run_rate, 'memory': run_memory, 'soak': run_soak, 'idle': run_idle}[what](place, options)
    finally:
        place.close()


main()
