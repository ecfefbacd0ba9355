# SPDX-License-Identifier: Apache-2.0
"""The highest rate of packets without a loss: podwire, tcpdump -w /dev/null and Suricata, with rings of the same size. For sensor_bench.py.

A probe starts a program anew, sends at a rate for some seconds, and asks the kernel's counters of that program's packet socket. The rate is
sought by halves, then must hold for longer, some times, the programs taking turns; where it does not, the next lower one is tried.
"""
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from sensor_place import WAYS, Podwire, cpu, wait_for

RING = 8 << 20
BLOCK = 1 << 18
STEP = 1.04      # how near the highest rate that held and the lowest that did not are in the end
PROBES_MAX = 8
HOLDS_MAX = 12

SURICATA = """%%YAML 1.1
---
vars: {address-groups: {HOME_NET: any, EXTERNAL_NET: any}, port-groups: {HTTP_PORTS: 80}}
default-log-dir: %(folder)s
stats: {enabled: yes, interval: 1}
outputs:
  - eve-log: {enabled: yes, filetype: regular, filename: stats.json, types: [{stats: {totals: yes}}]}
logging: {default-log-level: error, outputs: [{console: {enabled: no}}]}
af-packet:
  - {interface: %(interface)s, threads: 1, cluster-id: 99, cluster-type: cluster_flow, use-mmap: yes, tpacket-v3: yes, block-size: %(block)d, ring-size: %(packets)d, checksum-checks: no}
stream: {checksum-validation: no}
app-layer: {protocols: {http: {enabled: yes}, tls: {enabled: yes}, dns: {tcp: {enabled: yes}, udp: {enabled: yes}}, ssh: {enabled: yes}, smtp: {enabled: yes}, ftp: {enabled: yes}, mqtt: {enabled: yes}, krb5: {enabled: yes}, http2: {enabled: yes}}}
max-pending-packets: 1024
default-packet-size: 4096
runmode: workers
"""


class Sensor(Podwire):
    def __init__(self, place, _port, podwire, prefix):
        super().__init__(place, podwire, '--ring-size', RING, prefix=prefix)
        pids = self.processes()
        self.pids = {'worker': pids[-1], 'supervisor': pids[0]}

    def seen(self):
        time.sleep(2.2)
        w = self.status()['workers'][0]
        return w['received'], w['dropped']


class Tcpdump:
    def __init__(self, place, port, _podwire, prefix):
        self.log = tempfile.TemporaryFile()
        # As root: it would give /dev/null to the user it becomes.
        self.process = place.node.start(*prefix, 'tcpdump', '-Z', 'root', '-i', port, '-Q', 'in', '-p', '-n', '-s', '16384', '-B', RING >> 10, '-w', '/dev/null', stderr=self.log)
        self.pids = {'tcpdump': self.process.pid}
        time.sleep(1)

    def seen(self):
        time.sleep(0.5)
        self.process.send_signal(signal.SIGINT)
        self.process.wait()
        self.log.seek(0)
        text = self.log.read().decode()
        return int(re.search(r'(\d+) packets? received', text).group(1)), int(re.search(r'(\d+) packets? dropped by kernel', text).group(1))

    def stop(self):
        self.log.close()


