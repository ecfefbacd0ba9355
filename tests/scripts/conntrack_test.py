#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Connection tracking of a real kernel: a Service by iptables DNAT in namespaces of our own, asked by
a probe that gave up its privileges. Needs root, ip and iptables."""
import os
import shutil
import subprocess
import sys

from tap import done, equal, ok, skip_all

NAME = 'pwct%d' % os.getpid()
NODE, CLIENT, SERVER = NAME + 'n', NAME + 'c', NAME + 's'
PROBE = os.path.join(os.path.dirname(os.environ.get('PODWIRE', './podwire')), 'tests', 'tools', 'conntrack_probe')

SERVE = '''
import socket
listeners = []
for address, port in (('0.0.0.0', 8080), ('0.0.0.0', 80)):
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((address, port))
    s.listen(5)
    listeners.append(s)
print('ready', flush=True)
input()
'''
CONNECT = 'import socket, sys; s = socket.create_connection((sys.argv[1], int(sys.argv[2])), 60); print(*s.getsockname())'


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def inside(namespace, *command):
    return ['ip', 'netns', 'exec', namespace, *command]


def build():
    for namespace in (NODE, CLIENT, SERVER):
        run('ip', 'netns', 'add', namespace)
        run('ip', '-n', namespace, 'link', 'set', 'lo', 'up')
    for namespace, net in ((CLIENT, '10.42.0'), (SERVER, '10.42.1')):
        port = 'v' + namespace[-1]
        run('ip', '-n', NODE, 'link', 'add', port, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace)
        run('ip', '-n', NODE, 'addr', 'add', net + '.1/24', 'dev', port)
        run('ip', '-n', NODE, 'link', 'set', port, 'up')
        run('ip', '-n', namespace, 'addr', 'add', net + '.5/24', 'dev', 'eth0')
        run('ip', '-n', namespace, 'link', 'set', 'eth0', 'up')
        run('ip', '-n', namespace, 'route', 'add', 'default', 'via', net + '.1')
    run(*inside(NODE, 'sysctl', '-qw', 'net.ipv4.ip_forward=1'))
    run(*inside(NODE, 'iptables', '-w', '-t', 'nat', '-A', 'PREROUTING', '-p', 'tcp', '-d', '10.96.0.10', '--dport', '80', '-j', 'DNAT', '--to-destination', '10.42.1.5:8080'))
    run(*inside(NODE, 'iptables', '-w', '-t', 'nat', '-A', 'PREROUTING', '-p', 'tcp', '-d', '10.96.0.11', '--dport', '80', '-j', 'DNAT', '--to-destination', '10.42.1.5:8080'))
    run(*inside(NODE, 'iptables', '-w', '-t', 'nat', '-A', 'POSTROUTING', '-p', 'tcp', '-d', '10.42.1.5', '--dport', '8080', '-m', 'conntrack', '--ctorigdst', '10.96.0.11', '-j', 'MASQUERADE'))


def remove():
    for namespace in (NODE, CLIENT, SERVER):
        subprocess.run(['ip', 'netns', 'del', namespace], capture_output=True)


class Probe:
    def __init__(self):
        self.process = subprocess.Popen(inside(NODE, PROBE), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.first = self.process.stdout.readline().strip()

    def ask(self, client, server):
        self.process.stdin.write('%s %s\n' % (client, server))
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def end(self):
        self.process.stdin.close()
        return self.process.wait(60)


def main():
    if os.geteuid() != 0:
        skip_all('needs root')
    if not shutil.which('ip') or not shutil.which('iptables'):
        skip_all('needs ip and iptables')
    if not os.path.exists(PROBE):
        skip_all('the probe is not built')
    server = probe = None
    try:
        try:
            build()
        except subprocess.CalledProcessError as e:
            remove()
            skip_all('no namespaces with address translation here: ' + (e.stderr.strip() or str(e)).splitlines()[0])
        server = subprocess.Popen(inside(SERVER, sys.executable, '-c', SERVE), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        server.stdout.readline()
        probe = Probe()
        if not ok(probe.first == 'ready', 'connection tracking is opened', probe.first):
            return
        client = run(*inside(CLIENT, sys.executable, '-c', CONNECT, '10.96.0.10', '80'))
        equal(probe.ask(client, '10.42.1.5 8080'), '10.96.0.10 80', 'the Service address of a translated connection is found, without any privilege')
        client = run(*inside(CLIENT, sys.executable, '-c', CONNECT, '10.96.0.11', '80'))
        equal(probe.ask(client, '10.42.1.5 8080'), '10.96.0.11 80', 'also where the source is translated too')
        client = run(*inside(CLIENT, sys.executable, '-c', CONNECT, '10.42.1.5', '80'))
        equal(probe.ask(client, '10.42.1.5 80'), 'none', 'a connection that is not translated has no other address')
        equal(probe.ask('10.42.0.5 1', '10.42.1.5 8080'), 'none', 'nor has one that was never made')
        equal(probe.end(), 0, 'the probe ends well')
        probe = None
        if shutil.which('setpriv'):
            result = subprocess.run(inside(NODE, 'setpriv', '--bounding-set=-net_admin', '--inh-caps=-all', PROBE), stdin=subprocess.DEVNULL, capture_output=True, text=True)
            equal((result.returncode, result.stdout.strip()), (1, 'connection tracking cannot be read: Operation not permitted'), 'without CAP_NET_ADMIN it says so')
    finally:
        if probe is not None:
            probe.process.kill()
            probe.process.wait()
        if server is not None:
            server.kill()
            server.wait()
        remove()


main()
done()
