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
import ipaddress
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import zlib

from live_packets import read_packets
from tap import skip_all

HOME = '/run/lab'  # all state, in a tmpfs of the lab's own
CNI = os.environ.get('LAB_CNI', '/usr/lib/cni')
PACKAGES = {'ip': 'iproute2', 'iptables-restore': 'iptables', 'tcpdump': 'tcpdump', 'nginx': 'nginx-light', 'curl': 'curl', 'redis-server': 'redis-server',
            'redis-cli': 'redis-tools', 'dnsmasq': 'dnsmasq-base', 'dig': 'bind9-dnsutils', 'openssl': 'openssl', 'unshare': 'util-linux'}
OUTSIDE = '198.51.100.7'  # a host outside the cluster
LAN = '172.20.0.%d'
LAN6 = 'fd00:172:20::%d'
CLUSTER_NETWORKS = '10.42.0.0/15'  # pods 10.42.0.0/16 and Services 10.43.0.0/16
INSIDE = 'PODWIRE_LIVE_LAB'
CURL = ('curl', '-sS', '--max-time', '60')


class Failure(Exception):
    pass


def say(*words):
    print('# ' + ' '.join(str(w) for w in words), flush=True)


def run(*command, check=True, **more):
    more.setdefault('stdin', subprocess.DEVNULL if 'input' not in more else None)
    if more['stdin'] is None:
        del more['stdin']
    result = subprocess.run([str(c) for c in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=300, **more)
    if check and result.returncode:
        raise Failure('exit %d of %s: %s' % (result.returncode, ' '.join(str(c) for c in command), result.stdout))
    return result.stdout if check else result


def wait_until(what, name, seconds=60):
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

    def sleeps(self):
        """Whether it waits for something: a tcpdump that does has read all that was there."""
        try:
            with open('/proc/%d/stat' % self.pid, encoding='ascii', errors='replace') as f:
                return f.read().rsplit(') ', 1)[1][0] == 'S'
        except OSError:
            return True

    def stop(self, number=signal.SIGTERM, seconds=60):
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

    def connections(self):
        """How many TCP connections between places somebody here still has to do something about: not those to the sensor, over loopback."""
        return len(self.exec('ss', '-Htan', 'exclude', 'time-wait', 'exclude', 'listening', 'exclude', 'closed', 'not', 'dst', '127.0.0.0/8').splitlines())

    def serve(self, label, *command, port=None, kind='tcp'):
        process = Process(self.lab, label, self.name, command)
        flag = '-Hltn' if kind == 'tcp' else '-Hlun'
        if port:
            try:
                wait_until(lambda: self.exec('ss', flag, 'sport = :%d' % port).strip(), '%s: %s' % (label, process.text()))
            except Failure:
                raise Failure('%s does not listen: %s' % (label, process.text())) from None
        return process

    def capture(self, label, *options, whole=True):
        """tcpdump here, of whole packets or of their headers; returns once it listens."""
        path = '%s/%s.pcap' % (HOME, label)
        # In immediate mode each packet takes a slot of the ring that is as large as the largest packet may be.
        size = ('-s', '0', '-B', '32768') if whole else ('-s', '200', '-B', '4096', '--immediate-mode')
        process = Process(self.lab, 'capture-' + label, self.name, ['tcpdump', '-Z', 'root', '-n', '-U', '-w', path, *size, *options], wrap=False)
        wait_until(lambda: 'listening on' in process.text() or not process.running(), 'tcpdump ' + label)
        process.path, process.waits = path, 1.2 if whole else 0.3
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

    def quiet(self):
        """Waits until nobody has anything more to say: each connection is closed at both ends."""
        for place in self.pods() + self.nodes + [self.outside]:
            wait_until(lambda place=place: not place.connections(), 'the connections of %s to end' % place.name)

    # Truth: what every pod itself sent and received.

    def truth_begin(self):
        for place in self.pods() + [self.outside]:
            device = 'lan' if place is self.outside else 'eth0'
            for way in ('out', 'in'):
                self.captures.append((place, way, place.capture('%s.%s' % (place.name, way), '-p', '-i', device, '-Q', way, whole=False)))

    def truth_end(self):
        """{(place name, 'out'|'in'): [Packet]}"""
        seen = {}
        self.quiet()
        for place, way, process in self.captures:
            stop_capture(process, waits=False)
            seen[place.name, way] = read_packets(process.path)
        self.captures = []
        return seen


def stop_capture(process, waits=True):
    """Ends tcpdump, when it has had the time to be given all packets; one that lost some is no use."""
    if waits:
        time.sleep(process.waits)
    wait_until(process.sleeps, process.label + ' to have read all')
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
                         'ipam': {'type': 'host-local', 'dataDir': '%s/cni-%s/%s' % (HOME, self.lab.name, self.name),
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
        tag = '%08X' % (zlib.crc32(('%s %s %d %s' % (name, address, port, protocol)).encode()))
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
