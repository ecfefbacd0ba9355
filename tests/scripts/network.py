# SPDX-License-Identifier: Apache-2.0
"""Network namespaces for tests: made here, gone with the processes that hold them. Nothing of the machine's own network is touched."""
import ctypes
import os
import shutil
import subprocess
import threading
import time

NEEDED = ('ip', 'nsenter', 'unshare', 'tcpdump')


def missing():
    """Why such tests cannot run here, or None."""
    if os.geteuid() != 0:
        return 'needs root, to make network namespaces'
    for program in NEEDED:
        if shutil.which(program) is None:
            return 'needs ' + program
    if subprocess.run(['unshare', '-n', 'ip', 'link', 'add', 'br0', 'type', 'bridge'], stderr=subprocess.DEVNULL).returncode != 0:
        return 'this kernel makes no network namespaces, or no bridges'
    return None


class Namespace:
    """A network namespace, held by a process that sleeps; ends with close() or this script."""

    def __init__(self, name):
        self.name = name
        self.children = []
        # Dies with us, and with standard input.
        self.holder = subprocess.Popen(['unshare', '-n', 'sh', '-c', 'echo; exec cat'], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.holder.stdout.readline()
        self.run('ip', 'link', 'set', 'lo', 'up')

    @property
    def pid(self):
        return str(self.holder.pid)

    def command(self, *arguments):
        return ['nsenter', '-t', self.pid, '-n'] + [str(a) for a in arguments]

    def run(self, *arguments, check=True, **keywords):
        return subprocess.run(self.command(*arguments), check=check, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **keywords)

    def text(self, *arguments, **keywords):
        return self.run(*arguments, **keywords).stdout.decode()

    def start(self, *arguments, **keywords):
        child = subprocess.Popen(self.command(*arguments), **keywords)
        self.children.append(child)
        return child

    def inside(self, make):
        """What make() returns, called by a thread in this namespace: the sockets it makes stay here."""
        made, wrong = [], []

        def call():
            try:
                with open('/proc/%s/ns/net' % self.pid) as f:
                    if ctypes.CDLL(None, use_errno=True).setns(f.fileno(), 0x40000000):
                        raise OSError(ctypes.get_errno(), 'setns')
                made.append(make())
            except OSError as e:
                wrong.append(e)
        thread = threading.Thread(target=call)
        thread.start()
        thread.join()
        if wrong:
            raise wrong[0]
        return made[0]

    def ip(self, *lines):
        """Lines of ip(8), without the word."""
        self.run('ip', '-batch', '-', input='\n'.join(lines).encode())

    def sysctl(self, **values):
        for name, value in values.items():
            path = '/proc/sys/' + name.replace('__', '/')
            self.run('sh', '-c', 'echo %s >%s' % (value, path))

    def without_ipv6(self):
        """What interfaces that come from now on would say of themselves, at any time, is no noise then."""
        if os.path.exists('/proc/sys/net/ipv6'):
            self.sysctl(net__ipv6__conf__default__disable_ipv6=1, net__ipv6__conf__all__disable_ipv6=1)

    def connections(self):
        """How many TCP connections somebody here still has to do something about."""
        lines = [line.split() for name in ('tcp', 'tcp6') for line in self.text('cat', '/proc/net/' + name, check=False).splitlines()[1:]]
        return sum(line[3] not in ('06', '0A') for line in lines)  # but TIME_WAIT and LISTEN

    def close(self):
        for child in self.children:
            if child.poll() is None:
                child.kill()
            child.wait()
        self.holder.stdin.close()
        self.holder.wait()


def connect(node, device, pod, address, *, peer='eth0', master=None, gateway=None):
    """A veth pair: device in node, eth0 in pod."""
    node.ip('link add %s type veth peer name %s netns %s' % (device, peer, pod.pid),
            *(['link set %s master %s' % (device, master)] if master else []), 'link set %s up' % device)
    pod.ip('addr add %s dev %s' % (address, peer), 'link set %s up' % peer, *(['route add default via %s' % gateway] if gateway else []))


def wait_for(condition, seconds=60.0, step=0.02):
    """Whether it came true. Looks once more when the time is up: where one look takes long, the last one begun in time counts."""
    end = time.monotonic() + seconds
    while True:
        over = time.monotonic() >= end
        if condition():
            return True
        if over:
            return False
        time.sleep(step)
