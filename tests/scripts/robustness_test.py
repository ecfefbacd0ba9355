#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Variants of every capture of ours, and what may become of the verdicts.

What says the same in another form (another file format, encapsulation, segmentation, order, copies) must
give the SAME verdicts. What says less (packets lost, cut, one direction) may give WEAKER ones, never
others: the tables below tell what weaker means. Run as it is it takes a sample that is always the same;
--all takes every variant. Other captures than ours may be named.
"""
import argparse
import collections
import concurrent.futures
import json
import os
import random
import struct
import subprocess
import tempfile
import zlib

from packets import (ACK, ETHERNET, FIN, NULL, RAW, RST, SLL, SLL2, SYN, TCP, UDP, Packet, ip_of, ipv4, pcap, pcapng, read, segment_of, udp)
from tap import PCAPS, PODWIRE, done, ok

# Tunnels: a capture put into one has a flow more, of what carries it.
CARRIERS = ('vxlan', 'geneve')

YEARS = 20 * 365 * 86400 * 10**9

# What may stand where the whole capture shows the first. Not to see must not look like to know.
WEAKER_STATE = {
    'unknown': set(),
    'plaintext': {'unknown'},
    # A stream of TLS records joined in the middle shows no plaintext before it; a loss inside the
    # upgrade itself leaves it open whether it was taken up.
    'upgraded': {'unknown', 'encrypted'},
    # Likewise; without its TLS part such a flow is what it looked like until then, and without the
    # secret, which was before the upgrade, it is an upgrade.
    'partial': {'unknown', 'encrypted', 'plaintext', 'upgraded'},
    'encrypted': {'unknown'},
}
WEAKER_RESULT = {
    'unknown': set(),
    'not-applicable': {'unknown'},
    'attempted': {'unknown'},
    'none': {'attempted', 'unknown'},
    'failure': {'attempted', 'unknown'},
    'success': {'attempted', 'unknown'},
}
WEAKER_MUTUAL = {'unknown': set(), 'no': {'unknown'}, 'requested': {'unknown'}, 'yes': {'unknown'}}
WEAKER_PROTOCOL = {
    'lmtp': {'smtp'},  # but for its greeting
    'ike': {'esp'},  # with which it shares a port
    'websocket': {'http'},  # which is how both begin
    'http2': {'http'},
    # What rides on HTTP is named by a field, which a loss may take.
    'grpc': {'http2'},
    'grpc-web': {'http', 'http2'},
    'etcd': {'http', 'http2', 'grpc'},
    'socks4': {'http'},  # which is what our tunnels hold, where their beginning is missing
    'socks5': {'http'},
    # Named by what a client's hello offers, which a loss may take.
    'http3': {'quic'},
    'dns': {'quic'},
}
# Each request of these stands alone, or a login may be followed by another: what went before the end
# of the capture, or what remains of the connection, is a whole story of its own.
STATELESS = {'http', 'http2', 'websocket', 'grpc', 'grpc-web', 'etcd'}
SEVERAL_LOGINS = STATELESS | {'dns', 'imap', 'lmtp', 'pop3', 'redis', 'smtp'}
# Said of a capture that ends early: an outcome, or an upgrade, that came later had not come yet.
EARLIER = {'success': {'none', 'failure'}, 'none': {'failure'}}
EARLIER_STATE = {'upgraded': {'plaintext'}}


def earlier(protocol):
    if protocol == 'websocket':  # the upgrade is served before anybody may log in behind it
        return {**EARLIER, 'failure': {'none'}, 'attempted': {'none'}}
    return EARLIER if protocol in SEVERAL_LOGINS else {}


# Running podwire.

def analyze(files, options):
    result = subprocess.run([PODWIRE, 'analyze', '--ndpi', options.ndpi, '--format', 'json', '--flows'] + files, stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=300, env=dict(os.environ, LC_ALL='C.UTF-8'))
    if result.returncode not in (0, 2):
        raise RuntimeError('podwire ended with %d: %s' % (result.returncode, result.stderr.decode('utf-8', 'replace')[-3000:]))
    return [f for f in json.loads(result.stdout)['flows'] if f['transport'] in ('tcp', 'udp') and f['protocol'] not in CARRIERS]


# Verdicts.

def end(e):
    return '%s:%s' % (e['ip'], e['port'])


def verdict(flow, variant):
    """What must not change, as a flat dictionary."""
    e, out = flow['encryption'], {}
    for key in ('state', 'by', 'version', 'cipher', 'group', 'sni', 'alpn', 'alpn_offered', 'resumed', 'resumption', 'mutual', 'mutual_basis', 'alert'):
        out[key] = e[key]
    for key in ('certificate', 'client_certificate'):
        c = dict(e[key] or {})
        if variant.shifts_time:
            c['flags'] = sorted(set(c.get('flags', [])) - {'expired', 'not-yet-valid'})
        out[key] = json.dumps(c, sort_keys=True)
    for claim, basis in flow['basis'].items():
        # Copies of datagrams without identification count as datagrams, and so do their bytes.
        offset = None if flow['transport'] == 'udp' and variant.name == 'every packet twice' else basis['offset']
        out['basis of ' + claim] = (basis['clause'], basis['direction'], offset, basis['strength'])
    out.update(protocol=flow['protocol'], result=flow['authentication']['result'], method=flow['authentication']['method'],
               credentials=flow['cleartext_credentials'], subject=flow['authentication']['token_subject'],
               client=None if variant.moves_ports else end(flow['client']), server=None if variant.moves_ports else end(flow['server']),
               service=None if variant.moves_ports else flow['server']['service_address'],
               direction=flow['direction_basis'], tunnel=flow['tunnel'] if variant.tunnel is None else variant.tunnel,
               notes=sorted(set(flow['notes']) - {'duplicates', 'tunnel'}))
    return out


def differences(want, got):
    return ['%s: %s, not %s' % (k, got.get(k), want.get(k)) for k in sorted(set(want) | set(got)) if want.get(k) != got.get(k)]


def check_same(variant, before, after):
    want, got = [verdict(f, variant) for f in before], [verdict(f, variant) for f in after]
    if variant.tunnel is not None:
        version = ['ipip' if f['tunnel'] == '6in4' and ':' in f['client']['ip'] else f['tunnel'] for f in after]
        got = [dict(g, tunnel=t) for g, t in zip(got, version)]
    if len(want) != len(got):
        return ['%d flows, not %d' % (len(got), len(want))]
    if variant.reorders:
        want.sort(key=lambda v: str((v['client'], v['server'])))
        got.sort(key=lambda v: str((v['client'], v['server'])))
    return ['%s > %s: %s' % (w['client'], w['server'], d) for w, g in zip(want, got) for d in differences(w, g)]


def tuples(flow):
    """Every pair of ends by which a flow may be known: its own, and the Service's."""
    pairs = [frozenset((end(flow['client']), end(flow['server'])))]
    if flow['server']['service_address']:
        pairs.append(frozenset((end(flow['client']), flow['server']['service_address'])))
    return pairs


