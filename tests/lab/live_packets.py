# SPDX-License-Identifier: Apache-2.0
"""Reads what tcpdump of the live lab wrote, and cuts a capture of all devices by what the sensor would capture."""
import collections
import ipaddress
import struct

Packet = collections.namedtuple('Packet', 'protocol source source_port target target_port size interface outgoing')


def frames(path):
    """(record with its header, link type, bytes) of each packet of a pcap file; the file's own header first."""
    with open(path, 'rb') as f:
        data = f.read()
    order = '<' if data[:4] in (b'\xd4\xc3\xb2\xa1', b'\x4d\x3c\xb2\xa1') else '>'
    link = struct.unpack(order + 'I', data[20:24])[0]
    yield data[:24], link, b''
    at = 24
    while at + 16 <= len(data):
        size = struct.unpack(order + 'I', data[at + 8:at + 12])[0]
        yield data[at:at + 16 + size], link, data[at + 16:at + 16 + size]
        at += 16 + size


def read_packet(link, data):
    """A Packet of TCP or UDP, else None. Sizes are of IP packets."""
    interface, outgoing = 0, False
    if link == 276:  # LINUX_SLL2
        kind, interface, outgoing = int.from_bytes(data[:2], 'big'), int.from_bytes(data[4:8], 'big'), data[10] == 4
        data = data[20:]
    else:
        kind, data = int.from_bytes(data[12:14], 'big'), data[14:]
    if kind == 0x0800:
        protocol, header, size = data[9], (data[0] & 15) * 4, int.from_bytes(data[2:4], 'big')
        source, target = ipaddress.ip_address(data[12:16]), ipaddress.ip_address(data[16:20])
        if int.from_bytes(data[6:8], 'big') & 0x1fff:
            return None
    elif kind == 0x86dd:
        protocol, header, size = data[6], 40, 40 + int.from_bytes(data[4:6], 'big')
        source, target = ipaddress.ip_address(data[8:24]), ipaddress.ip_address(data[24:40])
    else:
        return None
    if protocol not in (6, 17) or len(data) < header + 4:
        return None
    ports = struct.unpack('>HH', data[header:header + 4])
    return Packet({6: 'tcp', 17: 'udp'}[protocol], str(source), ports[0], str(target), ports[1], size, interface, outgoing)


def read_packets(path):
    return [p for p in (read_packet(link, data) for _, link, data in list(frames(path))[1:]) if p]


def cut_by_plan(path, plan, target):
    """Writes only those frames of a capture on all devices that the plan lets through."""
    with open(target, 'wb') as out:
        for whole, _, data in frames(path):
            if not data:
                out.write(whole)
                continue
            directions = plan.get(int.from_bytes(data[4:8], 'big'), '')
            if ('out' if data[10] == 4 else 'in') in directions.split():
                out.write(whole)
    return target


def counted(packets, source_port=None, target_port=None, protocol='tcp'):
    found = [p.size for p in packets if p.protocol == protocol and (source_port is None or p.source_port == source_port) and (target_port is None or p.target_port == target_port)]
    return len(found), sum(found)
