#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Opens a WebSocket, says two words, prints what comes back. usage: websocket_client.py ADDRESS PORT [TOKEN]"""
import socket
import struct
import sys

MASK = b'\x3a\x91\x5c\x07'


def frame(opcode, data):
    return struct.pack('!BB', 0x80 | opcode, 0x80 | len(data)) + MASK + bytes(b ^ MASK[i % 4] for i, b in enumerate(data))


def main():
    connection = socket.create_connection((sys.argv[1], int(sys.argv[2])))
    request = ['GET /socket HTTP/1.1', 'Host: %s:%s' % (sys.argv[1], sys.argv[2]), 'Upgrade: websocket', 'Connection: Upgrade',
               'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Version: 13']
    if len(sys.argv) > 3:
        request.append('Authorization: Bearer ' + sys.argv[3])
    connection.sendall(('\r\n'.join(request) + '\r\n\r\n').encode())
    stream = connection.makefile('rb')
    while stream.readline().strip():
        pass
    for opcode, data in ((1, b'thyme'), (1, b'rosemary'), (8, struct.pack('!H', 1000))):
        connection.sendall(frame(opcode, data))
        head = stream.read(2)
        answer = stream.read(head[1])
        if opcode == 1:
            print(answer.decode())


main()