def weaker_flow(variant, was, now):
    """How the flow says more, or other, than the whole capture did; empty if it does not."""
    if was['protocol'] == 'unknown' and was['encryption']['state'] == 'unknown':
        # What hid the rest may be missing: the beginning, in a protocol that is not read, of what goes
        # on to TLS or carries HTTP; an answer that shows that nobody understood the question.
        return []
    out, e, f = [], was['encryption'], now['encryption']
    results = {was['authentication']['result']} | WEAKER_RESULT[was['authentication']['result']]
    states = {e['state']} | WEAKER_STATE[e['state']]
    methods = {was['authentication']['method'], None}
    if variant.prefix:
        results |= earlier(was['protocol']).get(was['authentication']['result'], set())
        states |= EARLIER_STATE.get(e['state'], set())
    if e['by'] in ('tls', 'dtls') and e['state'] == 'plaintext':
        states.add('encrypted')  # a suite without encryption, which only the hellos tell: records look all the same
    mutuals = {e['mutual']} | WEAKER_MUTUAL[e['mutual']]
    if 'renegotiation' in was['notes']:
        mutuals |= {'no', 'requested'}  # by the first handshake: without the second nothing denies it
    if now['authentication']['result'] == 'none' or (now['authentication']['result'] == 'attempted' and was['authentication']['result'] != 'attempted'):
        methods.add(now['authentication']['method'])  # what was tried, and is no more than tried

    def check(what, got, allowed):
        if got not in allowed:
            out.append('%s: %s where it was %s' % (what, got, sorted(allowed, key=str)))

    check('state', f['state'], states)
    check('result', now['authentication']['result'], results)
    check('mutual', f['mutual'], mutuals)
    check('credentials', now['cleartext_credentials'], {was['cleartext_credentials'], False})
    check('method', now['authentication']['method'], methods)
    check('resumed', f['resumed'], {e['resumed'], False})
    if e['by'] == 'quic':
        # Until the server's hello is there, the version is that of QUIC itself.
        check('version', f['version'], {e['version'], 'QUICv1', 'QUICv2', None})
    for key in ('by', 'cipher', 'group') + (() if e['by'] == 'quic' else ('version',)) + ('sni', 'alpn', 'alpn_offered', 'resumption', 'alert'):
        check(key, f[key], {e[key], None} | ({'esp'} if key == 'by' and e[key] == 'ike' else set()))
    for key in ('certificate', 'client_certificate'):
        check(key, (f[key] or {}).get('subject'), {(e[key] or {}).get('subject'), None})
    check('protocol', now['protocol'], {was['protocol'], 'unknown'} | WEAKER_PROTOCOL.get(was['protocol'], set()) | ({'tls'} if e['by'] == 'tls' else set()))
    # Of a leg that was not joined to the others, one end is a translated one.
    if now['direction_basis'] != 'port' and tuples(now)[0] in tuples(was):
        check('client', end(now['client']), {end(was['client'])})
    return out


