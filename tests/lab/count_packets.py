#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints the rows of counts.tsv for the flows of one capture.

usage: count_packets.py LAB CAPTURE

LAB holds truth.tsv and, for each end, END.out.pcap and END.in.pcap: what left and what reached its own
interface while CAPTURE was recorded. A flow is known by its client's port, which the lab gives out once.
Bytes are of IP packets. The node's own traffic is counted at the pod alone.
"""
import csv
import pathlib
import re
import subprocess
import sys


def read(path):
    """(source port, destination port, IP bytes) of each TCP and UDP packet."""
    command = ['tshark', '-n', '-r', str(path), '-T', 'fields', '-E', 'occurrence=f']
    for field in ('tcp.srcport', 'tcp.dstport', 'udp.srcport', 'udp.dstport', 'ip.len', 'ipv6.plen'):
        command += ['-e', field]
    packets = []
    for line in subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout.splitlines():
        t1, t2, u1, u2, length, payload = (line.split('\t') + [''] * 6)[:6]
        if t1 or u1:
            packets.append((t1 or u1, t2 or u2, int(length) if length else int(payload) + 40))
    return packets


def count(packets, source=None, target=None):
    found = [size for s, t, size in packets if (source is None or s == source) and (target is None or t == target)]
    return len(found), sum(found)


def main():
    lab, capture = pathlib.Path(sys.argv[1]), sys.argv[2]
    seen = {path.name[:-len('.pcap')]: read(path) for path in lab.glob('*.out.pcap')}
    seen.update({path.name[:-len('.pcap')]: read(path) for path in lab.glob('*.in.pcap')})
    who = {}
    for path in list((lab / 'pod').glob('*.address')) + list((lab / 'pod').glob('*.address6')):
        who[path.read_text().strip()] = path.name.split('.')[0]
    who['198.51.100.7'] = 'outside'
    with open(lab / 'truth.tsv') as file:
        rows = [row for row in csv.DictReader(file, delimiter='\t') if row['file'] == capture]
    for row in rows:
        client, port = row['client'].rsplit(':', 1)
        client, server = who.get(client.strip('[]')), who[row['server'].rsplit(':', 1)[0].strip('[]')]
        service = re.search(r'via (\S+)', row['notes'])
        at_server = count(seen[server + '.in'], source=port)
        sent = count(seen[client + '.out'], source=port) if client else at_server
        answered = count(seen[server + '.out'], target=port)
        received = count(seen[client + '.in'], target=port) if client else answered
        note = '' if client else 'client counted at the server'
        print('\t'.join([capture, row['client'], service.group(1) if service else '-', row['server'], row['transport']] +
                        [str(n) for n in sent + answered + (at_server[0], received[0])] + [note]))


main()
