#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the large captures of the benchmark from the small ones in pcaps/.

  mix.pcap        many short real flows: every TCP and UDP connection of our own captures again and
                  again, with other addresses and ports, a few hundred of them interleaved at a time
  long.pcap       a few long flows: TLS and plaintext connections of ours, their last data gone on with
  half-open.pcap  SYNs that nobody answers, each from another address
"""
import argparse
import os
import random
import struct


def read_pcap(path):
    """The Ethernet IPv4 packets of a little-endian microsecond pcap: (seconds, bytes)."""
    with open(path, 'rb') as f:
        data = f.read()
    magic, = struct.unpack_from('<I', data, 0)
    link, = struct.unpack_from('<I', data, 20)
    if magic not in (0xa1b2c3d4, 0xa1b23c4d) or link != 1:
        return
    scale = 1e-6 if magic == 0xa1b2c3d4 else 1e-9
    at = 24
    while at + 16 <= len(data):
        seconds, fraction, captured, original = struct.unpack_from('<IIII', data, at)
        if captured == original:
            yield seconds + fraction * scale, data[at + 16:at + 16 + captured]
        at += 16 + captured


def connections(folder):
    """The connections of all captures below folder, as lists of (seconds since its start, frame)."""
    found = []
    for root, _, names in sorted(os.walk(folder)):
        if os.path.basename(root) == 'bridge':
            continue  # copies and legs of one connection: not many connections
        for name in sorted(names):
            if not name.endswith('.pcap'):
                continue
            flows = {}
            for when, frame in read_pcap(os.path.join(root, name)):
                if len(frame) < 34 or frame[12:14] != b'\x08\x00' or frame[14] != 0x45 or frame[23] not in (6, 17):
                    continue
                ends = (frame[26:30] + frame[34:36], frame[30:34] + frame[36:38])
                flows.setdefault((frame[23],) + tuple(sorted(ends)), []).append((when, frame))
            for packets in flows.values():
                if len(packets) >= 2:
                    start = packets[0][0]
                    found.append([(when - start, frame) for when, frame in packets])
    return found


def moved(frame, client, mask, port):
    """The frame with both addresses' middle bits and the client's port changed, the same for a whole connection."""
    b = bytearray(frame)
    for at in (26, 30):
        address = struct.unpack_from('>I', b, at)[0] ^ mask
        struct.pack_into('>I', b, at, address)
    at = 34 if bytes(frame[26:30]) + bytes(frame[34:36]) == client else 36
    struct.pack_into('>H', b, at, port)
    return bytes(b)


class Writer:
    def __init__(self, path):
        self.file = open(path, 'wb')
        self.file.write(struct.pack('<IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, 262144, 1))

    def packet(self, when, frame):
        self.file.write(struct.pack('<IIII', int(when), int(when % 1 * 1e6), len(frame), len(frame)) + frame)

    def close(self):
        self.file.close()


def make_mix(path, flows, count):
    rng = random.Random(1)
    events = []
    for n in range(count):
        packets = flows[n % len(flows)]
        first = packets[0][1]
        client = bytes(first[26:30]) + bytes(first[34:36])
        mask = (n // len(flows) + 1) << 8 & 0x00ffff00
        start = 1750000000 + n * 0.0005 + rng.random() * 0.05
        port = 20000 + n % 40000
        events.extend((start + when, n, i, client, mask, port) for i, (when, _) in enumerate(packets))
    events.sort(key=lambda e: (e[0], e[1], e[2]))
    w = Writer(path)
    for when, n, i, client, mask, port in events:
        w.packet(when, moved(flows[n % len(flows)][i][1], client, mask, port))
    w.close()
    return len(events), count


def make_long(path, flows, packets_each):
    """Four connections that carried data both ways, prolonged by full segments and acknowledgements."""
    chosen = sorted((f for f in flows if f[0][1][23] == 6 and len(f) > 12), key=len, reverse=True)[:4]
    rng = random.Random(2)
    lanes, total = [], 0
    for n, flow in enumerate(chosen):
        client = bytes(flow[0][1][26:30]) + bytes(flow[0][1][34:36])
        # Up to the FIN: then the server's data goes on.
        head = [f for _, f in flow if not f[14 + 20 + 13] & 5]
        server = [f for f in head if bytes(f[26:30]) + bytes(f[34:36]) != client]
        end = 0
        for f in server:
            size = struct.unpack_from('>H', f, 16)[0] - 20 - (f[46] >> 4) * 4
            end = struct.unpack_from('>I', f, 38)[0] + size if size > 0 else end
        ack = next(f for f in reversed(head) if bytes(f[26:30]) + bytes(f[34:36]) == client)
        lanes.append([head, server[-1][:54], ack[:54], end, n])
    w = Writer(path)
    when = 1750000000.0
    for lane in lanes:
        for f in lane[0]:
            w.packet(when, f)
            when += 1e-5
            total += 1
    body = rng.randbytes(1448)
    for i in range(packets_each):
        for lane in lanes:
            base, ack, end = bytearray(lane[1]), bytearray(lane[2]), lane[3]
            base[46] = ack[46] = 0x50
            base[47] = ack[47] = 0x10
            if i % 3 == 2:
                struct.pack_into('>HH', ack, 16, 40, i & 0xffff)
                struct.pack_into('>I', ack, 42, end & 0xffffffff)
                w.packet(when, bytes(ack))
            else:
                struct.pack_into('>HH', base, 16, 40 + len(body), i & 0xffff)
                struct.pack_into('>I', base, 38, end & 0xffffffff)
                w.packet(when, bytes(base) + body)
                lane[3] = end + len(body)
            when += 1e-5
            total += 1
    w.close()
    return total, len(lanes)


def make_half_open(path, count):
    rng = random.Random(3)
    w = Writer(path)
    frame = bytearray(bytes.fromhex('020000000002020000000001 0800 4500003c 0000 4000 4006 0000 00000000 0a2a000c'.replace(' ', '')) +
                      bytes(2) + struct.pack('>H', 443) + bytes(8) + bytes.fromhex('a002faf0 0000 0000 020405b40402080a0000000000000000 01030307'.replace(' ', '')))
    for n in range(count):
        struct.pack_into('>H', frame, 18, rng.randrange(65536))
        struct.pack_into('>I', frame, 26, 0x0b000000 + n)
        struct.pack_into('>H', frame, 34, rng.randrange(1024, 65536))
        struct.pack_into('>I', frame, 38, rng.randrange(1 << 32))
        w.packet(1750000000 + n * 2e-5, bytes(frame))
    w.close()
    return count, count


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('pcaps')
    p.add_argument('folder')
    p.add_argument('--scale', type=float, default=1.0)
    a = p.parse_args()
    flows = connections(a.pcaps)
    for name, made in (('mix', make_mix(os.path.join(a.folder, 'mix.pcap'), flows, int(60000 * a.scale))),
                       ('long', make_long(os.path.join(a.folder, 'long.pcap'), flows, int(75000 * a.scale))),
                       ('half-open', make_half_open(os.path.join(a.folder, 'half-open.pcap'), int(500000 * a.scale)))):
        print('%s.pcap: %d packets, %d flows' % ((name,) + made))


if __name__ == '__main__':
    main()
