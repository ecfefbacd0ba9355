# SPDX-License-Identifier: Apache-2.0
"""A node with a bridge in a network namespace, packets that come to it from a port, and the sensor on it. For sensor_bench.py and rate_bench.py."""
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'scripts'))
from network import Namespace, wait_for  # noqa: E402

PORT = 19764

# How packets come to the bridge: by which port, option of packet_sender.
WAYS = {'pod': ('p0', ()), 'tap': ('t0', ('-t',)), 'kernel': ('t0', ('-x',))}


class Place:
    """A node with the bridge br0, and two ways to it: a pod whose eth0 is the port p0, and the port t0, a tap device as of a virtual machine."""

    def __init__(self, sender):
        self.sender = sender
        self.node, self.pod = Namespace('node'), Namespace('pod')
        self.node.ip('link add br0 type bridge', 'link add p0 type veth peer name eth0 netns %s' % self.pod.pid, 'link set p0 master br0 mtu 65000',
                     'tuntap add dev t0 mode tap', 'link set t0 master br0 mtu 65000')
        for place in (self.node, self.pod):
            place.sysctl(net__ipv6__conf__all__disable_ipv6=1)
        # Where br_netfilter is loaded: that each bridged packet goes through iptables is work of the sender's.
        self.node.run('sh', '-c', 'echo 0 >/proc/sys/net/bridge/bridge-nf-call-iptables', check=False)
        self.node.ip('link set br0 up', 'link set p0 up', 'link set t0 up')
        self.pod.ip('link set eth0 up mtu 65000')
        self.folder = tempfile.mkdtemp()

    def start_sending(self, capture, rate, seconds, *options, by='tap', prefix=()):
        """packet_sender: see there. by: one of WAYS."""
        port, option = WAYS[by]
        where, device = (self.pod, 'eth0') if by == 'pod' else (self.node, port)
        return where.start(*prefix, self.sender, *option, *options, capture, device, rate, seconds, stdout=subprocess.PIPE)

    def send(self, *arguments, **keywords):
        """What was really sent: packets, seconds, cpu (seconds)."""
        sender = self.start_sending(*arguments, **keywords)
        text = sender.communicate()[0]
        if sender.returncode != 0:
            sys.exit('packet_sender failed')
        return json.loads(text)

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


def cpu_exactly(pid):
    """Of all threads; where little is used, ticks tell nothing."""
    return sum(int(proc(pid, 'task/%s/schedstat' % task).split()[0]) for task in os.listdir('/proc/%d/task' % pid)) * 1e-9


def children(pid):
    return [int(p) for p in subprocess.run(['pgrep', '-P', str(pid)], stdout=subprocess.PIPE, check=False).stdout.split()]


class Podwire:
    def __init__(self, place, podwire, *options, prefix=()):
        self.place = place
        begun = time.monotonic()
        self.process = place.node.start(*prefix, podwire, 'monitor', '-i', 'br0', '--listen', '127.0.0.1:%d' % PORT, *options, '--log-level', 'warn', stdout=subprocess.DEVNULL)
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
