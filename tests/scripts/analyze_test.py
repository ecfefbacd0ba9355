#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""podwire analyze: inputs good and bad, exit codes, options, what the report says."""
import os
import shutil
import stat
import struct
import subprocess
import tempfile

from tap import PODWIRE, done, equal, ok, pcap, podwire, skip

SHOP, CLUSTER = pcap('shop', 'shop.pcap'), pcap('shop', 'cluster.json')


def one_line(result, *parts):
    """Standard error is one line that holds all of parts."""
    lines = result.errors.splitlines()
    return len(lines) == 1 and lines[0].startswith('podwire: ') and all(p in lines[0] for p in parts)


def write(folder, name, data):
    path = os.path.join(folder, name)
    with open(path, 'wb') as f:
        f.write(data)
    return path


def check_inputs(folder):
    whole = open(SHOP, 'rb').read()
    empty_capture = write(folder, 'no-packets.pcap', whole[:24])
    cases = [
        # name, path, exit code, parts of the line
        ('an empty file', write(folder, 'empty.pcap', b''), 1, ['empty.pcap', 'empty']),
        ('a directory', folder, 1, [folder, 'directory']),
        ('a file that is not there', os.path.join(folder, 'none.pcap'), 1, ['none.pcap', 'No such file']),
        ('a file that is no capture', write(folder, 'text.pcap', b'hello, this is no capture at all, but text\n' * 3), 1, ['text.pcap']),
        ('a gzip file', write(folder, 'a.pcap.gz', b'\x1f\x8b\x08\x00' + bytes(40)), 1, ['a.pcap.gz', 'gzip']),
        ('a link-layer type we do not read', write(folder, 'link.pcap', whole[:20] + struct.pack('<I', 147) + whole[24:]), 1, ['link.pcap', '147']),
        ('a truncated last record', write(folder, 'cut.pcap', whole[:-7]), 2, ['cut.pcap', '805']),
        ('a truncated header', write(folder, 'head.pcap', whole[:11]), 1, ['head.pcap']),
    ]
    for name, path, code, parts in cases:
        r = podwire('analyze', '--format', 'json', path)
        equal(r.code, code, '%s: exit code %d' % (name, code))
        ok(one_line(r, *parts), '%s: one clear line' % name, r.errors)
        ok((r.out == b'') == (code == 1), '%s: %s' % (name, 'no report' if code == 1 else 'what could be read is reported'))
    r = podwire('analyze', '--format', 'json', empty_capture)
    ok(r.code == 0 and r.json['pairs'] == [] and r.json['cluster']['c'] is None, 'a capture without packets is complete, and has no score', r.errors)
    r = podwire('analyze', '--format', 'json', SHOP, os.path.join(folder, 'cut.pcap'), os.path.join(folder, 'text.pcap'))
    equal(r.code, 2, 'one good file, one cut, one no capture: exit code 2')
    equal([f['state'] for f in r.json['input']['files']], ['complete', 'partial', 'unreadable'], 'each file says what became of it')
    piped = podwire('analyze', '--format', 'json', '-', stdin=whole)
    direct = podwire('analyze', '--format', 'json', SHOP)
    equal(piped.json['pairs'][0]['c'], direct.json['pairs'][0]['c'], 'standard input is read like a file')
    cut = podwire('analyze', '--format', 'json', '-', stdin=whole[:-7])
    equal(cut.code, 2, 'standard input that ends inside a record: exit code 2')
    half = len(whole) // 2
    at = 24
    while at < half:
        at += 16 + struct.unpack_from('<I', whole, at + 8)[0]
    first, second = write(folder, 'first.pcap', whole[:at]), write(folder, 'second.pcap', whole[:24] + whole[at:])
    joined = podwire('analyze', '--format', 'json', first, second)
    equal([(p['source'], p['destination'], p['c']) for p in joined.json['pairs']], [(p['source'], p['destination'], p['c']) for p in direct.json['pairs']],
          'a capture in two files is one stretch of traffic')


