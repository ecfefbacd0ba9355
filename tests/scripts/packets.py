# SPDX-License-Identifier: Apache-2.0
"""Captures read, taken apart, put together again and written: what tests need to make variants of them."""
import struct

ETHERNET, RAW, SLL, SLL2, NULL = 1, 101, 113, 276, 0
TCP, UDP = 6, 17
FIN, SYN, RST, PSH, ACK, URG = 1, 2, 4, 8, 16, 32


class Packet:
    """One packet of a capture: nanoseconds since 1970, the bytes kept, and how many there were."""

    def __init__(self, time, data, original=None):
        self.time, self.data = time, bytes(data)
        self.original = len(self.data) if original is None else original

    def with_data(self, data):
        return Packet(self.time, data)


# Files.

def _read_pcap(data, order, nano):
    link, = struct.unpack_from(order + 'I', data, 20)
    at, packets = 24, []
    while at + 16 <= len(data):
        seconds, fraction, kept, original = struct.unpack_from(order + 'IIII', data, at)
        packets.append(Packet(seconds * 10**9 + fraction * (1 if nano else 1000), data[at + 16:at + 16 + kept], original))
        at += 16 + kept
    return link & 0xffff, packets


def _resolution(options, order):
    """Ticks per second: if_tsresol, microseconds unless told."""
    while len(options) >= 4:
        code, size = struct.unpack_from(order + 'HH', options)
        if code == 0:
            break
        if code == 9:
            return 2**(options[4] & 127) if options[4] & 128 else 10**options[4]
        options = options[4 + (size + 3 & ~3):]
    return 10**6