def check_weaker(variant, before, after):
    known = collections.defaultdict(list)
    for flow in before:
        for pair in tuples(flow):
            known[pair].append(flow)
    out = []
    for flow in after:
        was = known.get(tuples(flow)[0], [])
        if not was:
            # Legs that the opening packet joined: known by one end that no translation touched.
            was = [f for f in before if f['server']['service_address'] and {end(f['client']), end(f['server'])} & set(tuples(flow)[0])]
            was = was or [f for f in before if f['client']['port'] in (flow['client']['port'], flow['server']['port'])]
        if not was:
            out.append('%s > %s: a flow of nothing' % (end(flow['client']), end(flow['server'])))
            continue
        tries = [weaker_flow(variant, w, flow) for w in was]
        best = min(tries, key=len)
        out += ['%s > %s (%s): %s' % (end(flow['client']), end(flow['server']), flow['protocol'], line) for line in best]
    return out


# Variants. Each function yields (name, content of the files) for a capture.

class Variant:
    def __init__(self, make, same, tunnel=None, moves_ports=False, shifts_time=False, reorders=False, prefix=False, most=1):
        self.make, self.same, self.tunnel, self.moves_ports, self.shifts_time, self.reorders, self.prefix = make, same, tunnel, moves_ports, shifts_time, reorders, prefix
        self.name = make.__name__.replace('_', ' ')
        self.most = most  # of this kind for a capture, unless --all


VARIANTS = []


def same(**how):
    return lambda make: VARIANTS.append(Variant(make, True, **how)) or make


def weaker(**how):
    return lambda make: VARIANTS.append(Variant(make, False, **how)) or make


class Capture:
    def __init__(self, path):
        self.path, self.name = path, os.path.relpath(path, PCAPS) if path.startswith(PCAPS) else os.path.basename(path)
        self.link, self.packets = read(path)
        self.segments = [segment_of(self.link, p) for p in self.packets]
        self.payload = sum(len(s.payload) for s in self.segments if s)
        self.before = []

    @property
    def seed(self):
        return zlib.crc32(self.name.encode())

    def file(self, packets):
        return [pcap(self.link, packets)]

    def rebuilt(self, segments):
        """A file of these: Segments, or Packets as they were."""
        return self.file([s if isinstance(s, Packet) else s.packet() for s in segments])

    def items(self):
        """Segments where packets are such, else the packets."""
        return [s or p for s, p in zip(self.segments, self.packets)]


