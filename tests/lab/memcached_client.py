#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Sends commands to memcached and prints the answers: memcached_client.py ADDRESS PORT STEP...

A step is a line of text, with its block of data behind a bar; "binary:get", "binary:version", "binary:list",
"binary:plain=USER:PASSWORD"; before them "udp", or "tls:VERSION[:CERTIFICATE:KEY]".
"""
import socket
import ssl
import struct
import sys


def binary(word):
    name, _, rest = word.partition('=')
    opcode, key, value = {'get': (0, b'fruit:0', b''), 'version': (0x0b, b'', b''), 'list': (0x20, b'', b''),
                          'plain': (0x21, b'PLAIN', b'\0' + rest.replace(':', '\0').encode())}[name]
    return struct.pack('>BBHBBHIIQ', 0x80, opcode, len(key), 0, 0, 0, len(key) + len(value), 7, 0) + key + value


address, steps, kind, number = (sys.argv[1], int(sys.argv[2])), sys.argv[3:], socket.SOCK_STREAM, 0
if steps[0] == 'udp':
    kind, steps = socket.SOCK_DGRAM, steps[1:]
connection = socket.socket(socket.AF_INET, kind)
connection.connect(address)
connection.settimeout(0.5 if kind == socket.SOCK_DGRAM else 12)  # SASL asks for the name of its host
if steps[0].startswith('tls:'):
    version, *identity = steps.pop(0).split(':')[1:]
    context = ssl._create_unverified_context()
    context.maximum_version = ssl.TLSVersion.TLSv1_2 if version == '1.2' else ssl.TLSVersion.TLSv1_3
    if identity:
        context.load_cert_chain(*identity)
    connection = context.wrap_socket(connection)
for step in steps:
    if step.startswith('binary:'):
        message = binary(step[7:])
    else:
        line, bar, block = step.partition('|')
        message = (line + '\r\n' + (block + '\r\n' if bar else '')).encode()
    if kind == socket.SOCK_DGRAM:
        number += 1
        message = struct.pack('>HHHH', number, 0, 1, 0) + message
    connection.sendall(message)
    try:
        answer = connection.recv(65536)
    except socket.timeout:
        continue
    if step.startswith('binary:') and len(answer) >= 24:
        print('status 0x%02x' % struct.unpack_from('>H', answer, 6), answer[24:])
    else:
        print(answer.decode('latin-1'))
connection.close()