def _read_pcapng(data):
    order, links, ticks, packets, at = '<', [], [], [], 0
    while at + 12 <= len(data):
        if data[at:at + 4] == b'\x0a\x0d\x0d\x0a':
            order = '<' if data[at + 8:at + 12] == b'\x4d\x3c\x2b\x1a' else '>'
        kind, size = struct.unpack_from(order + 'II', data, at)
        body = data[at + 8:at + size - 4]
        if kind == 1:
            links.append(struct.unpack_from(order + 'H', body)[0])
            ticks.append(_resolution(body[8:], order))
        elif kind == 6:
            interface, high, low, kept, original = struct.unpack_from(order + 'IIIII', body)
            packets.append((links[interface], Packet((high << 32 | low) * 10**9 // ticks[interface], body[20:20 + kept], original)))
        at += max(size, 12)
    if len({link for link, _ in packets}) != 1:
        return None, []
    return packets[0][0], [p for _, p in packets]


def read(path):
    """(link type, packets); no packets where it is no capture of one link type."""
    with open(path, 'rb') as f:
        data = f.read()
    for order in '<>':
        for magic, nano in ((0xa1b2c3d4, False), (0xa1b23c4d, True)):
            if data[:4] == struct.pack(order + 'I', magic):
                return _read_pcap(data, order, nano)
    return _read_pcapng(data) if data[:4] == b'\x0a\x0d\x0d\x0a' else (None, [])


def pcap(link, packets, order='<', nano=True):
    out = [struct.pack(order + 'IHHiIII', 0xa1b23c4d if nano else 0xa1b2c3d4, 2, 4, 0, 0, 262144, link)]
    for p in packets:
        fraction = p.time % 10**9 // (1 if nano else 1000)
        out.append(struct.pack(order + 'IIII', p.time // 10**9, fraction, len(p.data), p.original) + p.data)
    return b''.join(out)


def pcapng(link, packets, order='<'):
    def block(kind, body):
        body += bytes(-len(body) % 4)
        return struct.pack(order + 'II', kind, len(body) + 12) + body + struct.pack(order + 'I', len(body) + 12)

    resolution = struct.pack(order + 'HHB3xHH', 9, 1, 9, 0, 0)
    out = [block(0x0a0d0d0a, struct.pack(order + 'IHHq', 0x1a2b3c4d, 1, 0, -1)), block(1, struct.pack(order + 'HHI', link, 0, 0) + resolution)]
    for p in packets:
        out.append(block(6, struct.pack(order + 'IIIII', 0, p.time >> 32, p.time & 0xffffffff, len(p.data), p.original) + p.data))
    return b''.join(out)


# Packets taken apart.

def ip_offset(link, data):
    """Where IP begins, or None."""
    if link == ETHERNET:
        at = 12
        while data[at:at + 2] in (b'\x81\x00', b'\x88\xa8'):
            at += 4
        return at + 2 if data[at:at + 2] in (b'\x08\x00', b'\x86\xdd') else None
    if link == SLL:
        return 16 if data[14:16] in (b'\x08\x00', b'\x86\xdd') else None
    if link == SLL2:
        return 20 if data[0:2] in (b'\x08\x00', b'\x86\xdd') else None
    if link == NULL:
        return 4 if len(data) > 24 and data[4] >> 4 in (4, 6) else None
    if link in (RAW, 12, 228, 229):
        return 0 if len(data) > 20 and data[0] >> 4 in (4, 6) else None
    return None


def checksum(data):
    data += bytes(len(data) % 2)
    total = sum(struct.unpack('>%dH' % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def ip_of(link, p):
    """The IP packet, whole and without padding; else None."""
    at = ip_offset(link, p.data)
    if at is None or len(p.data) < at + 20 or p.original != len(p.data):
        return None
    version = p.data[at] >> 4
    size = struct.unpack_from('>H', p.data, at + 2)[0] if version == 4 else 40 + struct.unpack_from('>H', p.data, at + 4)[0]
    return p.data[at:at + size] if 20 <= size <= len(p.data) - at else None


def ipv4(source, destination, protocol, payload, identification=0, flags=0, ttl=64):
    head = struct.pack('>BBHHHBBH', 0x45, 0, 20 + len(payload), identification, flags, ttl, protocol, 0) + source + destination
    return head[:10] + struct.pack('>H', checksum(head)) + head[12:] + payload


def udp(source_port, destination_port, payload):
    return struct.pack('>HHHH', source_port, destination_port, 8 + len(payload), 0) + payload


class Segment:
    """A TCP segment or UDP datagram whose every byte is there; to be changed and put together again."""

    def __init__(self, packet, link_header, head, addresses, protocol, transport):
        self.time, self.link_header, self.head, self.protocol = packet.time, link_header, head, protocol
        self.source, self.destination = addresses
        self.source_port, self.destination_port = struct.unpack_from('>HH', transport)
        if protocol == TCP:
            self.sequence, self.acknowledgement = struct.unpack_from('>II', transport, 4)
            self.flags = transport[13]
            self.window_and_urgent = transport[14:20]
            offset = (transport[12] >> 4) * 4
            self.options, self.payload = transport[20:offset], transport[offset:]
        else:
            self.payload = transport[8:struct.unpack_from('>H', transport, 4)[0]]

    def copy(self, **changes):
        other = Segment.__new__(Segment)
        other.__dict__.update(self.__dict__, **changes)
        return other

    @property
    def ends(self):
        return (self.source, self.source_port), (self.destination, self.destination_port)

    @property
    def connection(self):
        return (self.protocol,) + tuple(sorted(self.ends))

    @property
    def end(self):
        return self.sequence + len(self.payload) + bool(self.flags & (SYN | FIN)) & 0xffffffff

    def ip(self):
        ports = struct.pack('>HH', self.source_port, self.destination_port)
        if self.protocol == TCP:
            offset = (20 + len(self.options)) // 4
            transport = ports + struct.pack('>IIBB', self.sequence & 0xffffffff, self.acknowledgement & 0xffffffff, offset << 4, self.flags) + self.window_and_urgent + self.options + self.payload
        else:
            transport = ports + struct.pack('>HH', 8 + len(self.payload), 0) + self.payload
        if self.head[0] >> 4 == 6:
            return self.head[:4] + struct.pack('>H', len(transport)) + self.head[6:] + transport
        head = self.head[:2] + struct.pack('>H', len(self.head) + len(transport)) + self.head[4:10] + bytes(2) + self.head[12:]
        return head[:10] + struct.pack('>H', checksum(head)) + head[12:] + transport

    def with_identification(self, identification):
        """IPv4 only: IPv6 has none."""
        if self.head[0] >> 4 == 6:
            return self
        return self.copy(head=self.head[:4] + struct.pack('>H', identification & 0xffff) + self.head[6:])

    def packet(self):
        return Packet(self.time, self.link_header + self.ip())


def segment_of(link, p):
    """The packet as a Segment; None where it is something else, a fragment, or cut."""
    ip = ip_of(link, p)
    if ip is None:
        return None
    if ip[0] >> 4 == 4:
        size, protocol = (ip[0] & 15) * 4, ip[9]
        addresses = ip[12:16], ip[16:20]
        if struct.unpack_from('>H', ip, 6)[0] & 0x3fff:
            return None
    else:
        size, protocol = 40, ip[6]
        addresses = ip[8:24], ip[24:40]
    rest = ip[size:]
    if protocol == TCP and len(rest) >= 20 and 20 <= (rest[12] >> 4) * 4 <= len(rest):
        return Segment(p, p.data[:ip_offset(link, p.data)], ip[:size], addresses, TCP, rest)
    if protocol == UDP and len(rest) >= 8 and 8 <= struct.unpack_from('>H', rest, 4)[0] <= len(rest):
        return Segment(p, p.data[:ip_offset(link, p.data)], ip[:size], addresses, UDP, rest)
    return None