@same()
def file_format(c):
    for order, word in (('<', 'little'), ('>', 'big')):
        yield word + ' pcap', [pcap(c.link, c.packets, order, nano=True)]
        yield word + ' pcapng', [pcapng(c.link, c.packets, order)]
    if all(p.time % 1000 == 0 for p in c.packets):
        yield 'big microseconds', [pcap(c.link, c.packets, '>', nano=False)]


@same()
def two_files(c):
    for part in (1, 2, 3):
        at = len(c.packets) * part // 4
        yield 'at %d' % at, [pcap(c.link, c.packets[:at]), pcap(c.link, c.packets[at:])]


@same()
def frames_changed(c):
    if c.link == ETHERNET:
        yield 'padded', c.file([p if p.original != len(p.data) else p.with_data(p.data + b'\x55' * 22) for p in c.packets])
        if all(p.original == len(p.data) for p in c.packets):
            yield '802.1Q', c.file([p.with_data(p.data[:12] + b'\x81\x00\x20\x07' + p.data[12:]) for p in c.packets])
            yield 'QinQ', c.file([p.with_data(p.data[:12] + b'\x88\xa8\x00\x09\x81\x00\x20\x07' + p.data[12:]) for p in c.packets])


def of_version(ip, four, six):
    return four if ip[0] >> 4 == 4 else six


def ip_only(c):
    """(packet, IP packet) of all that is IP and whole; nothing where some of it is not."""
    pairs = [(p, ip_of(c.link, p)) for p in c.packets]
    return [(p, ip) for p, ip in pairs if ip is not None] if all(p.original == len(p.data) for p in c.packets) else []


@same()
def other_link_type(c):
    pairs = ip_only(c)
    if not pairs:
        return
    yield 'raw', [pcap(RAW, [p.with_data(ip) for p, ip in pairs])]
    yield 'cooked', [pcap(SLL, [p.with_data(struct.pack('>HHH8s', 0, 1, 6, b'\2\0\0\0\0\1') + of_version(ip, b'\x08\x00', b'\x86\xdd') + ip) for p, ip in pairs])]
    yield 'cooked v2', [pcap(SLL2, [p.with_data(of_version(ip, b'\x08\x00', b'\x86\xdd') + struct.pack('>HIHBB8s', 0, 3, 1, 0, 6, b'\2\0\0\0\0\1') + ip) for p, ip in pairs])]
    yield 'loopback', [pcap(NULL, [p.with_data(struct.pack('<I', of_version(ip, 2, 30)) + ip) for p, ip in pairs])]


def in_tunnel(c, wrap):
    if any(f['tunnel'] for f in c.before):
        return
    pairs = ip_only(c)
    if pairs:
        mac = b'\2\0\0\0\0\2\2\0\0\0\0\1'
        out = [p.with_data(mac + b'\x08\x00' + wrap(n, ip, mac + of_version(ip, b'\x08\x00', b'\x86\xdd') + ip)) for n, (p, ip) in enumerate(pairs)]
        yield '', [pcap(ETHERNET, out)]


def outer(n, protocol, payload):
    return ipv4(b'\xac\x1f\0\1', b'\xac\x1f\0\2', protocol, payload, identification=n & 0xffff)


@same(tunnel='vxlan')
def inside_vxlan(c):
    return in_tunnel(c, lambda n, ip, frame: outer(n, UDP, udp(50000 + n % 999, 4789, b'\x08\0\0\0\0\0\7\0' + frame)))


@same(tunnel='geneve')
def inside_geneve(c):
    return in_tunnel(c, lambda n, ip, frame: outer(n, UDP, udp(50000 + n % 999, 6081, b'\2\0\x65\x58\0\0\7\0' + b'\1\2\x80\1abcd' + frame)))


@same(tunnel='gre')
def inside_gre(c):
    return in_tunnel(c, lambda n, ip, frame: outer(n, 47, b'\x20\0' + of_version(ip, b'\x08\x00', b'\x86\xdd') + b'\0\0\0\5' + ip))