def check_use():
    cases = [
        (['analyze'], ['no capture']),
        (['analyze', '--format', 'xml', SHOP], ['xml', 'table, json, ndjson']),
        (['analyze', '--fail-under', '2', SHOP], ['"2"', '0 to 1']),
        (['analyze', '--fail-under', 'nan', SHOP], ['nan']),
        (['analyze', '--fail-on', 'bad', SHOP], ['bad', 'critical']),
        (['analyze', '--max-flows', '0', SHOP], ['--max-flows', '"0"']),
        (['analyze', '--max-flows', '99999999999999999999', SHOP], ['--max-flows']),
        (['analyze', '--budget', '-1', SHOP], ['--budget', '"-1"']),
        (['analyze', '--ndpi', 'maybe', SHOP], ['maybe', 'fallback']),
        (['analyze', '--jobs', '2', '-'], ['--jobs']),
        (['analyze', '--jobs', '0', SHOP], ['--jobs', '"0"']),
        (['analyze', '--max-pairs', '0', SHOP], ['--max-pairs', '"0"']),
        (['analyze', '--max-pairs', '1k1', SHOP], ['--max-pairs', '"1k1"']),
        (['analyze', '--color', 'sometimes', SHOP], ['sometimes', 'auto, always, never']),
        (['analyze', '--limit', '-1', SHOP], ['--limit', '"-1"']),
        (['analyze', '--width', '10', SHOP], ['--width', '"10"']),
        (['analyze', '--cluster', '/nonexistent.json', SHOP], ['/nonexistent.json']),
        (['analyze', '--geoip', '/nonexistent.mmdb', SHOP], ['/nonexistent.mmdb']),
        (['analyze', '--policy', '/nonexistent.yaml', SHOP], ['/nonexistent.yaml']),
        (['analyze', '-o', '/nonexistent/x', SHOP], ['/nonexistent/x']),
        (['analyse', SHOP], ['analyse', 'analyze']),
        (['score'], ['no saved result']),
        (['score', '--limit', 'x', 'FILE'], ['--limit', '"x"']),
        (['explain', 'one'], ['pair']),
        (['explain', '--width', '1', 'one', 'two'], ['--width']),
    ]
    for arguments, parts in cases:
        r = podwire(*arguments)
        ok(r.code == 1 and one_line(r, *parts), 'refused with one line: podwire %s' % ' '.join(a.replace(SHOP, 'FILE') for a in arguments), '%d\n%s' % (r.code, r.errors))
    for arguments in (['--help'], ['help'], ['version'], ['--version'], ['analyze', '--help'], ['score', '-h'], ['explain', '--help'], ['policy', '--help'], ['policy', 'check', '--help']):
        r = podwire(*arguments)
        ok(r.code == 0 and r.out and not r.err, 'podwire %s helps' % ' '.join(arguments), r.errors)
    ok(podwire().code == 1, 'no command: usage, exit code 1')
    for arguments in (['policy'], ['policy', 'chek', 'FILE'], ['policy', 'check'], ['analyze', '--nonsense', SHOP]):
        r = podwire(*arguments)
        ok(r.code == 1 and r.err and not r.out, 'usage, exit code 1: podwire %s' % ' '.join(a.replace(SHOP, 'FILE') for a in arguments), r.errors)


def check_options():
    plain = podwire('analyze', '--format', 'json', SHOP).json
    for arguments in (['--budget', '64k'], ['--max-flows', '1k'], ['--max-pairs', '1M'], ['--jobs', '1'], ['--limit', '0'], ['--color', 'never']):
        r = podwire('analyze', '--format', 'json', *arguments, SHOP)
        ok(r.code == 0 and r.json['pairs'] == plain['pairs'], 'changes nothing here: %s' % ' '.join(arguments), r.errors)
    off = podwire('analyze', '--format', 'json', '--flows', '--ndpi', 'off', SHOP).json
    ok(not any('ndpi' in f for f in off['flows']), '--ndpi off: no labels')
    r = podwire('analyze', '--format', 'json', '--flows', '--ndpi', 'always', SHOP)
    ok(r.code == 0 and [f['encryption'] for f in r.json['flows']] == [f['encryption'] for f in off['flows']], '--ndpi always changes no verdict', r.errors) \
        if r.code == 0 else skip('--ndpi always changes no verdict', 'built without nDPI')
    small = podwire('analyze', '--format', 'json', '--flows', '--budget', '1k', SHOP).json
    states = {f['encryption']['state'] for f in small['flows']}
    ok({'plaintext', 'encrypted'} <= states, 'the first KiB of each direction tells most already', states)
    whole, cut = podwire('analyze', '--limit', '0', SHOP).text, podwire('analyze', '--limit', '1', SHOP).text
    ok(len(cut.splitlines()) < len(whole.splitlines()), '--limit shortens the table')


