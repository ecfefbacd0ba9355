#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""ESP and AH by their protocol numbers, made from RFC 4303, 4302 and 2410 with a key of its own: FOLDER.

Writes captures, and their rows of truth.tsv to standard output.
"""
import hashlib
import hmac
import os
import random
import struct
import sys

RANDOM = random.Random(4303)
A, B = '192.0.2.1', '192.0.2.2'
KEY = b'made up'


def address(text):
    return bytes(int(part) for part in text.split('.'))


def checksum(data):
    total = sum(struct.unpack('>%dH' % (len(data + b'\0') // 2), (data + b'\0')[:len(data + b'\0') // 2 * 2]))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def ipv4(source, destination, protocol, payload, number):
    head = struct.pack('>BBHHHBBH', 0x45, 0, 20 + len(payload), number, 0x4000, 64, protocol, 0) + address(source) + address(destination)
    return head[:10] + struct.pack('>H', checksum(head)) + head[12:] + payload


def ping(kind, sequence):
    body = struct.pack('>HH', 77, sequence) + bytes(range(16, 64))
    return struct.pack('>BBH', kind, 0, checksum(struct.pack('>BBH', kind, 0, 0) + body)) + body


def udp(source, destination, payload):
    return struct.pack('>HHHH', source, destination, 8 + len(payload), 0) + payload


def tcp(source, destination, sequence, payload):
    return struct.pack('>HHIIHHHH', source, destination, sequence, 9, 0x5018, 500, 0x1234, 0) + payload


def esp_null(spi, sequence, protocol, payload, icv, iv=b''):
    padding = -(len(payload) + 2) % 4
    packet = struct.pack('>II', spi, sequence) + iv + payload + bytes(range(1, padding + 1)) + bytes([padding, protocol])
    return packet + hmac.new(KEY, packet, hashlib.sha256).digest()[:icv]


def esp_sealed(spi, sequence, size):
    return struct.pack('>II', spi, sequence) + RANDOM.randbytes(size)


def ah(spi, sequence, protocol, payload):
    head = struct.pack('>BBHII', protocol, 4, 0, spi, sequence)
    return head + hmac.new(KEY, head + payload, hashlib.sha256).digest()[:12] + payload


def write(name, packets):
    with open(os.path.join(sys.argv[1], name), 'wb') as f:
        f.write(struct.pack('<IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, 65535, 101))
        for number, packet in enumerate(packets):
            f.write(struct.pack('<IIII', 1750000000 + number // 10, number % 10 * 100000, len(packet), len(packet)) + packet)


def row(name, proto, transport, encrypted, notes, client=A, server=B, auth='unknown'):
    print('\t'.join([name, 'podwire:tests/lab/ipsec_packets.py', proto, client, server, transport, encrypted, '-', '-', auth, '-', 'no', notes, '-']))


def both(name, proto, number, encrypted, notes, make):
    """Eight packets to and fro; make(direction, sequence) gives what IP carries."""
    ends = [(A, B), (B, A)]
    write(name, [ipv4(*ends[i % 2], number, make(i % 2, i // 2 + 1), i + 1) for i in range(8)])
    row(name, proto, proto, encrypted, notes)


SPI = (0xc1d2e3f4, 0xc5d6e7f8)
both('esp-encrypted.pcap', 'esp', 50, 'yes', 'AES-CBC and HMAC-SHA-256-128 by its sizes', lambda d, n: esp_sealed(SPI[d], n, 16 + 96 + 16))
both('esp-encrypted-small.pcap', 'esp', 50, 'yes', 'AES-GCM by its sizes', lambda d, n: esp_sealed(SPI[d], n, 8 + 20 + 16))
both('esp-null-ping.pcap', 'esp', 50, 'no', 'ESP-NULL, HMAC-SHA-1-96, transport mode: ICMP', lambda d, n: esp_null(SPI[d], n, 1, ping(0 if d else 8, n), 12))
both('esp-null-udp.pcap', 'esp', 50, 'no', 'ESP-NULL, HMAC-SHA-256-128: UDP', lambda d, n: esp_null(SPI[d], n, 17, udp(53 if d else 40000, 40000 if d else 53, RANDOM.randbytes(40)), 16))
both('esp-null-tcp-gmac.pcap', 'esp', 50, 'no', 'ENCR_NULL_AUTH_AES_GMAC: an IV of 8 bytes before TCP', lambda d, n: esp_null(SPI[d], n, 6, tcp(80 if d else 40000, 40000 if d else 80, n * 100, RANDOM.randbytes(100)), 16, RANDOM.randbytes(8)))
both('esp-null-tunnel.pcap', 'esp', 50, 'no', 'ESP-NULL, tunnel mode', lambda d, n: esp_null(SPI[d], n, 4, ipv4('10.9.0.%d' % (1 + d), '10.9.0.%d' % (2 - d), 1, ping(0 if d else 8, n), n), 12))
both('ah-ping.pcap', 'ah', 51, 'no', 'AH, transport mode: ICMP', lambda d, n: ah(SPI[d], n, 1, ping(0 if d else 8, n)))
