#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""podwire score, explain, policy check, and the gates; and no secret in any output of any."""
import base64
import json
import os
import re
import shutil
import tempfile

from tap import SOURCE, done, equal, ok, pcap, podwire

SHOP, CLUSTER = pcap('shop', 'shop.pcap'), pcap('shop', 'cluster.json')


def save(folder, name, *arguments):
    path = os.path.join(folder, name)
    r = podwire('analyze', '--format', 'json', '-o', path, *arguments)
    assert r.code == 0, r.errors
    return path


def write(folder, name, text):
    path = os.path.join(folder, name)
    with open(path, 'w') as f:
        f.write(text)
    return path


def check_score(folder):
    saved = save(folder, 'shop.json', '--cluster', CLUSTER, SHOP)
    before = json.load(open(saved))
    after = podwire('score', '--format', 'json', saved).json
    for part in ('pairs', 'findings', 'cluster', 'namespaces'):
        ok(before[part] == after[part], 'a saved result scored again has the same %s' % part)
    twice = podwire('score', '--format', 'json', saved, saved).json
    equal([p['c'] for p in twice['pairs']], [p['c'] for p in before['pairs']], 'merged with itself, no score changes')
    equal(sum(e['flows'] for p in twice['pairs'] for e in p['evidence']), 2 * sum(e['flows'] for p in before['pairs'] for e in p['evidence']), 'and flows are added')
    strict = write(folder, 'strict.yaml', 'schema: podwire.policy/1\nname: strict\npolicies:\n  authentication:\n    mutual: required\n')
    direct = podwire('analyze', '--format', 'json', '--cluster', CLUSTER, '--policy', strict, SHOP).json
    again = podwire('score', '--format', 'json', '--policy', strict, saved).json
    ok(again['pairs'] == direct['pairs'] and again['findings'] == direct['findings'], 'another policy set gives what analyzing with it gives')
    ok(again['cluster']['c'] < before['cluster']['c'], 'mutual: required lowers the score')
    left, right = save(folder, 'left.json', pcap('redis', 'none.pcap')), save(folder, 'right.json', pcap('http', 'none.pcap'))
    both = podwire('score', '--format', 'json', left, right).json
    ok(both['pairs'] == podwire('analyze', '--format', 'json', pcap('redis', 'none.pcap'), pcap('http', 'none.pcap')).json['pairs'], 'two results merged are as both analyzed at once')
    for name, text, part in (('syntax', '{"schema":', 'line'), ('schema', '{"schema": "other/1"}', 'schema'), ('nothing', '', 'nothing.json'),
                             ('count', open(saved).read().replace('"flows":1,', '"flows":-1,'), 'flows')):
        r = podwire('score', write(folder, name + '.json', text))
        ok(r.code == 1 and len(r.errors.splitlines()) == 1 and part in r.errors and not r.out, 'a damaged result is refused with one line: %s' % name, r.errors)


def check_explain(folder):
    saved = os.path.join(folder, 'shop.json')
    r = podwire('explain', saved, 'shop/worker->data/postgresql')
    ok(r.code == 0 and 'encryption' in r.text and 'tshark -r' in r.text and 'shop.pcap' in r.text, 'explain shows terms and packets', r.text + r.errors)
    pair = next(p for p in json.load(open(saved))['pairs'] if p['source'].get('workload') == 'api' and p['destination'].get('workload') == 'ledger')
    ok(podwire('explain', saved, pair['id']).text == podwire('explain', saved, 'shop/api->shop/ledger').text, 'a pair is found by its id too')
    r = podwire('explain', saved, 'no-such-pair')
    ok(r.code == 1 and 'no-such-pair' in r.errors, 'a pair that is not there is told', r.errors)
    r = podwire('explain', saved, 'shop/worker')
    ok(r.code == 1 and 'shop/worker' in r.errors, 'a pattern that fits several pairs is told', r.errors)
    out = write(folder, 'explained', 'as it was')
    r = podwire('explain', '-o', out, saved, 'no-such-pair')
    ok(r.code == 1 and open(out).read() == 'as it was', 'nothing to explain: the file that was there stays', r.errors)
    r = podwire('explain', '-o', out, saved, 'shop/worker->data/postgresql')
    ok(r.code == 0 and 'encryption' in open(out).read() and not r.out, 'an explanation goes to a file, too', r.errors)
    r = podwire('explain', os.path.join(folder, 'none.json'), 'pair')
    ok(r.code == 1 and 'none.json' in r.errors and not r.out, 'a result that is not there is told', r.errors)
    r = podwire('explain', '--policy', os.path.join(folder, 'none.yaml'), saved, 'shop/worker->data/postgresql')
    ok(r.code == 1 and 'none.yaml' in r.errors and not r.out, 'a policy set that is not there is told', r.errors)


