#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Live capture in network namespaces: every packet once, nothing promiscuous, interfaces that come and go, workers that share."""
import collections
import os
import queue
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time

from network import Namespace, connect, missing, wait_for
from tap import done, equal, ok, skip, skip_all

TOOL = os.path.abspath(os.environ.get('LIVE_CAPTURE_TOOL', os.path.join(os.path.dirname(os.environ.get('PODWIRE', './podwire')), 'tests/sensor/live_capture_tool')))
POD = '10.42.0.%d'


class Sensor:
    """The tool in a namespace. Its lines are read as they come; of a plan it is kept when it came."""

    def __init__(self, node, *arguments):
        self.child = node.start(TOOL, *arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.plans, self.told, self.packets, self.end, self.interfaces = queue.Queue(), [], [], None, {}
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        self.plan = self.wait_plan()

    def _read(self):
        for line in self.child.stdout:
            words = line.decode().split()
            if words[0] == 'plan':
                self.told.append((time.monotonic(), words[1:]))
                self.plans.put(words[1:])
            elif words[0] == 'packet':
                self.packets.append((int(words[1]), words[2], bytes.fromhex(words[3]) if len(words) > 3 else b''))
            elif words[0] == 'end':
                self.end = dict(zip(('received', 'dropped', 'unplanned', 'given', 'bytes', 'cut', 'cpu'), map(int, words[1:])))
            elif words[0] == 'interface':
                self.interfaces[words[1]] = int(words[2])

    def wait_plan(self, seconds=60):
        try:
            return self.plans.get(timeout=seconds)
        except queue.Empty:
            return None

    def heard(self, condition):
        """Whether a packet came of which this is true, or comes yet."""
        return wait_for(lambda: any(condition(name, p) for _, name, p in list(self.packets)))

    def stop(self):
        """It gives all that the kernel has for it before it ends."""
        self.child.send_signal(signal.SIGTERM)
        self.child.wait()
        self.reader.join()
        return self


def identity(ip):
    """What tells IPv4 packets apart, wherever they are seen: all but hop limit and checksums. Not of IGMP, which kernels send when they like."""
    if len(ip) < 20 or ip[0] >> 4 != 4 or ip[9] == 2:
        return None
    header = (ip[0] & 15) * 4
    length, number, fragment = struct.unpack('!HHH', ip[2:8])
    # Of UDP the ports and what Traffic wrote: ports are given out by chance, and datagrams have no number of their own.
    begin = ip[header:header + 16] if ip[9] == 6 else ip[header:header + 4] + ip[header + 8:header + 16]
    return ip[12:16], ip[16:20], ip[9], number, fragment & 0x3fff, length, begin


def identities(packets):
    return collections.Counter(i for i in map(identity, packets) if i is not None)


def ipv4(text):
    return bytes(map(int, text.split('.')))


class Tap:
    """tcpdump in a pod, not promiscuous."""

    def __init__(self, pod, folder, device='eth0'):
        self.path = os.path.join(folder, '%s.pcap' % pod.name)
        self.child = pod.start('tcpdump', '-p', '-U', '-n', '-i', device, '-s', '200', '-B', '8192', '--immediate-mode', '-Z', 'root', '-w', self.path, stderr=subprocess.PIPE)
        self.child.stderr.readline()

    def stop(self):
        # In immediate mode who sleeps has read all.
        wait_for(self.sleeps)
        self.child.send_signal(signal.SIGTERM)
        errors = self.child.communicate()[1].decode()
        if '\n0 packets dropped by kernel' not in errors:
            raise RuntimeError('tcpdump lost packets: ' + errors)
        packets = []
        with open(self.path, 'rb') as f:
            f.read(24)
            while True:
                head = f.read(16)
                if len(head) < 16:
                    return packets
                frame = f.read(struct.unpack('<IIII', head)[2])
                if frame[12:14] == b'\x08\x00':
                    packets.append(frame[14:])


    def sleeps(self):
        with open('/proc/%d/stat' % self.child.pid) as f:
            return f.read().rsplit(') ', 1)[1][0] == 'S'


class Traffic:
    """Small servers and clients: a Python that takes orders."""
    SERVER = '''
import socket, sys, threading
def tcp(s):
    while True:
        c, _ = s.accept()
        threading.Thread(target=serve, args=(c,), daemon=True).start()
def serve(c):
    with c:
        size = int(c.makefile('rb').readline())
        c.sendall(b'x' * size)
        while c.recv(65536):
            pass
def udp(s):
    while True:
        d, a = s.recvfrom(65536)
        s.sendto(d, a)
t = socket.socket(); t.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); t.bind(('', 8080)); t.listen(128)
u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); u.bind(('', 5353))
threading.Thread(target=tcp, args=(t,), daemon=True).start()
print('ready', flush=True)
udp(u)
'''
    CLIENT = '''
import socket, sys, time
kind, host, size, count = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
for i in range(count):
    if kind == 'tcp':
        with socket.create_connection((host, 8080), timeout=30) as s:
            s.sendall(b'%d\\n' % size)
            got = 0
            while got < size:
                got += len(s.recv(65536))
    else:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.settimeout(30)
            s.sendto((b'%d %d ' % (i, time.monotonic_ns() % 10000)).ljust(size, b'y')[:size], (host, 5353))
            assert len(s.recv(65536)) == size
'''

    @staticmethod
    def serve(namespace):
        child = namespace.start(sys.executable, '-c', Traffic.SERVER, stdout=subprocess.PIPE)
        child.stdout.readline()

    @staticmethod
    def ask(namespace, kind, host, size=100, count=1):
        return namespace.run(sys.executable, '-c', Traffic.CLIENT, kind, host, size, count, check=False).returncode == 0


class Bridge:
    """A node whose pods are on cni0."""

    def __init__(self, pods=3, netfilter=0):
        self.node = Namespace('node')
        self.node.without_ipv6()
        self.node.sysctl(net__ipv4__ip_forward=1)
        self.node.ip('link add cni0 type bridge', 'addr add 10.42.0.1/24 dev cni0', 'link set cni0 up')
        if os.path.exists('/proc/sys/net/bridge'):
            self.node.sysctl(**{'net__bridge__bridge-nf-call-iptables': netfilter})
        self.pods, self.linked = [], 0
        for _ in range(pods):
            self.add_pod()
        Traffic.serve(self.node)

    def add_pod(self):
        number = len(self.pods) + 2
        pod = Namespace('pod%d' % number)
        pod.without_ipv6()
        connect(self.node, 'veth%d' % number, pod, POD % number + '/24', master='cni0', gateway='10.42.0.1')
        self.linked = time.monotonic()
        Traffic.serve(pod)
        self.pods.append(pod)
        # A port forwards when its carrier is there.
        wait_for(lambda: 'state forwarding' in self.node.text('bridge', 'link', 'show', 'dev', 'veth%d' % number))
        return pod

    def promiscuity(self):
        """Of each device, as the kernel counts who asked for it; and the flags."""
        counts = {}
        name = None
        for line in self.node.text('ip', '-d', 'link').splitlines():
            if not line.startswith(' '):
                name = line.split(': ')[1].split('@')[0]
                counts[name] = 'PROMISC' in line
            elif 'promiscuity' in line:
                words = line.split()
                counts[name] = (int(words[words.index('promiscuity') + 1]), counts[name])
        return counts

    def close(self):
        for namespace in [self.node] + self.pods:
            namespace.close()


def quiet(namespaces):
    """Waits until nobody has anything more to say: connections are closed at both ends."""
    if not wait_for(lambda: not any(n.connections() for n in namespaces)):
        raise RuntimeError('connections do not end')


def expected(taps, host):
    """What should be seen once: all that a pod sent, and what it got from elsewhere than from pods."""
    pods = {ipv4(address) for address in taps}
    want = collections.Counter()
    for address, packets in taps.items():
        for i, n in identities(packets).items():
            if i[0] == ipv4(address):
                want[i] += n
            elif i[0] not in pods:
                want[i] = max(want[i], n)  # several pods may have one that is for all
    return want


def compare(got, want, name):
    lost, extra = want - got, got - want
    return ok(sum(want.values()) > 0 and not lost and not extra, name,
              '%d wanted, %d lost, %d too many\nlost %s\ntoo many %s' % (sum(want.values()), sum(lost.values()), sum(extra.values()), list(lost)[:5], list(extra)[:5]))


def refused(namespace, host):
    """A datagram to a port nobody listens at; an ICMP error answers, if anybody is there."""
    namespace.run(sys.executable, '-c', "import socket, sys; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'z', (sys.argv[1], 9))", host)


def make_traffic(lab):
    first, second, third = lab.pods[:3]
    good = all([
        Traffic.ask(first, 'tcp', POD % 3, 300000), Traffic.ask(first, 'tcp', POD % 4, 10, 5), Traffic.ask(third, 'udp', POD % 3, 100, 20),
        Traffic.ask(lab.node, 'tcp', POD % 2, 100000), Traffic.ask(second, 'tcp', '10.42.0.1', 5000), Traffic.ask(second, 'udp', '10.42.0.1', 50),
        Traffic.ask(first, 'udp', POD % 4, 9000, 3), Traffic.ask(lab.node, 'udp', POD % 4, 9000, 3),
    ])
    refused(first, POD % 3)
    return good


def watch(lab, folder, traffic, *arguments):
    """Runs the traffic beside taps in the pods; what the sensor saw, and what it should have."""
    sensor = Sensor(lab.node, *arguments)
    taps = {POD % (i + 2): Tap(pod, folder) for i, pod in enumerate(lab.pods)}
    lab.sensor = sensor
    good = traffic(lab)
    quiet([lab.node] + lab.pods)
    seen = {address: tap.stop() for address, tap in taps.items()}
    sensor.stop()
    return sensor, expected(seen, '10.42.0.1'), good


def test_bridge(folder, netfilter):
    lab = Bridge(netfilter=netfilter)
    words = 'a bridge, %s br_netfilter' % ('with' if netfilter else 'without')
    before = lab.promiscuity()
    during = []

    def traffic(lab):
        during.append(lab.promiscuity())
        return make_traffic(lab)

    sensor, want, good = watch(lab, folder, traffic, '-d')
    ok(good, words + ': the traffic went through')
    equal(sorted(sensor.plan), ['cni0:out', 'veth2:in', 'veth3:in', 'veth4:in'], words + ': the plan')
    compare(identities(p for _, _, p in sensor.packets), want, words + ': each packet is seen once')
    equal(during, [before], words + ': no promiscuity is asked for')
    equal(before.get('cni0'), (0, False), words + ': the bridge is not promiscuous')
    equal((sensor.end['dropped'], sensor.end['received'] - sensor.end['unplanned']), (0, sensor.end['given']), words + ': the counters agree')
    equal(sum(sensor.interfaces.values()), len(sensor.packets), words + ': so do those of interfaces')
    lab.close()


def test_changes(folder):
    lab = Bridge(pods=2)
    sensor = Sensor(lab.node, '-i', 'cni0', '-i', 'later*')
    equal(sorted(sensor.plan), ['cni0:out', 'veth2:in', 'veth3:in'], 'before changes: the plan')
    pod = lab.add_pod()
    while sensor.plan is not None and 'veth4:in' not in sensor.plan:
        sensor.plan = sensor.wait_plan()
    planned = min((when for when, plan in sensor.told if 'veth4:in' in plan), default=float('inf'))
    ok(planned - lab.linked < 1.5, 'a port that is added is planned for at once', planned - lab.linked)
    ok(Traffic.ask(pod, 'udp', POD % 3, 77), 'the new pod speaks')
    ok(sensor.heard(lambda name, _: name == 'veth4'), 'and is heard')
    lab.node.ip('link add later0 type veth peer name later1')
    plans = [sensor.wait_plan()]
    while plans[-1] is not None and len(plans[-1]) < 6:
        plans.append(sensor.wait_plan())
    equal(sorted(plans[-1] or []), ['cni0:out', 'later0:both', 'later1:both', 'veth2:in', 'veth3:in', 'veth4:in'], 'what -i names is waited for')
    lab.node.ip('link set later0 master cni0')
    equal(sorted(sensor.wait_plan() or []), ['cni0:out', 'later0:in', 'later1:both', 'veth2:in', 'veth3:in', 'veth4:in'], 'one that becomes a port')
    lab.node.ip('link set later0 nomaster')
    equal(sorted(sensor.wait_plan() or []), ['cni0:out', 'later0:both', 'later1:both', 'veth2:in', 'veth3:in', 'veth4:in'], 'one that leaves its bridge')
    lab.node.ip('link set later1 name other')
    equal(sorted(sensor.wait_plan() or []), ['cni0:out', 'later0:both', 'veth2:in', 'veth3:in', 'veth4:in'], 'one that is renamed')
    lab.node.ip('link del later0')
    equal(sorted(sensor.wait_plan() or []), ['cni0:out', 'veth2:in', 'veth3:in', 'veth4:in'], 'one that goes')
    sensor.stop()
    lab.close()


def test_plan_changes_lose_nothing(folder):
    """Interfaces come and go all the time; traffic between others is missed at no moment."""
    lab = Bridge(pods=2)
    def come_and_go():
        for _ in range(15):
            lab.node.ip('link add later0 type veth peer name later1', 'link set later0 master cni0')
            wait_for(lambda: 'later0:in' in lab.sensor.told[-1][1])
            lab.node.ip('link del later0')
            wait_for(lambda: 'later0:in' not in lab.sensor.told[-1][1])

    def traffic(lab):
        thread = threading.Thread(target=come_and_go)
        thread.start()
        good = True
        while thread.is_alive() and good:
            good = Traffic.ask(lab.pods[0], 'udp', POD % 3, 20, 1000)
        thread.join()
        return good

    sensor, want, good = watch(lab, folder, traffic)
    changes = sensor.plans.qsize()
    ok(good and changes > 10, 'plans change while packets pass', changes)
    compare(identities(p for _, _, p in sensor.packets), want, 'a change of plan loses and doubles nothing')
    lab.close()


def test_promiscuous(folder):
    lab = Bridge(pods=2)
    sensor = Sensor(lab.node, '-p', '-d')
    equal(sensor.plan, ['cni0:both+promiscuous'], '--promiscuous: the plan')
    equal(lab.promiscuity()['cni0'][0], 1, '--promiscuous: the bridge is')
    ok(Traffic.ask(lab.pods[0], 'tcp', POD % 3, 1000), '--promiscuous: traffic')
    sensor.stop()
    ok(any(p[12:16] == ipv4(POD % 3) for _, _, p in sensor.packets), '--promiscuous: packets from pod to pod are seen at the bridge')
    equal(lab.promiscuity()['cni0'][0], 0, '--promiscuous: and no longer, afterwards')
    lab.close()


def test_filter(folder):
    lab = Bridge(pods=2)
    sensor = Sensor(lab.node, '-f', 'udp port 5353', '-s', '128')
    Traffic.ask(lab.pods[0], 'tcp', POD % 3, 1000)
    Traffic.ask(lab.pods[0], 'udp', POD % 3, 1000, 2)
    sensor.stop()
    equal(collections.Counter(p[9] for _, _, p in sensor.packets), {17: 4}, 'a filter lets through what it names')
    equal(sensor.end['cut'], 4, 'and the snapshot length cuts')
    for arguments, why in ((['-f', 'tcp prot 80'], 'filter "tcp prot 80": '), (['-f', 'link[8:2] = 1'], 'link layer')):
        result = lab.node.run(TOOL, *arguments, check=False)
        ok(result.returncode == 1 and why in result.stderr.decode() and result.stderr.count(b'\n') == 1, 'refused: ' + arguments[1], result.stderr)
    result = lab.node.run('setpriv', '--bounding-set=-net_raw', '--inh-caps=-net_raw', TOOL, check=False)
    ok(result.returncode == 1 and b'CAP_NET_RAW' in result.stderr, 'without the capability: told', result.stderr)
    lab.close()


def test_workers(folder, count):
    lab = Bridge()

    def traffic(lab):
        return all([make_traffic(lab), Traffic.ask(lab.pods[0], 'tcp', POD % 3, 1000, 40), Traffic.ask(lab.pods[2], 'udp', POD % 3, 100, 40)])

    sensor, want, good = watch(lab, folder, traffic, '-w', count)
    ok(good, '%d workers: the traffic went through' % count)
    compare(identities(p for _, _, p in sensor.packets), want, '%d workers: each packet is seen once by all of them together' % count)
    shares, fragments, used = collections.defaultdict(set), collections.defaultdict(set), collections.Counter()
    for share, _, p in sensor.packets:
        if len(p) < 24 or p[0] >> 4 != 4:
            continue
        if struct.unpack('!H', p[6:8])[0] & 0x3fff:
            fragments[p[12:20] + p[4:6] + p[9:10]].add(share)
        elif p[9] in (6, 17):
            shares[(p[9],) + tuple(sorted((p[12:16] + p[20:22], p[16:20] + p[22:24])))].add(share)
            used[share] += 1
    ok(len(shares) > 80 and all(len(s) == 1 for s in shares.values()), '%d workers: both directions of a connection reach the same one' % count,
       [k for k, s in shares.items() if len(s) > 1][:3])
    equal(sorted(used), list(range(count)), '%d workers: all of them get some' % count)
    ok(len(fragments) >= 12 and all(s == {0} for s in fragments.values()), '%d workers: all fragments of a datagram reach the same one' % count, fragments)
    lab.close()


def test_routed(folder):
    node = Namespace('node')
    node.without_ipv6()
    node.sysctl(net__ipv4__ip_forward=1)
    pods = []
    for number in (2, 3):
        pod = Namespace('pod%d' % number)
        pod.without_ipv6()
        connect(node, 'cali%d' % number, pod, POD % number + '/32')
        pod.ip('route add 169.254.1.1 dev eth0', 'route add default via 169.254.1.1')
        node.ip('addr add 169.254.1.1/32 dev cali%d' % number, 'route add %s dev cali%d' % (POD % number, number))
        Traffic.serve(pod)
        pods.append(pod)
    sensor = Sensor(node)
    taps = {POD % (i + 2): Tap(pod, folder) for i, pod in enumerate(pods)}
    good = all([Traffic.ask(pods[0], 'tcp', POD % 3, 100000), Traffic.ask(pods[1], 'udp', POD % 2, 100, 5), Traffic.ask(node, 'tcp', POD % 2, 100)])
    quiet([node] + pods)
    seen = {address: tap.stop() for address, tap in taps.items()}
    sensor.stop()
    ok(good, 'without a bridge: the traffic went through')
    equal(sorted(sensor.plan), ['cali2:both', 'cali3:both'], 'without a bridge: the plan')
    got = identities(p for _, _, p in sensor.packets)
    both = {ipv4(POD % 2), ipv4(POD % 3)}
    # From pod to pod twice, once at each end; hop limits differ.
    want = collections.Counter({i: 2 * n if {i[0], i[1]} == both else n for i, n in expected(seen, None).items()})
    compare(got, want, 'without a bridge: each packet is seen at each pod that has it')
    for namespace in [node] + pods:
        namespace.close()


def duplicates_told(pod):
    """D-SACKs that a pod got: its peer was sent something twice. Not by the pod itself, which on a busy machine sends again what was only late."""
    lines = [line.split() for line in pod.text('cat', '/proc/net/netstat', '/proc/net/snmp').splitlines() if line.startswith(('TcpExt:', 'Tcp:'))]
    counters = dict(zip(lines[0][1:] + lines[2][1:], map(int, lines[1][1:] + lines[3][1:])))
    return max(0, counters['TCPDSACKRecv'] + counters['TCPDSACKOfoRecv'] - counters['RetransSegs'])


def run_service(promiscuous):
    """A connection by a Service address; the sensor's packets, the legs it saw, and the D-SACKs."""
    lab = Bridge(netfilter=1)
    for protocol, port in (('tcp', 8080), ('udp', 5353)):
        lab.node.run('iptables', '-w', '-t', 'nat', '-A', 'PREROUTING', '-d', '10.43.0.9', '-p', protocol, '--dport', port, '-j', 'DNAT', '--to-destination', '10.42.0.3:%d' % port)
    sensor = Sensor(lab.node, *(['-p'] if promiscuous else []))
    good = Traffic.ask(lab.pods[0], 'tcp', '10.43.0.9', 200000, 10) and Traffic.ask(lab.pods[0], 'udp', '10.43.0.9', 100, 10)
    quiet([lab.node] + lab.pods)
    told = sum(duplicates_told(pod) for pod in lab.pods)
    sensor.stop()
    copies = [n for n in identities(p for _, _, p in sensor.packets).values() if n > 1]
    legs = {(name, '.'.join(map(str, p[12:16])), '.'.join(map(str, p[16:20])), p[9]) for _, name, p in sensor.packets if len(p) >= 20 and p[0] >> 4 == 4 and p[9] in (6, 17)}
    lab.close()
    return good, told, copies, sorted(legs)


def test_service():
    if shutil.which('iptables') is None or not os.path.exists('/proc/sys/net/bridge'):
        skip('a Service with br_netfilter', 'needs iptables and br_netfilter')
        return
    good, told, copies, legs = run_service(False)
    ok(good, 'a Service with br_netfilter: the traffic went through')
    equal(told, 0, 'a Service with br_netfilter: the sensor makes nothing be sent twice')
    equal(copies, [], 'a Service with br_netfilter: nothing is seen twice')
    # While the kernel does not know the server's hardware address it sends by the bridge device, where the translated packet then shows too.
    legs = [leg for leg in legs if leg[:3] != ('cni0', '10.42.0.2', '10.42.0.3')]
    equal(legs, [('veth2', '10.42.0.2', '10.43.0.9', 6), ('veth2', '10.42.0.2', '10.43.0.9', 17), ('veth3', '10.42.0.3', '10.42.0.2', 6), ('veth3', '10.42.0.3', '10.42.0.2', 17)],
          'a Service with br_netfilter: the client is heard speaking to the Service, the server to the client')
    good, told, copies, legs = run_service(True)
    ok(told > 0, 'with --promiscuous it does: the test can tell', (good, told, legs))


def test_many(folder):
    node = Namespace('node')
    node.without_ipv6()
    node.ip('link add cni0 type bridge', *('link add veth%d type veth peer name peer%d' % (i, i) for i in range(300)), *('link set veth%d master cni0' % i for i in range(300)))
    sensor = Sensor(node, '-d')
    equal(len(sensor.plan), 301, 'a bridge of 300 ports is planned')
    node.ip('addr add 10.9.0.1/24 dev peer299', 'link set peer299 up', 'link set veth299 up', 'link set cni0 up')
    # A device sends nothing before its carrier is known.
    wait_for(lambda: all('state UP' in node.text('ip', 'link', 'show', 'dev', device) for device in ('peer299', 'veth299')))
    refused(node, '10.9.0.2')
    # Its question for the other's hardware address.
    ok(sensor.heard(lambda name, p: name == 'veth299' and p[24:28] == ipv4('10.9.0.2')), 'and its last port is heard')
    sensor.stop()
    node.close()


def main():
    why = missing()
    if why is not None:
        skip_all(why)
    if not os.path.exists(TOOL):
        skip_all('live_capture_tool was not built')
    folder = tempfile.mkdtemp(prefix='podwire-live.')
    try:
        test_bridge(folder, 0)
        if os.path.exists('/proc/sys/net/bridge'):
            test_bridge(folder, 1)
        else:
            skip('a bridge, with br_netfilter', 'the kernel has none')
        test_changes(folder)
        test_plan_changes_lose_nothing(folder)
        test_promiscuous(folder)
        test_filter(folder)
        test_workers(folder, 2)
        test_workers(folder, 3)
        test_routed(folder)
        test_service()
        test_many(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    done()


if __name__ == '__main__':
    main()
