#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares a truth.tsv with what tshark reads from the captures beside it.

usage: check_truth.py FOLDER...

For each row: the flow is there, from its first packet; a ServerHello where the row says TLS and
none where it does not; its version and cipher; the client certificate where it is readable. For
each capture: no TCP or UDP flow without a row, but for the other leg of a Service connection.
Prints one line for each difference; exit status 1 if there was any.
"""
import csv
import pathlib
import re
import subprocess
import sys

VERSIONS = {'0x0300': 'SSLv3', '0x0301': 'TLS1.0', '0x0302': 'TLS1.1', '0x0303': 'TLS1.2', '0x0304': 'TLS1.3'}
FIELDS = ['ip.src', 'ip.dst', 'ipv6.src', 'ipv6.dst', 'tcp.srcport', 'tcp.dstport', 'udp.srcport', 'udp.dstport', 'tcp.flags.syn', 'tls.handshake.type',
          'tls.handshake.version', 'tls.handshake.extensions.supported_version', 'tls.handshake.ciphersuite', 'tls.handshake.certificate_length', 'ip.proto',
          'tls.handshake.certificates_length']
TLS13 = 'TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_CCM_SHA256:TLS_AES_128_CCM_8_SHA256'
TRUTH_WITHOUT_HELLO = ('no', 'unknown', 'partial', '?')


def end(address, port):
    return '[%s]:%s' % (address, port) if ':' in address else '%s:%s' % (address, port)


class Flow:
    """What tshark saw between two ends, the first sender being the client."""
    def __init__(self, has_syn):
        self.has_syn, self.hello, self.certificate_request, self.client_certificate = has_syn, None, False, None


def dissect(path, options):
    command = ['tshark', '-n', '-r', str(path), '-o', 'ip.defragment:TRUE', '-o', 'tcp.reassemble_out_of_order:TRUE'] + options + ['-T', 'fields', '-E', 'occurrence=a']
    for field in FIELDS:
        command += ['-e', field]
    lines = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout.splitlines()
    flows = {}
    for line in lines:
        v = dict(zip(FIELDS, line.split('\t')))
        port = v['tcp.srcport'] or v['udp.srcport']
        if not port or ',' in v['ip.src'] + v['ipv6.src']:
            continue
        source = end(v['ip.src'] or v['ipv6.src'], port)
        target = end(v['ip.dst'] or v['ipv6.dst'], v['tcp.dstport'] or v['udp.dstport'])
        by_client = (source, target) in flows or (target, source) not in flows
        key = (source, target) if by_client else (target, source)
        flow = flows.setdefault(key, Flow(v['tcp.flags.syn'] in ('1', 'True', '')))
        types = v['tls.handshake.type'].split(',') if v['tls.handshake.type'] else []
        if '2' in types and not by_client:
            versions = v['tls.handshake.extensions.supported_version'].split(',')[-1] or v['tls.handshake.version'].split(',')[-1]
            flow.hello = (versions, int(v['tls.handshake.ciphersuite'].split(',')[-1], 16))
        if '13' in types:
            flow.certificate_request = True
        if '11' in types and by_client:
            flow.client_certificate = any(int(n) for n in v['tls.handshake.certificate_length'].split(',') if n)
    return flows


def cipher_names():
    text = subprocess.run(['openssl', 'ciphers', '-stdname', '-V', '-ciphersuites', TLS13, 'ALL:COMPLEMENTOFALL:eNULL:@SECLEVEL=0'], check=True, stdout=subprocess.PIPE, text=True).stdout
    names = {}
    for line in text.splitlines():
        code, _, name = line.split()[:3]
        high, low = code.split(',')
        names[int(high, 16) << 8 | int(low, 16)] = name
    return names


def check_row(row, flows, names):
    flow = flows.get((row['client'], row['server']))
    via = re.search(r'via (\S+?);? ', row['notes'] + ' ')
    if not flow and via:
        flow = flows.get((row['client'], via.group(1)))  # the leg before DNAT alone has the client's address
    if not flow and 'masqueraded' in row['notes']:
        flow = flows.get((row['server'], row['client']))  # of the true client there are the answers alone
    if not flow:
        yield 'not in the capture'
        return
    if not flow.has_syn and row['transport'] == 'tcp' and 'mid-stream' not in row['notes']:
        yield 'does not begin with a SYN'
    if row['encrypted'] in TRUTH_WITHOUT_HELLO:
        if flow.hello and names.get(flow.hello[1]) != row['cipher']:
            yield 'has a ServerHello'
        return
    if row['tls_version'] in ('-', '?'):
        return
    if not flow.hello:
        yield 'has no ServerHello'
        return
    version, cipher = VERSIONS.get(flow.hello[0], flow.hello[0]), names.get(flow.hello[1], hex(flow.hello[1]))
    if version != row['tls_version']:
        yield 'is %s, not %s' % (version, row['tls_version'])
    if cipher != row['cipher']:
        yield 'has %s, not %s' % (cipher, row['cipher'])
    if version != 'TLS1.3' and 'resumed' not in row['notes'] and row['mutual'] in ('yes', 'no', 'requested'):
        seen = 'yes' if flow.client_certificate else 'requested' if flow.certificate_request else 'no'
        if seen != row['mutual']:
            yield 'mutual is %s, not %s' % (seen, row['mutual'])


def check(folder):
    folder, names, differences = pathlib.Path(folder), cipher_names(), 0
    with open(folder / 'truth.tsv') as file:
        rows = list(csv.DictReader(file, delimiter='\t'))
    for name in sorted({row['file'] for row in rows}):
        mine = [row for row in rows if row['file'] == name]
        options = []
        for row in mine:
            if row['proto'] == 'tls':
                port = row['server'].rsplit(':', 1)[1]
                options += ['-d', 'tcp.port==%s,tls' % port]
        flows = dissect(folder / name, options)
        for row in mine:
            for text in check_row(row, flows, names):
                print('%s/%s %s > %s %s' % (folder, name, row['client'], row['server'], text))
                differences += 1
        ports = {row['client'].rsplit(':', 1)[1] for row in mine}
        for client, server in flows:
            if not {client.rsplit(':', 1)[1], server.rsplit(':', 1)[1]} & ports:
                print('%s/%s %s > %s has no row' % (folder, name, client, server))
                differences += 1
    return differences


if __name__ == '__main__':
    sys.exit(1 if sum(check(folder) for folder in sys.argv[1:]) else 0)