class Suricata:
    def __init__(self, place, port, _podwire, prefix):
        self.folder = tempfile.mkdtemp(dir=place.folder)
        path = os.path.join(self.folder, 'suricata.yaml')
        # It counts a ring in frames, 63 of this default size to a block, and takes a block more; packets that are larger it has whole nevertheless.
        with open(path, 'w') as f:
            f.write(SURICATA % {'folder': self.folder, 'interface': port, 'block': BLOCK, 'packets': (RING // BLOCK - 1) * 63})
        self.process = place.node.start(*prefix, 'suricata', '-c', path, '-S', '/dev/null', '-l', self.folder, '--af-packet=' + port,
                                        '--pidfile', os.path.join(self.folder, 'pid'), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.pids = {'suricata': self.process.pid}
        self.stats = os.path.join(self.folder, 'stats.json')
        if not wait_for(lambda: os.path.exists(self.stats) and os.path.getsize(self.stats) > 0, 60):
            sys.exit('suricata does not begin: see ' + path)

    def seen(self):
        time.sleep(2.5)
        with open(self.stats) as f:
            capture = json.loads(f.read().splitlines()[-1])['stats']['capture']
        return capture['kernel_packets'], capture['kernel_drops']

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        self.process.wait(60)
        shutil.rmtree(self.folder)


PROGRAMS = {'podwire': Sensor, 'tcpdump': Tcpdump, 'suricata': Suricata}

class Setting:
    """Where sender and program run, and what the sender is."""

    def __init__(self, by, sender, program, title):
        self.by, self.sender, self.program, self.title = by, sender, program, title


SETTINGS = {
    # The sender never sleeps: all that the program has is the other CPU.
    'two': Setting('kernel', ('taskset', '-c', '0'), ('taskset', '-c', '1'), 'a CPU for the sender, a CPU for the program'),
    # The sender goes first, as a network card's packets do: what it leaves of the CPU is all that the program has.
    'one': Setting('tap', ('taskset', '-c', '1', 'chrt', '-f', '1'), ('taskset', '-c', '1'), 'one CPU for both'),
    # As the scheduler likes it.
    'free': Setting('tap', (), (), 'two CPUs for both'),
    'pod': Setting('pod', (), (), 'two CPUs for both, from a pod'),
}


def checked_ring(place):
    """What is compared must have the same ring."""
    text = place.node.text('ss', '-0', '-e')
    sizes = [int(a) * int(b) for a, b in re.findall(r'ring_rx\(blk_size:(\d+),blk_nr:(\d+)', text)]
    if sizes != [RING]:
        sys.exit('the ring is of another size: ' + text)


def busy():
    """Seconds of CPU that were used, of all CPUs."""
    with open('/proc/stat') as f:
        fields = [int(v) for v in f.readline().split()[1:9]]
    return (sum(fields) - fields[3] - fields[4]) / os.sysconf('SC_CLK_TCK')


class Probe:
    """One run of one program: what was asked for, sent, lost; CPU."""

    def __init__(self, place, options, name, setting, rate, seconds):
        self.asked = rate
        running = PROGRAMS[name](place, WAYS[setting.by][0], options.podwire, setting.program)
        checked_ring(place)
        before, busy_before = {k: cpu(pid) for k, pid in running.pids.items()}, busy()
        sent = place.send(options.capture, rate, seconds, by=setting.by, prefix=setting.sender)
        time.sleep(0.3)
        self.cpu = {k: cpu(pid) - before[k] for k, pid in running.pids.items()}
        self.others = busy() - busy_before - sum(self.cpu.values()) - sent['cpu']
        self.cpu['sender'] = sent['cpu']
        self.packets, self.seconds = sent['packets'], sent['seconds']
        self.received, self.dropped = running.seen()
        running.stop()

    @property
    def sent(self):
        return self.packets / self.seconds

    @property
    def lost(self):
        """By the kernel's counters, or before it came so far."""
        return max(self.dropped, self.packets - self.received)

    def line(self):
        each = ', '.join('%s %.2f' % (k, v / self.packets * 1e6) for k, v in self.cpu.items())
        return 'asked %8s, sent %7.0f/s for %4.1f s, lost %7d (%.3f %%); CPU us/packet: %s; others %2.0f %% of a core' % (
            self.asked or 'all', self.sent, self.seconds, self.lost, 100 * self.lost / self.packets, each, 100 * self.others / self.seconds)


class Search:
    """For one program: the highest rate without a loss."""

    def __init__(self, place, options, name, setting):
        self.place, self.options, self.name, self.setting = place, options, name, setting
        self.good, self.bad, self.rate, self.probes, self.held, self.holds = 0, None, 0, 0, [], 0

    def probe(self, rate, seconds, what):
        p = Probe(self.place, self.options, self.name, self.setting, rate, seconds)
        print('%-8s %s %s' % (self.name, what, p.line()), flush=True)
        return p

    def seek(self):
        """One step; whether there is another. The first is as fast as can be: if nothing is lost then, the sender ends first."""
        if self.bad is None:
            p = self.probe(0, self.options.probe, 'seek')
            self.bad = p.sent
            if p.lost == 0:
                self.good = p.sent
                return False
            return True
        if self.probes >= PROBES_MAX or self.bad < self.good * STEP:
            return False
        self.probes += 1
        self.rate = int((max(self.good, self.bad / 4) * self.bad) ** 0.5)
        p = self.probe(self.rate, self.options.probe, 'seek')
        if p.lost == 0:
            self.good = max(self.good, min(self.rate, p.sent))
        else:
            self.bad = self.rate
        return True

    def hold(self):
        """One run of those at the rate found; whether there is another."""
        if not self.held and self.holds == 0:
            self.rate = int(self.good) if self.good < self.bad else 0
        if self.good == 0 or len(self.held) == self.options.repeats or self.holds >= HOLDS_MAX:
            return False
        self.holds += 1
        p = self.probe(self.rate, self.options.hold, 'hold')
        if p.lost == 0:
            self.held.append(p)
        else:
            self.held, self.rate = [], int(0.95 * (self.rate or p.sent))
        return True

    def result(self):
        if len(self.held) < self.options.repeats:
            return '%-8s no rate held' % self.name
        rates = [p.sent for p in self.held]
        each = ', '.join('%s %.2f' % (k, sum(p.cpu[k] / p.packets for p in self.held) / len(self.held) * 1e6) for k in self.held[0].cpu)
        return '%-8s %.0f packets/s (%s) without a loss, %d times %.0f s, %d packets; CPU us/packet: %s%s' % (
            self.name, min(rates), ', '.join('%.0f' % r for r in rates), len(rates), self.options.hold, sum(p.packets for p in self.held), each,
            '; as fast as the sender can' if self.rate == 0 else '')


def in_turns(searches, step):
    left = list(searches)
    while left:
        left = [s for s in left if step(s)]


def run_rate(place, options):
    names = [n for n in PROGRAMS if n == 'podwire' or shutil.which(n) is not None]
    for name in set(PROGRAMS) - set(names):
        print('%s is not installed' % name)
    print('load average before: %s' % open('/proc/loadavg').read().strip())
    for setting in (SETTINGS[s] for s in options.settings):
        print('-- %s; packets by: %s' % (setting.title, setting.by))
        searches = [Search(place, options, name, setting) for name in names]
        in_turns(searches, Search.seek)
        in_turns(searches, Search.hold)
        print('\n'.join(s.result() for s in searches), flush=True)
