#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every capture of ours against its folder's truth.tsv, and the awkward ones against counts.tsv."""
import csv
import os

import truth
from tap import PCAPS, done, ok, pcap, podwire


def flows_of(path):
    result = podwire('analyze', '--format', 'json', '--flows', path)
    return result.json['flows'] if result.code == 0 else []


def check_truth(folder):
    by_file = {}
    for row in truth.rows(pcap(folder, 'truth.tsv')):
        by_file.setdefault(row['file'], []).append(row)
    for name, rows in sorted(by_file.items()):
        flows, wrong = flows_of(pcap(folder, name)), []
        for row in rows:
            if row['client'] == '-':
                continue
            flow = truth.find(flows, row)
            lines = truth.differences(row, flow) if flow else ['no flow']
            wrong += ['%s > %s: %s' % (row['client'], row['server'], line) for line in lines]
        ok(not wrong, '%s/%s is as truth.tsv says' % (folder, name), '\n'.join(wrong))


def difference(sent, got, extra):
    """Counts agree, but for what cannot be told from a copy: see pcaps/bridge/README.md."""
    return got == sent or sent - extra <= got <= sent


def check_counts():
    with open(pcap('bridge', 'counts.tsv'), newline='') as f:
        by_file = {}
        for row in csv.DictReader(f, delimiter='\t'):
            by_file.setdefault(row['file'], []).append(row)
    for name, rows in sorted(by_file.items()):
        flows, wrong = flows_of(pcap('bridge', name)), []
        expected = {(truth.address(r['client']), truth.address(r['server'])) for r in rows}
        seen = [(truth.end(f['client']), truth.end(f['server'])) for f in flows if f['transport'] in ('tcp', 'udp')]
        if sorted(seen) != sorted(expected):
            wrong.append('connections: want %s, got %s' % (sorted(expected), sorted(seen)))
        for row in rows:
            flow = truth.find(flows, row)
            if flow is None:
                continue
            # Where the bridge makes copies of a packet that has no identification (a SYN and ACK, all
            # of IPv6), an answer sent twice cannot be told from one that was copied.
            doubled = int(row['server_received_packets']) > int(row['client_sent_packets'])
            extra = (2 if doubled else 0) if 'lossy' not in name else 1
            for side, column in (('client', 'client_sent'), ('server', 'server_sent')):
                if not difference(int(row[column + '_packets']), flow['packets'][side], extra):
                    wrong.append('%s %s packets: want %s, got %s' % (row['client'], side, row[column + '_packets'], flow['packets'][side]))
            if not doubled and 'lossy' not in name and flow['bytes'] != {'client': int(row['client_sent_bytes']), 'server': int(row['server_sent_bytes'])}:
                wrong.append('%s bytes: want %s and %s, got %s' % (row['client'], row['client_sent_bytes'], row['server_sent_bytes'], flow['bytes']))
            legs = name.startswith(('routed', 'any', 'nodeport-any', 'hairpin-any', 'masquerade-all-any'))
            if legs and row['service'] != '-' and flow['server']['service_address'] != row['service']:
                wrong.append('%s service: want %s, got %s' % (row['client'], row['service'], flow['server']['service_address']))
        ok(not wrong, 'bridge/%s has each connection once, with right counts' % name, '\n'.join(wrong))


def check_services():
    result = podwire('analyze', '--format', 'json', '--flows', '--cluster', pcap('bridge', 'cluster.json'), pcap('bridge', 'netfilter-clusterip.pcap'))
    services = {f['server'].get('service') for f in result.json['flows'] if f['client']['port'] in (42001, 42002, 42003)}
    ok(services == {'shop/api'}, 'a Service that never shows on the wire is named from the list', services)


def main():
    for folder in sorted(os.listdir(PCAPS)):
        if os.path.exists(pcap(folder, 'truth.tsv')):
            check_truth(folder)
    check_counts()
    check_services()
    done()


main()