@same(tunnel='ipip')
def inside_ip(c):
    return in_tunnel(c, lambda n, ip, frame: outer(n, of_version(ip, 4, 41), ip))


@same()
def every_packet_twice(c):
    yield '', c.file([p for p in c.packets for _ in (0, 1)])


def cut(s, size):
    """A segment as several smaller ones."""
    pieces = []
    for n, at in enumerate(range(0, len(s.payload), size)):
        last = at + size >= len(s.payload)
        pieces.append(s.copy(time=s.time + n, sequence=s.sequence + at, payload=s.payload[at:at + size], flags=s.flags if last else s.flags & ~(FIN | 8)))
    return pieces


@same()
def smaller_segments(c):
    for size in (1, 7, 100):
        if c.payload / size > 6000:
            continue
        out = []
        for s in c.items():
            whole = isinstance(s, Packet) or s.protocol != TCP or len(s.payload) <= size or s.flags & (SYN | RST | 32)
            out += [s] if whole else cut(s, size)
        yield '%d bytes' % size, c.rebuilt(out)


@same()
def larger_segments(c):
    out, last = [], {}
    for s in c.items():
        if isinstance(s, Packet) or s.protocol != TCP:
            out.append(s)
            continue
        before = last.get(s.ends)
        # Neighbours of one direction, nothing between them: as receive offload joins them.
        joins = before is not None and out and out[-1] is before and before.payload and s.payload and not (before.flags | s.flags) & (SYN | RST | 32) and not before.flags & FIN
        if joins and before.end == s.sequence and before.acknowledgement == s.acknowledgement and len(before.payload) + len(s.payload) < 60000:
            s = s.copy(time=before.time, sequence=before.sequence, payload=before.payload + s.payload, flags=before.flags | s.flags)
            out.pop()
        out.append(s)
        last[s.ends] = s
    yield '', c.rebuilt(out)


