#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A STOMP client, in raw bytes, over TCP, TLS or WebSocket; or stomp.py. usage: stomp_client.py [OPTION=VALUE]... ADDRESS PORT FRAME...

A FRAME is "COMMAND|header:value|...|" and the body behind the last bar; "sleep:SECONDS" waits. After CONNECT, STOMP and what has a receipt, or is said
to be answered by a "?" before the command, one frame is awaited; not where there is a "!". Options: ca=FILE, cert=FILE and key=FILE, tls12=1,
websocket=PATH, authorization=VALUE (of the upgrade), binary=1. Prints what the server says.
With library=VERSION it is stomp.py that sends and receives a message, in place of frames: ADDRESS PORT USER PASSWORD [MILLISECONDS of heart-beats]."""
import os
import socket
import ssl
import struct
import sys
import time


class Plain:
    """Bytes as they are."""

    def __init__(self, connection):
        self.connection = connection

    def send(self, data):
        self.connection.sendall(data)

    def receive(self):
        return self.connection.recv(65536) or None


class WebSocket(Plain):
    """Messages of RFC 6455, each sent in a masked frame of its own."""

    def __init__(self, connection, path, host, authorization, opcode):
        super().__init__(connection)
        self.opcode = opcode
        self.stream = connection.makefile('rb')
        request = ['GET %s HTTP/1.1' % path, 'Host: ' + host, 'Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
                   'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Protocol: v12.stomp']
        if authorization:
            request.append('Authorization: ' + authorization)
        connection.sendall(('\r\n'.join(request) + '\r\n\r\n').encode())
        print(self.stream.readline().decode().strip())
        while self.stream.readline().strip():
            pass

    def send(self, data):
        mask = os.urandom(4)
        size = struct.pack('!B', 0x80 | len(data)) if len(data) < 126 else struct.pack('!BH', 0x80 | 126, len(data))
        self.connection.sendall(struct.pack('!B', 0x80 | self.opcode) + size + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(data)))

    def receive(self):
        head = self.stream.read(2)
        if len(head) < 2:
            return None
        size = head[1] & 0x7f
        if size == 126:
            size = struct.unpack('!H', self.stream.read(2))[0]
        data = self.stream.read(size)
        return None if head[0] & 15 == 8 else data


def await_frame(link, receipt=None):
    """Prints what comes until a frame has ended: with a receipt the one that brings it, or an error. False where the server has closed."""
    seen = b''
    while True:
        try:
            data = link.receive()
        except (socket.timeout, ConnectionError, ssl.SSLError) as error:
            print(type(error).__name__)
            return False
        if data is None:
            return False
        sys.stdout.write(data.decode('utf-8', 'replace').replace('\0', '\n'))
        seen += data
        frames = seen.split(b'\0')[:-1]
        if receipt is None and frames:
            return True
        if any(b'receipt-id:' + receipt in frame or frame.lstrip().startswith(b'ERROR') for frame in frames if receipt):
            return True


def open_link(options, address, port):
    connection = socket.create_connection((address, int(port)))
    connection.settimeout(20)
    if 'ca' in options:
        context = ssl.create_default_context(cafile=options['ca'])
        if 'cert' in options:
            context.load_cert_chain(options['cert'], options['key'])
        if 'tls12' in options:
            context.maximum_version = ssl.TLSVersion.TLSv1_2
        connection = context.wrap_socket(connection, server_hostname='stomp.example')
    if 'websocket' not in options:
        return Plain(connection)
    return WebSocket(connection, options['websocket'], '%s:%s' % (address, port), options.get('authorization'), 2 if 'binary' in options else 1)


def by_library(version, address, port, user, password, beat=0):
    import stomp
    connection = {'1.0': stomp.Connection10, '1.1': stomp.Connection11, '1.2': stomp.Connection12}[version]
    more = {} if version == '1.0' else {'heartbeats': (int(beat), int(beat)), 'vhost': '/'}
    connection = connection([(address, int(port))], reconnect_attempts_max=1, **more)

    class Listener(stomp.ConnectionListener):
        def on_message(self, frame):
            print('message', frame.body)

        def on_error(self, frame):
            print('error', frame.body)

    connection.set_listener('', Listener())
    connection.connect(user, password, wait=True)
    connection.subscribe('/queue/fruit', id='1', ack='auto')
    connection.send('/queue/fruit', 'apple')
    time.sleep(1 + int(beat) / 250)
    connection.disconnect()


def main():
    words, options = sys.argv[1:], {}
    while '=' in words[0]:
        name, value = words.pop(0).split('=', 1)
        options[name] = value
    if 'library' in options:
        by_library(options['library'], *words)
        return
    link = open_link(options, words[0], words[1])
    for word in words[2:]:
        if word.startswith('sleep:'):
            time.sleep(float(word[6:]))
            continue
        lines = word.lstrip('?!').split('|')
        if lines[0] == 'BEAT':
            link.send(b'\n')
            continue
        link.send(('\n'.join(lines[:-1]) + '\n\n' + lines[-1] + '\0').encode())
        receipt = next((line[8:].encode() for line in lines if line.startswith('receipt:')), None)
        answered = word.startswith('?') or lines[0] in ('CONNECT', 'STOMP') or receipt
        if answered and not word.startswith('!') and not await_frame(link, receipt):
            break
    link.connection.close()


main()