def check_output(folder):
    """-o puts a whole file in its place or leaves what was there; a device is written to as it is."""
    path = os.path.join(folder, 'kept')
    with open(path, 'w') as f:
        f.write('as it was')
    ok(podwire('analyze', '-o', path, os.path.join(folder, 'none.pcap')).code == 1 and open(path).read() == 'as it was', 'no report: the file that was there stays')
    r = podwire('analyze', '-o', folder, SHOP)
    ok(r.code == 1 and one_line(r, folder, 'directory'), '-o with a directory is refused', r.errors)
    pipe = os.path.join(folder, 'pipe')
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    r = podwire('analyze', '--format', 'json', '-o', pipe, pcap('redis', 'none.pcap'))
    got = os.read(reader, 1 << 16)
    os.close(reader)
    ok(r.code == 0 and got.startswith(b'{') and stat.S_ISFIFO(os.stat(pipe).st_mode), '-o with a pipe writes into it', r.errors)
    if os.path.exists('/dev/full'):
        for arguments in (['-o', '/dev/full'], ['--format', 'json', '-o', '/dev/full']):
            r = podwire('analyze', *arguments, SHOP)
            ok(r.code == 1 and one_line(r, '/dev/full', 'could not be written whole'), 'a full disk is told: analyze %s' % ' '.join(arguments), r.errors)
        ok(not stat.S_ISREG(os.stat('/dev/full').st_mode), 'a device stays a device')
        with open('/dev/full', 'w') as full:
            p = subprocess.run([PODWIRE, 'analyze', SHOP], stdout=full, stderr=subprocess.PIPE)
        ok(p.returncode == 1 and b'standard output' in p.stderr, 'so is standard output that is full', p.stderr)


def pair_of(report, source, destination):
    for p in report['pairs']:
        if p['source'].get('workload') == source and p['destination'].get('workload') == destination:
            return p
    return None


def check_report():
    report = podwire('analyze', '--format', 'json', '--cluster', CLUSTER, SHOP).json
    equal(report['schema'], 'podwire.report/1', 'the schema is named')
    ledger = pair_of(report, 'api', 'ledger')
    ok(ledger and ledger['c'] == 1, 'mutual TLS scores 1', ledger)
    plain = pair_of(report, 'worker', 'postgresql')
    ok(plain and plain['c'] < 0.5, 'plaintext without authentication scores low', plain)
    silent = pair_of(report, 'web', 'redis')
    ok(silent and silent['c'] is None and silent['coverage'] == 0, 'nothing observed: no score, coverage 0', silent)
    strange = pair_of(report, 'worker', 'telemetry')
    ok(strange and strange['c'] is None, 'bytes nobody recognises make no score', strange)
    for p in report['pairs']:
        counted = [j for j in p['policies'] if j['value'] is not None]
        if counted:
            c = sum(j['weight'] * j['value'] for j in counted) / sum(j['weight'] for j in counted)
            ok(abs(c - p['c']) < 1e-5, 'C of %s follows from its policies' % p['id'], '%r %r' % (c, p['c']))
    types = {f['type'] for f in report['findings']}
    wanted = {'plaintext-service', 'unauthenticated-service', 'cleartext-credentials', 'service-account-token-exposed', 'weak-tls-version', 'weak-cipher',
              'certificate-expired', 'certificate-self-signed', 'unclassified-traffic'}
    ok(wanted <= types, 'the shop has a finding of each kind', sorted(wanted - types))
    ok(all(f['example']['packet'] > 0 and f['example']['filter'] and f['advice'] for f in report['findings']), 'each finding has a packet, a filter and advice')
    reused = [f for f in podwire('analyze', '--format', 'json', '--flows', '--cluster', CLUSTER, SHOP).json['flows'] if f['client']['ip'] == '10.42.0.30']
    ok(len({f['client']['workload'] for f in reused}) == 2, 'an address used again maps to who held it at the time', [f['client'] for f in reused])
    old = [f for f in podwire('analyze', '--format', 'json', '--flows', '--cluster', CLUSTER, SHOP).json['flows'] if f['client']['ip'] == '10.42.0.1']
    ok(old and all(f['client']['workload'] == 'node-1' or f['client']['workload'].endswith('node-1') for f in old), 'the bridge is the node, not a pod', old)