@same(reorders=True)
def ip_fragments(c):
    if c.payload > 200000:
        return
    for size, backwards in ((64, False), (256, True), (1024, False)):
        out = []
        for n, (p, s) in enumerate(zip(c.packets, c.segments)):
            if s is None or s.head[0] != 0x45 or len(s.ip()) - 20 <= size:
                out.append(p)
                continue
            ip = s.ip()
            pieces = []
            for at in range(0, len(ip) - 20, size):
                more = 0x2000 if at + size < len(ip) - 20 else 0
                pieces.append(Packet(p.time, s.link_header + ipv4(ip[12:16], ip[16:20], ip[9], ip[20 + at:20 + at + size], n + 1, more | at // 8, ip[8])))
            out += reversed(pieces) if backwards else pieces
        yield '%d bytes%s' % (size, ' backwards' if backwards else ''), c.file(out)


def shifted_options(options, delta):
    """Selective acknowledgements (RFC 2018) speak of sequence numbers too."""
    out, at = bytearray(options), 0
    while at < len(out) and out[at] != 0:
        if out[at] == 1:
            at += 1
            continue
        size = out[at + 1] if at + 1 < len(out) else 0
        if size < 2 or at + size > len(out):
            break
        if out[at] == 5:
            for edge in range(at + 2, at + size - 3, 4):
                struct.pack_into('>I', out, edge, struct.unpack_from('>I', out, edge)[0] + delta & 0xffffffff)
        at += size
    return bytes(out)


@same()
def sequence_numbers_that_wrap(c):
    """All of a direction by one amount, which its first number decides: the same on each leg of a connection."""
    for before in (1, 40, 700):
        delta, out = {}, []
        for s in c.items():
            if isinstance(s, Packet) or s.protocol != TCP:
                out.append(s)
                continue
            there = delta.setdefault(s.ends, -before - s.sequence)
            back = delta.setdefault(s.ends[::-1], -before - s.acknowledgement + bool(s.flags & SYN)) if s.flags & ACK else 0
            out.append(s.copy(sequence=s.sequence + there & 0xffffffff, acknowledgement=s.acknowledgement + back & 0xffffffff, options=shifted_options(s.options, back)))
        yield 'after %d' % before, c.rebuilt(out)


def with_ports(c, ports):
    out = []
    for s in c.items():
        if not isinstance(s, Packet):
            s = s.copy(source_port=ports.get(s.source_port, s.source_port), destination_port=ports.get(s.destination_port, s.destination_port))
        out.append(s)
    return c.rebuilt(out)


@same(moves_ports=True)
def other_client_ports(c):
    used = {s.source_port for s in c.segments if s} | {s.destination_port for s in c.segments if s}
    servers = {f['server']['port'] for f in c.before} | {int(f['server']['service_address'].rsplit(':', 1)[1]) for f in c.before if f['server']['service_address']}
    clients = {p for p in used if p not in servers and p > max(servers, default=0)}
    free = [p for p in range(max(servers, default=0) + 1, 65535) if p not in used]
    yield '', with_ports(c, dict(zip(sorted(clients), free[::max(1, len(free) // (len(clients) + 1))])))


@same(reorders=True)
def neighbours_exchanged(c):
    """Where the later packet does not answer the earlier: as two interfaces may record them."""
    for seed in range(3):
        rng, out = random.Random(c.seed + seed), c.items()
        n = 0
        while n + 1 < len(out):
            a, b = out[n], out[n + 1]
            free = not isinstance(a, Packet) and not isinstance(b, Packet) and a.protocol == b.protocol == TCP and a.connection == b.connection and a.source != b.source
            free = free and not (a.flags | b.flags) & (SYN | FIN | RST) and (b.acknowledgement - a.sequence & 0xffffffff) > 1 << 31 | 0
            free = free or (not isinstance(a, Packet) and not isinstance(b, Packet) and a.protocol == b.protocol == TCP and a.ends == b.ends and a.payload and b.payload and a.end == b.sequence and not (a.flags | b.flags) & (SYN | FIN | RST))
            if free and rng.random() < 0.7:
                out[n], out[n + 1] = b.copy(time=a.time), a.copy(time=b.time)
                n += 1
            n += 1
        yield 'seed %d' % seed, c.rebuilt(out)


@same()
def retransmissions(c):
    """Each segment with data again two packets later; also with other bytes, which nobody would take."""
    for garbage in (False, True):
        out, later = [], []
        for n, s in enumerate(c.items()):
            out.append(s)
            time = s.time
            out += [t.copy(time=time) for due, t in later if due == n and time - t.time < 10**9]
            if not isinstance(s, Packet) and s.protocol == TCP and s.payload and not s.flags & (SYN | RST):
                later.append((n + 2, s.with_identification(n + 20000).copy(payload=bytes(b ^ 0x5a for b in s.payload) if garbage else s.payload)))
        yield 'with other bytes' if garbage else 'as they were', c.rebuilt(out)


@same(shifts_time=True)
def other_years(c):
    for years, word in ((YEARS, 'later'), (-YEARS, 'earlier')):
        if all(0 <= p.time + years < 1 << 62 and (p.time + years) // 10**9 < 1 << 32 for p in c.packets):
            yield word, c.file([Packet(p.time + years, p.data, p.original) for p in c.packets])


@weaker(most=4)
def one_packet_lost(c):
    for n in range(min(len(c.packets), 400)):
        yield 'packet %d' % (n + 1), c.file(c.packets[:n] + c.packets[n + 1:])


@weaker(most=2)
def several_packets_lost(c):
    for seed in range(12):
        rng = random.Random(c.seed + seed)
        yield 'seed %d' % seed, c.file([p for p in c.packets if rng.random() >= (0.1, 0.25, 0.5)[seed % 3]])


@weaker(most=2)
def beginning_lost(c):
    for n in range(1, min(len(c.packets), 400)):
        yield 'first %d' % n, c.file(c.packets[n:])


@weaker(most=2, prefix=True)
def end_lost(c):
    for n in range(1, min(len(c.packets), 400)):
        yield 'after %d' % n, c.file(c.packets[:n])


@weaker(most=2)
def hole(c):
    """Several packets in a row lost: a burst."""
    for n in range(0, min(len(c.packets), 400), 2):
        for size in (2, 3, 5):
            yield '%d from %d' % (size, n + 1), c.file(c.packets[:n] + c.packets[n + size:])


@weaker()
def one_direction(c):
    clients = {(f['client']['ip'], f['client']['port']) for f in c.before}
    ports = {p for _, p in clients}
    for client in (True, False):
        yield 'client' if client else 'server', c.file([p for p, s in zip(c.packets, c.segments) if s is None or (s.source_port in ports) == client])


@weaker(most=2)
def snapshot_length(c):
    for size in (64, 96, 128, 256, 600):
        yield '%d bytes' % size, c.file([Packet(p.time, p.data[:size], p.original) for p in c.packets])


@weaker()
def openings_lost(c):
    for flags in (SYN, SYN | ACK):
        yield 'SYN' if flags == SYN else 'SYN and its answer', c.file(
            [p for p, s in zip(c.packets, c.segments) if s is None or s.protocol != TCP or not s.flags & SYN or (s.flags & ACK and flags == SYN)])


# The test.

def captures(folders):
    for folder in folders:
        for root, _, names in sorted(os.walk(folder)):
            for name in sorted(names):
                if name.endswith(('.pcap', '.pcapng')):
                    yield os.path.join(root, name)


def sample(variant, c, options):
    """All, or of a few captures a few of each kind; always the same."""
    rng = random.Random(c.seed ^ zlib.crc32(variant.name.encode()))
    if not options.all and rng.random() < 0.85:
        return []
    made = list(variant.make(c))
    return made if options.all or len(made) <= variant.most else rng.sample(made, variant.most)


def check(variant, c, name, contents, options, folder):
    paths = []
    for content in contents:
        handle, path = tempfile.mkstemp(dir=folder)
        with os.fdopen(handle, 'wb') as f:
            f.write(content)
        paths.append(path)
    try:
        after = analyze(paths, options)
    except (RuntimeError, subprocess.TimeoutExpired, ValueError) as e:
        return [str(e)]
    finally:
        for path in paths:
            os.unlink(path)
    return (check_same if variant.same else check_weaker)(variant, c.before, after)


def one_capture(path, options, folder):
    c, found = Capture(path), collections.defaultdict(list)
    counts = collections.Counter()
    if not c.packets:
        return counts, found
    c.before = analyze([path], options)
    for variant in VARIANTS:
        if options.only and options.only not in variant.name:
            continue
        for name, contents in sample(variant, c, options):
            if options.name and options.name != name:
                continue
            counts[variant.name] += 1
            if options.keep:
                for n, content in enumerate(contents):
                    with open(options.keep + ('.%d' % n if n else ''), 'wb') as f:
                        f.write(content)
            for line in check(variant, c, name, contents, options, folder):
                found[variant.name].append('%s, %s: %s' % (c.name, name, line))
    return counts, found


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('captures', nargs='*', help='captures, or folders of them, instead of ours')
    p.add_argument('--all', action='store_true', help='every variant')
    p.add_argument('--only', help='variants whose kind has this in its name')
    p.add_argument('--name', help='the variant of exactly this name')
    p.add_argument('--keep', help='write the variant to this file')
    p.add_argument('--ndpi', default='off')
    p.add_argument('--list', help='write all that is wrong to this file')
    options = p.parse_args()
    given = options.captures or [PCAPS]
    paths = [path for g in given for path in ([g] if os.path.isfile(g) else captures([g]))]
    counts, found = collections.Counter(), collections.defaultdict(list)
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ProcessPoolExecutor(max_workers=2) as pool:
        for some, wrong in pool.map(one_capture, paths, [options] * len(paths), [folder] * len(paths)):
            counts.update(some)
            for kind, lines in wrong.items():
                found[kind] += lines
    for variant in VARIANTS:
        if counts[variant.name]:
            lines = found[variant.name]
            ok(not lines, '%s verdicts: %s (%d variants)' % ('the same' if variant.same else 'no stronger', variant.name, counts[variant.name]),
               '\n'.join(['%d wrong' % len(lines)] + lines))
            if options.list:
                with open(options.list, 'a', encoding='utf-8') as f:
                    f.writelines('%s: %s\n' % (variant.name, line) for line in lines)
    done()


if __name__ == '__main__':
    main()
