# SPDX-License-Identifier: Apache-2.0
"""A lab for the live sensor: nodes, pods by the real CNI plugins or routed as Calico does, Services by the rules
that kube-proxy writes, real servers and clients, and tcpdump inside every pod, which knows what was really sent.

A test calls enter() first, which starts it again in PID, network and mount namespaces of its own with a /run of
its own: when it ends, for whatever reason, the kernel ends every process in it and forgets every interface, rule
and file. Nothing of it is ever in the host's own network. Within, whatever the lab started it stops by its own pid.

    lab = Lab()
    node = Node(lab, 'node-1', 1, bridge=True, netfilter=True)
    web = node.pod('web', 11)
"""
import collections
import ctypes
import ipaddress
import json
import os
import re
import shutil
import signal
import struct
import subprocess
import sys
import time

from tap import PODWIRE, SOURCE, skip_all

HOME = '/run/lab'  # all state, in a tmpfs of the lab's own
CNI = os.environ.get('LAB_CNI', '/usr/lib/cni')
PACKAGES = {'ip': 'iproute2', 'iptables-restore': 'iptables', 'tcpdump': 'tcpdump', 'nginx': 'nginx-light', 'curl': 'curl', 'redis-server': 'redis-server',
            'redis-cli': 'redis-tools', 'dnsmasq': 'dnsmasq-base', 'dig': 'bind9-dnsutils', 'openssl': 'openssl', 'unshare': 'util-linux'}
OUTSIDE = '198.51.100.7'  # a host outside the cluster
LAN = '172.20.0.%d'
LAN6 = 'fd00:172:20::%d'
CLUSTER_NETWORKS = '10.42.0.0/15'  # pods 10.42.0.0/16 and Services 10.43.0.0/16
INSIDE = 'PODWIRE_LIVE_LAB'


class Failure(Exception):
    pass


def say(*words):
    print('# ' + ' '.join(str(w) for w in words), flush=True)