def check_determinism(folder):
    one = podwire('analyze', '--format', 'json', '--flows', '--cluster', CLUSTER, SHOP).out
    ok(all(podwire('analyze', '--format', 'json', '--flows', '--cluster', CLUSTER, SHOP, env={'TZ': tz, 'LC_ALL': locale}).out == one
           for tz, locale in (('UTC', 'C'), ('Asia/Kolkata', 'C.UTF-8'))), 'the same input gives the same bytes')
    for jobs in ('2', '3', '7'):
        ok(podwire('analyze', '--jobs', jobs, '--format', 'json', '--flows', '--cluster', CLUSTER, SHOP, pcap('bridge', 'any.pcap')).json['pairs'] ==
           podwire('analyze', '--format', 'json', '--flows', '--cluster', CLUSTER, SHOP, pcap('bridge', 'any.pcap')).json['pairs'], 'the same with --jobs %s' % jobs)
    path = os.path.join(folder, 'out.json')
    r = podwire('analyze', '--format', 'json', '--flows', '--cluster', CLUSTER, '-o', path, SHOP)
    ok(r.code == 0 and r.out == b'' and open(path, 'rb').read() == one, '-o writes the same')
    equal(sorted(n for n in os.listdir(folder) if n.startswith('out.json')), ['out.json'], '-o leaves nothing else behind')


def check_bounds():
    r = podwire('analyze', '--format', 'json', '--max-flows', '16', SHOP)
    ok(r.code == 0 and r.json['input']['drops']['evicted_flows'] > 0, 'a full flow table evicts, and says so', r.json['input'])
    r = podwire('analyze', '--format', 'json', '--max-pairs', '3', SHOP)
    ok(len(r.json['pairs']) <= 4 and r.json['input']['folded_pairs'] > 0, 'more pairs than --max-pairs are folded, and counted', r.json['input'])
    equal(sum(e['flows'] for p in r.json['pairs'] for e in p['evidence']), r.json['input']['flows'], 'no flow is lost by folding')


def check_principals():
    shown = podwire('analyze', '--format', 'json', '--flows', '--show-principals', SHOP).json['flows']
    hidden = podwire('analyze', '--format', 'json', '--flows', SHOP).json['flows']
    names = {f['authentication'].get('principal') for f in shown} - {None}
    ok(names, 'user names show with --show-principals')
    ok(not any(f['authentication'].get('principal') for f in hidden), 'and not without')


def check_table():
    plain = podwire('analyze', '--cluster', CLUSTER, SHOP, '--width', '100')
    ok(plain.code == 0 and '\x1b' not in plain.text, 'the table into a pipe has no colour')
    ok(all(len(line) <= 100 for line in plain.text.splitlines() if ' -> ' in line), 'rows of pairs keep to the width')
    ok('\x1b[' in podwire('analyze', '--color', 'always', SHOP).text, '--color=always colours')
    try:
        ends = os.openpty()
    except OSError as e:
        skip('a terminal gets colour, unless NO_COLOR is set', 'no pseudo-terminal: %s' % e)
        return
    for end in ends:
        os.close(end)
    ok('\x1b[' in on_terminal('analyze', SHOP), 'a terminal gets colour')
    ok('\x1b[' not in on_terminal('analyze', SHOP, NO_COLOR='1'), 'NO_COLOR is heeded')


def on_terminal(*arguments, **env):
    """What podwire shows on a terminal of its own."""
    ours, its = os.openpty()
    environment = dict({k: v for k, v in os.environ.items() if k != 'NO_COLOR'}, TERM='xterm', **env)
    process = subprocess.Popen([PODWIRE] + list(arguments), stdin=its, stdout=its, stderr=subprocess.DEVNULL, env=environment)
    os.close(its)
    shown = b''
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:  # the last writer has gone
            piece = b''
        if not piece:
            break
        shown += piece
    os.close(ours)
    process.wait()
    return shown.decode('utf-8', 'replace')


def main():
    folder = tempfile.mkdtemp()
    try:
        check_inputs(folder)
        check_use()
        check_options()
        check_output(folder)
        check_report()
        check_determinism(folder)
        check_bounds()
        check_principals()
        check_table()
    finally:
        shutil.rmtree(folder)
    done()


main()
