#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Speed and memory of podwire beside a bare libpcap loop, ndpiReader and softflowd, in one run.

CPU time is user + system, the best of several turns in which every program has its turn, so that a
busy machine troubles all of them alike. A peer that is not installed is left out. Instruction counts
(callgrind) do not depend on the machine's load: they are what to compare between two commits.
"""
import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
WANTED = (  # capture, podwire's CPU time at most this many times that of
    ('mix', 'ndpiReader', 0.5),
    ('long', 'bare loop', 1.5),
    ('half-open', 'softflowd', 1.0),
)
HALF_OPEN_MEMORY = 160  # MiB


def run(command):
    """(CPU seconds, MiB at most, exit code) of a command with its output thrown away."""
    pid = os.fork()
    if pid == 0:
        null = os.open(os.devnull, os.O_RDWR)
        for fd in (0, 1, 2):
            os.dup2(null, fd)
        os.execvp(command[0], command)
    _, status, usage = os.wait4(pid, 0)
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, os.waitstatus_to_exitcode(status)


def commands(podwire, bare, capture):
    yield 'bare loop', [bare, capture]
    yield 'podwire', [podwire, 'analyze', '--max-flows', '1M', capture]
    if shutil.which('ndpiReader'):
        yield 'ndpiReader', ['ndpiReader', '-q', '-i', capture]
    if shutil.which('softflowd'):
        # To port 9 of this machine: nobody listens, nothing is sent further.
        yield 'softflowd', ['softflowd', '-d', '-m', '1000000', '-n', '127.0.0.1:9', '-r', capture]


def measure(podwire, bare, capture, turns):
    best = {}
    for _ in range(turns):
        for name, command in commands(podwire, bare, capture):
            cpu, memory, code = run(command)
            if code != 0:
                sys.exit('%s ended with %d on %s' % (name, code, capture))
            if name not in best or cpu < best[name][0]:
                best[name] = (cpu, memory)
    return best


def instructions(podwire, capture):
    with tempfile.NamedTemporaryFile() as out:
        p = subprocess.run(['valgrind', '--tool=callgrind', '--callgrind-out-file=' + out.name, podwire, 'analyze', '--ndpi=off', capture],
                           stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=True)
    return int(re.search(r'refs:\s+([\d,]+)', p.stderr).group(1).replace(',', ''))


def make(pcaps, folder, scale):
    p = subprocess.run([sys.executable, os.path.join(HERE, 'make_captures.py'), pcaps, folder, '--scale', str(scale)],
                       stdout=subprocess.PIPE, text=True, check=True)
    return {m.group(1): (int(m.group(2)), int(m.group(3))) for m in re.finditer(r'(\S+)\.pcap: (\d+) packets, (\d+) flows', p.stdout)}


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--podwire', default='./podwire')
    p.add_argument('--bare', default='tests/bench/bare_loop')
    p.add_argument('--pcaps', default=os.path.join(HERE, '..', '..', 'pcaps'))
    p.add_argument('--turns', type=int, default=5)
    p.add_argument('--scale', type=float, default=1.0)
    a = p.parse_args()
    good = True
    with tempfile.TemporaryDirectory() as folder:
        sizes = make(a.pcaps, folder, a.scale)
        print('%-10s %9s %8s  %-11s %9s %9s %12s %10s' % ('capture', 'packets', 'flows', 'program', 'CPU s', 'MiB', 'ns/packet', 'x bare'))
        results = {}
        for name, (packets, flows) in sizes.items():
            results[name] = measure(a.podwire, a.bare, os.path.join(folder, name + '.pcap'), a.turns)
            for program, (cpu, memory) in results[name].items():
                print('%-10s %9d %8d  %-11s %9.3f %9.1f %12.0f %10.2f' % (
                    name, packets, flows, program, cpu, memory, cpu / packets * 1e9, cpu / results[name]['bare loop'][0]))
        print()
        for name, peer, limit in WANTED:
            if peer in results[name]:
                ratio = results[name]['podwire'][0] / results[name][peer][0]
                good &= ratio <= limit
                print('%-10s podwire takes %.2f x the CPU time of %s; at most %.1f is wanted: %s' % (name, ratio, peer, limit, 'met' if ratio <= limit else 'MISSED'))
        memory = results['half-open']['podwire'][1]
        good &= memory <= HALF_OPEN_MEMORY
        print('%-10s podwire takes %.0f MiB; at most %d is wanted: %s' % ('half-open', memory, HALF_OPEN_MEMORY, 'met' if memory <= HALF_OPEN_MEMORY else 'MISSED'))
        if shutil.which('valgrind'):
            print('\ninstructions (callgrind, without nDPI), by the difference of two sizes:')
            small, large = os.path.join(folder, 'small'), os.path.join(folder, 'large')
            os.mkdir(small), os.mkdir(large)
            few, many = make(a.pcaps, small, 0.02), make(a.pcaps, large, 0.06)
            for name in few:
                count = instructions(a.podwire, os.path.join(large, name + '.pcap')) - instructions(a.podwire, os.path.join(small, name + '.pcap'))
                packets, flows = many[name][0] - few[name][0], many[name][1] - few[name][1]
                print('%-10s %8.0f a packet%s' % (name, count / packets, ', %8.0f a flow' % (count / flows) if flows else ''))
    return 0 if good else 1


if __name__ == '__main__':
    sys.exit(main())