def run(*command, check=True, **more):
    more.setdefault('stdin', subprocess.DEVNULL if 'input' not in more else None)
    if more['stdin'] is None:
        del more['stdin']
    result = subprocess.run([str(c) for c in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=60, **more)
    if check and result.returncode:
        raise Failure('exit %d of %s: %s' % (result.returncode, ' '.join(str(c) for c in command), result.stdout))
    return result.stdout if check else result


def wait_until(what, name, seconds=10):
    end = time.monotonic() + seconds
    while not what():
        if time.monotonic() > end:
            raise Failure('waited too long for ' + name)
        time.sleep(0.02)


def missing():
    """Why the lab cannot be here, or None."""
    if os.geteuid() != 0:
        return 'needs root: it makes network namespaces'
    for program, package in sorted(PACKAGES.items()):
        if not shutil.which(program, path=os.environ.get('PATH', '') + ':/usr/sbin:/sbin'):
            return '%s is not installed (Debian package %s)' % (program, package)
    for plugin in ('bridge', 'host-local'):
        if not os.access(os.path.join(CNI, plugin), os.X_OK):
            return 'no CNI plugin %s in %s (Debian package containernetworking-plugins)' % (plugin, CNI)
    return None


def kernel_lacks():
    """What the kernel would not do, tried in the lab's own namespace; None if it does all."""
    for kind, command in (('veth', 'type veth peer name probe1'), ('bridge', 'type bridge'), ('vxlan', 'type vxlan id 9 dstport 8472')):
        if run('ip', 'link', 'add', 'probe0', *command.split(), check=False).returncode:
            return kind
        run('ip', 'link', 'delete', 'probe0')
    if run('iptables', '-t', 'nat', '-S', check=False).returncode:
        return 'nat'
    if not os.path.exists('/proc/sys/net/bridge/bridge-nf-call-iptables'):
        return 'br_netfilter'
    return None


def enter():
    """Starts the script again inside the lab's namespaces; returns only there. Skips the test where that cannot be."""
    os.environ['PATH'] = os.environ.get('PATH', '') + ':/usr/sbin:/sbin'
    if os.environ.get(INSIDE) != str(os.getpid()):
        why = missing()
        if why:
            skip_all(why)
        if subprocess.run(['unshare', '--mount', '--net', '--pid', '--fork', 'true'], stderr=subprocess.DEVNULL, check=False).returncode:
            skip_all('the kernel gives no namespaces here')
        os.execvp('unshare', ['unshare', '--mount', '--net', '--pid', '--fork', '--kill-child', '--mount-proc', 'env', INSIDE + '=1', sys.executable] + sys.argv)
    run('mount', '-t', 'tmpfs', '-o', 'mode=755', 'tmpfs', '/run')
    os.makedirs('/run/netns')
    os.makedirs(HOME + '/log')
    os.chmod(HOME, 0o755)
    why = kernel_lacks()
    if why:
        skip_all('the kernel here has no ' + why)


class Process:
    """A program that runs beside the test, in a network namespace; it is stopped by its own pid."""

    def __init__(self, lab, label, namespace, command, stdout=None, environment=None, wrap=True):
        self.lab, self.label, self.namespace = lab, label, namespace
        self.log = '%s/log/%s' % (HOME, label)
        prefix = ['ip', 'netns', 'exec', namespace]
        # A server gets a PID namespace, so that what it forked, under whatever user, ends with it.
        if wrap:
            prefix += ['unshare', '--pid', '--fork', '--kill-child']
        with open(self.log, 'w', encoding='utf-8') as log:
            self.process = subprocess.Popen(prefix + [str(c) for c in command], stdin=subprocess.DEVNULL, stdout=stdout or log, stderr=log,
                                            env=dict(os.environ, LC_ALL='C.UTF-8', **(environment or {})))
        self.pid = self.process.pid
        lab.processes.append(self)

    def text(self):
        with open(self.log, encoding='utf-8', errors='replace') as f:
            return f.read()

    def running(self):
        return self.process.poll() is None

    def stop(self, number=signal.SIGTERM, seconds=15):
        """Ends it and returns its exit status."""
        if self.running():
            self.process.send_signal(number)
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self in self.lab.processes:
            self.lab.processes.remove(self)
        return self.process.returncode

    def kill_all(self):
        """Ends a wrapped server: the first process of its PID namespace, since the wrapper's death may not reach it."""
        for child in children(self.pid):
            try:
                os.kill(child, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.stop(signal.SIGKILL)


def children(pid):
    try:
        with open('/proc/%d/task/%d/children' % (pid, pid), encoding='ascii') as f:
            return [int(word) for word in f.read().split()]
    except FileNotFoundError:
        return []


class Place:
    """A network namespace: a pod, a node, the outside."""

    def __init__(self, lab, name, node=None):
        self.lab, self.name, self.node = lab, name, node
        self.address = self.address6 = self.port = None
        run('ip', 'netns', 'add', name)
        run('ip', '-n', name, 'link', 'set', 'lo', 'up')
        self.sysctl({'net.ipv6.conf.default.accept_dad': 0, 'net.ipv6.conf.all.accept_dad': 0})

    def exec(self, *command, check=True, **more):
        return run('ip', 'netns', 'exec', self.name, *command, check=check, **more)

    def ip(self, words, check=True):
        return run('ip', '-n', self.name, *words.split(), check=check)

    def sysctl(self, values):
        self.exec('sysctl', '-qw', *['%s=%s' % item for item in values.items()])

    def counter(self, name):
        """A counter of /proc/net/netstat or snmp of this namespace, as TcpExt.TCPDSACKRecv or Udp.InDatagrams."""
        group, field = name.split('.')
        lines = self.exec('cat', '/proc/net/netstat', '/proc/net/snmp').splitlines()
        for names, values in zip(lines, lines[1:]):
            if names.startswith(group + ':') and field in names.split() and not values.split()[1].isalpha():
                return int(values.split()[names.split().index(field)])
        raise Failure('no counter ' + name)

    def serve(self, label, *command, port=None, kind='tcp'):
        process = Process(self.lab, label, self.name, command)
        flag = '-Hltn' if kind == 'tcp' else '-Hlun'
        if port:
            try:
                wait_until(lambda: self.exec('ss', flag, 'sport = :%d' % port).strip(), '%s: %s' % (label, process.text()))
            except Failure:
                raise Failure('%s does not listen: %s' % (label, process.text())) from None
        return process

    def capture(self, label, *options):
        """tcpdump here; returns once it listens."""
        path = '%s/%s.pcap' % (HOME, label)
        process = Process(self.lab, 'capture-' + label, self.name, ['tcpdump', '-Z', 'root', '-s', '0', '-B', '16384', '-n', '-U', '--immediate-mode', '-w', path, *options], wrap=False)
        wait_until(lambda: 'listening on' in process.text() or not process.running(), 'tcpdump ' + label)
        process.path = path
        return process


class Lab:
    def __init__(self, name=''):
        self.name, self.processes, self.nodes, self.places = name, [], [], []
        self.captures, self.next_port = [], 42000
        self.outside = Place(self, 'outside')
        self.outside.ip('link add lan type bridge')
        self.outside.ip('link set lan up')
        self.outside.ip('address add %s/24 dev lan' % (LAN % 1))
        self.outside.ip('address add %s/64 dev lan nodad' % (LAN6 % 1))
        self.outside.ip('address add %s/32 dev lo' % OUTSIDE)

    def close(self):
        for process in list(self.processes):
            process.kill_all()
        for place in self.places + self.nodes + [self.outside]:
            run('ip', 'netns', 'delete', place.name, check=False)
        shutil.rmtree(HOME + '/cni-' + self.name, ignore_errors=True)

    def pods(self):
        return list(self.places)

    # Truth: what every pod itself sent and received.

    def truth_begin(self):
        for place in self.pods() + [self.outside]:
            device = 'lan' if place is self.outside else 'eth0'
            for way in ('out', 'in'):
                self.captures.append((place, way, place.capture('%s.%s' % (place.name, way), '-p', '-i', device, '-Q', way)))

    def truth_end(self):
        """{(place name, 'out'|'in'): [Packet]}"""
        time.sleep(0.3)
        seen = {}
        for place, way, process in self.captures:
            stop_capture(process)
            seen[place.name, way] = read_packets(process.path)
        self.captures = []
        return seen


def stop_capture(process):
    process.stop(signal.SIGINT)
    if not re.search(r'^0 packets dropped by kernel', process.text(), re.M):
        raise Failure('%s lost packets: %s' % (process.label, process.text()))


class Node(Place):
    """A node: uplink eth0 to the outside; pods on a CNI bridge, or routed without one."""

    def __init__(self, lab, name, number, bridge=True, netfilter=False, vxlan=False):
        super().__init__(lab, name)
        self.number, self.bridge, self.vxlan = number, bridge, vxlan
        self.address, self.address6 = LAN % (10 + number), LAN6 % (10 + number)
        self.network, self.network6 = '10.42.%d.' % (number - 1), 'fd00:10:42:%d::' % (number - 1)
        self.gateway, self.gateway6 = self.network + '1', self.network6 + '1'
        lab.nodes.append(self)
        self.sysctl({'net.ipv4.ip_forward': 1, 'net.ipv6.conf.all.forwarding': 1, 'net.ipv4.conf.all.send_redirects': 0,
                     'net.ipv4.conf.default.send_redirects': 0, 'net.ipv4.conf.default.rp_filter': 0, 'net.ipv4.conf.all.rp_filter': 0})
        self.ip('link add eth0 type veth peer name lan%d netns outside' % number)
        self.ip('address add %s/24 dev eth0' % self.address)
        self.ip('address add %s/64 dev eth0 nodad' % self.address6)
        self.ip('link set eth0 up')
        lab.outside.ip('link set lan%d master lan up' % number)
        self.ip('route add default via ' + LAN % 1)
        self.ip('route add default via ' + LAN6 % 1)
        self.netfilter(netfilter)
        self.services()
        if vxlan:
            self.ip('link add flannel.1 address 02:00:00:00:42:%02x type vxlan id 1 local %s dev eth0 dstport 8472 nolearning' % (number, self.address))
            self.ip('address add %s0/32 dev flannel.1' % self.network)
            self.ip('link set flannel.1 up')

    def netfilter(self, on):
        """Whether bridged frames pass iptables: the usual setting of a cluster."""
        self.sysctl({'net.bridge.bridge-nf-call-iptables': int(on), 'net.bridge.bridge-nf-call-ip6tables': int(on)})

    def reach(self, other):
        """The way to the other node's pods, as flannel writes it."""
        mac = '02:00:00:00:42:%02x' % other.number
        self.ip('route add %s0/24 via %s0 dev flannel.1 onlink' % (other.network, other.network))
        self.ip('neighbour add %s0 lladdr %s dev flannel.1 nud permanent' % (other.network, mac))
        run('bridge', '-n', self.name, 'fdb', 'append', mac, 'dev', 'flannel.1', 'dst', other.address)

    def pod(self, name, host, routed_by_gateway=False):
        pod = Place(self.lab, name, self)
        self.lab.places.append(pod)
        pod.address, pod.address6 = self.network + str(host), str(ipaddress.ip_address(self.network6 + str(host)))
        if self.bridge:
            self.cni('ADD', pod)
            pod.port = self.port_of(pod)
        else:
            self.route_pod(pod)
        if routed_by_gateway:
            pod.ip('route add %s dev eth0' % self.gateway)
            pod.ip('route delete %s0/24' % self.network)
        return pod

    def cni(self, command, pod):
        configuration = {'cniVersion': '0.4.0', 'name': 'lab', 'type': 'bridge', 'bridge': 'cni0', 'isDefaultGateway': True, 'hairpinMode': True, 'ipMasq': False,
                         'args': {'cni': {'ips': [pod.address, pod.address6]}},
                         'ipam': {'type': 'host-local', 'dataDir': HOME + '/cni-' + self.lab.name + self.name,
                                  'ranges': [[{'subnet': self.network + '0/24', 'gateway': self.gateway}], [{'subnet': self.network6 + '/64', 'gateway': self.gateway6}]]}}
        environment = dict(os.environ, CNI_COMMAND=command, CNI_CONTAINERID='lab-' + pod.name, CNI_NETNS='/run/netns/' + pod.name, CNI_IFNAME='eth0', CNI_PATH=CNI, CNI_ARGS='IgnoreUnknown=1')
        self.exec(CNI + '/bridge', input=json.dumps(configuration), env=environment)

    def delete(self, pod):
        """Takes a pod away as the kubelet does: its servers first."""
        for process in [p for p in self.lab.processes if p.namespace == pod.name]:
            process.kill_all()
        if self.bridge:
            self.cni('DEL', pod)
        run('ip', 'netns', 'delete', pod.name)
        self.lab.places.remove(pod)

    def port_of(self, pod):
        index = int(pod.exec('cat', '/sys/class/net/eth0/iflink'))
        return next(name for name, number in self.indexes().items() if number == index)

    def indexes(self):
        return {link['ifname']: link['ifindex'] for link in json.loads(run('ip', '-n', self.name, '-j', 'link'))}

    def route_pod(self, pod):
        """As Calico: a veth with no bridge, a /32 route to the pod, and proxy ARP for the gateway that the pod asks."""
        pod.port = 'cali' + pod.name
        self.ip('link add %s address ee:ee:ee:ee:ee:ee type veth peer name eth0 netns %s' % (pod.port, pod.name))
        self.sysctl({'net.ipv4.conf.%s.proxy_arp' % pod.port: 1, 'net.ipv4.conf.%s.rp_filter' % pod.port: 0})
        self.ip('link set %s up' % pod.port)
        pod.ip('link set eth0 up')
        pod.ip('address add %s/32 dev eth0' % pod.address)
        pod.ip('address add %s/128 dev eth0 nodad' % pod.address6)
        pod.ip('route add 169.254.1.1 dev eth0 scope link')
        pod.ip('route add default via 169.254.1.1 dev eth0')
        pod.ip('-6 route add default via fe80::ecee:eeff:feee:eeee dev eth0')
        self.ip('route add %s/32 dev %s scope link' % (pod.address, pod.port))
        self.ip('-6 route add %s/128 dev %s' % (pod.address6, pod.port))

    # Services: nat rules in the shape of kube-proxy's iptables mode.

    def services(self):
        rules = ('*nat\n:KUBE-SERVICES - [0:0]\n:KUBE-NODEPORTS - [0:0]\n:KUBE-POSTROUTING - [0:0]\n:KUBE-MARK-MASQ - [0:0]\n'
                 '-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES\n'
                 '-A OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES\n'
                 '-A POSTROUTING -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING\n'
                 '-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN\n'
                 '-A KUBE-POSTROUTING -j MARK --xor-mark 0x4000\n'
                 '-A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE\n'
                 '-A KUBE-MARK-MASQ -j MARK --or-mark 0x4000\n')
        self.exec('iptables-restore', '--noflush', input=rules + '-A POSTROUTING -s %s0/24 ! -d %s -o eth0 -j MASQUERADE\nCOMMIT\n' % (self.network, CLUSTER_NETWORKS))
        self.exec('ip6tables-restore', '--noflush', input=rules + 'COMMIT\n')

    def service(self, name, address, port, backend, target, protocol='tcp', node_port=None):
        six = ':' in address
        restore, to, source = ('ip6tables-restore', '[%s]:%d' % (backend.address6, target), backend.address6) if six else ('iptables-restore', '%s:%d' % (backend.address, target), backend.address)
        tag = '%08X' % (hash((name, address, port, protocol)) & 0xffffffff)
        rules = ('*nat\n:KUBE-SVC-{t} - [0:0]\n:KUBE-SEP-{t} - [0:0]\n'
                 '-A KUBE-SERVICES -d {address} -p {p} -m {p} --dport {port} -m comment --comment "{name} cluster IP" -j KUBE-SVC-{t}\n'
                 '-A KUBE-SVC-{t} -m comment --comment "{name} -> {to}" -j KUBE-SEP-{t}\n'
                 '-A KUBE-SEP-{t} -s {source} -m comment --comment "{name}" -j KUBE-MARK-MASQ\n'
                 '-A KUBE-SEP-{t} -p {p} -m {p} -m comment --comment "{name}" -j DNAT --to-destination {to}\n')
        if node_port:
            rules += (':KUBE-EXT-{t} - [0:0]\n-A KUBE-SERVICES -d {node} -p {p} -m {p} --dport {node_port} -m comment --comment "{name}" -j KUBE-EXT-{t}\n'
                      '-A KUBE-EXT-{t} -m comment --comment "masquerade traffic for {name} external destinations" -j KUBE-MARK-MASQ\n'
                      '-A KUBE-EXT-{t} -j KUBE-SVC-{t}\n')
        self.exec(restore, '--noflush', input=rules.format(t=tag, address=address, p=protocol, port=port, name=name, to=to, source=source, node=self.address, node_port=node_port) + 'COMMIT\n')

    def plan(self, promiscuous=False):
        """What the sensor captures by default, as {interface index: directions}: see docs/monitor.md."""
        index = self.indexes()
        if not self.bridge:
            return {number: 'in out' for name, number in index.items() if name.startswith('cali')}
        if promiscuous:
            return {index['cni0']: 'in out'}
        plan = {number: 'in' for name, number in index.items() if name.startswith('veth')}
        plan[index['cni0']] = 'out'
        return plan


# Captures.

Packet = collections.namedtuple('Packet', 'protocol source source_port target target_port size interface outgoing')


def frames(path):
    """(record with its header, link type, bytes) of each packet of a pcap file; the file's own header first."""
    with open(path, 'rb') as f:
        data = f.read()
    order = '<' if data[:4] in (b'\xd4\xc3\xb2\xa1', b'\x4d\x3c\xb2\xa1') else '>'
    link = struct.unpack(order + 'I', data[20:24])[0]
    yield data[:24], link, b''
    at = 24
    while at + 16 <= len(data):
        size = struct.unpack(order + 'I', data[at + 8:at + 12])[0]
        yield data[at:at + 16 + size], link, data[at + 16:at + 16 + size]
        at += 16 + size


def read_packet(link, data):
    """A Packet of TCP or UDP, else None. Sizes are of IP packets."""
    interface, outgoing = 0, False
    if link == 276:  # LINUX_SLL2
        kind, interface, outgoing = int.from_bytes(data[:2], 'big'), int.from_bytes(data[4:8], 'big'), data[10] == 4
        data = data[20:]
    else:
        kind, data = int.from_bytes(data[12:14], 'big'), data[14:]
    if kind == 0x0800:
        protocol, header, size = data[9], (data[0] & 15) * 4, int.from_bytes(data[2:4], 'big')
        source, target = ipaddress.ip_address(data[12:16]), ipaddress.ip_address(data[16:20])
        if int.from_bytes(data[6:8], 'big') & 0x1fff:
            return None
    elif kind == 0x86dd:
        protocol, header, size = data[6], 40, 40 + int.from_bytes(data[4:6], 'big')
        source, target = ipaddress.ip_address(data[8:24]), ipaddress.ip_address(data[24:40])
    else:
        return None
    if protocol not in (6, 17) or len(data) < header + 4:
        return None
    ports = struct.unpack('>HH', data[header:header + 4])
    return Packet({6: 'tcp', 17: 'udp'}[protocol], str(source), ports[0], str(target), ports[1], size, interface, outgoing)


def read_packets(path):
    return [p for p in (read_packet(link, data) for _, link, data in list(frames(path))[1:]) if p]


def cut_by_plan(path, plan, target):
    """Writes only those frames of a capture on all devices that the plan lets through."""
    with open(target, 'wb') as out:
        for whole, _, data in frames(path):
            if not data:
                out.write(whole)
                continue
            directions = plan.get(int.from_bytes(data[4:8], 'big'), '')
            if ('out' if data[10] == 4 else 'in') in directions.split():
                out.write(whole)
    return target


def counted(packets, source_port=None, target_port=None, protocol='tcp'):
    found = [p.size for p in packets if p.protocol == protocol and (source_port is None or p.source_port == source_port) and (target_port is None or p.target_port == target_port)]
    return len(found), sum(found)


# Connections.

class Connection:
    """One connection that a client made: who, to whom, by what Service, and what must be said of it."""

    def __init__(self, client, port, server, server_port, service, transport, address, expect, masqueraded):
        self.client, self.port, self.server, self.server_port = client, port, server, server_port
        self.service, self.transport, self.address, self.expect, self.masqueraded = service, transport, address, expect, masqueraded

    def __str__(self):
        return '%s:%d > %s:%d %s%s' % (self.client.name, self.port, self.server.name, self.server_port, self.transport, ' by ' + self.service if self.service else '')


PLAIN = {'state': 'plaintext', 'result': 'none'}


def connect(lab, client, server, server_port, command, says, service=None, transport='tcp', six=False, expect=None, masqueraded=False):
    """Runs a client whose connection comes from a port that is known, {port} in the command or the system's next."""
    lab.next_port += 1
    port = lab.next_port
    client.sysctl({'net.ipv4.ip_local_port_range': '%d %d' % (port, port)})
    result = client.exec(*[str(c).replace('{port}', str(port)) for c in command], check=False)
    if says not in result.stdout:
        raise Failure('exit %d and no %r of %s: %s' % (result.returncode, says, ' '.join(map(str, command)), result.stdout))
    address = OUTSIDE if client is lab.outside else client.address6 if six else client.address
    if masqueraded:  # by what the sensor can know of it, where it is another
        address = masqueraded
    return Connection(client, port, server, server_port, service, transport, address, expect or {}, masqueraded)


CURL = ('curl', '-sS', '--max-time', '8')


class Shop:
    """The servers that the tests ask: HTTP and TLS by nginx, Redis with and without password, DNS."""

    def __init__(self, lab, api, cache, dns):
        self.lab, self.api, self.cache, self.dns = lab, api, cache, dns
        self.password = 'silver-sieve-5'
        folder = HOME + '/shop'
        os.makedirs(folder, exist_ok=True)
        os.chmod(folder, 0o755)
        run('openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', '/CN=api.shop.svc',
            '-addext', 'subjectAltName=DNS:api.shop.svc', '-keyout', folder + '/key.pem', '-out', folder + '/cert.pem')
        with open(folder + '/order', 'wb') as f:
            f.write(b'k' * 200000)
        with open(folder + '/password', 'w', encoding='ascii') as f:
            f.write('clerk:{PLAIN}tin-kettle-41\n')
        self.order = folder + '/order'
        with open(folder + '/nginx.conf', 'w', encoding='ascii') as f:
            f.write(NGINX % {'folder': folder})
        api.serve(api.name + '-nginx', 'nginx', '-e', folder + '/error', '-c', folder + '/nginx.conf', port=8443)
        cache.serve(cache.name + '-redis', 'redis-server', '--port', 6379, '--bind', '*', '--save', '', '--dir', folder, '--requirepass', self.password, port=6379)
        cache.serve(cache.name + '-open-redis', 'redis-server', '--port', 6380, '--bind', '*', '--save', '', '--dir', folder, '--protected-mode', 'no', port=6380)
        dns.serve(dns.name + '-dnsmasq', 'dnsmasq', '-d', '-C', '/dev/null', '--no-resolv', '--no-hosts', '--user=root', '--pid-file=', '--port=53',
                  '--host-record=api.shop.svc.cluster.local,10.43.0.80', port=53, kind='udp')

    def http(self, client, address, six=False, **more):
        host = '[%s]' % address.rsplit(':', 1)[0] if six else address.rsplit(':', 1)[0]
        where = 'http://%s:%s/' % (host, address.rsplit(':', 1)[1])
        source = ('--interface', OUTSIDE) if client is self.lab.outside else ()
        return connect(self.lab, client, self.api, 8080, (*CURL, *source, where, where + '2'), 'items', six=six, expect={**PLAIN, 'protocol': 'http'}, **more)

    def order_(self, client, address, **more):
        return connect(self.lab, client, self.api, 8080, (*CURL, '-H', 'Expect:', '--data-binary', '@' + self.order, 'http://%s/orders' % address), 'order',
                       expect={**PLAIN, 'protocol': 'http'}, **more)

    def basic(self, client, address, **more):
        return connect(self.lab, client, self.api, 8080, (*CURL, '-u', 'clerk:tin-kettle-41', 'http://%s/admin' % address), 'orders',
                       expect={'state': 'plaintext', 'result': 'success', 'method': 'http-basic', 'protocol': 'http', 'cleartext': True}, **more)

    def tls(self, client, address, **more):
        return connect(self.lab, client, self.api, 8443, (*CURL, '-k', 'https://%s/' % address), 'items',
                       expect={'state': 'encrypted', 'version': 'TLS1.3', 'protocol': 'tls', 'mutual': 'no'}, **more)

    def redis(self, client, address, **more):
        host, port = address.rsplit(':', 1)
        return connect(self.lab, client, self.cache, 6379, ('redis-cli', '--no-auth-warning', '-h', host, '-p', port, '-a', self.password, 'set', 'session:7', 'clerk'), 'OK',
                       expect={'state': 'plaintext', 'result': 'success', 'method': 'redis-auth', 'protocol': 'redis', 'cleartext': True}, **more)

    def open_redis(self, client, address, **more):
        host, port = address.rsplit(':', 1)
        return connect(self.lab, client, self.cache, 6380, ('redis-cli', '-h', host, '-p', port, 'ping'), 'PONG', expect={**PLAIN, 'protocol': 'redis'}, **more)

    def name(self, client, address, **more):
        host, port = address.rsplit(':', 1)
        return connect(self.lab, client, self.dns, 53, ('dig', '-b', '%s#{port}' % client.address, '+tries=1', '+time=3', '+noedns', '-p', port, '@' + host, 'api.shop.svc.cluster.local', '+short'),
                       '10.43.0.80', transport='udp', expect={'state': 'plaintext', 'protocol': 'dns'}, **more)


NGINX = '''
daemon off;
worker_processes 1;
pid %(folder)s/nginx.pid;
error_log %(folder)s/error;
events { worker_connections 4096; }
http {
	access_log off;
	client_body_temp_path %(folder)s/body; proxy_temp_path %(folder)s/proxy; fastcgi_temp_path %(folder)s/f; uwsgi_temp_path %(folder)s/u; scgi_temp_path %(folder)s/s;
	client_body_buffer_size 512k;
	client_max_body_size 1m;
	server {
		listen 8080; listen [::]:8080; listen 8443 ssl; listen [::]:8443 ssl;
		ssl_certificate %(folder)s/cert.pem; ssl_certificate_key %(folder)s/key.pem; ssl_protocols TLSv1.2 TLSv1.3;
		location / { return 200 '{"items":[]}'; }
		location /orders { try_files /none @orders; }
		location @orders { proxy_pass http://127.0.0.1:8081; }
		location /admin { auth_basic "shop"; auth_basic_user_file %(folder)s/password; try_files /none @admin; }
		location @admin { return 200 '{"orders":12}'; }
	}
	server { listen 127.0.0.1:8081; location / { return 201 '{"order":7}'; } }
}
'''


# What the sensor said, beside what was true.

def end_of(side):
    return str(ipaddress.ip_address(side['ip'])), side.get('port') or 0


def gather(records):
    """Flows of a sensor's records: those of one flow that was told of several times are added up."""
    flows = {}
    for record in records:
        key = (record['transport'], end_of(record['client']), end_of(record['server']))
        have = flows.get(key)
        if have is None:
            flows[key] = record
            continue
        for what in ('packets', 'bytes'):
            for side in ('client', 'server'):
                record[what][side] += have[what][side]
        record['told'] = have.get('told', 1) + 1
        flows[key] = record
    return flows


def differences(flow, connection, seen):
    """What of a flow is not as it was, as lines."""
    lines = []

    def same(what, want, got):
        if want != got:
            lines.append('%s: want %s, got %s' % (what, want, got))

    client_out = seen[connection.client.name, 'out'] if connection.client.name + '' in {n for n, _ in seen} else seen[connection.server.name, 'in']
    sent = counted(client_out, source_port=connection.port, protocol=connection.transport)
    answered = counted(seen[connection.server.name, 'out'], target_port=connection.port, protocol=connection.transport)
    same('packets', {'client': sent[0], 'server': answered[0]}, flow['packets'])
    same('bytes', {'client': sent[1], 'server': answered[1]}, flow['bytes'])
    same('service', connection.service, flow['server'].get('service_address'))
    got = {'state': flow['encryption']['state'], 'version': flow['encryption']['version'], 'mutual': flow['encryption']['mutual'], 'protocol': flow['protocol'],
           'result': flow['authentication']['result'], 'method': flow['authentication']['method'], 'cleartext': flow['cleartext_credentials']}
    for what, want in connection.expect.items():
        same(what, want, got[what])
    return lines


def wrong_with(records, connections, seen):
    """All that is wrong with what the sensor said of these connections; each must be one flow, and none else may be there."""
    flows, lines, known = gather(records), [], set()
    for connection in connections:
        key = (connection.transport, (connection.address, connection.port), (connection.server.address6 if ':' in connection.address else connection.server.address, connection.server_port))
        known.add(key)
        if key not in flows:
            lines.append('%s: no flow' % connection)
            continue
        lines += ['%s: %s' % (connection, line) for line in differences(flows[key], connection, seen)]
    ours = {c.port for c in connections}
    for key in sorted(set(flows) - known):
        if key[1][1] in ours or key[2][1] in ours:
            flow = flows[key]
            lines.append('also seen: %s %s > %s packets %s service %s' % (*key, flow['packets'], flow['server'].get('service_address')))
    return lines


def analyzed(*paths, cluster=None):
    """Records of what podwire analyze says of captures."""
    arguments = [PODWIRE, 'analyze', '--format', 'ndjson', '--flows', '-o', HOME + '/analyzed'] + (['--cluster', cluster] if cluster else [])
    result = run(*arguments, *paths, check=False)
    if result.returncode not in (0,):
        raise Failure(result.stdout)
    with open(HOME + '/analyzed', encoding='utf-8') as f:
        return [line['flow'] for line in map(json.loads, f) if line['type'] == 'flow']