def check_policy(folder):
    default = os.path.join(SOURCE, 'policies', 'default.yaml')
    equal(podwire('policy', 'check', default).code, 0, 'default.yaml passes')
    ok(podwire('analyze', '--format', 'json', '--policy', default, SHOP).json['pairs'] == podwire('analyze', '--format', 'json', SHOP).json['pairs'], 'default.yaml is what is in force by default')
    bad = write(folder, 'bad.yaml', 'schema: podwire.policy/1\nname: bad\npolicies:\n  encryption:\n    wieght: 3\n')
    r = podwire('policy', 'check', bad)
    ok(r.code == 1 and 'bad.yaml:5:5' in r.errors and 'wieght' in r.errors, 'a mistake is told with line and column', r.errors)
    exempt = write(folder, 'exempt.yaml', '''schema: podwire.policy/1
name: exempt
exemptions:
  - policies: [encryption]
    destination: {namespace: kube-system, workload: coredns}
    protocol: dns
    reason: the resolver of the cluster
    expires: 2090-01-01
''')
    r = podwire('analyze', '--format', 'json', '--cluster', CLUSTER, '--policy', exempt, SHOP).json
    ok(not [f for f in r['findings'] if f['destination'].get('workload') == 'coredns'], 'what is exempt is no finding')
    late = write(folder, 'late.yaml', open(exempt).read().replace('2090-01-01', '2020-01-01'))
    r = podwire('analyze', '--format', 'json', '--cluster', CLUSTER, '--policy', late, SHOP).json
    ok([f for f in r['findings'] if f['destination'].get('workload') == 'coredns'], 'an exemption that expired no longer counts')


def check_gates(folder):
    equal(podwire('analyze', '--fail-under', '0.1', SHOP).code, 0, 'a gate that is met')
    r = podwire('analyze', '--fail-under', '0.99', SHOP)
    ok(r.code == 3 and 'gate not met' in r.errors and r.out, 'a score below the gate: exit code 3, and the report', r.errors)
    equal(podwire('analyze', '--fail-on', 'critical', SHOP).code, 3, 'a critical finding, --fail-on critical')
    equal(podwire('analyze', '--fail-on', 'critical', pcap('tls', 'tls13.pcap')).code, 0, 'no critical finding, --fail-on critical')
    equal(podwire('analyze', '--fail-under', '0', pcap('..', 'pcaps', 'shop', 'shop.pcap')).code, 0, '--fail-under 0 asks for a score')
    empty = os.path.join(folder, 'empty.pcap')
    with open(empty, 'wb') as f:
        f.write(open(SHOP, 'rb').read()[:24])
    r = podwire('analyze', '--fail-under', '0', empty)
    ok(r.code == 3 and 'no C' in r.errors, 'without a score no --fail-under is met', r.errors)
    r = podwire('score', '--policy', os.path.join(folder, 'none.yaml'), os.path.join(folder, 'shop.json'))
    ok(r.code == 1 and 'none.yaml' in r.errors and not r.out, 'score: a policy set that is not there is told', r.errors)
    r = podwire('score', '--fail-on', 'critical', os.path.join(folder, 'shop.json'))
    ok(r.code == 3 and 'gate not met' in r.errors, 'score has gates too', r.errors)


def secrets():
    """What the servers of the recorded captures took for passwords and tokens: made up, each unique."""
    with open(pcap('secrets.txt')) as f:
        return [line.strip() for line in f if line.strip() and not line.startswith('#')]


def check_secrets(folder):
    planted = secrets()
    needles = set()
    for s in planted:
        raw = s.encode()
        needles |= {raw, raw.hex().encode(), base64.b64encode(raw), base64.b64encode(raw).rstrip(b'=')}
        for shift in (1, 2):
            needles.add(base64.b64encode(bytes(shift) + raw)[4:-4] or raw)
    found, seen, wire = [], 0, b''
    # What a signed token is, and the key a cancel request carries, are secrets too: read off the wire.
    for root, _, names in sorted(os.walk(pcap())):
        for name in sorted(names):
            if not name.endswith(('.pcap', '.pcapng')):
                continue
            path = os.path.join(root, name)
            bytes_ = open(path, 'rb').read()
            wire += bytes_
            needles |= set(re.findall(rb'eyJ[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{20,}', bytes_))
            needles |= set(re.findall(rb'(?:Basic|Bearer) ([A-Za-z0-9+/=._-]{8,})', bytes_))
            saved = os.path.join(folder, 'result.json')
            outputs = [podwire('analyze', '--flows', '--show-principals', '--format', f, path) for f in ('table', 'json', 'ndjson')]
            podwire('analyze', '--format', 'json', '-o', saved, path)
            outputs.append(podwire('score', saved))
            for r in outputs:
                seen += 1
                found += ['%s in an output of %s' % (n, path) for n in needles if n in r.out or n in r.err]
    ok(seen > 0 and len(planted) > 5, 'there are secrets to look for, and outputs to look in')
    ok(any(s.encode() in wire for s in planted), 'the secrets did cross the wire')
    ok(not found, 'no secret, in no form, is in any output', '\n'.join(found))


def main():
    folder = tempfile.mkdtemp()
    try:
        check_score(folder)
        check_explain(folder)
        check_policy(folder)
        check_gates(folder)
        check_secrets(folder)
    finally:
        shutil.rmtree(folder)
    done()


main()
